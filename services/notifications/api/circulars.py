"""``/v1/circulars``: the secretary writes and issues them, the members read the archive."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import Row

from services.notifications.api.schemas.circulars import (
    AcknowledgementsOut,
    AddresseeOut,
    CircularOut,
    DraftCircular,
    PreviewOut,
    ScheduleCircular,
)
from services.notifications.api.schemas.texts import CIRCULAR_ID
from services.notifications.domain.circular import Circular
from services.notifications.domain.lifecycle import CircularStatus
from services.notifications.store import queries
from services.notifications.store.circulars import circular_from, read_circular
from services.notifications.store.queries import Acknowledgements
from services.notifications.usecases import circulars
from shared.http.access import Access, role
from shared.http.etags import RequiredIfMatch, set_etag
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.kernel.actor import Actor, Role, Scope
from shared.kernel.ids import id_pattern

WRITING, SENDING, FOLLOWING, ARCHIVE = (
    "Write circulars",
    "Send and correct circulars",
    "See who has acknowledged",
    "Read the archive of circulars",
)
READERS = Access(roles=frozenset({Role.SECRETARY}), scope=Scope.CIRCULARS)
WRITERS = role(Role.SECRETARY)

router = APIRouter(
    prefix="/v1/circulars",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
)

CircularId = Annotated[str, Path(pattern=id_pattern("cir"), examples=[CIRCULAR_ID])]


class View:
    """Shows circulars to the caller, with the ETag of what it gets."""

    def __init__(self, public_url: str, response: Response, actor: Actor) -> None:
        self.public_url = public_url
        self._response = response
        self._for_writer = actor.has(Role.SECRETARY)

    def __call__(self, circular: Circular) -> CircularOut:
        """The circular as the caller may see it."""
        set_etag(self._response, circular.version, "writer" if self._for_writer else "reader")
        return self._shown(circular)

    def created(self, circular: Circular) -> CircularOut:
        """A new circular, and where it is."""
        out = self(circular)
        self._response.headers["Location"] = out.url
        return out

    def listed(self, row: Row[Any]) -> CircularOut:
        """The circular in a row of a list."""
        return self._shown(circular_from(row))

    def _shown(self, circular: Circular) -> CircularOut:
        return CircularOut.of(circular, public_url=self.public_url, for_writer=self._for_writer)


async def _view(public_url: PublicUrl, response: Response, actor: CurrentActor) -> View:
    return View(public_url, response, actor)


Shown = Annotated[View, Depends(_view)]


@router.post(
    "",
    status_code=201,
    summary="Draft a circular",
    tags=[WRITING],
    dependencies=[access(role(Role.SECRETARY, seen_by=READERS))],
)
async def draft_circular(work: CurrentWork, show: Shown, body: DraftCircular) -> CircularOut:
    """A draft is seen by the secretary alone until it is issued (Art. 19)."""
    return show.created(await circulars.draft_circular(work, body.content()))


@router.get(
    "", summary="Circulars, the latest first", tags=[ARCHIVE], dependencies=[access(READERS)]
)
async def list_circulars(
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    show: Shown,
    status: Annotated[CircularStatus | None, Query(description="Only these.")] = None,
) -> Page[CircularOut]:
    """The secretary sees all; a unit what was issued to all, to a sector or to it by name, also before it acceded."""
    return await pager.page(work, queries.circulars_seen_by(actor, status), show.listed)


@router.get(
    "/{circular_id}", summary="One circular", tags=[ARCHIVE], dependencies=[access(READERS)]
)
async def get_circular(
    work: CurrentWork, actor: CurrentActor, show: Shown, circular_id: CircularId
) -> CircularOut:
    """An issued circular never changes; `corrected_by` names the circular that corrects it."""
    return show(await read_circular(work, circular_id, actor))


@router.put(
    "/{circular_id}/draft",
    summary="Replace what a draft says",
    tags=[WRITING],
    dependencies=[access(WRITERS)],
)
async def edit_circular(
    work: CurrentWork,
    show: Shown,
    circular_id: CircularId,
    expected: RequiredIfMatch,
    body: DraftCircular,
) -> CircularOut:
    """Only a draft can be edited. A correction keeps the kind of audience of what it corrects."""
    return show(await circulars.edit_circular(work, circular_id, body.content(), expected))


@router.get(
    "/{circular_id}/preview",
    summary="How it would read, and whom it would reach",
    tags=[WRITING],
    dependencies=[access(WRITERS)],
)
async def preview_circular(
    work: CurrentWork, actor: CurrentActor, circular_id: CircularId
) -> PreviewOut:
    """The notice as it would be if the circular were issued now; it gets its number at issue."""
    return PreviewOut.of(await circulars.preview_circular(work, circular_id, actor))


@router.post(
    "/{circular_id}/discarding",
    summary="Give a draft up",
    tags=[WRITING],
    dependencies=[access(WRITERS)],
)
async def discard_circular(
    work: CurrentWork, show: Shown, circular_id: CircularId, expected: RequiredIfMatch
) -> CircularOut:
    """A discarded draft stays on record. What it was to correct may be corrected by another."""
    return show(await circulars.discard_circular(work, circular_id, expected))


@router.post(
    "/{circular_id}/scheduling",
    summary="Issue it at a later instant",
    tags=[SENDING],
    dependencies=[access(WRITERS)],
)
async def schedule_circular(
    work: CurrentWork,
    actor: CurrentActor,
    show: Shown,
    circular_id: CircularId,
    expected: RequiredIfMatch,
    body: ScheduleCircular,
) -> CircularOut:
    """It goes to those who are members at that instant. Scheduled again, the later choice holds.

    If a unit that it names is no member by then, it becomes a draft again and `scheduling_refused` says so.
    """
    return show(
        await circulars.schedule_circular(work, circular_id, body.issue_at, actor, expected)
    )


@router.post(
    "/{circular_id}/unscheduling",
    summary="Make it a draft again",
    tags=[SENDING],
    dependencies=[access(WRITERS)],
)
async def unschedule_circular(
    work: CurrentWork, show: Shown, circular_id: CircularId, expected: RequiredIfMatch
) -> CircularOut:
    """Possible until it is issued; afterwards it can only be corrected."""
    return show(await circulars.unschedule_circular(work, circular_id, expected))


@router.post(
    "/{circular_id}/issue",
    summary="Issue it now",
    tags=[SENDING],
    dependencies=[access(WRITERS)],
)
async def issue_circular(
    work: CurrentWork,
    actor: CurrentActor,
    show: Shown,
    circular_id: CircularId,
    expected: RequiredIfMatch,
) -> CircularOut:
    """It gets the next number of its class and year, and goes to those who are members now, in the register's word.

    It cannot be recalled or edited any more, only corrected (Art. 19).
    """
    return show(await circulars.issue_circular(work, circular_id, actor, expected))


@router.post(
    "/{circular_id}/correction",
    status_code=201,
    summary="Begin its correction",
    tags=[SENDING],
    dependencies=[access(WRITERS)],
)
async def correct_circular(
    work: CurrentWork, show: Shown, circular_id: CircularId, expected: RequiredIfMatch
) -> CircularOut:
    """A new draft that says the same, to be edited and issued; its notice names the number that it corrects.

    There is one open correction at a time, and a corrected circular is corrected in its successor.
    """
    return show.created(await circulars.correct_circular(work, circular_id, expected))


@router.get(
    "/{circular_id}/acknowledgements",
    summary="Who has acknowledged it, and who has not",
    tags=[FOLLOWING],
    dependencies=[access(WRITERS)],
)
async def list_acknowledgements(
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    show: Shown,
    circular_id: CircularId,
    status: Annotated[
        Acknowledgements, Query(description="Only these addressees.")
    ] = Acknowledgements.ALL,
) -> AcknowledgementsOut:
    """Its addressees by the names they bore when it was issued, with what each has done, and the counts of all."""
    counted = await circulars.count_acknowledgements(work, circular_id, actor)
    addressees = queries.acknowledgements(counted.circular.content.audience, counted.notice, status)
    page = await pager.page(work, addressees, AddresseeOut.of)
    return AcknowledgementsOut.of(counted, page, show.public_url)
