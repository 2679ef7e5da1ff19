"""What becomes due in notifications."""

from datetime import timedelta

from services.notifications.settings import NotificationsSettings
from services.notifications.store.circulars import next_issue_at
from services.notifications.usecases.circulars import issue_due_circular
from services.notifications.usecases.deliveries import forget_deliveries
from shared.timers import Timer, in_one_work

FORGETTING_SECONDS = 60


def timers(settings: NotificationsSettings) -> tuple[Timer, ...]:
    """The timers of notifications."""
    kept = timedelta(days=settings.webhook_log_days)
    return (
        Timer("issue_due_circulars", in_one_work(issue_due_circular), next_issue_at),
        Timer(
            "forget_deliveries",
            in_one_work(lambda work: forget_deliveries(work, kept)),
            None,
            FORGETTING_SECONDS,
        ),
    )
