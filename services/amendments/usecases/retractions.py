"""Withdrawing a proposal: the organ its own, a coalition all together; never once a ballot on it was open (edge cases 7, 8)."""

from services.amendments.domain.errors import (
    NotSupporting,
    NotTheProposer,
)
from services.amendments.domain.proposal import Proposal
from services.amendments.store import proposals, supports
from services.amendments.usecases import ballots
from services.amendments.usecases.proposals import is_proposer
from shared.contracts import amendments as events
from shared.db.work import Work
from shared.kernel.actor import Actor
from shared.kernel.versions import Expected

WITHDRAWN = "the proposal was withdrawn"


async def retract_proposal(
    work: Work, proposal_id: str, actor: Actor, expected: Expected
) -> Proposal:
    """Withdraw the organ's proposal, or say for a supporter of the members' that it is to be withdrawn.

    The members' is withdrawn when every supporter of its present draft that is still a member has said so.
    """
    proposal = await proposals.get_proposal(work, proposal_id)
    await work.read_clock()
    expected.check(proposal.version)
    if proposal.is_the_organs:
        if not await is_proposer(work, proposal, actor):
            raise NotTheProposer
    else:
        await _want_withdrawal(work, proposal, actor)
        if not await supports.all_want_withdrawal(work, proposal.id, proposal.draft_digest):
            return proposal
    proposal.retract(work.now)
    if proposal.ballot_id is not None:
        await ballots.cancel_ballot(work, proposal.ballot_id, WITHDRAWN)
    await proposals.save_proposal(work, proposal)
    await work.announce(events.ProposalRetracted(proposal_id=proposal.id, retracted_at=work.now))
    return proposal


async def _want_withdrawal(work: Work, proposal: Proposal, actor: Actor) -> None:
    proposal.check_retractable(work.now)
    support = await supports.find_support(work, proposal.id, actor.member_id or "")
    if support is None:
        raise NotSupporting
    support.want_withdrawal(work.now)
    await supports.save_support(work, support)
