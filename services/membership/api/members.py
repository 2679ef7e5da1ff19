"""Members: the public list, a unit, its particulars, leaving (M3, M6, M10)."""

from datetime import date
from typing import Annotated

from fastapi import Query, Response

from services.membership.api.routing import (
    OWN_OR_REGISTRAR,
    OWN_REPRESENTATIVE,
    VISIBLE,
    MemberId,
    PublicUrl,
    new_router,
)
from services.membership.api.schemas import (
    ChangeParticulars,
    HistoryEntryOut,
    MemberHistoryOut,
    MemberOut,
    Withdraw,
)
from services.membership.api.views import details_out, member_actions, member_out, periods_out
from services.membership.domain.lifecycle import MembershipStatus
from services.membership.domain.member import Member
from services.membership.domain.particulars import Sector
from services.membership.domain.register import why_empty
from services.membership.store import members as store
from services.membership.store import queries, register
from services.membership.usecases import members as usecases
from services.membership.usecases.register import current_particulars
from shared.db.work import Work
from shared.http.access import RoleMissing
from shared.http.etags import IfMatch, RequiredIfMatch, set_etag
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, access
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import NotFound

router = new_router("members")


@router.get("/members", dependencies=[access(VISIBLE)], summary="The register of members")
async def list_members(
    work: CurrentWork,
    pager: CurrentPager,
    url: PublicUrl,
    as_of: Annotated[date | None, Query(description="The end of that day, as known now.")] = None,
    sector: Annotated[Sector | None, Query()] = None,
    q: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    status: Annotated[MembershipStatus | None, Query()] = MembershipStatus.MEMBER,
) -> Page[MemberOut]:
    """Public fields, today or on a past day; a future day is refused. `q` searches names and the identifier."""
    day = as_of or work.today
    why_empty(day, first_change_on=await register.first_day(work), today=work.today)
    return await pager.page(
        work,
        queries.register_of(day, q=q, sector=sector, status=status),
        lambda row: member_out(row, url, allowed=[]),
    )


@router.get("/members/{member_id}", dependencies=[access(VISIBLE)], summary="A unit on the register")
async def read_member(
    member_id: MemberId,
    work: CurrentWork,
    actor: CurrentActor,
    url: PublicUrl,
    response: Response,
) -> MemberOut:
    """Public fields for everyone; `details` for the unit's own representatives and the registrar."""
    return await _shown(work, await store.get_member(work, member_id), actor, url, response)


@router.patch(
    "/members/{member_id}", dependencies=[access(OWN_OR_REGISTRAR)], summary="Change particulars"
)
async def change_particulars(
    member_id: MemberId,
    body: ChangeParticulars,
    work: CurrentWork,
    actor: CurrentActor,
    expected: RequiredIfMatch,
    url: PublicUrl,
    response: Response,
) -> MemberOut:
    """Valid from a day on; the register of an earlier day keeps showing the earlier ones."""
    changes = body.model_dump(exclude_unset=True, exclude={"valid_from"})
    if "unreachable" in changes and not actor.has(Role.REGISTRAR):
        raise RoleMissing
    member, _ = await usecases.change_particulars(
        work, member_id, body.valid_from, changes, expected
    )
    return await _shown(work, member, actor, url, response)


@router.get(
    "/members/{member_id}/history", dependencies=[access(VISIBLE)], summary="A unit's history"
)
async def read_member_history(
    member_id: MemberId, work: CurrentWork, actor: CurrentActor
) -> MemberHistoryOut:
    """Names and periods; why a period ended is for the unit itself and the registrar."""
    member = await store.get_member(work, member_id)
    hidden = set() if await _sees_details(work, member, actor) else {"ending", "ground_case_id", "basis"}
    return MemberHistoryOut(
        member_id=member.id,
        names=[
            HistoryEntryOut(
                valid_from=row.valid_from,
                register_version=row.entered_version,
                legal_name_zh=row.particulars.legal_name_zh,
                legal_name_en=row.particulars.legal_name_en,
                sectors=list(row.particulars.sectors),
            )
            for row in await store.particulars_of(work, member_id)
        ],
        periods=[period.model_dump(mode="json", exclude=hidden) for period in periods_out(member)],
    )


@router.post(
    "/members/{member_id}/withdrawal",
    dependencies=[access(OWN_REPRESENTATIVE)],
    summary="Leave by notice",
)
async def withdraw(
    member_id: MemberId,
    body: Withdraw,
    work: CurrentWork,
    actor: CurrentActor,
    expected: IfMatch,
    url: PublicUrl,
    response: Response,
) -> MemberOut:
    """At any time, with no permission (Art. 28); on receipt, or on a later day that the unit names."""
    member = await usecases.withdraw(work, member_id, body.effective_on, expected)
    return await _shown(work, member, actor, url, response)


@router.delete(
    "/members/{member_id}/withdrawal",
    dependencies=[access(OWN_REPRESENTATIVE)],
    summary="Take a withdrawal back",
)
async def retract_withdrawal(
    member_id: MemberId,
    work: CurrentWork,
    actor: CurrentActor,
    expected: IfMatch,
    url: PublicUrl,
    response: Response,
) -> MemberOut:
    """Until it takes effect."""
    member = await usecases.retract_withdrawal(work, member_id, expected)
    return await _shown(work, member, actor, url, response)


async def _shown(
    work: Work, member: Member, actor: Actor, url: str, response: Response
) -> MemberOut:
    row = await queries.member_row(work, member.id)
    if row is None:
        raise NotFound
    sees_details = await _sees_details(work, member, actor)
    set_etag(response, member.version, "full" if sees_details else "public")
    return member_out(
        row,
        url,
        allowed=member_actions(member, actor, is_own=actor.member_id == member.id)
        if sees_details
        else [],
        details=details_out(member, await current_particulars(work, member.id))
        if sees_details
        else None,
    )


async def _sees_details(work: Work, member: Member, actor: Actor) -> bool:
    if actor.has(Role.REGISTRAR):
        return True
    return actor.member_id == member.id and await queries.holds_any_mandate(work, actor)
