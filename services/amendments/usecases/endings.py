"""From which instant on a membership is over: votes cast after it are void (edge cases 10, 30)."""

from collections.abc import Sequence

from services.amendments.store import endings
from shared.contracts.membership import Ending, MemberEndingAnnounced, MemberEndingRetracted
from shared.db.work import Work


async def note_announced_endings(
    work: Work, told: Sequence[MemberEndingAnnounced | MemberEndingRetracted]
) -> None:
    """Keep what membership announces of endings to come, in its order.

    Of a cancellation the day alone is told, while its decision names an instant: that one counts as it is recorded.
    """
    for event in told:
        if isinstance(event, MemberEndingRetracted):
            await endings.forget_announced(work, event.member_id, event.effective_on)
        elif event.ending is not Ending.CANCELLED:
            await endings.note_announced(work, event.member_id, event.ending, event.effective_on)


async def date_announced_endings(work: Work) -> None:
    """What ended as announced was over as its day began, however late membership recorded it on that day."""
    await endings.date_announced(work)
