"""Rolls: asked of membership, compared with our roster, and what then opens or is established (M8, A5).

Nothing is opened and nothing is counted before the roster has reached the certified version and says the same; it is
held meanwhile, so that what is read of it in several statements is one state of it.
"""

import secrets

from services.amendments.domain.ballot import (
    Ballot,
    CertifiedRoll,
    Result,
    RollPurpose,
)
from services.amendments.domain.errors import RollOfNoBallot
from services.amendments.domain.lifecycle import BallotStatus
from services.amendments.domain.record import (
    AtClose,
    Chain,
    certificate_of,
    first_head_of,
)
from services.amendments.domain.subject import BallotOutcome
from services.amendments.domain.tally import VOLUNTARY, Departure, Tallies
from services.amendments.domain.vote import SALT_BYTES, VoteChain
from services.amendments.store import ballots, electors, votes
from services.amendments.usecases import announcing, balloting
from services.amendments.usecases.balloting import Held, hold_ballot
from services.amendments.usecases.lapses import judge_votes
from shared.contracts.amendments import RollRequested
from shared.db.roster import hold_watermark, start_over
from shared.db.work import Work
from shared.kernel.ids import new_id
from shared.logs import get_logger
from shared.messaging.replay import GAP

log = get_logger(__name__)


async def request_roll(work: Work, ballot: Ballot) -> None:
    """Ask membership for the roll that a ballot awaits."""
    purpose = ballot.awaits
    if purpose is None:
        return
    await ballots.note_asked(work, ballot.id)
    await work.announce(
        RollRequested(
            request_id=new_id("rrq"),
            ballot_id=ballot.id,
            purpose=purpose.value,
            instant=ballot.closes_at if purpose is RollPurpose.CLOSE else None,
        )
    )


async def take_certified_roll(
    work: Work, ballot_id: str, purpose: RollPurpose, roll: CertifiedRoll
) -> None:
    """Keep what membership certified, and go on where our roster says the same; ``RollOfNoBallot`` where it is of none."""
    if not await ballots.is_kept(work, ballot_id):
        raise RollOfNoBallot
    held = await hold_ballot(work, ballot_id)
    if held.ballot.take_certification(purpose, roll, work.now):
        await ballots.save_ballot(work, held.ballot)
        await _go_on(work, held)


async def go_on_with_waiting(work: Work, ballot_id: str) -> bool:
    """Look at a ballot that awaits a roll: go on where it can, ask again where no answer came. Whether it went on."""
    held = await hold_ballot(work, ballot_id)
    ballot = held.ballot
    if ballot.awaits is None:
        return False
    if ballot.awaited_roll is not None:
        return await _go_on(work, held)
    if await ballots.may_ask_again(work, ballot_id, GAP):
        await request_roll(work, ballot)
    return False


async def rebuild_differing_roster(work: Work) -> int:
    """Forget a roster that is not what was certified: the register is asked for again from its beginning."""
    for ballot_id in await ballots.ids_differing(work):
        await hold_watermark(work)
        if await ballots.may_rebuild(work, ballot_id, GAP):
            log.error("roster_differs", ballot_id=ballot_id)
            await start_over(work)
            return 1
    return 0


async def _go_on(work: Work, held: Held) -> bool:
    """Open it, or establish its result, where our roster is what was certified; otherwise it says why it waits."""
    ballot = held.ballot
    roll, before = ballot.awaited_roll, ballot.version
    if roll is None:
        return False
    known = await electors.known_roll(work, roll.register_version, held.chain.swept_version)
    if not ballot.compare(known, work.now):
        if ballot.version != before:
            await ballots.save_ballot(work, ballot)
        return False
    if ballot.status is BallotStatus.AWAITING_ROLL:
        await _open(work, ballot, roll)
    else:
        await _establish(work, ballot, held.chain, roll)
    return True


async def _open(work: Work, ballot: Ballot, roll: CertifiedRoll) -> None:
    ballot.open(roll, work.zone, work.now)
    if ballot.status is BallotStatus.CANCELLED:
        await ballots.save_ballot(work, ballot)
        await balloting.note_ballot_outcome(work, ballot, BallotOutcome.CANCELLED)
        await work.announce(announcing.cancelled(ballot))
        return
    await ballots.save_ballot(work, ballot)
    await electors.fix_roll(work, ballot.id, roll)
    await votes.begin_chain(work, ballot.id, first_head_of(ballot, roll), roll.register_version)
    await balloting.note_ballot_opened(work, ballot)
    await work.announce(announcing.opened(ballot))


async def _establish(work: Work, ballot: Ballot, chain: VoteChain, roll: CertifiedRoll) -> None:
    opening = ballot.opening
    if opening is None:
        return
    await judge_votes(work, ballot)
    departed = await electors.departures(
        work, ballot.id, opening.register_version, roll.register_version
    )
    tallies = Tallies.of(
        await votes.count_standing(work, ballot.id, opening.count),
        electors.count_departed(departed, frozenset(Departure)),
        electors.count_departed(departed, VOLUNTARY),
        ballot.rule,
    )
    at_close = AtClose(
        roll,
        await electors.joined(work, ballot.id, roll.register_version),
        {unit: how for unit, (how, _) in departed.items()},
        electors.ended_of(await electors.kept_ended(work, ballot.id)),
    )
    certificate = certificate_of(
        ballot,
        at_close,
        Chain(chain.sequence, chain.head),
        tallies,
        names=await electors.names(work, opening),
        salt=secrets.token_bytes(SALT_BYTES),
    )
    ballot.establish(_result(tallies, chain, certificate.seal, work), work.now)
    await ballots.save_ballot(work, ballot)
    await ballots.add_certificate(work, ballot.id, certificate)
    await balloting.note_ballot_outcome(work, ballot, tallies.outcome)
    await work.announce(announcing.established(ballot))


def _result(tallies: Tallies, chain: VoteChain, seal: bytes, work: Work) -> Result:
    return Result(tallies, tallies.outcome, work.now, chain.sequence, chain.head, seal)
