"""What becomes due in notifications."""

from services.notifications.store.circulars import next_issue_at
from services.notifications.usecases.circulars import issue_due_circular
from shared.timers import Timer, in_one_work

TIMERS = (Timer("issue_due_circulars", in_one_work(issue_due_circular), next_issue_at),)
