"""``/v1/proposals``: the organ and coalitions of members propose amendments (A4)."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import Row

from services.amendments.api.schemas.parts import PROPOSAL_ID, DeadlineOut
from services.amendments.api.schemas.proposal_views import (
    CollisionOut,
    CollisionsOut,
    DraftOut,
    ProposalOut,
    SupporterOut,
    TypoOut,
    support_out,
)
from services.amendments.api.schemas.proposals import (
    CorrectTypo,
    DraftIn,
    RebaseProposal,
    SubmitProposal,
    SupportDraft,
)
from services.amendments.domain.lifecycle import ProposalStatus, SupportStatus
from services.amendments.domain.proposal import Part, Proposal
from services.amendments.store import queries
from services.amendments.store.proposals import proposal_from
from services.amendments.usecases import proposals, retractions, supporting
from shared.db.work import Work
from shared.http.access import Access
from shared.http.etags import IfMatch, RequiredIfMatch, digest_of, set_etag
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.kernel.actor import Actor, Role, Scope
from shared.kernel.errors import NotFound
from shared.kernel.ids import id_pattern

PROPOSING, SUPPORTING, READING = "Propose amendments", "Support proposals", "Read proposals"
READERS = Access(
    roles=frozenset({Role.SECRETARY, Role.BALLOT_OFFICER, Role.AUTHORITY}), scope=Scope.VOTE
)
PROPOSERS = Access(roles=frozenset({Role.SECRETARY}), scope=Scope.VOTE, seen_by=READERS)
SUPPORTERS = Access(scope=Scope.VOTE, seen_by=READERS)

router = APIRouter(
    prefix="/v1/proposals",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
)

ProposalId = Annotated[str, Path(pattern=id_pattern("prp"), examples=[PROPOSAL_ID])]


class Views:
    """Shows proposals to the caller, with the ETag of what it gets."""

    def __init__(self, work: Work, actor: Actor, url: str, response: Response) -> None:
        self._work = work
        self._actor = actor
        self._url = url
        self._response = response

    async def one(self, proposal_id: str) -> ProposalOut:
        """The proposal as it stands now; refuses with ``NotFound``."""
        shown = await self.found(proposal_id)
        set_etag(self._response, shown.version, digest_of(shown))
        return shown

    async def found(self, proposal_id: str) -> ProposalOut:
        """The same, where something else is the answer."""
        row = await queries.find_proposal(self._work, proposal_id, self._actor)
        if row is None:
            raise NotFound
        return self.listed(row)

    async def created(self, proposal_id: str) -> ProposalOut:
        """A new proposal, and where it is."""
        shown = await self.one(proposal_id)
        self._response.headers["Location"] = shown.url
        return shown

    def listed(self, row: Row[Any]) -> ProposalOut:
        """The proposal in a row of a list."""
        proposal, now = proposal_from(row), self._work.now
        adoption = proposal.adoption
        return ProposalOut(
            id=proposal.id,
            version=proposal.version,
            url=f"{self._url}/v1/proposals/{proposal.id}",
            status=proposal.status_at(now),
            allowed_actions=proposal.open_to(self._part(proposal, row), now),
            proposer=proposal.proposer.kind,
            first_supporter=proposal.proposer.member_id,
            base_version=proposal.base_version,
            needs_rebase=_is_outdated(proposal, row) and proposal.status_at(now) in queries.LIVE,
            draft=DraftOut.of(proposal.draft),
            draft_digest=proposal.draft_digest,
            touched=sorted(proposal.touched),
            corrections=[TypoOut(**asdict(typo)) for typo in proposal.corrections],
            support=support_out(proposal, row),
            repeats=proposal.repeats,
            ballot_id=proposal.ballot_id,
            decided_at=proposal.decided_at,
            promulgation_due=DeadlineOut.of(adoption.due if adoption else None),
            promulgation_overdue=proposal.is_overdue_at(now),
            promulgated_version=proposal.promulgated_version,
            created_at=proposal.created_at,
            updated_at=proposal.updated_at,
        )

    def _part(self, proposal: Proposal, row: Row[Any]) -> Part:
        actor = self._actor
        is_secretary, unit = actor.has(Role.SECRETARY), actor.member_id
        is_another = actor.subject not in proposal.authors and not row.has_signed
        leads = unit is not None and unit == row.leader
        return Part(
            is_proposer=is_secretary if proposal.is_the_organs else leads,
            is_supporter=row.own_status is SupportStatus.ACTIVE,
            may_support=unit is not None
            and not (
                row.own_status is SupportStatus.ACTIVE and row.own_digest == proposal.draft_digest
            ),
            may_call_ballot=actor.has(Role.BALLOT_OFFICER) and is_another,
            may_promulgate=is_secretary and is_another,
            base_is_outdated=_is_outdated(proposal, row),
        )


def _is_outdated(proposal: Proposal, row: Row[Any]) -> bool:
    latest: int | None = row.latest_version
    return proposal.base_version != latest


async def _views(
    work: CurrentWork, actor: CurrentActor, url: PublicUrl, response: Response
) -> Views:
    return Views(work, actor, url, response)


CurrentViews = Annotated[Views, Depends(_views)]


@router.post(
    "",
    status_code=201,
    summary="Propose an amendment",
    tags=[PROPOSING],
    dependencies=[access(PROPOSERS)],
)
async def submit_proposal(
    work: CurrentWork, actor: CurrentActor, views: CurrentViews, body: SubmitProposal
) -> ProposalOut:
    """The secretary proposes for the organ; a unit becomes the first of a coalition that needs one tenth (Art. 27)."""
    proposal = await proposals.submit_proposal(work, actor, body.base_version, body.draft())
    return await views.created(proposal.id)


@router.get(
    "", summary="Proposals, the latest first", tags=[READING], dependencies=[access(READERS)]
)
async def list_proposals(
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    views: CurrentViews,
    status: Annotated[ProposalStatus | None, Query(description="Only these.")] = None,
) -> Page[ProposalOut]:
    """Members and the organ see every proposal, whoever made it."""
    statement = queries.proposals_for(actor, work.now, status)
    return await pager.page(work, statement, views.listed)


@router.get(
    "/{proposal_id}", summary="One proposal", tags=[READING], dependencies=[access(READERS)]
)
async def read_proposal(proposal_id: ProposalId, views: CurrentViews) -> ProposalOut:
    """How many members stand behind it is counted now, at the register version that is shown."""
    return await views.one(proposal_id)


@router.put(
    "/{proposal_id}/draft",
    summary="Replace the draft",
    tags=[PROPOSING],
    dependencies=[access(PROPOSERS)],
)
async def edit_draft(
    proposal_id: ProposalId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    expected: RequiredIfMatch,
    body: DraftIn,
) -> ProposalOut:
    """The hash changes: every support must be given again. Once a coalition has enough support, its draft stays."""
    await proposals.edit_draft(work, proposal_id, actor, body.draft(), expected)
    return await views.one(proposal_id)


@router.post(
    "/{proposal_id}/typo-corrections",
    summary="Mend a typing error in the draft",
    tags=[PROPOSING],
    dependencies=[access(PROPOSERS)],
)
async def correct_typo(
    proposal_id: ProposalId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    expected: RequiredIfMatch,
    body: CorrectTypo,
) -> ProposalOut:
    """The supports stay and the correction is shown. What touches a number or a word that decides is another draft."""
    await proposals.correct_typo(
        work,
        proposal_id,
        actor,
        place=body.place,
        language=body.language,
        wrong=body.wrong,
        right=body.right,
        expected=expected,
    )
    return await views.one(proposal_id)


@router.get(
    "/{proposal_id}/supports",
    summary="Who stands behind it",
    tags=[READING],
    dependencies=[access(READERS)],
)
async def list_supports(
    proposal_id: ProposalId, work: CurrentWork, views: CurrentViews, pager: CurrentPager
) -> Page[SupporterOut]:
    """Also who no longer does: a support is active, retracted or lapsed."""
    await views.found(proposal_id)
    return await pager.page(work, queries.supports_of(proposal_id), SupporterOut.of)


@router.put(
    "/{proposal_id}/supports",
    summary="Support a draft",
    tags=[SUPPORTING],
    dependencies=[access(SUPPORTERS)],
)
async def support_proposal(
    proposal_id: ProposalId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    body: SupportDraft,
) -> ProposalOut:
    """For the own unit, and for exactly the draft with this hash. Once one tenth supports it, that stays (Art. 27)."""
    await supporting.support_proposal(work, proposal_id, actor, body.draft_digest)
    return await views.one(proposal_id)


@router.delete(
    "/{proposal_id}/supports",
    summary="Take the own support back",
    tags=[SUPPORTING],
    dependencies=[access(SUPPORTERS)],
)
async def retract_support(
    proposal_id: ProposalId, work: CurrentWork, actor: CurrentActor, views: CurrentViews
) -> ProposalOut:
    """Free until the proposal has enough support, impossible afterwards. The others carry on, also without the first."""
    await supporting.retract_support(work, proposal_id, actor)
    return await views.one(proposal_id)


@router.post(
    "/{proposal_id}/retraction",
    summary="Withdraw the proposal",
    tags=[PROPOSING],
    dependencies=[access(PROPOSERS)],
)
async def retract_proposal(
    proposal_id: ProposalId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    expected: IfMatch,
) -> ProposalOut:
    """The organ its own; a coalition when all its supporters have asked for it. Never once a ballot on it was open."""
    await retractions.retract_proposal(work, proposal_id, actor, expected)
    return await views.one(proposal_id)


@router.get(
    "/{proposal_id}/collisions",
    summary="Other proposals that touch the same",
    tags=[READING],
    dependencies=[access(READERS)],
)
async def list_collisions(
    proposal_id: ProposalId,
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    views: CurrentViews,
) -> CollisionsOut:
    """Both may be put to the vote; whichever is promulgated second must be rebased and voted on again."""
    touched = frozenset((await views.found(proposal_id)).touched)
    page = await pager.page(
        work,
        queries.collisions_of(proposal_id, touched, actor, work.now),
        lambda row: CollisionOut(
            proposal=views.listed(row), touched_by_both=sorted(touched.intersection(row.touched))
        ),
    )
    return CollisionsOut(items=page.items, next_cursor=page.next_cursor)


@router.post(
    "/{proposal_id}/rebase",
    summary="Put it on the latest version",
    tags=[PROPOSING],
    dependencies=[access(PROPOSERS)],
)
async def rebase_proposal(
    proposal_id: ProposalId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    expected: RequiredIfMatch,
    body: RebaseProposal,
) -> ProposalOut:
    """After another amendment was promulgated. Where the hash stays, so do the supports; a fresh ballot follows."""
    draft = body.draft.draft() if body.draft else None
    await proposals.rebase_proposal(work, proposal_id, actor, draft, expected)
    return await views.one(proposal_id)
