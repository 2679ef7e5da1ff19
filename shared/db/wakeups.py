"""Who looks after a table is told at once that something new waits in it, in this process and in others.

A wake-up is a hint and may get lost: whoever is woken also looks by itself every second. Inside a process it is an
``asyncio.Event``; to other processes on the same database it is a NOTIFY, one for all the commits of a moment, since one in
every transaction would make commits wait for each other.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.logs import get_logger

log = get_logger(__name__)

_NOTIFY = text("SELECT pg_notify(topic, '') FROM unnest(CAST(:topics AS text[])) AS topic")

LOOK_SECONDS = 1.0
RECONNECT_SECONDS = 1.0


class Topic(StrEnum):
    """What somebody looks after."""

    OUTGOING_EVENTS = "outgoing_events"
    DELIVERIES = "deliveries"


class Wakeups:
    """The wake-ups of one process on one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._woken: dict[Topic, asyncio.Event] = defaultdict(asyncio.Event)
        self._untold: set[Topic] = set()
        self._something_untold = asyncio.Event()

    def wake(self, topics: Collection[Topic]) -> None:
        """Wake whoever looks after ``topics``; call it after the commit."""
        for topic in topics:
            self._woken[topic].set()
        self._untold.update(topics)
        self._something_untold.set()

    async def wait(self, topic: Topic, seconds: float = LOOK_SECONDS) -> None:
        """Return when woken, or after about ``seconds``."""
        try:
            async with asyncio.timeout(seconds * random.uniform(0.8, 1.2)):
                await self._woken[topic].wait()
        except TimeoutError:
            return
        self._woken[topic].clear()

    async def tell_others(self, looked_after_here: Collection[Topic]) -> None:
        """Pass on until cancelled what other processes look after."""
        while True:
            await self._something_untold.wait()
            self._something_untold.clear()
            topics, self._untold = self._untold.difference(looked_after_here), set()
            if not topics:
                continue
            try:
                async with self._engine.connect() as db:
                    await db.execution_options(isolation_level="AUTOCOMMIT")
                    await db.execute(_NOTIFY, {"topics": sorted(topics)})
            except Exception as fault:  # the others look by themselves
                log.info("wakeup_untold", fault=type(fault).__name__)

    async def listen(self, topics: Collection[Topic]) -> None:
        """Wake those who look after ``topics`` here whenever another process tells, until cancelled."""
        while True:
            try:
                await self._listen(topics)
            except Exception as fault:  # the database is away: nothing is lost, only later
                log.info("wakeups_interrupted", fault=type(fault).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, topics: Collection[Topic]) -> None:
        ended = asyncio.Event()
        async with self._engine.connect() as db:
            driver: Any = (await db.get_raw_connection()).driver_connection
            driver.add_termination_listener(lambda _driver: ended.set())
            for topic in topics:
                await driver.add_listener(topic.value, self._on_notify)
                self._woken[topic].set()
            try:
                await ended.wait()
            finally:
                await db.invalidate()

    def _on_notify(self, _driver: Any, _process: int, channel: str, _payload: str) -> None:
        self._woken[Topic(channel)].set()
