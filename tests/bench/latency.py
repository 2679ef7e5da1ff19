"""From commit to handled in the next service, against publishing directly to a waiting consumer."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from sqlalchemy import text

from shared.db.work import Database
from shared.kernel.ids import new_id
from shared.messaging.rabbit import EVENTS_EXCHANGE, RabbitBus
from tests.bench.goal import Count, Measured, Ratio, interleaved, p99
from tests.bench.parts import EFFECTS, LISTENER, Effects, consumer, relay, until_left
from tests.bench.servers import Servers, opened
from tests.support.events import a_numbered_event

EVENTS, WARMING_UP, A_SECOND = 300, 30, 50
PATIENCE_SECONDS = 30.0


class Course:
    """When events began and when they arrived, by the machine's monotonic clock."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._progress = asyncio.Event()

    def begin(self, id: str) -> None:
        """It begins now."""
        self._begun[id] = time.monotonic()

    def end(self, id: str, instant: float) -> None:
        """It arrived at ``instant``; where it does so twice, the first time counts."""
        self._ended.setdefault(id, instant)
        self._progress.set()

    async def run(self, begin: Callable[[str], Awaitable[None]]) -> float:
        """Begin events at an even pace, waiting for none; p99 in milliseconds of all but the first few."""
        ids = [new_id("bul") for _ in range(WARMING_UP + EVENTS)]
        async with asyncio.TaskGroup() as beginning, asyncio.timeout(PATIENCE_SECONDS):
            for id in ids[:WARMING_UP]:
                await begin(id)
            await self._all_ended(WARMING_UP)
            start = time.monotonic()
            for i, id in enumerate(ids[WARMING_UP:]):
                await asyncio.sleep(start + i / A_SECOND - time.monotonic())
                beginning.create_task(_begun(begin, id))
            await self._all_ended(len(ids))
        return p99([(self._ended[id] - self._begun[id]) * 1000 for id in ids[WARMING_UP:]])

    async def _all_ended(self, count: int) -> None:
        while len(self._ended) < count:
            self._progress.clear()
            await self._progress.wait()


async def measure(servers: Servers) -> Measured:
    """p99 of paced events: relay and consumer in the committing process, then each in a process of its own."""
    counts: list[Count] = []

    async def one_process() -> float:
        course, bus = Course(), RabbitBus(servers.broker)
        effects = Effects(course.end)
        async with (
            _pair(servers, "one process", counts) as (publisher, listener),
            until_left(
                relay(publisher, bus),
                *consumer(listener, bus, effects.reactions, effects.told),
            ),
        ):
            figure = await course.run(lambda event: _commit(publisher, course, event))
        await bus.close()
        return figure

    async def three_processes() -> float:
        course = Course()
        async with (
            _pair(servers, "three processes", counts) as (publisher, listener),
            AsyncExitStack() as stack,
        ):
            urls = [
                d.engine.url.render_as_string(hide_password=False) for d in (publisher, listener)
            ]
            await stack.enter_async_context(_process("relay", urls[0], servers.broker, course))
            await stack.enter_async_context(_process("consumer", urls[1], servers.broker, course))
            await stack.enter_async_context(until_left(publisher.wakeups.tell_others(())))
            return await course.run(lambda event: _commit(publisher, course, event))

    async def direct() -> float:
        queue = await servers.listening_queue(LISTENER)
        return await _publish_directly(servers.broker, queue)

    floor, inside, outside = await interleaved(direct, one_process, three_processes)
    ratios = [
        Ratio(
            what=f"commit to handled, p99, {shape}",
            unit="ms",
            ours=ours,
            peer="direct publish to consume",
            peers=floor,
            at_most=3,
        )
        for shape, ours in (("one process", inside), ("three processes", outside))
    ]
    return Measured(ratios, counts)


@asynccontextmanager
async def _pair(
    servers: Servers, shape: str, counts: list[Count]
) -> AsyncIterator[tuple[Database, Database]]:
    """A publisher's and a listener's database; what happened at the listener is counted when the block ends."""
    await servers.listening_queue(LISTENER)
    publisher, listener = opened(await servers.floor()), opened(await servers.floor())
    async with listener.begin() as work:
        await work.db.execute(text(EFFECTS))
    yield publisher, listener
    async with listener.begin() as work:
        effects = (await work.db.scalars(text("SELECT aggregate_id FROM effects"))).all()
    expected = WARMING_UP + EVENTS
    counts.append(Count(f"{shape}: effects", expected, len(effects)))
    counts.append(Count(f"{shape}: events with an effect", expected, len(set(effects))))
    await publisher.close()
    await listener.close()


async def _commit(publisher: Database, course: Course, id: str) -> None:
    async with publisher.begin() as work:
        await work.announce(a_numbered_event(id, 1))
    course.begin(id)


async def _publish_directly(broker: str, queue_name: str) -> float:
    course = Course()

    async def arrive(message: AbstractIncomingMessage) -> None:
        course.end(str(message.message_id), time.monotonic())
        await message.ack()

    async with AsyncExitStack() as stack:
        publishing = await stack.enter_async_context(await aio_pika.connect(broker))
        consuming = await stack.enter_async_context(await aio_pika.connect(broker))
        queue = await (await consuming.channel()).get_queue(queue_name)
        await queue.consume(arrive)
        exchange = await (await publishing.channel()).get_exchange(EVENTS_EXCHANGE)
        body = a_numbered_event(new_id("bul"), 1).model_dump_json().encode()

        async def publish(id: str) -> None:
            course.begin(id)
            await exchange.publish(
                aio_pika.Message(
                    body, message_id=id, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
                ),
                routing_key="membership.bulletin.published.v1",
            )

        return await course.run(publish)


@asynccontextmanager
async def _process(part: str, url: str, broker: str, course: Course) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.parts", part, url, broker),
        stdout=asyncio.subprocess.PIPE,
    )

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            id, instant = line.decode().split()
            course.end(id, float(instant))

    try:
        async with until_left(read()):
            yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def _begun(begin: Callable[[str], Awaitable[None]], id: str) -> None:
    await begin(id)
