"""Votes cast under a mandate that had ended: found as soon as the roster says so, void from then on (edge case 30)."""

from services.amendments.domain.ballot import Ballot
from services.amendments.store import ballots, electors, votes
from services.amendments.usecases.balloting import hold_ballot
from shared.contracts.amendments_ballots import BallotMemberCancelled, BallotVoteVoided
from shared.db.roster import hold_watermark
from shared.db.work import Work


async def note_register_changes(work: Work) -> None:
    """Look at the votes of every running ballot again, once for each version that the watermark passes.

    A cancellation that falls into a ballot is announced (edge case 10).
    """
    known = (await hold_watermark(work)).version
    for ballot_id in await ballots.ids_to_sweep(work, known):
        ballot = (await hold_ballot(work, ballot_id)).ballot
        await votes.note_swept(work, ballot_id, known)
        await judge_votes(work, ballot)
        await work.announce(
            *(
                BallotMemberCancelled(ballot_id=ballot_id, member_id=unit)
                for unit in await electors.note_cancellations(work, ballot)
            )
        )


async def judge_votes(work: Work, ballot: Ballot) -> None:
    """Void what was cast under mandates that had ended by then; the unit's last valid vote stands, and it is told.

    Hold the ballot first. A mandate that had not ended after all (a cancellation annulled) counts again.
    """
    found = set(await electors.find_ended(work, ballot))
    kept = set(await electors.kept_ended(work, ballot.id))
    if found == kept:
        return
    await electors.replace_ended(work, ballot.id, sorted(found))
    changed = sorted({ended.member_id for ended in found ^ kept})
    await electors.judge_again(work, ballot.id, changed)
    await work.announce(
        *(
            BallotVoteVoided(
                ballot_id=ballot.id,
                member_id=ended.member_id,
                ended_at=ended.ended_at,
            )
            for ended in sorted(found - kept)
        )
    )
