"""What every bus promises, asked of each kind alike: inside the process, and RabbitMQ."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from shared.messaging.bus import Bus, Inlet, Message, Outcome
from shared.messaging.memory import MemoryBus
from shared.messaging.rabbit import RabbitBus
from tests.support.eventually import eventually
from tests.support.topology import fresh_topology

KINDS = ["memory", pytest.param("rabbit", marks=pytest.mark.rabbit)]


class Listener(Inlet):
    """Stores what a bus delivers; refuses while ``is_down``."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.is_down = False
        self.refusals = 0

    async def ingest(self, bodies: Sequence[bytes]) -> None:
        if self.is_down:
            self.refusals += 1
            raise ConnectionError("the listener's database is down")
        self.bodies += bodies

    async def set_aside(self, body: bytes, reason: str) -> None:
        raise AssertionError("nothing here kills its reader")


class Harness:
    """One bus, and listeners on it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._tasks: list[asyncio.Task[None]] = []
        self._probes = 0

    async def listen(self, service: str, *bindings: str) -> Listener:
        listener = Listener()
        self._tasks.append(asyncio.create_task(self.bus.consume(service, bindings, listener)))
        self._probes += 1
        probe = Message(f"probe-{self._probes}", "probe", b"probe", to=service)

        async def is_listening() -> bool:
            await self.bus.publish([probe])
            return bool(listener.bodies)

        await eventually(is_listening)
        await asyncio.sleep(0.05)
        listener.bodies.clear()
        return listener

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.bus.close()


@pytest.fixture(params=KINDS)
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    bus: Bus
    if request.param == "memory":
        bus = MemoryBus()
    else:
        node = request.getfixturevalue("rabbit")
        await fresh_topology(node.url, ["first", "second"])
        bus = RabbitBus(node.url)
    harness = Harness(bus)
    yield harness
    await harness.close()


def messages(key: str, count: int, *, mandatory: bool = True) -> list[Message]:
    return [Message(f"{key}-{i}", key, f"{key} {i}".encode(), mandatory) for i in range(count)]


async def test_what_is_accepted_arrives_in_order(harness: Harness) -> None:
    listener = await harness.listen("first", "a.thing.#")
    sent = messages("a.thing.happened.v1", 300)
    assert set(await harness.bus.publish(sent)) == {Outcome.ACCEPTED}
    await eventually(lambda: _count(listener, 300))
    assert listener.bodies == [m.body for m in sent]


async def test_every_bound_listener_gets_it_and_no_other(harness: Harness) -> None:
    first = await harness.listen("first", "a.thing.#")
    second = await harness.listen("second", "a.thing.#", "b.thing.#")
    await harness.bus.publish(messages("a.thing.happened.v1", 1))
    await harness.bus.publish(messages("b.thing.happened.v1", 1))
    await eventually(lambda: _count(second, 2))
    await eventually(lambda: _count(first, 1))
    assert first.bodies == [b"a.thing.happened.v1 0"]


async def test_what_nobody_is_bound_to_is_told_as_unroutable(harness: Harness) -> None:
    await harness.listen("first", "a.thing.#")
    mixed = [*messages("a.thing.happened.v1", 2), *messages("c.thing.happened.v1", 2)]
    assert await harness.bus.publish(mixed) == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.UNROUTABLE,
        Outcome.UNROUTABLE,
    ]


async def test_what_need_not_be_heard_is_accepted_without_a_listener(harness: Harness) -> None:
    await harness.listen("first", "a.thing.#")
    outcomes = await harness.bus.publish(messages("c.thing.happened.v1", 1, mandatory=False))
    assert outcomes == [Outcome.ACCEPTED]


async def test_a_direct_message_reaches_one_service_alone(harness: Harness) -> None:
    first = await harness.listen("first", "a.thing.#")
    second = await harness.listen("second", "a.thing.#")
    direct = Message("only", "a.thing.happened.v1", b"only for second", to="second")
    assert await harness.bus.publish([direct]) == [Outcome.ACCEPTED]
    await eventually(lambda: _count(second, 1))
    assert first.bodies == []


async def test_a_listener_that_was_down_loses_nothing(harness: Harness) -> None:
    """A bus may keep it for the listener, or leave it with the publisher; never is it accepted and gone."""
    listener = await harness.listen("first", "a.thing.#")
    listener.is_down = True
    [message] = messages("a.thing.happened.v1", 1)
    [outcome] = await harness.bus.publish([message])
    await eventually(lambda: _refused(listener))
    listener.is_down = False
    if outcome is not Outcome.ACCEPTED:
        assert outcome is Outcome.UNKNOWN
        assert await harness.bus.publish([message]) == [Outcome.ACCEPTED]
    await eventually(lambda: _count(listener, 1))
    assert set(listener.bodies) == {message.body}


async def test_bytes_cross_unchanged(harness: Harness) -> None:
    listener = await harness.listen("first", "a.thing.#")
    body = bytes(range(256)) * 100
    await harness.bus.publish([Message("bytes", "a.thing.happened.v1", body)])
    await eventually(lambda: _count(listener, 1))
    assert listener.bodies == [body]


async def _count(listener: Listener, count: int) -> bool:
    return len(listener.bodies) >= count


async def _refused(listener: Listener) -> bool:
    return listener.refusals > 0
