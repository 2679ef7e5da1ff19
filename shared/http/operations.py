"""For operators: events that got stuck, listed, tried again or set aside. Never an event's data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, func, select, text, update

from shared.db.mailboxes import incoming_events, outgoing_events
from shared.http.access import role
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, WorkRoute, access
from shared.kernel.actor import Role
from shared.kernel.errors import NotFound
from shared.logs import get_logger

log = get_logger(__name__)

EventId = Annotated[str, Path(pattern=r"^evt_[0-9a-f]{32}$", examples=["evt_" + "0" * 32])]


class IncomingEventOut(BaseModel):
    """An incoming event that needs an operator: what it is and what became of it, without its data."""

    model_config = ConfigDict(extra="forbid")

    id: str
    object: Literal["incoming_event"] = "incoming_event"
    source: str
    type: str
    aggregate_id: str
    sequence: int
    status: str
    attempts: int
    last_error: str | None
    received_at: datetime
    next_attempt_at: datetime


class OutgoingEventOut(BaseModel):
    """An outgoing event that is not published yet, without its data."""

    model_config = ConfigDict(extra="forbid")

    id: str
    object: Literal["outgoing_event"] = "outgoing_event"
    type: str
    aggregate_id: str
    sequence: int
    attempts: int
    last_error: str | None
    recorded_at: datetime


def operations_router(service: str) -> APIRouter:
    """The operators' routes of ``service``, below ``/operations/{service}``."""
    router = APIRouter(
        prefix=f"/operations/{service}",
        route_class=WorkRoute,
        generate_unique_id_function=operation_id,
        tags=["operations"],
        dependencies=[access(role(Role.OPERATOR))],
    )

    @router.get("/incoming-events", summary="Incoming events by status")
    async def list_incoming_events(
        work: CurrentWork,
        pager: CurrentPager,
        status: Annotated[Literal["pending", "refused", "dead"], Query()] = "dead",
    ) -> Page[IncomingEventOut]:
        """Events that wait, that the rules refused, or whose reaction failed too often (`dead`)."""
        events = incoming_events.c
        statement = select(incoming_events).where(events.status == status)
        return await pager.page(work, statement.order_by(events.event_id), _incoming)

    @router.post("/incoming-events/{event_id}/retry", summary="Handle a stuck event again")
    async def retry_incoming_event(
        event_id: EventId, work: CurrentWork, actor: CurrentActor
    ) -> IncomingEventOut:
        """A dead or refused event becomes pending, with its attempts counted anew."""
        return await _settle(work, actor, event_id, status="pending")

    @router.post("/incoming-events/{event_id}/discarding", summary="Set a stuck event aside")
    async def discard_incoming_event(
        event_id: EventId, work: CurrentWork, actor: CurrentActor
    ) -> IncomingEventOut:
        """A dead or refused event has no effect; what follows it in its aggregate goes on."""
        out = await _settle(work, actor, event_id, status="discarded")
        await work.db.execute(
            text(
                "UPDATE incoming_aggregates SET handled = greatest(handled, :sequence) "
                "WHERE source = :source AND aggregate_id = :aggregate_id"
            ),
            {"sequence": out.sequence, "source": out.source, "aggregate_id": out.aggregate_id},
        )
        return out

    @router.get("/outgoing-events", summary="Events that are not published yet")
    async def list_outgoing_events(
        work: CurrentWork, pager: CurrentPager
    ) -> Page[OutgoingEventOut]:
        """Oldest first; `last_error` says what the bus answered last."""
        events = outgoing_events.c
        statement = select(outgoing_events).where(events.published_at.is_(None))
        return await pager.page(work, statement.order_by(events.position), _outgoing)

    return router


async def _settle(
    work: CurrentWork, actor: CurrentActor, event_id: str, *, status: str
) -> IncomingEventOut:
    row = (
        await work.db.execute(
            update(incoming_events)
            .where(
                incoming_events.c.event_id == event_id,
                incoming_events.c.status.in_(["dead", "refused"]),
            )
            .values(status=status, attempts=0, next_attempt_at=func.clock_timestamp())
            .returning(incoming_events)
        )
    ).first()
    if row is None:
        raise NotFound
    log.warning("incoming_event_settled", event_id=event_id, status=status, by=str(actor.subject))
    return _incoming(row)


def _incoming(row: Row[Any]) -> IncomingEventOut:
    return IncomingEventOut(
        id=row.event_id,
        source=row.source,
        type=row.type,
        aggregate_id=row.aggregate_id,
        sequence=row.sequence,
        status=row.status,
        attempts=row.attempts,
        last_error=row.last_error,
        received_at=row.received_at,
        next_attempt_at=row.next_attempt_at,
    )


def _outgoing(row: Row[Any]) -> OutgoingEventOut:
    return OutgoingEventOut(
        id=row.event_id,
        type=row.type,
        aggregate_id=row.aggregate_id,
        sequence=row.sequence,
        attempts=row.attempts,
        last_error=row.last_error,
        recorded_at=row.recorded_at,
    )
