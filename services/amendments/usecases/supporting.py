"""Supports, and the test whether enough members stand behind a proposal (A4, Art. 27).

The test runs at every support and once for each register version that the watermark passes. Both lock the proposal
first and count in a later statement: so a support that races a departure is counted by one of the two.
"""

from collections.abc import Sequence

from services.amendments.domain.errors import NotSupporting
from services.amendments.domain.lifecycle import ProposalStatus
from services.amendments.domain.proposal import Proposal
from services.amendments.domain.support import Standing, Support, first_reached, standings
from services.amendments.store import proposals, supports
from services.amendments.usecases import annexes
from services.amendments.usecases.acting import may_act, member_of, subject_of
from shared.contracts import amendments as events
from shared.contracts.base import RegisterChange
from shared.contracts.membership import RepresentativeAppointed, RepresentativeRemoved
from shared.db.roster import enter_changes, watermark
from shared.db.work import Work
from shared.kernel.actor import Actor, Scope
from shared.kernel.errors import NotFound

_CHANGES_OF_MANDATES = (RepresentativeAppointed, RepresentativeRemoved)


async def support_proposal(
    work: Work, proposal_id: str, actor: Actor, draft_digest: str
) -> Proposal:
    """Stand behind a draft for a unit; said twice, it is done once."""
    proposal = await proposals.get_proposal(work, proposal_id)
    await work.read_clock()
    proposal.check_supportable(draft_digest, work.now)
    await give_support(work, proposal, actor)
    await admit_where_supported(work, proposal)
    return proposal


async def retract_support(work: Work, proposal_id: str, actor: Actor) -> Proposal:
    """Take a unit's support back: free before the latch, impossible after it (edge case 5)."""
    proposal = await proposals.get_proposal(work, proposal_id)
    await work.read_clock()
    proposal.check_support_retractable(work.now)
    support = await supports.find_support(work, proposal_id, member_of(actor))
    if support is None:
        raise NotSupporting
    support.retract(work.now)
    await supports.save_support(work, support)
    return proposal


async def give_support(work: Work, proposal: Proposal, actor: Actor) -> None:
    """Write the support of the actor's unit for the present draft; the proposal is locked."""
    if not await may_act(
        work, actor, Scope.VOTE, False
    ):  # it may have ended while the lock was awaited
        raise NotFound
    member_id, by = member_of(actor), subject_of(actor)
    since = await supports.member_since(work, member_id)
    support = await supports.find_support(work, proposal.id, member_id)
    if support is None:
        support = Support(
            proposal.id, member_id, proposal.draft_digest, since, by, work.now, work.now
        )
    elif support.binds(proposal.draft_digest) and support.member_since == since:
        return
    else:
        support.give_again(proposal.draft_digest, since, by, work.now)
    await supports.save_support(work, support)


async def admit_where_supported(work: Work, proposal: Proposal) -> None:
    """Test the ratio at the watermark, after a support."""
    known = (await watermark(work)).version
    if (
        known < proposal.tested_version
    ):  # the roster is being rebuilt: what it says now is long past
        return
    standing = await supports.standing_at(work, proposal.id, proposal.draft_digest, known)
    await _admit_where_reached(work, proposal, [standing])
    await proposals.note_tested(work, {proposal.id: known})


async def take_in_changes(work: Work, changes: Sequence[RegisterChange]) -> None:
    """Take changes of the register in, and test at each version that became known what waits for enough units.

    Those are the proposals that gather support, and the open amendments of annexes.
    """
    entered = await enter_changes(work, changes)
    known = (await watermark(work)).version
    gathering = await proposals.lock_gathering(work)
    await work.read_clock()
    gathering = [p for p in gathering if p.status_at(work.now) is ProposalStatus.GATHERING]
    for proposal in gathering:
        if known < proposal.tested_version:  # as far as the roster was read again, mandates lack
            continue
        await supports.let_lapse_unmandated(work, proposal.id)
        if proposal.tested_version < known:
            await _test_versions(work, proposal, known)
    await proposals.note_tested(work, {p.id: known for p in gathering if p.tested_version < known})
    mandated = {c.member_id for c in entered if isinstance(c, _CHANGES_OF_MANDATES)}
    await annexes.recount_consents(work, known, sorted(mandated))


async def let_proposal_lapse(work: Work, proposal_id: str) -> bool:
    """Note that a proposal whose term is over has lapsed, and tell; False where it has not."""
    proposal = await proposals.get_proposal(work, proposal_id)
    if proposal.lapse is None or proposal.status_at(work.now) is proposal.status:
        return False
    proposal.let_lapse(work.now)
    await proposals.save_proposal(work, proposal)
    await work.announce(
        events.ProposalLapsed(
            proposal_id=proposal.id,
            lapsed_at=proposal.lapse.ends_at,
            basis=events.BasisValue.model_validate(proposal.lapse.basis, from_attributes=True),
        )
    )
    return True


async def _test_versions(work: Work, proposal: Proposal, upto: int) -> None:
    draft, after = proposal.draft_digest, proposal.tested_version
    start = await supports.standing_at(work, proposal.id, draft, after)
    steps = await supports.steps_between(work, proposal.id, draft, after, upto)
    await _admit_where_reached(work, proposal, list(standings(start, steps)))
    latch = proposal.latch
    left_by = latch.register_version if latch else upto
    await supports.let_lapse_departed(work, proposal.id, left_by)


async def _admit_where_reached(work: Work, proposal: Proposal, tested: Sequence[Standing]) -> None:
    reached = first_reached(proposal.initiative.ratio, tested)
    if reached is None:
        return
    roll = await supports.roll_digest_at(work, reached.register_version)
    latch = proposal.admit(reached, roll, work.now)
    await proposals.save_proposal(work, proposal)
    await work.announce(
        events.ProposalSupportedEnough(
            proposal_id=proposal.id,
            reached=latch.reached,
            needed=latch.needed,
            of=latch.of,
            basis=events.BasisValue.model_validate(latch.basis, from_attributes=True),
            register_version=latch.register_version,
            roll_digest=latch.roll_digest,
            latched_at=latch.at,
        )
    )
