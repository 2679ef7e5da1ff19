"""Services that are not there, played by the tests: they announce what those would, and hear what is sent to them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from shared.contracts.base import Envelope, Event, envelope
from shared.contracts.catalog import bindings_of
from shared.kernel.ids import new_id
from shared.messaging.bus import Bus, Inlet, Message, Outcome

SOME_DAY = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


class StandIn(Inlet):
    """The service ``name`` as the others see it: its announcements are numbered for each aggregate, without holes."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.name = name
        self.heard: list[Envelope] = []
        self._bus = bus
        self._announced: Counter[str] = Counter()

    async def announce(self, *events: Event) -> list[Envelope]:
        """Publish ``events`` in order; every one must find a listener. Returns their envelopes."""
        envelopes = [self._envelope(event) for event in events]
        await self.publish(envelopes)
        return envelopes

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Publish ``envelopes`` as they are: for what arrives twice."""
        outcomes = await self._bus.publish([Message(e.id, e.type, e.to_json()) for e in envelopes])
        assert set(outcomes) == {Outcome.ACCEPTED}, outcomes

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what the others announce to this service, and what is sent to it alone, until the block ends."""
        listening = asyncio.create_task(self._bus.consume(self.name, bindings_of(self.name), self))
        await asyncio.sleep(0)
        yield
        listening.cancel()
        await asyncio.wait([listening])

    async def ingest(self, bodies: Sequence[bytes]) -> None:
        """Take in a batch, as the bus asks of a listener."""
        self.heard += [Envelope.model_validate_json(body) for body in bodies]

    async def set_aside(self, body: bytes, reason: str) -> None:
        """Nothing is unreadable to a stand-in."""
        raise AssertionError(reason)

    def _envelope(self, event: Event) -> Envelope:
        assert event.type.startswith(f"{self.name}."), f"{self.name} does not announce {event.type}"
        self._announced[event.aggregate_id] += 1
        sequence = self._announced[event.aggregate_id]
        return envelope(event, id=new_id("evt"), sequence=sequence, time=SOME_DAY)
