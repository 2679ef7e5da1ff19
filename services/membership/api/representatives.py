"""Who may act for a member (M9)."""

from fastapi import Response

from services.membership.api.routing import (
    OWN_OR_REGISTRAR,
    OWN_REPRESENTATIVE,
    REGISTRAR_OF_PUBLIC,
    MemberId,
    RepresentativeId,
    Settings,
    TrustedIssuer,
    new_router,
)
from services.membership.api.schemas.representatives import (
    AppointRepresentative,
    Claim,
    ClaimCodeOut,
    RepresentativeOut,
)
from services.membership.api.views import CurrentViews
from services.membership.store import members as store
from services.membership.store import queries
from services.membership.usecases import representatives as usecases
from services.membership.usecases.applications import subject_of
from shared.http.access import SIGNED_IN
from shared.http.etags import IfMatch
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, access

router = new_router("representatives")


@router.get(
    "/members/{member_id}/representatives",
    dependencies=[access(OWN_OR_REGISTRAR)],
    summary="A member's representatives",
)
async def list_representatives(
    member_id: MemberId, work: CurrentWork, pager: CurrentPager, views: CurrentViews
) -> Page[RepresentativeOut]:
    """Every mandate given, also those that ended; oldest first."""
    member = await store.get_member(work, member_id)
    return await pager.page(
        work,
        queries.mandates_of(member_id),
        lambda row: views.listed_representative(member, store.mandate_from(row)),
    )


@router.get(
    "/members/{member_id}/representatives/{representative_id}",
    dependencies=[access(OWN_OR_REGISTRAR)],
    summary="A representative",
)
async def read_representative(
    member_id: MemberId,
    representative_id: RepresentativeId,
    work: CurrentWork,
    views: CurrentViews,
) -> RepresentativeOut:
    """One mandate, as it stands now."""
    member = await store.get_member(work, member_id)
    return views.representative(member, usecases.mandate_of(member, representative_id))


@router.post(
    "/members/{member_id}/representatives",
    status_code=201,
    dependencies=[access(OWN_REPRESENTATIVE)],
    summary="Appoint a representative",
)
async def appoint_representative(
    member_id: MemberId,
    body: AppointRepresentative,
    work: CurrentWork,
    issuer: TrustedIssuer,
    expected: IfMatch,
    views: CurrentViews,
    response: Response,
) -> RepresentativeOut:
    """A person, or a machine with scope `circulars`; a new legal representative takes the former one's place."""
    member, mandate = await usecases.appoint_representative(
        work, member_id, body.appointment(issuer, work.now), expected
    )
    view = views.representative(member, mandate)
    response.headers["Location"] = view.url
    return view


@router.post(
    "/members/{member_id}/representatives/{representative_id}/removal",
    dependencies=[access(OWN_REPRESENTATIVE)],
    summary="Remove a representative",
)
async def remove_representative(
    member_id: MemberId,
    representative_id: RepresentativeId,
    work: CurrentWork,
    expected: IfMatch,
    views: CurrentViews,
) -> RepresentativeOut:
    """At once; what was done under the mandate before stays valid."""
    member, mandate = await usecases.remove_representative(
        work, member_id, representative_id, expected
    )
    return views.representative(member, mandate)


@router.post(
    "/members/{member_id}/claim-code",
    status_code=201,
    dependencies=[access(REGISTRAR_OF_PUBLIC)],
    summary="Issue a claim code",
)
async def issue_claim_code(
    member_id: MemberId,
    work: CurrentWork,
    actor: CurrentActor,
    settings: Settings,
    response: Response,
) -> ClaimCodeOut:
    """For a member without a representative, or one that lost its own: shown this once, works once."""
    issued, code = await usecases.issue_claim_code(
        work, member_id, subject_of(actor), settings.claim_code_lifetime
    )
    response.headers["Cache-Control"] = "no-store"
    return ClaimCodeOut(member_id=member_id, code=code, expires_at=issued.expires_at)


@router.post(
    "/claims",
    status_code=201,
    dependencies=[access(SIGNED_IN)],
    summary="Claim a membership with a code",
)
async def claim_membership(
    body: Claim, work: CurrentWork, actor: CurrentActor, views: CurrentViews
) -> RepresentativeOut:
    """Whoever holds the code becomes the member's legal representative."""
    member, mandate = await usecases.claim_membership(work, body.code, subject_of(actor), body.name)
    return views.representative(member, mandate)
