"""Applications to accede (M1, M2, M5)."""

from typing import Annotated

from fastapi import Query, Response

from services.membership.api.routing import (
    REGISTRAR,
    ApplicationId,
    PublicUrl,
    TrustedIssuer,
    new_router,
)
from services.membership.api.schemas import (
    ApplicationOut,
    EntrustedMandateIn,
    RefuseApplication,
    ResubmitApplication,
    ReturnApplication,
    SubmitApplication,
)
from services.membership.api.views import application_out
from services.membership.domain.lifecycle import ApplicationStatus
from services.membership.store import applications as store
from services.membership.store import members, queries
from services.membership.usecases import applications as usecases
from shared.http.access import SIGNED_IN
from shared.http.etags import IfMatch, RequiredIfMatch, set_etag
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, access

router = new_router("accession")

APPLICANT = access(SIGNED_IN)
HANDLER = access(REGISTRAR)


@router.post("/applications", status_code=201, dependencies=[APPLICANT], summary="Apply to accede")
async def submit_application(
    body: SubmitApplication,
    work: CurrentWork,
    actor: CurrentActor,
    issuer: TrustedIssuer,
    url: PublicUrl,
    response: Response,
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
    set_etag(response, application.version, "full")
    response.headers["Location"] = f"{url}/v1/applications/{application.id}"
    return application_out(work, application, actor, url)


@router.get("/applications", dependencies=[APPLICANT], summary="Applications")
async def list_applications(
    work: CurrentWork,
    actor: CurrentActor,
    url: PublicUrl,
    pager: CurrentPager,
    status: Annotated[ApplicationStatus | None, Query()] = None,
) -> Page[ApplicationOut]:
    """Newest first: the registrar sees all, an applicant its own."""
    return await pager.page(
        work,
        queries.applications_for(actor, status),
        lambda row: application_out(
            work, store.application_from(row), actor, url, updated_at=row.updated_at
        ),
    )


@router.get("/applications/{application_id}", dependencies=[APPLICANT], summary="An application")
async def read_application(
    application_id: ApplicationId,
    work: CurrentWork,
    actor: CurrentActor,
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """Its parties and the registrar see it; for everyone else it does not exist."""
    application = await usecases.read_application(work, application_id, actor)
    former = application.member_id and await members.get_member(work, application.member_id)
    set_etag(response, application.version, "full")
    return application_out(
        work,
        application,
        actor,
        url,
        updated_at=await store.changed_at(work, application_id),
        former=former or None,
    )


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
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """The registrar says what is missing; the applicant may resubmit."""
    application = await usecases.return_application(
        work, application_id, actor, body.missing, expected
    )
    set_etag(response, application.version, "full")
    return application_out(work, application, actor, url)


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
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """With what was missing; for the same legal entity."""
    application = await usecases.resubmit_application(
        work,
        application_id,
        actor,
        particulars=body.particulars.checked(),
        legal_representative_subject=body.legal_representative_subject.within(issuer),
        accepts_rules=body.accepts_rules,
        expected=expected,
    )
    set_etag(response, application.version, "full")
    return application_out(work, application, actor, url)


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
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """It entitles to sign from now on; it does not back-date."""
    application = await usecases.file_mandate(
        work, application_id, actor, body.entrusted(issuer), expected
    )
    set_etag(response, application.version, "full")
    return application_out(work, application, actor, url)


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
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """Both criteria of Art. 28 are met. Membership begins with a valid signature, not before."""
    application = await usecases.approve_application(work, application_id, actor, expected)
    set_etag(response, application.version, "full")
    return application_out(work, application, actor, url)


@router.post(
    "/applications/{application_id}/refusal", dependencies=[HANDLER], summary="Refuse an application"
)
async def refuse_application(
    application_id: ApplicationId,
    body: RefuseApplication,
    work: CurrentWork,
    actor: CurrentActor,
    expected: RequiredIfMatch,
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """Only on one of the two lawful grounds (Art. 28), with reasons."""
    application = await usecases.refuse_application(
        work, application_id, actor, body.ground, body.reasons, expected
    )
    set_etag(response, application.version, "full")
    return application_out(work, application, actor, url)


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
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """By the legal representative, or an entrusted one whose mandate is valid now: the unit is a member from now on."""
    application = await usecases.sign_instrument(work, application_id, actor, expected)
    set_etag(response, application.version, "full")
    return application_out(work, application, actor, url)


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
    url: PublicUrl,
    response: Response,
) -> ApplicationOut:
    """Before it is refused or signed; the legal entity may apply again."""
    application = await usecases.retract_application(work, application_id, actor, expected)
    set_etag(response, application.version, "full")
    return application_out(work, application, actor, url)
