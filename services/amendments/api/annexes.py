"""``/v1/annexes``: agreements of branches of the industry under the convention (A7)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy import Row

from services.amendments.api.ballots import CONDUCTING, OFFICERS
from services.amendments.api.ballots import CurrentViews as BallotViews
from services.amendments.api.callers import SECRETARY
from services.amendments.api.proposals import READERS
from services.amendments.api.schemas.annexes import (
    ANNEX_ID,
    AdherentOut,
    AnnexOut,
    AnnexTextIn,
    AnnexVersionOut,
    ConsentToAmendment,
    DraftAnnex,
    EditAnnex,
    ListedAnnexOut,
    MarkConflict,
    ProfileOut,
    amendment_out,
    provisions_out,
)
from services.amendments.api.schemas.ballots import BallotOut
from services.amendments.api.schemas.parts import WordingOut
from services.amendments.api.schemas.proposals import wording
from services.amendments.domain.annex import Annex, Part
from services.amendments.domain.subject import SubjectKind
from services.amendments.store import adherents
from services.amendments.store import annexes as store
from services.amendments.usecases import annexes, ballots
from services.amendments.usecases.acting import may_act
from shared.contracts.membership import Sector
from shared.db.work import Work
from shared.http.access import PUBLIC_ACCESS, Access
from shared.http.etags import IfMatch, RequiredIfMatch, digest_of, set_etag
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.kernel.actor import Actor, Role, Scope
from shared.kernel.ids import id_pattern

DRAFTING, ADHERING, READING = "Draft annexes", "Adhere to annexes", "Read annexes"
UNITS = Access(scope=Scope.VOTE, seen_by=PUBLIC_ACCESS)

router = APIRouter(
    prefix="/v1/annexes",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
)

AnnexId = Annotated[str, Path(pattern=id_pattern("anx"), examples=[ANNEX_ID])]


class Views:
    """Shows annexes to the caller, with the ETag of what it gets."""

    def __init__(self, work: Work, actor: Actor, url: str, response: Response) -> None:
        self._work = work
        self._actor = actor
        self._url = url
        self._response = response

    async def one(self, annex_id: str) -> AnnexOut:
        """The annex as it stands now; refuses with ``NotFound``, also where the caller may not know of it yet."""
        annex = await self.seen(annex_id)
        shown = await self._shown(annex)
        set_etag(self._response, shown.version, digest_of(shown))
        return shown

    async def created(self, annex_id: str) -> AnnexOut:
        """A new annex, and where it is."""
        shown = await self.one(annex_id)
        self._response.headers["Location"] = shown.url
        return shown

    def listed(self, annex: Annex) -> ListedAnnexOut:
        """An annex among others."""
        return ListedAnnexOut(
            id=annex.id,
            url=f"{self._url}/v1/annexes/{annex.id}",
            status=annex.status_at(self._work.today),
            number=annex.number,
            sector=Sector(annex.sector),
            parent=annex.parent,
            title=WordingOut.of(annex.text.title),
            adopted_at=annex.adopted_at,
            ends_on=annex.ends_on,
        )

    async def seen(self, annex_id: str) -> Annex:
        """The annex, where the caller may know of it."""
        return await store.find_annex(self._work, annex_id, insider=await self.is_insider())

    async def is_insider(self) -> bool:
        """Whether the caller sees what the members have not consented to yet."""
        actor = self._actor
        if actor.member_id is None or actor.roles:
            return actor.has(*READERS.roles)
        return await may_act(self._work, actor, Scope.VOTE, False)

    async def _shown(self, annex: Annex) -> AnnexOut:
        work = self._work
        amendment = annex.amendment
        digest = amendment.digest if amendment else ""
        consents, bound = await adherents.count_consents(work, annex, digest)
        return AnnexOut(
            id=annex.id,
            version=annex.version,
            url=f"{self._url}/v1/annexes/{annex.id}",
            status=annex.status_at(work.today),
            allowed_actions=await self._actions(annex),
            number=annex.number,
            sector=Sector(annex.sector),
            parent=annex.parent,
            drafter=annex.drafter,
            title=WordingOut.of(annex.text.title),
            provisions=provisions_out(annex.text, annex.conflicts),
            profile=ProfileOut.model_validate(annex.profile.as_data()),
            digest=annex.digest,
            text_version=annex.text_version,
            ballot_id=annex.ballot_id,
            adopted_at=annex.adopted_at,
            trial_until=annex.trial_until,
            is_on_trial=annex.is_on_trial(work.today),
            adherents_count=None if annex.number is None else bound,
            amendment=amendment_out(annex, consents, bound),
            ends_on=annex.ends_on,
            created_at=annex.created_at,
            updated_at=annex.updated_at,
        )

    async def _actions(self, annex: Annex) -> list[str]:
        actor, work = self._actor, self._work
        unit = actor.member_id
        acts_for_unit = unit is not None and await self.is_insider()
        return annex.open_to(
            Part(
                drafts=acts_for_unit and unit == annex.drafter,
                adheres=acts_for_unit and await adherents.adheres(work, annex, str(unit)),
                may_adhere=acts_for_unit
                and await adherents.is_of_branch(work, str(unit), annex.sector),
                may_call_ballot=actor.has(Role.BALLOT_OFFICER)
                and actor.subject not in annex.authors,
                may_mark_conflicts=actor.has(Role.SECRETARY),
            ),
            work.today,
        )


async def _views(
    work: CurrentWork, actor: CurrentActor, url: PublicUrl, response: Response
) -> Views:
    return Views(work, actor, url, response)


CurrentViews = Annotated[Views, Depends(_views)]


@router.post(
    "", status_code=201, summary="Draft an annex", tags=[DRAFTING], dependencies=[access(UNITS)]
)
async def draft_annex(
    work: CurrentWork, actor: CurrentActor, views: CurrentViews, body: DraftAnnex
) -> AnnexOut:
    """By a member of the branch (Art. 29). It becomes an annex when the members consent to it by ballot."""
    annex = await annexes.draft_annex(
        work,
        actor,
        sector=body.sector.value,
        parent=body.parent,
        text=body.text(),
        profile=body.profile.profile(),
    )
    return await views.created(annex.id)


@router.get(
    "", summary="Annexes, the latest first", tags=[READING], dependencies=[access(PUBLIC_ACCESS)]
)
async def list_annexes(
    work: CurrentWork, pager: CurrentPager, views: CurrentViews
) -> Page[ListedAnnexOut]:
    """Everyone sees what the members consented to; members and the organ also what is being drafted."""
    statement = store.annexes_for(insider=await views.is_insider())
    return await pager.page(work, statement, lambda row: views.listed(store.annex_from(row)))


@router.get(
    "/{annex_id}", summary="One annex", tags=[READING], dependencies=[access(PUBLIC_ACCESS)]
)
async def read_annex(annex_id: AnnexId, views: CurrentViews) -> AnnexOut:
    """Where one of its provisions contradicts the convention, the convention prevails and the provision says so."""
    return await views.one(annex_id)


@router.put(
    "/{annex_id}/draft",
    summary="Replace the draft of an annex",
    tags=[DRAFTING],
    dependencies=[access(UNITS)],
)
async def edit_annex(
    annex_id: AnnexId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    expected: RequiredIfMatch,
    body: EditAnnex,
) -> AnnexOut:
    """By the unit that drafted it, until its ballot is called."""
    await annexes.edit_annex(
        work,
        annex_id,
        actor,
        parent=body.parent,
        text=body.text(),
        profile=body.profile.profile(),
        expected=expected,
    )
    return await views.one(annex_id)


@router.post(
    "/{annex_id}/retraction",
    summary="Give a draft of an annex up",
    tags=[DRAFTING],
    dependencies=[access(UNITS)],
)
async def retract_annex(
    annex_id: AnnexId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    expected: IfMatch,
) -> AnnexOut:
    """By the unit that drafted it, until a ballot on it opens, and never after."""
    await annexes.retract_annex(work, annex_id, actor, expected)
    return await views.one(annex_id)


@router.post(
    "/{annex_id}/ballot",
    status_code=201,
    summary="Call a ballot on an annex",
    tags=[CONDUCTING],
    dependencies=[access(OFFICERS)],
)
async def call_annex_ballot(
    annex_id: AnnexId, work: CurrentWork, actor: CurrentActor, views: BallotViews
) -> BallotOut:
    """All members consent to it or not, by the rule `annex.adoption` (Art. 29). Its profile is frozen with the consent."""
    return await views.called(await ballots.call_ballot(work, SubjectKind.ANNEX, annex_id, actor))


@router.get(
    "/{annex_id}/versions",
    summary="Every text an annex had",
    tags=[READING],
    dependencies=[access(PUBLIC_ACCESS)],
)
async def list_annex_versions(
    annex_id: AnnexId, work: CurrentWork, pager: CurrentPager, views: CurrentViews
) -> Page[AnnexVersionOut]:
    """The latest first; the first is the one that the members consented to."""
    await views.seen(annex_id)
    return await pager.page(work, store.texts_of(annex_id), _version_out)


@router.get(
    "/{annex_id}/adherents",
    summary="Whom an annex binds",
    tags=[READING],
    dependencies=[access(PUBLIC_ACCESS)],
)
async def list_adherents(
    annex_id: AnnexId, work: CurrentWork, pager: CurrentPager, views: CurrentViews
) -> Page[AdherentOut]:
    """The register of the annex: members of the branch that signed it, or all of the branch where it says so."""
    annex = await views.seen(annex_id)
    return await pager.page(work, adherents.adherents_of(annex), AdherentOut.of)


@router.put(
    "/{annex_id}/adherence",
    summary="Sign an annex",
    tags=[ADHERING],
    dependencies=[access(UNITS)],
)
async def adhere(
    annex_id: AnnexId, work: CurrentWork, actor: CurrentActor, views: CurrentViews
) -> AnnexOut:
    """For the own unit, a member of the branch; it is bound from then on, as long as this membership lasts."""
    await annexes.adhere(work, annex_id, actor)
    return await views.one(annex_id)


@router.delete(
    "/{annex_id}/adherence",
    summary="Leave an annex",
    tags=[ADHERING],
    dependencies=[access(UNITS)],
)
async def leave_annex(
    annex_id: AnnexId, work: CurrentWork, actor: CurrentActor, views: CurrentViews
) -> AnnexOut:
    """What was joined freely is left freely; an annex that binds the whole branch is not left."""
    await annexes.leave_annex(work, annex_id, actor)
    return await views.one(annex_id)


@router.put(
    "/{annex_id}/amendment",
    summary="Propose another text of an annex",
    tags=[ADHERING],
    dependencies=[access(UNITS)],
)
async def propose_annex_amendment(
    annex_id: AnnexId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    expected: RequiredIfMatch,
    body: AnnexTextIn,
) -> AnnexOut:
    """By one that it binds; it holds when the share of those that the annex itself names has consented to it."""
    await annexes.propose_annex_amendment(work, annex_id, actor, body.text(), expected)
    return await views.one(annex_id)


@router.put(
    "/{annex_id}/amendment/consents",
    summary="Consent to another text of an annex",
    tags=[ADHERING],
    dependencies=[access(UNITS)],
)
async def consent_to_amendment(
    annex_id: AnnexId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    body: ConsentToAmendment,
) -> AnnexOut:
    """For the own unit, and to exactly the text with this hash."""
    await annexes.consent_to_amendment(work, annex_id, actor, body.digest)
    return await views.one(annex_id)


@router.post(
    "/{annex_id}/conflicts",
    summary="Mark a conflict with the convention",
    tags=[DRAFTING],
    dependencies=[access(SECRETARY)],
)
async def mark_conflict(
    annex_id: AnnexId,
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    body: MarkConflict,
) -> AnnexOut:
    """The convention prevails, and the annex's provision is marked for everyone (Art. 29, 30)."""
    await annexes.mark_conflict(
        work,
        annex_id,
        actor,
        number=body.number,
        provision_id=body.provision_id,
        reasons=wording(body.reasons),
    )
    return await views.one(annex_id)


def _version_out(row: Row[Any]) -> AnnexVersionOut:
    text = store.text_from(row.text)
    return AnnexVersionOut(
        number=row.number,
        title=WordingOut.of(text.title),
        provisions=provisions_out(text),
        consents=row.consents,
        of=row.of,
        register_version=row.register_version,
        adherents_digest=row.adherents_digest,
        valid_at=row.valid_at,
    )
