"""What arrives from the bus is stored before it is acknowledged: events once each, the rest as poison.

Whoever is not behind handles the few events that arrive in the transaction that stores them, which spares a commit. Where
anything about them is out of the ordinary they are stored by themselves, and the handler finds out what it was.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.base import MAX_ENVELOPE_BYTES, Envelope
from shared.db.mailboxes import incoming_events, poison_messages
from shared.db.work import Database, Work
from shared.logs import get_logger
from shared.messaging.handler import Aggregate, Handler, Incoming

log = get_logger(__name__)

PROMPT = 20
"""More messages than that in a batch mean that this service is behind: then they are stored first and handled later."""

_ARRIVED = """
    arrived AS (
        SELECT * FROM unnest(
            CAST(:sources AS text[]), CAST(:event_ids AS text[]), CAST(:aggregate_ids AS text[]),
            CAST(:sequences AS integer[]), CAST(:follows AS integer[]),
            CAST(:types AS text[]), CAST(:bodies AS text[])
        ) AS e (source, event_id, aggregate_id, sequence, follows, type, body)
    )
"""

_STORE = text(
    f"""
    WITH {_ARRIVED}, stored AS (
        INSERT INTO incoming_events (source, event_id, aggregate_id, sequence, follows, type, body)
        SELECT * FROM arrived ORDER BY event_id
        ON CONFLICT DO NOTHING RETURNING source, aggregate_id, event_id
    ), made AS (
        INSERT INTO incoming_aggregates (source, aggregate_id)
        SELECT DISTINCT source, aggregate_id FROM stored AS s
        WHERE NOT EXISTS (
            SELECT FROM incoming_aggregates AS a
            WHERE a.source = s.source AND a.aggregate_id = s.aggregate_id)
        ORDER BY source, aggregate_id ON CONFLICT DO NOTHING
    )
    SELECT event_id FROM stored
    """  # noqa: S608 - our own words
)
"""Events first, then the aggregates that are new, each in order: whoever stores the same waits, but never in a circle."""

_STORE_AS_HANDLED = text(
    f"""
    WITH {_ARRIVED}, stored AS (
        INSERT INTO incoming_events
            (source, event_id, aggregate_id, sequence, follows, type, body, status, handled_at)
        SELECT arrived.*, 'done', clock_timestamp() FROM arrived ORDER BY event_id
        ON CONFLICT DO NOTHING RETURNING source, aggregate_id, sequence
    ), lasts AS (
        SELECT source, aggregate_id, max(sequence) AS last FROM stored GROUP BY source, aggregate_id
    ), made AS (
        INSERT INTO incoming_aggregates (source, aggregate_id, handled)
        SELECT * FROM lasts
        WHERE NOT EXISTS (
            SELECT FROM incoming_aggregates AS a
            WHERE a.source = lasts.source AND a.aggregate_id = lasts.aggregate_id)
        ORDER BY source, aggregate_id
        ON CONFLICT DO NOTHING RETURNING source, aggregate_id
    ), known AS (
        SELECT source, aggregate_id, handled FROM incoming_aggregates AS a
        WHERE (source, aggregate_id) IN (SELECT source, aggregate_id FROM lasts)
          AND NOT EXISTS (
            SELECT FROM incoming_events AS e
            WHERE e.source = a.source AND e.aggregate_id = a.aggregate_id AND e.status = 'pending')
        FOR UPDATE SKIP LOCKED
    ), advanced AS (
        UPDATE incoming_aggregates AS a SET handled = lasts.last
        FROM known JOIN lasts USING (source, aggregate_id)
        WHERE a.source = known.source AND a.aggregate_id = known.aggregate_id
    )
    SELECT held.*, (SELECT count(*) FROM stored) AS stored, procedure_now() AS now
    FROM (SELECT source, aggregate_id, 0 AS handled FROM made UNION ALL SELECT * FROM known) AS held
    """  # noqa: S608 - our own words
)
"""How far each aggregate was handled before, save those that somebody else works on or has to, and how many are new.

In the order of ``_STORE``. It waits for nobody who handles: whose aggregate is held has no row.
"""


class Ingestor:
    """Takes in what arrives for one service. Called by the bus; when it returns, the messages may be acknowledged."""

    def __init__(
        self,
        database: Database,
        handler: Handler,
        note_duplicates: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._database = database
        self._handler = handler
        self._note_duplicates = note_duplicates

    async def take_in(self, bodies: Sequence[bytes]) -> None:
        """Store ``bodies`` and, where they are few and all of them the next new events, handle them with that."""
        if len(bodies) > PROMPT or not await self._handle_promptly(bodies):
            await self.ingest(bodies)

    async def ingest(self, bodies: Sequence[bytes]) -> None:
        """Store ``bodies`` in one transaction: events once each, what is no event as poison with its reason."""
        events: dict[str, tuple[Envelope, bytes]] = {}
        poison: list[tuple[bytes, str]] = []
        for body in bodies:
            try:
                event = _decode(body)
            except _Poison as reason:
                poison.append((body, str(reason)))
            else:
                events.setdefault(event.id, (event, body))
        async with self._database.engine.begin() as db:
            if events:
                stored = await _store(db, [e for e, _ in events.values()])
                if others := events.keys() - stored:
                    others -= await _known_among(db, [events[event_id][0] for event_id in others])
                    poison.extend(
                        (events[event_id][1], "its sequence belongs to another event")
                        for event_id in others
                    )
                self._note_duplicates(len(bodies) - len(poison) - len(stored))
            if poison:
                await _keep_poison(db, poison)
        self._handler.wake()

    async def set_aside(self, body: bytes, reason: str) -> None:
        """Keep a message unread among the poison."""
        async with self._database.engine.begin() as db:
            await _keep_poison(db, [(body, reason)])

    async def _handle_promptly(self, bodies: Sequence[bytes]) -> bool:
        """Store and handle all of them and say so; or nothing was done."""
        try:
            events = [_incoming(_decode(body)) for body in bodies]
            async with self._database.begin_untimed() as work:
                await _store_as_handled(work, events)
                await self._handler.react_to(work, events)
        except (_Poison, _NotNext):
            return False
        except DBAPIError as fault:
            log.warning("events_not_handled_promptly", fault=type(fault.orig).__name__)
            return False
        except Exception as fault:  # of one event's reaction
            log.info("events_not_handled_promptly", fault=type(fault).__name__)
            return False
        return True


class _Poison(Exception):
    """What arrived is not an event."""


class _NotNext(Exception):
    """What arrived is not next in its aggregate, or is known, or somebody else works on the aggregate."""


def _decode(body: bytes) -> Envelope:
    if len(body) > MAX_ENVELOPE_BYTES:
        raise _Poison("too large")
    try:
        event = Envelope.model_validate_json(body)
    except ValidationError as fault:
        where = ".".join(str(part) for part in fault.errors(include_input=False)[0]["loc"])
        raise _Poison(f"not an envelope: {where}"[:200]) from None
    if not event.type.startswith(f"{event.publisher}."):
        raise _Poison("announced by a service that it does not belong to")
    return event


def _incoming(event: Envelope) -> Incoming:
    sequence = int(event.sequence)
    return Incoming(
        source=event.publisher,
        aggregate_id=event.partitionkey,
        event_id=event.id,
        sequence=sequence,
        follows=int(event.follows) if event.follows else sequence - 1,
        type=event.type,
        body=event.to_json().decode(),
    )


def _columns(events: Sequence[Incoming]) -> dict[str, list[Any]]:
    return {
        "sources": [e.source for e in events],
        "event_ids": [e.event_id for e in events],
        "aggregate_ids": [e.aggregate_id for e in events],
        "sequences": [e.sequence for e in events],
        "follows": [e.follows for e in events],
        "types": [e.type for e in events],
        "bodies": [e.body for e in events],
    }


async def _store_as_handled(work: Work, events: Sequence[Incoming]) -> None:
    """Store ``events`` as if they were handled, which they must be before the commit; raises ``_NotNext``."""
    rows = (await work.db.execute(_STORE_AS_HANDLED, _columns(events))).all()
    if not rows or rows[0].stored < len(events):
        raise _NotNext
    handled: dict[Aggregate, int] = {(row.source, row.aggregate_id): row.handled for row in rows}
    for event in events:
        if handled.get(event.aggregate) != event.follows:
            raise _NotNext
        handled[event.aggregate] = event.sequence
    work.now = rows[0].now


async def _store(db: AsyncConnection, events: Sequence[Envelope]) -> set[str]:
    stored = await db.execute(_STORE, _columns([_incoming(event) for event in events]))
    for e in events:
        if e.follows:
            await db.execute(
                update(incoming_events)
                .where(
                    incoming_events.c.source == e.publisher,
                    incoming_events.c.event_id == e.id,
                    incoming_events.c.follows > int(e.follows),
                )
                .values(follows=int(e.follows))
            )
    return set(stored.scalars())


async def _known_among(db: AsyncConnection, events: Sequence[Envelope]) -> set[str]:
    key = tuple_(incoming_events.c.source, incoming_events.c.event_id)
    known = await db.scalars(
        select(incoming_events.c.event_id).where(key.in_([(e.publisher, e.id) for e in events]))
    )
    return set(known)


async def _keep_poison(db: AsyncConnection, poison: Sequence[tuple[bytes, str]]) -> None:
    await db.execute(
        insert(poison_messages).on_conflict_do_nothing(),
        [
            {
                "sha256": hashlib.sha256(body).hexdigest(),
                "reason": reason,
                "body": body[:MAX_ENVELOPE_BYTES],
            }
            for body, reason in poison
        ],
    )
    log.error("poison_messages_kept", count=len(poison))
