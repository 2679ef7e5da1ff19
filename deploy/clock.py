"""Procedure time made to pass: a year of procedure in a minute, without skipping a day.

Only where ``GONGYUE_TEST_CLOCK`` is on, in any topology: the clock works on the services' databases. It walks from one due
instant to the next over all services, runs what became due, waits until every event is published and handled, then goes
on. Relays and consumers must be running.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text

from shared.db.work import Database
from shared.service import Service

SETTLE_SECONDS = 120
POLL_SECONDS = 0.02

_SET = text(
    "INSERT INTO test_clock (advance) VALUES (:advance) "
    'ON CONFLICT ("only") DO UPDATE SET advance = excluded.advance'
)
_UNSETTLED = text(
    "SELECT (SELECT count(*) FROM outgoing_events WHERE published_at IS NULL)"
    " + (SELECT count(*) FROM outgoing_replays)"
    " + (SELECT count(*) FROM incoming_events WHERE status = 'pending')"
    " + (SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
    "    WHERE d.datname = current_database() AND l.relation = CAST('incoming_events' AS regclass)"
    "      AND l.mode = 'RowExclusiveLock')"
)
"""What waits, and what is being stored or handled in a transaction that nobody else sees into."""


class ClockRefused(Exception):
    """The clock cannot be advanced: it is not a test clock, it would go back, or the events do not come to rest."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A service whose timers the clock runs, and its database."""

    service: Service
    database: Database


class TestClock:
    """The one clock of all ``timed`` services."""

    __test__ = False

    def __init__(self, timed: Sequence[Timed]) -> None:
        if not all(part.service.suite.test_clock for part in timed):
            raise ClockRefused("GONGYUE_TEST_CLOCK is not on")
        self._timed = timed

    async def now(self) -> datetime:
        """Procedure time now."""
        async with self._timed[0].database.engine.connect() as db:
            now: datetime = (await db.execute(select(func.procedure_now()))).scalar_one()
        return now

    async def advance_to(self, target: datetime) -> datetime:
        """Let procedure time pass until ``target`` (aware); returns procedure time then."""
        if target <= await self.now():
            raise ClockRefused("procedure time never goes back")
        await self.settle()
        while (step := await self._next_step(target)) < target:
            await self._set(step)
            await self._run_timers()
        await self._set(target)
        await self._run_timers()
        return await self.now()

    async def settle(self) -> None:
        """Wait until nothing waits to be published or handled anywhere."""
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while await self._unsettled():  # noqa: ASYNC110 - a database is asked, not waited for
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise ClockRefused("events do not come to rest: see the operators' lists") from None

    async def _unsettled(self) -> int:
        total = 0
        for part in self._timed:
            async with part.database.engine.connect() as db:
                total += (await db.execute(_UNSETTLED)).scalar_one()
        return total

    async def _next_step(self, target: datetime) -> datetime:
        now, step = await self.now(), target
        for part in self._timed:
            async with part.database.begin() as work:
                for timer in part.service.timers:
                    due = await timer.next_due(work) if timer.next_due else None
                    if due is not None and now < due < step:
                        step = due
        return step

    async def _set(self, instant: datetime) -> None:
        advance = instant - datetime.now(UTC)  # noqa: TID251 - machine time is what is advanced from
        for part in self._timed:
            async with part.database.engine.begin() as db:
                await db.execute(_SET, {"advance": advance})

    async def _run_timers(self) -> None:
        for part in self._timed:
            for timer in part.service.timers:
                while await timer.run(part.database):
                    pass
        await self.settle()
