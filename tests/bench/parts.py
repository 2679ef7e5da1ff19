"""The relay of a service and the consumer of another, in this process or, by ``python -m``, each in one of its own."""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvloop
from sqlalchemy import text

from shared import logs
from shared.contracts.catalog import bindings_of
from shared.contracts.membership import BulletinPublished
from shared.db.wakeups import Topic
from shared.db.work import Database, Work
from shared.messaging.bus import Bus
from shared.messaging.handler import Handler, Incoming, Reactions, each
from shared.messaging.ingestor import Ingestor
from shared.messaging.rabbit import RabbitBus
from shared.messaging.relay import Relay
from tests.bench.servers import opened

LISTENER = "notifications"
EFFECTS = "CREATE TABLE effects (aggregate_id text NOT NULL)"
_EFFECT = text("INSERT INTO effects (aggregate_id) VALUES (:id)")

Told = Callable[[int, float], None]
"""Hears of every batch when it is committed: how many events, and the instant (``time.monotonic``, seconds)."""


class ToldHandler(Handler):
    """The handler as it is, but it tells when a batch is committed."""

    def __init__(self, database: Database, reactions: Reactions, told: Told) -> None:
        super().__init__(database, reactions)
        self._told = told
        self._uncommitted = 0

    async def handle_waiting(self) -> int:
        handled = await super().handle_waiting()
        self._tell(handled)
        return handled

    async def react_to(self, work: Work, events: Sequence[Incoming]) -> None:
        await super().react_to(work, events)
        self._uncommitted = len(events)

    def forget_uncommitted(self) -> None:
        """A transaction of somebody else's begins."""
        self._uncommitted = 0

    def tell_committed(self) -> None:
        """The transaction of whoever called ``react_to`` since is committed."""
        self._tell(self._uncommitted)

    def _tell(self, handled: int) -> None:
        if handled:
            self._told(handled, time.monotonic())


class TellingIngestor(Ingestor):
    """The ingestor as it is, but it has its handler tell."""

    def __init__(self, database: Database, handler: ToldHandler) -> None:
        super().__init__(database, handler)
        self._telling = handler

    async def take_in(self, bodies: Sequence[bytes]) -> None:
        self._telling.forget_uncommitted()
        await super().take_in(bodies)
        self._telling.tell_committed()


class Effects:
    """A reaction that leaves a row behind, and what is known of when its rows were committed."""

    def __init__(self, ended: Callable[[str, float], None]) -> None:
        self._ended = ended
        self._running: list[str] = []
        self.reactions: Reactions = {BulletinPublished: [each(self._react)]}

    def told(self, _count: int, instant: float) -> None:
        """The rows of the batch are committed."""
        for aggregate_id in self._running:
            self._ended(aggregate_id, instant)
        self._running.clear()

    async def _react(self, work: Work, event: BulletinPublished) -> None:
        await work.db.execute(_EFFECT, {"id": event.bulletin_id})
        self._running.append(event.bulletin_id)


@asynccontextmanager
async def until_left(*parts: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """``parts`` run until the block ends."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def consumer(
    database: Database, bus: Bus, reactions: Reactions, told: Told
) -> Sequence[Coroutine[Any, Any, None]]:
    """The parts of the listener's consumer."""
    handler = ToldHandler(database, reactions, told)
    ingestor = TellingIngestor(database, handler)
    return handler.run(), bus.consume(LISTENER, bindings_of(LISTENER), ingestor)


def relay(database: Database, bus: Bus) -> Coroutine[Any, Any, None]:
    """The publisher's relay."""
    return Relay(database, bus, is_heard=lambda _type: True).run()


async def _run(part: str, url: str, broker: str) -> None:
    database, bus = opened(url), RabbitBus(broker)
    if part == "relay":
        listening = database.wakeups.listen({Topic.OUTGOING_EVENTS})
        await asyncio.gather(listening, relay(database, bus))
    effects = Effects(lambda event, instant: print(event, instant, flush=True))
    await asyncio.gather(*consumer(database, bus, effects.reactions, effects.told))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["relay", "consumer"])
    parser.add_argument("url")
    parser.add_argument("broker")
    options = parser.parse_args()
    logs.configure(json=False, level="ERROR")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_run(options.part, options.url, options.broker))
