"""A part of a service in a process of its own, to be killed: ``python -m tests.support.worker PART OPTIONS``.

``--broken dedupe`` and ``--broken order`` are deliberately broken builds: the checker must find what they do.
"""

import argparse
import asyncio
import os
import random
import signal
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import text

from shared import logs
from shared.contracts.base import Envelope
from shared.contracts.membership import BulletinPublished
from shared.db.work import Database, Work
from shared.messaging import relay as relay_module
from shared.messaging.handler import Handler, Reactions, each
from shared.messaging.ingestor import Ingestor
from shared.messaging.memory import MemoryBus
from shared.messaging.rabbit import RabbitBus
from shared.messaging.relay import Relay

LISTENER = "notifications"
BINDINGS = ("membership.bulletin.#",)
UNORDERED_CLAIM = """
    SELECT event_id, aggregate_id, sequence, type, body, attempts, false AS replays_wait
    FROM outgoing_events
    WHERE published_at IS NULL AND next_attempt_at <= clock_timestamp()
    ORDER BY random() LIMIT :heads + 0 * :followers FOR UPDATE SKIP LOCKED
"""
EFFECT = text("INSERT INTO effects (aggregate_id, number) VALUES (:aggregate_id, :number)")


class _DirectIngestor(Ingestor):
    """The broken build: effects happen on arrival, as often and in the order in which messages come."""

    async def take_in(self, bodies: Sequence[bytes]) -> None:
        async with self._database.begin() as work:
            for body in bodies:
                data = Envelope.model_validate_json(body).data
                await _react(work, BulletinPublished.model_validate(data))


class _MortalIngestor(Ingestor):
    """Dies of reading a certain message."""

    def __init__(self, database: Database, handler: Handler, dies_of: str) -> None:
        super().__init__(database, handler)
        self._dies_of = dies_of.encode()

    async def take_in(self, bodies: Sequence[bytes]) -> None:
        self._die_of(bodies)
        await super().take_in(bodies)

    async def ingest(self, bodies: Sequence[bytes]) -> None:
        self._die_of(bodies)
        await super().ingest(bodies)

    def _die_of(self, bodies: Sequence[bytes]) -> None:
        if any(self._dies_of in body for body in bodies):
            os.kill(os.getpid(), signal.SIGKILL)


async def _react(work: Work, event: BulletinPublished) -> None:
    await work.db.execute(EFFECT, {"aggregate_id": event.bulletin_id, "number": event.number})


REACTIONS: Reactions = {BulletinPublished: [each(_react)]}


def _database(url: str) -> Database:
    return Database(url, zone=ZoneInfo("Asia/Shanghai"), pool_size=4)


async def relay(options: argparse.Namespace) -> None:
    """Relay the publisher's events to RabbitMQ; now and then crash between confirm and commit."""
    relay_module.HEADS, relay_module.FOLLOWERS = 10, 5
    if options.broken == "order":
        relay_module._CLAIM = text(UNORDERED_CLAIM)

    def reached(_point: str) -> None:
        if random.random() < options.crash:
            os.kill(os.getpid(), signal.SIGKILL)

    bus = RabbitBus(options.broker)
    await Relay(
        _database(options.publisher), bus, is_heard=lambda _type: True, reached=reached
    ).run()


async def consumer(options: argparse.Namespace) -> None:
    """Take in and handle the listener's events from RabbitMQ."""
    database = _database(options.listener)
    bus = RabbitBus(options.broker, prefetch=options.prefetch)
    handler = Handler(database, REACTIONS)
    if options.broken:
        await bus.consume(LISTENER, BINDINGS, _DirectIngestor(database, handler))
    ingestor = (
        _MortalIngestor(database, handler, options.dies_of)
        if options.dies_of
        else Ingestor(database, handler)
    )
    await asyncio.gather(handler.run(), bus.consume(LISTENER, BINDINGS, ingestor))


async def embedded(options: argparse.Namespace) -> None:
    """Both sides in one process over the bus inside the process."""
    listener, bus = _database(options.listener), MemoryBus()
    handler = Handler(listener, REACTIONS)
    ingestor = Ingestor(listener, handler)

    def reached(_point: str) -> None:
        if random.random() < options.crash:
            os.kill(os.getpid(), signal.SIGKILL)

    relays = [
        Relay(_database(options.publisher), bus, is_heard=lambda _type: True, reached=reached)
        for _ in range(options.relays)
    ]
    await asyncio.gather(
        bus.consume(LISTENER, BINDINGS, ingestor),
        handler.run(),
        *(one.run() for one in relays),
    )


def main() -> None:
    """Run the part that is named until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["relay", "consumer", "embedded"])
    parser.add_argument("--publisher")
    parser.add_argument("--listener")
    parser.add_argument("--broker")
    parser.add_argument("--broken", choices=["dedupe", "order"])
    parser.add_argument("--crash", type=float, default=0.0)
    parser.add_argument("--relays", type=int, default=1)
    parser.add_argument("--prefetch", type=int, default=50)
    parser.add_argument("--dies-of")
    options = parser.parse_args()
    logs.configure(json=False, level="ERROR")
    part = {"relay": relay, "consumer": consumer, "embedded": embedded}[options.part]
    asyncio.run(part(options))


if __name__ == "__main__":
    main()
