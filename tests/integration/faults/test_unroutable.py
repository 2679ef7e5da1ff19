"""P6: an event that finds no queue is seen and kept, and goes out by itself once a queue is bound."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import aio_pika
import pytest
from sqlalchemy import select, text

from shared.contracts.membership import BulletinPublished
from shared.contracts.notifications import NotificationsReplayRequested
from shared.db.mailboxes import outgoing_events
from shared.db.work import Database, Work
from shared.http.metrics import Metrics
from shared.messaging import relay as relaying
from shared.messaging.handler import Reactions, each
from shared.messaging.rabbit import EVENTS_EXCHANGE, RabbitBus, queue_name
from shared.messaging.replay import announce_aggregate_again, ask_for_missing_events
from tests.support.broker import RabbitNode
from tests.support.business import effects, prepare
from tests.support.events import a_numbered_event
from tests.support.eventually import eventually
from tests.support.history import Effect, judge
from tests.support.parts import side
from tests.support.topology import fresh_topology

pytestmark = pytest.mark.rabbit

BULLETINS = "membership.bulletin.#"
EVENTS, AGGREGATES = 200, 20
Floor = Callable[[], Awaitable[Database]]


async def _react(work: Work, event: BulletinPublished) -> None:
    await work.db.execute(
        text("INSERT INTO effects (aggregate_id, number) VALUES (:a, :n)"),
        {"a": event.bulletin_id, "n": event.number},
    )


async def _unbind(node: RabbitNode, service: str, key: str) -> None:
    connection = await aio_pika.connect(node.url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue(queue_name(service), ensure=False)
        await queue.unbind(EVENTS_EXCHANGE, key)


async def _bind(node: RabbitNode, service: str, key: str) -> None:
    connection = await aio_pika.connect(node.url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue(queue_name(service), ensure=False)
        await queue.bind(EVENTS_EXCHANGE, key)


async def _commit(publisher: Database, numbers: range) -> set[Effect]:
    committed = set()
    for number in numbers:
        async with publisher.begin() as work:
            things = [f"thing-{i + 1}" for i in range(AGGREGATES)]
            await work.announce(*(a_numbered_event(thing, number) for thing in things))
            committed |= {Effect(thing, number) for thing in things}
    return committed


@pytest.fixture
async def bus(rabbit: RabbitNode) -> AsyncIterator[RabbitBus]:
    await fresh_topology(rabbit.url, ["notifications", "membership", "cases"])
    bus = RabbitBus(rabbit.url)
    yield bus
    await bus.close()


async def test_with_one_listener_nothing_is_published_until_the_binding_is_back(
    floor: Floor, rabbit: RabbitNode, bus: RabbitBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 events: none marked published, each aggregate's head counted as unroutable, then all arrive in order."""
    monkeypatch.setattr(relaying, "UNROUTABLE_PAUSE", 1)
    publisher, listener = await floor(), await floor()
    await prepare(publisher, listener, aggregates=AGGREGATES)
    reactions: Reactions = {BulletinPublished: [each(_react)]}
    async with side("notifications", listener, bus, listens=[BULLETINS], reactions=reactions):
        await _bound(rabbit, "notifications")
        await _unbind(rabbit, "notifications", BULLETINS)
        async with side("membership", publisher, RabbitBus(rabbit.url)):
            committed = await _commit(publisher, range(1, EVENTS // AGGREGATES + 1))
            await eventually(lambda: _unroutable(publisher, AGGREGATES), within=10)
            assert await _published(publisher) == 0
            exposition = await Metrics("membership", publisher).exposition()
            assert b'outgoing_unroutable{service="membership"} 20.0' in exposition
            await _bind(rabbit, "notifications", BULLETINS)
            await eventually(lambda: _arrived(listener, committed), within=60)
    verdict = judge(committed, await effects(listener))
    assert verdict.is_sound, verdict


async def test_with_two_listeners_the_one_that_was_left_out_sees_the_gap_and_asks(
    floor: Floor, rabbit: RabbitNode, bus: RabbitBus
) -> None:
    """The broker reports nothing while anyone is bound; the hole in the sequences does, and a replay fills it."""
    publisher, listener, other = await floor(), await floor(), await floor()
    await prepare(publisher, listener, aggregates=AGGREGATES)
    answers: Reactions = {NotificationsReplayRequested: [each(announce_aggregate_again)]}
    reactions: Reactions = {BulletinPublished: [each(_react)]}
    gap = timedelta(seconds=0.2)
    async with (
        side("membership", publisher, bus, listens=["notifications.replay.#"], reactions=answers),
        side("cases", other, RabbitBus(rabbit.url), listens=[BULLETINS]),
        side(
            "notifications",
            listener,
            RabbitBus(rabbit.url),
            listens=[BULLETINS],
            reactions=reactions,
        ),
    ):
        for service in ("notifications", "cases", "membership"):
            await _bound(rabbit, service)
        committed = await _commit(publisher, range(1, 3))
        await eventually(lambda: _arrived(listener, committed))
        await _unbind(rabbit, "notifications", BULLETINS)
        committed |= await _commit(publisher, range(3, 8))
        await eventually(lambda: _all_published(publisher))
        await _bind(rabbit, "notifications", BULLETINS)
        committed |= await _commit(publisher, range(8, 9))

        async def asked_and_arrived() -> bool:
            async with listener.begin() as work:
                await ask_for_missing_events(
                    work, "notifications", NotificationsReplayRequested, gap
                )
            return await _arrived(listener, committed)

        await eventually(asked_and_arrived, within=30)
    verdict = judge(committed, await effects(listener))
    assert verdict.is_sound, verdict


async def _bound(node: RabbitNode, service: str) -> None:
    """Wait until the service's consumer has connected: its queue then has a consumer."""

    async def has_consumer() -> bool:
        connection = await aio_pika.connect(node.url)
        async with connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(queue_name(service), passive=True)
            return bool(queue.declaration_result.consumer_count)

    await eventually(has_consumer)


async def _unroutable(publisher: Database, count: int) -> bool:
    async with publisher.begin() as work:
        found = await work.db.scalar(
            text("SELECT count(*) FROM outgoing_events WHERE last_error = 'unroutable'")
        )
    return bool(found == count)


async def _published(publisher: Database) -> int:
    async with publisher.begin() as work:
        rows = await work.db.execute(
            select(outgoing_events.c.event_id).where(outgoing_events.c.published_at.is_not(None))
        )
        return len(rows.all())


async def _all_published(publisher: Database) -> bool:
    async with publisher.begin() as work:
        waiting = await work.db.scalar(
            text("SELECT count(*) FROM outgoing_events WHERE published_at IS NULL")
        )
    return not waiting


async def _arrived(listener: Database, committed: set[Effect]) -> bool:
    return committed <= set(await effects(listener))
