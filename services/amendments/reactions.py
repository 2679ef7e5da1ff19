"""What amendments does when other services tell it something."""

from collections.abc import Sequence

from services.amendments.domain.ballot import CertifiedRoll, RollPurpose
from services.amendments.usecases import certification, endings, lapses, supporting
from shared.contracts.base import Event, RegisterChange
from shared.contracts.membership import (
    MemberEndingAnnounced,
    MemberEndingRetracted,
    RollCertified,
)
from shared.db.roster import ROSTER_EVENTS
from shared.db.work import Work
from shared.messaging.handler import Reaction, Reactions, each


async def when_register_changes_keep_roster(work: Work, told: Sequence[Event]) -> None:
    """The roster is kept, and the initiative's ratio tested at every version that became known (A4).

    Endings to come are told to the same reaction, so that each is known before the change that it announces.
    """
    coming = [e for e in told if isinstance(e, MemberEndingAnnounced | MemberEndingRetracted)]
    changes = [event for event in told if isinstance(event, RegisterChange)]
    await endings.note_announced_endings(work, coming)
    if changes:
        await supporting.take_in_changes(work, changes)
        await endings.date_announced_endings(work)


async def when_register_changes_judge_votes(work: Work, _changes: Sequence[RegisterChange]) -> None:
    """Votes cast under a mandate that had ended are void as soon as the roster says so (edge cases 10, 30)."""
    await lapses.note_register_changes(work)


async def when_roll_certified_take_it(work: Work, event: RollCertified) -> None:
    """A ballot opens on the certified roll, or its result is established as of its close (A5, M8)."""
    roll = CertifiedRoll(
        event.roll_id, event.instant, event.register_version, event.count, event.digest
    )
    await certification.take_certified_roll(work, event.ballot_id, RollPurpose(event.purpose), roll)


_KEEP_ROSTER = Reaction(when_register_changes_keep_roster, at_once=True)

_JUDGE_VOTES = Reaction(when_register_changes_judge_votes, at_once=True)

REACTIONS: Reactions = {
    **{event: [_KEEP_ROSTER, _JUDGE_VOTES] for event in ROSTER_EVENTS},
    MemberEndingAnnounced: [_KEEP_ROSTER],
    MemberEndingRetracted: [_KEEP_ROSTER],
    RollCertified: [each(when_roll_certified_take_it)],
}
