"""Ballots: called, extended, determined, and what becomes due in them (A5, Art. 27)."""

from datetime import date

from services.amendments.domain.ballot import Ballot
from services.amendments.domain.errors import NobodyToVote
from services.amendments.domain.lifecycle import BallotStatus
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.store import ballots, electors, interpretations, votes
from services.amendments.store.rulebook import rulebook_in_force
from services.amendments.usecases import announcing, balloting
from services.amendments.usecases.acting import subject_of
from services.amendments.usecases.certification import request_roll
from shared.contracts.amendments_ballots import BallotReminderDue, NonVoter
from shared.db.work import Work
from shared.kernel.actor import Actor
from shared.kernel.ids import new_id
from shared.kernel.versions import Expected

REMINDED_TOGETHER = 4_000
"""So many unit ids fit into one event."""


async def call_ballot(work: Work, kind: SubjectKind, subject_id: str, actor: Actor) -> Ballot:
    """Call a ballot on a proposal or an annex, by the rules in force now. Its proposers do not (P40)."""
    subject = await balloting.ballot_subject(work, kind, subject_id)
    if not await electors.count_members(work):
        raise NobodyToVote
    ballot = Ballot.call(
        new_id("bal"),
        subject,
        await rulebook_in_force(work),
        subject_of(actor),
        work.now,
        work.zone,
    )
    await ballots.save_ballot(work, ballot)
    await votes.add_chain(work, ballot.id)
    await balloting.note_ballot_called(work, ballot)
    await work.announce(announcing.called(ballot, work.zone))
    return ballot


async def extend_ballot(
    work: Work, ballot_id: str, closes_on: date, reason: str, actor: Actor, expected: Expected
) -> Ballot:
    """Let everybody vote to the end of a later day; decided while no vote can be taken."""
    ballot = (await balloting.hold_ballot(work, ballot_id)).ballot
    expected.check(ballot.version)
    by = subject_of(actor)
    has_voted = await votes.has_voted(work, ballot_id, by)
    ballot.extend(closes_on, reason, by, has_voted=has_voted, zone=work.zone, now=work.now)
    await ballots.save_ballot(work, ballot)
    await work.announce(announcing.extended(ballot))
    return ballot


async def determine_ballot(
    work: Work,
    ballot_id: str,
    outcome: BallotOutcome,
    interpretation_id: str,
    reasons: str,
    actor: Actor,
    expected: Expected,
) -> Ballot:
    """Read an undetermined result by an interpretation issued since (Art. 30), while its subject still rests on it."""
    ballot = (await balloting.hold_ballot(work, ballot_id)).ballot
    expected.check(ballot.version)
    by = subject_of(actor)
    ballot.determine(
        outcome,
        await interpretations.find_interpretation(work, interpretation_id),
        reasons,
        by,
        has_voted=await votes.has_voted(work, ballot_id, by),
        now=work.now,
    )
    await ballots.save_ballot(work, ballot)
    await balloting.note_ballot_outcome(work, ballot, outcome)
    await work.announce(announcing.determined(ballot))
    return ballot


async def cancel_ballot(work: Work, ballot_id: str, reason: str) -> None:
    """Give a ballot up before its opening, because what it is about, held by the caller, was withdrawn (edge case 7)."""
    ballot = (await balloting.hold_with_chain(work, ballot_id)).ballot
    ballot.cancel(reason, work.now)
    await ballots.save_ballot(work, ballot)
    await work.announce(announcing.cancelled(ballot))


async def end_notice(work: Work, ballot_id: str) -> bool:
    """Ask for the roll of a ballot when its notice has run; False where that was done."""
    ballot = (await balloting.hold_ballot(work, ballot_id)).ballot
    if ballot.status is not BallotStatus.CALLED:
        return False
    ballot.end_notice(work.now)
    await ballots.save_ballot(work, ballot)
    await request_roll(work, ballot)
    return True


async def close_ballot(work: Work, ballot_id: str) -> bool:
    """Ask for the roll as of the close of a ballot whose last second is over; False where there is none to close."""
    ballot = (await balloting.hold_ballot(work, ballot_id)).ballot
    if ballot.status_at(work.now) is ballot.status:
        return False
    ballot.close(work.now)
    await ballots.save_ballot(work, ballot)
    await work.announce(announcing.closed(ballot))
    await request_roll(work, ballot)
    return True


async def remind_non_voters(work: Work, ballot_id: str) -> bool:
    """Have those who have not voted yet reminded, once a ballot; False where it is not the time."""
    ballot = (await balloting.hold_ballot(work, ballot_id)).ballot
    if ballot.closes_at is None or not ballot.take_reminder(work.now):
        return False
    units = await electors.non_voters(work, ballot_id)
    await ballots.save_ballot(work, ballot)
    await work.announce(
        *(
            BallotReminderDue(
                ballot_id=ballot_id,
                closes_at=ballot.closes_at,
                non_voters=[
                    NonVoter(member_id=unit) for unit in units[start : start + REMINDED_TOGETHER]
                ],
            )
            for start in range(0, len(units), REMINDED_TOGETHER)
        )
    )
    return True
