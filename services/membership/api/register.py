"""The register as a whole: its version, its counts, its movements, certified rolls (M6, M8)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from sqlalchemy import Row

from services.membership.api.routing import VISIBLE, RollId, new_router
from services.membership.api.schemas.view import View
from services.membership.domain.register import why_empty
from services.membership.store import movements, register, rolls
from shared.http.access import Access
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentWork, PublicUrl, access
from shared.http.strict import Day
from shared.kernel.actor import Role
from shared.kernel.chain import roll_digest

router = new_router("register")

OFFICERS = Access(
    roles=frozenset({Role.REGISTRAR, Role.BALLOT_OFFICER, Role.SECRETARY, Role.AUTHORITY})
)


class RegisterOut(View):
    """The register at the end of a day, as known now, and what proves its history."""

    object: Literal["register"] = "register"
    url: str
    as_of: date
    members_count: int
    sector_counts: dict[str, int]
    members_digest: Annotated[str, "SHA-256 of the sorted member ids, one a line"]
    explanation: dict[str, str] | None
    register_version: int
    register_head: str


class MovementOut(View):
    """One public change. A unit that ceased shows no reason."""

    object: Literal["movement"] = "movement"
    register_version: int
    register_head: str
    kind: Literal["joined", "ceased", "particulars_changed"]
    member_id: str
    legal_name_zh: str
    legal_name_en: str
    effective_on: date
    recorded_at: datetime


class RollOut(View):
    """What was certified for a ballot: who may vote is everyone who was a member then."""

    id: str
    object: Literal["roll"] = "roll"
    url: str
    ballot_id: str
    purpose: Literal["opening", "close"]
    instant: datetime
    register_version: int
    register_head: str
    count: int
    digest: str
    certified_at: datetime


@router.get("/register", dependencies=[access(VISIBLE)], summary="The register at a glance")
async def read_register(
    work: CurrentWork,
    url: PublicUrl,
    as_of: Annotated[Day | None, Query(description="The end of that day, as known now.")] = None,
) -> RegisterOut:
    """Counts and digest of a day; before the first entry it is empty and says so; a future day is refused."""
    day = as_of or work.today
    empty = why_empty(day, first_change_on=await register.first_day(work), today=work.today)
    members, head = await register.members_on(work, day)
    sectors = await register.sector_counts_on(work, day)
    return RegisterOut(
        url=f"{url}/v1/register",
        as_of=day,
        members_count=len(members),
        sector_counts={sector.value: count for sector, count in sectors.items()},
        members_digest=roll_digest(members),
        explanation=empty._asdict() if empty and not members else None,
        register_version=head.version,
        register_head=head.head,
    )


@router.get(
    "/register/movements", dependencies=[access(VISIBLE)], summary="Changes of the register"
)
async def list_movements(
    work: CurrentWork,
    pager: CurrentPager,
    after_version: Annotated[
        int, Query(ge=0, lt=2**31, description="Only changes with a higher register version.")
    ] = 0,
) -> Page[MovementOut]:
    """In the order of register versions, oldest first."""
    return await pager.page(work, movements.public_movements(after_version), _movement_out)


@router.get("/rolls/{roll_id}", dependencies=[access(OFFICERS)], summary="A certified roll")
async def read_roll(roll_id: RollId, work: CurrentWork, url: PublicUrl) -> RollOut:
    """For which ballot, as of which instant and register version, with its digest."""
    certified = await rolls.get_roll(work, roll_id)
    return RollOut.model_validate(
        {
            "id": certified.id,
            "url": f"{url}/v1/rolls/{certified.id}",
            "ballot_id": certified.ballot_id,
            "purpose": certified.purpose,
            "instant": certified.roll.instant,
            "register_version": certified.roll.register.version,
            "register_head": certified.roll.register.head,
            "count": certified.roll.count,
            "digest": certified.roll.digest,
            "certified_at": certified.certified_at,
        }
    )


def _movement_out(row: Row[Any]) -> MovementOut:
    return MovementOut(
        register_version=row.version,
        register_head=row.head,
        kind=row.kind,
        member_id=row.member_id,
        legal_name_zh=row.legal_name_zh,
        legal_name_en=row.legal_name_en,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
    )
