"""Members: the public list, a unit, its particulars, leaving, merging, ceasing to exist (M3, M6, M10)."""

from typing import Annotated

from fastapi import Query

from services.membership.api.routing import (
    FORMER_OR_OWN_REPRESENTATIVE,
    OWN_OR_REGISTRAR,
    REGISTRAR_OF_PUBLIC,
    VISIBLE,
    MemberId,
    new_router,
)
from services.membership.api.schemas.members import (
    ChangeParticulars,
    Dissolve,
    MemberHistoryOut,
    MemberOut,
    Merge,
    Withdraw,
)
from services.membership.api.views import CurrentViews
from services.membership.domain.lifecycle import MembershipStatus
from services.membership.domain.particulars import Sector
from services.membership.domain.period import Ending
from services.membership.domain.register import why_empty
from services.membership.store import members as store
from services.membership.store import queries, register
from services.membership.usecases import members as usecases
from shared.http.access import RoleMissing
from shared.http.etags import IfMatch, RequiredIfMatch
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, access
from shared.http.strict import Day, Line
from shared.kernel.actor import Role

router = new_router("members")


@router.get("/members", dependencies=[access(VISIBLE)], summary="The register of members")
async def list_members(
    work: CurrentWork,
    pager: CurrentPager,
    views: CurrentViews,
    as_of: Annotated[Day | None, Query(description="The end of that day, as known now.")] = None,
    sector: Annotated[Sector | None, Query()] = None,
    q: Annotated[Line | None, Query(description="Part of a name, or the identifier.")] = None,
    status: Annotated[MembershipStatus, Query()] = MembershipStatus.MEMBER,
) -> Page[MemberOut]:
    """Public fields, today or on a past day; a future day is refused."""
    day = as_of or work.today
    why_empty(day, first_change_on=await register.first_day(work), today=work.today)
    return await pager.page(
        work, queries.register_of(day, q=q, sector=sector, status=status), views.listed_member
    )


@router.get(
    "/members/{member_id}", dependencies=[access(VISIBLE)], summary="A unit on the register"
)
async def read_member(member_id: MemberId, work: CurrentWork, views: CurrentViews) -> MemberOut:
    """Public fields for everyone; `details` for the unit's own representatives and the registrar."""
    return await views.member(await store.get_member(work, member_id))


@router.patch(
    "/members/{member_id}", dependencies=[access(OWN_OR_REGISTRAR)], summary="Change particulars"
)
async def change_particulars(
    member_id: MemberId,
    body: ChangeParticulars,
    work: CurrentWork,
    actor: CurrentActor,
    expected: RequiredIfMatch,
    views: CurrentViews,
) -> MemberOut:
    """Valid from a day on; the register of an earlier day keeps showing the earlier ones."""
    changes = body.model_dump(exclude_unset=True, exclude={"valid_from"})
    if "unreachable" in changes and not actor.has(Role.REGISTRAR):
        raise RoleMissing
    return await views.member(
        await usecases.change_particulars(work, member_id, body.valid_from, changes, expected)
    )


@router.get(
    "/members/{member_id}/history", dependencies=[access(VISIBLE)], summary="A unit's history"
)
async def read_member_history(
    member_id: MemberId, work: CurrentWork, views: CurrentViews
) -> MemberHistoryOut:
    """Names and periods; why a period ended is for the unit itself and the registrar."""
    member = await store.get_member(work, member_id)
    return await views.history(member, await store.particulars_of(work, member_id))


@router.post(
    "/members/{member_id}/withdrawal",
    dependencies=[access(FORMER_OR_OWN_REPRESENTATIVE)],
    summary="Leave by notice",
)
async def withdraw(
    member_id: MemberId,
    body: Withdraw,
    work: CurrentWork,
    expected: IfMatch,
    views: CurrentViews,
) -> MemberOut:
    """At any time, with no permission (Art. 28); on receipt, or on a later day that the unit names."""
    return await views.member(await usecases.withdraw(work, member_id, body.effective_on, expected))


@router.delete(
    "/members/{member_id}/withdrawal",
    dependencies=[access(FORMER_OR_OWN_REPRESENTATIVE)],
    summary="Take a withdrawal back",
)
async def retract_withdrawal(
    member_id: MemberId, work: CurrentWork, expected: IfMatch, views: CurrentViews
) -> MemberOut:
    """Until it takes effect."""
    return await views.member(
        await usecases.retract_ending(work, member_id, Ending.WITHDRAWN, expected)
    )


@router.post(
    "/members/{member_id}/merger",
    dependencies=[access(REGISTRAR_OF_PUBLIC)],
    summary="Merge a unit into another member",
)
async def merge_member(
    member_id: MemberId,
    body: Merge,
    work: CurrentWork,
    expected: RequiredIfMatch,
    views: CurrentViews,
) -> MemberOut:
    """The unit's membership ends, at once or on a later day; the public learns only that it ceased.

    A merger that was announced lapses where the successor leaves before its day; the unit then stays a member.
    """
    merged = await usecases.merge_members(
        work, member_id, body.successor_member_id, body.act(), expected
    )
    return await views.member(merged)


@router.delete(
    "/members/{member_id}/merger",
    dependencies=[access(REGISTRAR_OF_PUBLIC)],
    summary="Take a merger back",
)
async def retract_merger(
    member_id: MemberId, work: CurrentWork, expected: RequiredIfMatch, views: CurrentViews
) -> MemberOut:
    """Until it takes effect."""
    return await views.member(
        await usecases.retract_ending(work, member_id, Ending.MERGED, expected)
    )


@router.post(
    "/members/{member_id}/dissolution",
    dependencies=[access(REGISTRAR_OF_PUBLIC)],
    summary="Enter that a unit ceased to exist",
)
async def dissolve_member(
    member_id: MemberId,
    body: Dissolve,
    work: CurrentWork,
    expected: RequiredIfMatch,
    views: CurrentViews,
) -> MemberOut:
    """It leaves the register, at once or on a later day; a true day in the past is kept beside that."""
    dissolved = await usecases.dissolve_member(
        work, member_id, body.act(), body.dissolved_on, expected
    )
    return await views.member(dissolved)


@router.delete(
    "/members/{member_id}/dissolution",
    dependencies=[access(REGISTRAR_OF_PUBLIC)],
    summary="Take a dissolution back",
)
async def retract_dissolution(
    member_id: MemberId, work: CurrentWork, expected: RequiredIfMatch, views: CurrentViews
) -> MemberOut:
    """Until it takes effect."""
    return await views.member(
        await usecases.retract_ending(work, member_id, Ending.DISSOLVED, expected)
    )
