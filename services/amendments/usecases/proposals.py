"""Proposals: drafted, edited, put on a later version (A4)."""

from services.amendments.domain.changes import Draft
from services.amendments.domain.draft_digest import Base, changes_digest
from services.amendments.domain.errors import (
    BaseOutdated,
    NotTheProposer,
)
from services.amendments.domain.proposal import Proposal, Proposer, ProposerKind
from services.amendments.domain.typo import TypoCorrection
from services.amendments.domain.version import Version
from services.amendments.store import convention, proposals, supports
from services.amendments.store.rulebook import rulebook_in_force, rulebook_version
from services.amendments.usecases.acting import member_of, subject_of
from services.amendments.usecases.supporting import admit_where_supported, give_support
from shared.contracts import amendments as events
from shared.db.roster import hold_watermark
from shared.db.work import Work
from shared.kernel.actor import Actor, Role
from shared.kernel.ids import new_id
from shared.kernel.text import Language
from shared.kernel.versions import ANY_VERSION, Expected

ASKED_TOGETHER = 4_000
"""So many unit ids fit into one event."""


async def submit_proposal(work: Work, actor: Actor, base_version: int, draft: Draft) -> Proposal:
    """Propose an amendment: for the organ, or as the first supporter of a coalition (Art. 27)."""
    if not _is_the_organ(actor):
        await hold_watermark(work)
    base = await _latest_base(work)
    if base.number != base_version:
        raise BaseOutdated(latest_version=base.number)
    base.check(draft)
    proposal = Proposal.submit(
        new_id("prp"),
        _proposer(actor),
        draft,
        base,
        rulebook=await rulebook_in_force(work),
        now=work.now,
        zone=work.zone,
        repeats=await proposals.find_rejected(work, changes_digest(draft)),
    )
    await proposals.save_proposal(work, proposal)
    await work.announce(
        events.ProposalSubmitted(
            proposal_id=proposal.id,
            proposer=proposal.proposer.kind.value,
            first_supporter=proposal.proposer.member_id,
            base_version=proposal.base_version,
            touched=sorted(proposal.touched),
            support_until=proposal.lapse and proposal.lapse.on,
            submitted_at=proposal.created_at,
        )
    )
    await _support_own(work, proposal, actor)
    return proposal


async def edit_draft(
    work: Work, proposal_id: str, actor: Actor, draft: Draft, expected: Expected
) -> Proposal:
    """Replace the draft; who supported the earlier one must confirm it for the new hash (edge case 6)."""
    proposal = await _held(work, proposal_id, actor, expected)
    base = await _base_of(work, proposal)
    base.check(draft)
    proposal.edit(draft, base, subject_of(actor), work.now)
    await proposals.save_proposal(work, proposal)
    await _support_own(work, proposal, actor)
    await _ask_supporters(work, proposal)
    return proposal


async def correct_typo(
    work: Work,
    proposal_id: str,
    actor: Actor,
    *,
    place: str,
    language: Language,
    wrong: str,
    right: str,
    expected: Expected,
) -> Proposal:
    """Mend a typing error in the draft; its supports stay, and the correction is shown (edge case 6)."""
    proposal = await _held(work, proposal_id, actor, expected)
    base, was = await _base_of(work, proposal), proposal.draft_digest
    correction = TypoCorrection(place, language, wrong, right, work.now)
    proposal.correct_typo(correction, base, subject_of(actor), work.now)
    base.check(proposal.draft)
    await proposals.save_proposal(work, proposal)
    await supports.carry_over(work, proposal.id, was, proposal.draft_digest)
    return proposal


async def rebase_proposal(
    work: Work, proposal_id: str, actor: Actor, draft: Draft | None, expected: Expected
) -> Proposal:
    """Put a proposal on the latest version, as it is or with another ``draft`` (edge case 17)."""
    await hold_watermark(work)
    proposal = await _held(work, proposal_id, actor, expected)
    base = await _latest_base(work)
    draft = draft or proposal.draft
    base.check(draft)
    proposal.rebase(
        draft,
        base,
        subject_of(actor),
        rulebook=await rulebook_in_force(work),
        now=work.now,
        zone=work.zone,
    )
    await proposals.save_proposal(work, proposal)
    await work.announce(
        events.ProposalRebased(
            proposal_id=proposal.id,
            base_version=proposal.base_version,
            touched=sorted(proposal.touched),
            support_until=proposal.lapse and proposal.lapse.on,
            rebased_at=work.now,
        )
    )
    await _support_own(work, proposal, actor)
    await _ask_supporters(work, proposal)
    return proposal


async def is_proposer(work: Work, proposal: Proposal, actor: Actor) -> bool:
    """Whether the caller leads a proposal: the secretary the organ's, the leading supporter the members'."""
    if proposal.is_the_organs:
        return _is_the_organ(actor)
    if actor.member_id is None:
        return False
    return await supports.leading_supporter(work, proposal.id) == actor.member_id


async def base_of(work: Work, version: Version) -> Base:
    """A version as the base of a draft."""
    return Base(
        version.number, version.text, await rulebook_version(work, version.rulebook_version)
    )


async def _held(
    work: Work, proposal_id: str, actor: Actor, expected: Expected = ANY_VERSION
) -> Proposal:
    proposal = await proposals.get_proposal(work, proposal_id)
    await work.read_clock()
    expected.check(proposal.version)
    if not await is_proposer(work, proposal, actor):
        raise NotTheProposer
    return proposal


async def _support_own(work: Work, proposal: Proposal, actor: Actor) -> None:
    """A coalition's leader stands behind what it wrote; with few members that may be enough already."""
    if proposal.lapse is not None:
        await give_support(work, proposal, actor)
        await admit_where_supported(work, proposal)


async def _ask_supporters(work: Work, proposal: Proposal) -> None:
    """Tell those whose support the change of the draft undid that they may confirm it (edge case 6)."""
    if proposal.lapse is None:
        return
    units = await supports.unconfirmed_supporters(work, proposal.id, proposal.draft_digest)
    await work.announce(
        *(
            events.ProposalDraftChanged(
                proposal_id=proposal.id,
                draft_digest=proposal.draft_digest,
                supporters=[
                    events.UnconfirmedSupporter(member_id=unit)
                    for unit in units[start : start + ASKED_TOGETHER]
                ],
                support_until=proposal.lapse.on,
                changed_at=work.now,
            )
            for start in range(0, len(units), ASKED_TOGETHER)
        )
    )


async def _latest_base(work: Work) -> Base:
    return await base_of(work, await convention.latest_version(work))


async def _base_of(work: Work, proposal: Proposal) -> Base:
    return await base_of(work, await convention.get_version(work, proposal.base_version))


def _is_the_organ(actor: Actor) -> bool:
    return actor.has(Role.SECRETARY)


def _proposer(actor: Actor) -> Proposer:
    if _is_the_organ(actor):
        return Proposer(ProposerKind.ORGAN, subject_of(actor))
    return Proposer(ProposerKind.COALITION, subject_of(actor), member_of(actor))
