"""What becomes due in amendments."""

from collections.abc import Awaitable, Callable
from functools import partial

from services.amendments.domain.lifecycle import BallotStatus
from services.amendments.store import annexes, ballots, foundings, proposals
from services.amendments.usecases.annexes import end_trial
from services.amendments.usecases.ballots import close_ballot, end_notice, remind_non_voters
from services.amendments.usecases.certification import (
    go_on_with_waiting,
    rebuild_differing_roster,
)
from services.amendments.usecases.founding import remind_of_publication
from services.amendments.usecases.promulgations import (
    note_overdue_promulgation,
    remind_of_promulgation,
)
from services.amendments.usecases.supporting import let_proposal_lapse
from shared.db.work import Work
from shared.timers import Timer, in_one_work, one_by_one


def _of_ballots(
    name: str,
    status: BallotStatus,
    due_at: str,
    act: Callable[[Work, str], Awaitable[bool]],
) -> Timer:
    """What becomes due in the ballots of a status at an instant that each of them has (``due_at``, a column)."""
    return Timer(
        name,
        one_by_one(partial(ballots.ids_due, status=status, due_at=due_at), act),
        partial(ballots.next_due, status=status, due_at=due_at),
    )


TIMERS: tuple[Timer, ...] = (
    Timer(
        "remind_of_publication",
        in_one_work(remind_of_publication),
        foundings.next_reminder_at,
    ),
    Timer(
        "let_proposals_lapse",
        one_by_one(proposals.ids_lapsed, let_proposal_lapse),
        proposals.next_lapse_at,
    ),
    Timer(
        "remind_of_promulgations",
        one_by_one(proposals.ids_to_remind_of, remind_of_promulgation),
        proposals.next_reminder_at,
    ),
    Timer(
        "note_overdue_promulgations",
        one_by_one(proposals.ids_overdue, note_overdue_promulgation),
        proposals.next_overdue_at,
    ),
    _of_ballots("end_due_notices", BallotStatus.CALLED, "notice_ends_at", end_notice),
    _of_ballots("remind_due_ballots", BallotStatus.OPEN, "remind_at", remind_non_voters),
    _of_ballots("close_due_ballots", BallotStatus.OPEN, "closes_at", close_ballot),
    Timer("go_on_with_waiting_ballots", one_by_one(ballots.ids_awaiting, go_on_with_waiting)),
    Timer("rebuild_differing_roster", in_one_work(rebuild_differing_roster)),
    Timer(
        "end_annex_trials",
        one_by_one(annexes.ids_on_trial_too_long, end_trial),
        annexes.next_trial_end,
    ),
)
