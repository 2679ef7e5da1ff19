"""One transaction of one service: what it reads and writes, its instant, and what it announces."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.event import listen
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.contracts.base import Envelope, Event, envelope
from shared.db.mailboxes import outgoing_events
from shared.db.wakeups import Topic, Wakeups
from shared.kernel.ids import new_id
from shared.kernel.terms import civil_day
from shared.logs import request_id, traceparent

_COUNT_UP = text(
    """
    INSERT INTO announcement_counts (aggregate_id, last)
    SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:counts AS integer[])) AS up (id, n) ORDER BY id
    ON CONFLICT (aggregate_id) DO UPDATE SET last = announcement_counts.last + excluded.last
    RETURNING aggregate_id, last
    """
).bindparams(bindparam("ids"), bindparam("counts"))

_NOW = select(func.procedure_now())


class Work:
    """A running transaction. ``now`` is procedure time, read when the work began (aware, UTC).

    ``wakes``: who is to look at once when it is committed.
    """

    now: datetime

    def __init__(self, db: AsyncConnection, zone: ZoneInfo) -> None:
        self.db = db
        self.zone = zone
        self.wakes: set[Topic] = set()

    @property
    def today(self) -> date:
        """The civil day of ``now`` in the organ's zone."""
        return civil_day(self.now, self.zone)

    async def read_clock(self) -> datetime:
        """Set ``now`` anew: for acts whose instant counts from the moment they hold their lock."""
        self.now = (await self.db.execute(_NOW)).scalar_one()
        return self.now

    async def announce(self, *events: Event) -> list[Envelope]:
        """Put ``events`` into the outgoing events of this transaction, each with its aggregate's next sequence.

        Lock the aggregate first: its announcements are counted without holes. Returns the envelopes in order.
        """
        if not events:
            return []
        counts = Counter(event.aggregate_id for event in events)
        last = await self.db.execute(
            _COUNT_UP, {"ids": list(counts), "counts": list(counts.values())}
        )
        next_sequence = {row.aggregate_id: row.last - counts[row.aggregate_id] + 1 for row in last}
        envelopes = []
        for event in events:
            sequence = next_sequence[event.aggregate_id]
            next_sequence[event.aggregate_id] += 1
            envelopes.append(
                envelope(
                    event,
                    id=new_id("evt"),
                    sequence=sequence,
                    time=self.now,
                    requestid=request_id.get(),
                    traceparent=traceparent.get(),
                )
            )
        await self.db.execute(
            insert(outgoing_events),
            [
                {
                    "event_id": e.id,
                    "aggregate_id": e.partitionkey,
                    "sequence": int(e.sequence),
                    "type": e.type,
                    "body": e.to_json().decode(),
                }
                for e in envelopes
            ],
        )
        self.wakes.add(Topic.OUTGOING_EVENTS)
        return envelopes


class Database:
    """One service's database: its engine, and the wake-ups of those who look after its tables."""

    def __init__(
        self,
        url: str,
        *,
        zone: ZoneInfo,
        pool_size: int = 10,
        application: str = "gongyue",
    ) -> None:
        self._zone = zone
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size // 2,
            pool_timeout=5,
            connect_args={
                "timeout": 5,
                "server_settings": {
                    "application_name": application,
                    "statement_timeout": "60000",
                    "lock_timeout": "15000",
                    "idle_in_transaction_session_timeout": "30000",
                    "TimeZone": "UTC",
                },
            },
        )
        listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self.wakeups = Wakeups(self.engine)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Work]:
        """A unit of work: committed when the block ends, rolled back when it raises."""
        async with self.begin_untimed() as work:
            await work.read_clock()
            yield work

    @asynccontextmanager
    async def begin_untimed(self) -> AsyncIterator[Work]:
        """The same, but the first statement of the block has to bring ``work.now``, which spares one."""
        async with self.engine.connect() as connection:
            work = Work(connection, self._zone)
            yield work
            await connection.commit()
        if work.wakes:
            self.wakeups.wake(work.wakes)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """A connection that the server has closed is not handed out. Nothing is asked: its end has been seen or not."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError
