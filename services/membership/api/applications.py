"""Applications to accede (M1, M2, M5)."""

from typing import Annotated

from fastapi import Query, Response

from services.membership.api.routing import REGISTRAR, ApplicationId, TrustedIssuer, new_router
from services.membership.api.schemas.applications import (
    ApplicationOut,
    EntrustedMandateIn,
    RefuseApplication,
    ResubmitApplication,
    ReturnApplication,
    SubmitApplication,
)
from services.membership.api.views import CurrentViews
from services.membership.domain.lifecycle import ApplicationStatus
from services.membership.store import applications as store
from services.membership.store import members, queries
from services.membership.usecases import applications as usecases
from shared.http.access import SIGNED_IN
from shared.http.etags import IfMatch, RequiredIfMatch
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, access
from shared.kernel.actor import Role

router = new_router("accession")

APPLICANT = access(SIGNED_IN)
HANDLER = access(REGISTRAR)


@router.post("/applications", status_code=201, dependencies=[APPLICANT], summary="Apply to accede")
async def submit_application(
    body: SubmitApplication,
    work: CurrentWork,
    actor: CurrentActor,
    issuer: TrustedIssuer,
    response: Response,
    views: CurrentViews,
) -> ApplicationOut:
    """Anyone signed in may apply for a practitioner of the industry. One live application per legal entity."""
    application = await usecases.submit_application(
        work,
        usecases.subject_of(actor),
        identifier=body.identifier,
        particulars=body.particulars.checked(),
        legal_representative_subject=body.legal_representative_subject.within(issuer),
        accepts_rules=body.accepts_rules,
        entrusted=[mandate.entrusted(issuer) for mandate in body.entrusted],
    )
    view = views.application(application)
    response.headers["Location"] = view.url
    return view


@router.get("/applications", dependencies=[APPLICANT], summary="Applications")
async def list_applications(
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    views: CurrentViews,
    status: Annotated[ApplicationStatus | None, Query()] = None,
) -> Page[ApplicationOut]:
    """Newest first: the registrar sees all, anyone else those it is a party to."""
    return await pager.page(
        work,
        queries.applications_for(actor, status),
        lambda row: views.listed_application(store.application_from(row), row.updated_at),
    )


@router.get("/applications/{application_id}", dependencies=[APPLICANT], summary="An application")
async def read_application(
    application_id: ApplicationId, work: CurrentWork, actor: CurrentActor, views: CurrentViews
) -> ApplicationOut:
    """Its parties and the registrar see it; for everyone else it does not exist."""
    application = await usecases.read_application(work, application_id, actor)
    updated_at = await store.changed_at(work, application_id)
    if application.member_id is None or not actor.has(Role.REGISTRAR):
        return views.application(application, updated_at)
    former = await members.get_member(work, application.member_id)
    return views.application(application, updated_at, former=former)


@router.post(
    "/applications/{application_id}/returning",
    dependencies=[HANDLER],
    summary="Give an application back",
)
async def return_application(
    application_id: ApplicationId,
    body: ReturnApplication,
    work: CurrentWork,
    actor: CurrentActor,
    expected: RequiredIfMatch,
    views: CurrentViews,
) -> ApplicationOut:
    """The registrar says what is missing; the applicant may resubmit."""
    return views.application(
        await usecases.return_application(work, application_id, actor, body.missing, expected)
    )


@router.post(
    "/applications/{application_id}/resubmission",
    dependencies=[APPLICANT],
    summary="Resubmit a returned application",
)
async def resubmit_application(
    application_id: ApplicationId,
    body: ResubmitApplication,
    work: CurrentWork,
    actor: CurrentActor,
    issuer: TrustedIssuer,
    expected: IfMatch,
    views: CurrentViews,
) -> ApplicationOut:
    """With what was missing; for the same legal entity."""
    return views.application(
        await usecases.resubmit_application(
            work,
            application_id,
            actor,
            particulars=body.particulars.checked(),
            legal_representative_subject=body.legal_representative_subject.within(issuer),
            accepts_rules=body.accepts_rules,
            expected=expected,
        )
    )


@router.post(
    "/applications/{application_id}/mandate",
    dependencies=[APPLICANT],
    summary="File an entrusted representative's mandate",
)
async def file_mandate(
    application_id: ApplicationId,
    body: EntrustedMandateIn,
    work: CurrentWork,
    actor: CurrentActor,
    issuer: TrustedIssuer,
    expected: IfMatch,
    views: CurrentViews,
) -> ApplicationOut:
    """It entitles to sign from now on; it does not back-date."""
    return views.application(
        await usecases.file_mandate(work, application_id, actor, body.entrusted(issuer), expected)
    )


@router.post(
    "/applications/{application_id}/approval",
    dependencies=[HANDLER],
    summary="Approve an application",
)
async def approve_application(
    application_id: ApplicationId,
    work: CurrentWork,
    actor: CurrentActor,
    expected: RequiredIfMatch,
    views: CurrentViews,
) -> ApplicationOut:
    """Both criteria of Art. 28 are met. Membership begins with a valid signature, not before."""
    return views.application(
        await usecases.approve_application(work, application_id, actor, expected)
    )


@router.post(
    "/applications/{application_id}/refusal",
    dependencies=[HANDLER],
    summary="Refuse an application",
)
async def refuse_application(
    application_id: ApplicationId,
    body: RefuseApplication,
    work: CurrentWork,
    actor: CurrentActor,
    expected: RequiredIfMatch,
    views: CurrentViews,
) -> ApplicationOut:
    """Only on one of the two lawful grounds (Art. 28), with reasons."""
    return views.application(
        await usecases.refuse_application(
            work, application_id, actor, body.ground, body.reasons, expected
        )
    )


@router.post(
    "/applications/{application_id}/instrument",
    dependencies=[APPLICANT],
    summary="Sign the instrument of accession",
)
async def sign_instrument(
    application_id: ApplicationId,
    work: CurrentWork,
    actor: CurrentActor,
    expected: IfMatch,
    views: CurrentViews,
) -> ApplicationOut:
    """By the legal representative, or an entrusted one whose mandate is valid now: the unit is a member from now on."""
    return views.application(await usecases.sign_instrument(work, application_id, actor, expected))


@router.post(
    "/applications/{application_id}/retraction",
    dependencies=[APPLICANT],
    summary="Retract an application",
)
async def retract_application(
    application_id: ApplicationId,
    work: CurrentWork,
    actor: CurrentActor,
    expected: IfMatch,
    views: CurrentViews,
) -> ApplicationOut:
    """Before it is refused or signed; the legal entity may apply again."""
    return views.application(
        await usecases.retract_application(work, application_id, actor, expected)
    )
