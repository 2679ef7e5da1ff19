"""P4 and P8: what the broker confirmed survives its death; a message that kills its reader takes no other with it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import aio_pika
import pytest
from sqlalchemy import text

from shared.db.work import Database
from shared.messaging.bus import BusUnavailable, Inlet, Message, Outcome
from shared.messaging.rabbit import RabbitBus, dead_letter_queue_name
from tests.support.broker import RabbitNode
from tests.support.business import EFFECTS, effects
from tests.support.events import a_numbered_event
from tests.support.eventually import eventually
from tests.support.processes import kept
from tests.support.topology import fresh_topology

pytestmark = pytest.mark.rabbit

MESSAGES, BATCH, KILLS = 4_000, 100, 2
GOOD = 499
Floor = Callable[[], Awaitable[Database]]


class Reader(Inlet):
    """Remembers what a bus delivers."""

    def __init__(self) -> None:
        self.bodies: set[bytes] = set()

    async def ingest(self, bodies: Sequence[bytes]) -> None:
        self.bodies.update(bodies)

    async def set_aside(self, body: bytes, reason: str) -> None:
        raise AssertionError("nothing here kills its reader")


async def test_every_confirmed_message_is_consumed_although_the_broker_is_killed(
    breakable_rabbit: RabbitNode,
) -> None:
    """P4 on one node: confirmed ⊆ consumed, lost 0."""
    await fresh_topology(breakable_rabbit.url, ["notifications"])
    await _bind_by_consuming_once(breakable_rabbit)
    bus = RabbitBus(breakable_rabbit.url)
    confirmed: set[bytes] = set()
    waiting = [
        [_message(n) for n in range(start, start + BATCH)] for start in range(0, MESSAGES, BATCH)
    ]
    kill_at = {len(waiting) // 3 * k for k in range(1, KILLS + 1)}
    for number, batch in enumerate(waiting):
        killing = (
            asyncio.create_task(asyncio.to_thread(_kill_and_start, breakable_rabbit))
            if number in kill_at
            else None
        )
        confirmed |= await _publish_until_known(bus, batch)
        if killing is not None:
            await killing
    await bus.close()
    reading = Reader()
    consumed = reading.bodies
    reader = asyncio.create_task(
        RabbitBus(breakable_rabbit.url).consume("notifications", ["a.thing.#"], reading)
    )
    try:
        await eventually(lambda: _holds(consumed, confirmed), within=60)
    finally:
        reader.cancel()
    assert len(confirmed) == MESSAGES
    assert confirmed <= consumed


async def test_a_message_that_kills_its_reader_takes_no_other_with_it(
    floor: Floor, breakable_rabbit: RabbitNode
) -> None:
    """P8: 1 poison and 499 good, the consumer dies of every delivery of the poison, prefetch 50."""
    listener = await floor()
    async with listener.begin() as work:
        await work.db.execute(text(EFFECTS))
    await fresh_topology(breakable_rabbit.url, ["notifications"], delivery_limit=3)
    await _bind_by_consuming_once(breakable_rabbit, "membership.bulletin.#")
    publisher = await floor()
    async with publisher.begin() as work:
        envelopes = await work.announce(
            *(a_numbered_event(f"thing-{n}", 1) for n in range(GOOD)),
        )
    bus = RabbitBus(breakable_rabbit.url)
    good = [Message(e.id, e.type, e.to_json()) for e in envelopes]
    poison = Message("poison", "membership.bulletin.published.v1", b"this one kills its reader")
    outcomes = await bus.publish([*good[:200], poison, *good[200:]])
    assert set(outcomes) == {Outcome.ACCEPTED}
    url = listener.engine.url.render_as_string(hide_password=False)
    where = ["--listener", url, "--broker", breakable_rabbit.url, "--prefetch", "50"]
    async with kept(["consumer", *where, "--dies-of", "kills its reader"]) as [worker]:
        await eventually(lambda: _effects(listener, GOOD), within=120)
        assert worker.starts > 1, "the reader never died: the run proved nothing"
        await eventually(lambda: _set_aside(listener), within=60)
        await bus.close()
    assert len(await effects(listener)) == GOOD
    assert await _depth(breakable_rabbit, dead_letter_queue_name("notifications")) == 0


def _message(number: int) -> Message:
    return Message(f"message-{number}", "a.thing.happened.v1", f"{number}".encode())


def _kill_and_start(node: RabbitNode) -> None:
    node.kill()
    node.start()


async def _publish_until_known(bus: RabbitBus, batch: list[Message]) -> set[bytes]:
    confirmed: set[bytes] = set()
    while batch:
        try:
            outcomes = await bus.publish(batch)
        except BusUnavailable:
            await asyncio.sleep(0.1)
            continue
        pairs = list(zip(batch, outcomes, strict=True))
        confirmed |= {m.body for m, outcome in pairs if outcome is Outcome.ACCEPTED}
        batch = [m for m, outcome in pairs if outcome is not Outcome.ACCEPTED]
    return confirmed


async def _bind_by_consuming_once(node: RabbitNode, key: str = "a.thing.#") -> None:
    """Bindings are made by a consumer that connects; the queue keeps them."""
    reader = Reader()
    bus = RabbitBus(node.url)
    task = asyncio.create_task(bus.consume("notifications", [key], reader))

    async def bound() -> bool:
        await bus.publish([Message("probe", "probe", b"probe", to="notifications")])
        return bool(reader.bodies)

    await eventually(bound)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bus.close()


async def _holds(consumed: set[bytes], confirmed: set[bytes]) -> bool:
    return confirmed <= consumed


async def _effects(listener: Database, count: int) -> bool:
    return len(await effects(listener)) >= count


async def _set_aside(listener: Database) -> bool:
    async with listener.begin() as work:
        return bool(await work.db.scalar(text("SELECT count(*) FROM poison_messages")))


async def _depth(node: RabbitNode, queue: str) -> int:
    connection = await aio_pika.connect(node.url)
    async with connection:
        channel = await connection.channel()
        declared = await channel.declare_queue(queue, passive=True)
        return declared.declaration_result.message_count or 0
