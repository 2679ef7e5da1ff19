"""``/v1/inbox``: what a member has been told."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.notifications.api.schemas.notices import HeadingOut, NoticeOut
from services.notifications.api.schemas.texts import NOTICE_ID
from services.notifications.store import queries
from services.notifications.usecases import inbox
from services.notifications.usecases.acting import member_of
from shared.http.access import Access
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.kernel.actor import Scope
from shared.kernel.ids import id_pattern

ADDRESSEES = Access(scope=Scope.CIRCULARS, former=True)

router = APIRouter(
    prefix="/v1/inbox",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
    tags=["Read the inbox"],
    dependencies=[access(ADDRESSEES)],
)

NoticeId = Annotated[str, Path(pattern=id_pattern("ntc"), examples=[NOTICE_ID])]


@router.get("", summary="The own unit's notices, the latest first")
async def list_inbox(
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    public_url: PublicUrl,
    unread: Annotated[bool, Query(description="Only those not read yet.")] = False,
    unacknowledged: Annotated[
        bool, Query(description="Only those that ask for an acknowledgement and have none.")
    ] = False,
) -> Page[HeadingOut]:
    """What was issued while the unit was a member. One that has left keeps it for a time."""
    notices = queries.inbox(member_of(actor), unread=unread, unacknowledged=unacknowledged)
    return await pager.page(work, notices, lambda row: HeadingOut.of_row(row, public_url))


@router.get("/{notice_id}", summary="One notice, whole")
async def get_notice(
    work: CurrentWork, actor: CurrentActor, public_url: PublicUrl, notice_id: NoticeId
) -> NoticeOut:
    """Getting it does not mark it as read: a system may fetch what nobody has looked at."""
    return NoticeOut.of(await inbox.get_notice(work, notice_id, actor), public_url)


@router.post("/{notice_id}/read", summary="Mark a notice as read")
async def read_notice(
    work: CurrentWork, actor: CurrentActor, public_url: PublicUrl, notice_id: NoticeId
) -> NoticeOut:
    """For the whole unit; the first time stands."""
    return NoticeOut.of(await inbox.read_notice(work, notice_id, actor), public_url)


@router.post("/{notice_id}/acknowledgement", summary="Acknowledge a notice")
async def acknowledge_notice(
    work: CurrentWork, actor: CurrentActor, public_url: PublicUrl, notice_id: NoticeId
) -> NoticeOut:
    """For the whole unit, in time or late; the first acknowledgement stands, and what is acknowledged has been read."""
    return NoticeOut.of(await inbox.acknowledge_notice(work, notice_id, actor), public_url)
