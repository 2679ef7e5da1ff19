"""Outgoing events to RabbitMQ: the relay against the textbook form."""

import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import aio_pika
from sqlalchemy import insert

from shared.contracts.base import envelope
from shared.contracts.membership import BulletinPublished
from shared.db.work import Database
from shared.kernel.ids import new_id
from shared.messaging.rabbit import EVENTS_EXCHANGE, RabbitBus
from shared.messaging.relay import Relay
from tests.bench import textbook
from tests.bench.goal import Count, Measured, Ratio, interleaved
from tests.bench.servers import Servers, opened
from tests.support.events import a_numbered_event
from tests.support.standins import SOME_DAY

LISTENER = "notifications"
OURS, TEXTBOOK = 8_000, 300
EVENTS_OF_AN_AGGREGATE = 4
ANNOUNCED_AT_ONCE = 500


async def measure(servers: Servers) -> Measured:
    """Events published a second, each with its confirm; all counted in a quorum queue."""
    queue = await servers.listening_queue(LISTENER)
    counts: list[Count] = []

    async def count(whose: str, expected: int) -> None:
        ids = await servers.drained(queue, expected)
        counts.append(Count(f"{whose}: events in the queue", expected, len(set(ids))))

    async with AsyncExitStack() as stack:
        database = opened(await servers.floor())
        stack.push_async_callback(database.close)
        bus = RabbitBus(servers.broker)
        stack.push_async_callback(bus.close)
        sessions = await stack.enter_async_context(textbook.opened(await servers.floor()))
        connection = await stack.enter_async_context(await aio_pika.connect(servers.broker))
        exchange = await (await connection.channel()).get_exchange(EVENTS_EXCHANGE)
        relay = Relay(database, bus, is_heard=lambda _type: True)

        async def ours() -> float:
            await _announce(database, OURS)
            await bus.ready()
            begun = time.perf_counter()
            while await relay.publish_waiting():
                pass
            elapsed = time.perf_counter() - begun
            await count("relay", OURS)
            return OURS / elapsed

        async def peer() -> float:
            await _fill_outbox(sessions, TEXTBOOK)
            begun = time.perf_counter()
            await textbook.relay(sessions, exchange)
            elapsed = time.perf_counter() - begun
            await count("textbook relay", TEXTBOOK)
            return TEXTBOOK / elapsed

        our_figures, peers = await interleaved(ours, peer)
    ratio = Ratio(
        what="relay: events published",
        unit="/s",
        ours=our_figures,
        peer="textbook relay",
        peers=peers,
        at_least=15,
    )
    return Measured([ratio], counts)


async def _announce(database: Database, count: int) -> None:
    events = list(_events(count))
    for start in range(0, count, ANNOUNCED_AT_ONCE):
        async with database.begin() as work:
            await work.announce(*events[start : start + ANNOUNCED_AT_ONCE])


async def _fill_outbox(sessions: textbook.Sessions, count: int) -> None:
    rows = []
    for event in _events(count):
        sent = envelope(event, id=new_id("evt"), sequence=event.number, time=SOME_DAY)
        rows.append(
            {"id": sent.id, "routing_key": sent.type, "payload": json.loads(sent.to_json())}
        )
    async with sessions.begin() as session:
        await session.execute(insert(textbook.OutboxMessage), rows)


def _events(count: int) -> Iterator[BulletinPublished]:
    for _ in range(count // EVENTS_OF_AN_AGGREGATE):
        aggregate_id = new_id("bul")
        for number in range(1, EVENTS_OF_AN_AGGREGATE + 1):
            yield a_numbered_event(aggregate_id, number)
