"""From an announcement to its one effect, over the bus inside the process (P1 to P3, small)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from shared.contracts.membership import ApplicationSubmitted
from shared.db.mailboxes import incoming_events, outgoing_events
from shared.db.work import Database, Work
from shared.kernel.errors import Conflict, NotFound
from shared.messaging.handler import Handler, Reactions, each
from shared.messaging.ingestor import Ingestor
from shared.messaging.memory import MemoryBus
from shared.messaging.relay import Relay
from tests.support.events import an_event


class Wired:
    """A publisher and a listener, joined by the bus inside the process; moved by hand."""

    def __init__(self, publisher: Database, listener: Database) -> None:
        self.publisher, self.listener = publisher, listener
        self.seen: list[tuple[str, int]] = []
        self.refuses: set[str] = set()
        self.not_yet: set[str] = set()
        self.breaks: set[str] = set()
        self.bus = MemoryBus()
        self.relay = Relay(publisher, self.bus, is_heard=lambda _type: True)
        reactions: Reactions = {ApplicationSubmitted: [each(self._react)]}
        self.handler = Handler(listener, reactions)
        self.ingestor = Ingestor(listener, self.handler)

    async def _react(self, work: Work, event: ApplicationSubmitted) -> None:
        if event.application_id in self.refuses:
            raise Conflict
        if event.application_id in self.not_yet:
            raise NotFound
        if event.application_id in self.breaks:
            raise RuntimeError("a fault of the reaction")
        row = await work.db.execute(
            text("INSERT INTO effects VALUES (:a) RETURNING n"), {"a": event.application_id}
        )
        self.seen.append((event.application_id, row.scalar_one()))

    async def statuses(self) -> dict[str, str]:
        async with self.listener.begin() as work:
            rows = await work.db.execute(
                select(incoming_events.c.aggregate_id, incoming_events.c.status)
            )
            return {row.aggregate_id: row.status for row in rows}

    async def move(self) -> None:
        while await self.relay.publish_waiting() + await self.handler.handle_waiting():
            pass


@pytest.fixture
async def wired(floor: Callable[[], Awaitable[Database]]) -> Any:
    wired = Wired(await floor(), await floor())
    async with wired.listener.begin() as work:
        await work.db.execute(text("CREATE TABLE effects (a text, n serial)"))
    task = asyncio.create_task(
        wired.bus.consume("listener", ["membership.application.#"], wired.ingestor)
    )
    await asyncio.sleep(0)
    yield wired
    task.cancel()


async def test_what_is_committed_arrives_and_what_is_rolled_back_does_not(wired: Wired) -> None:
    kept, dropped = an_event(), an_event()
    async with wired.publisher.begin() as work:
        await work.announce(kept)
    with pytest.raises(ZeroDivisionError):
        async with wired.publisher.begin() as work:
            await work.announce(dropped)
            raise ZeroDivisionError
    await wired.move()
    assert [a for a, _ in wired.seen] == [kept.application_id]


async def test_an_event_that_arrives_twice_has_one_effect(wired: Wired) -> None:
    async with wired.publisher.begin() as work:
        await work.announce(an_event())
    await wired.move()
    async with wired.publisher.begin() as work:
        await work.db.execute(outgoing_events.update().values(published_at=None))
    await wired.move()
    assert len(wired.seen) == 1


async def test_events_of_one_aggregate_are_handled_in_order(wired: Wired) -> None:
    ids = [an_event().application_id for _ in range(3)]
    async with wired.publisher.begin() as work:
        for _ in range(40):
            await work.announce(*(an_event(id) for id in ids))
    await wired.move()
    async with wired.listener.begin() as work:
        handled = (
            await work.db.execute(text("SELECT aggregate_id, handled FROM incoming_aggregates"))
        ).all()
    assert {row.handled for row in handled} == {40}
    assert len(wired.seen) == 120


async def test_a_refused_event_is_kept_as_refused_and_blocks_nothing(wired: Wired) -> None:
    refused, other = an_event(), an_event()
    wired.refuses.add(refused.application_id)
    async with wired.publisher.begin() as work:
        await work.announce(refused, other)
    await wired.move()
    assert await wired.statuses() == {
        refused.application_id: "refused",
        other.application_id: "done",
    }


async def test_an_event_ahead_of_its_time_is_tried_again(wired: Wired) -> None:
    early, other = an_event(), an_event()
    wired.not_yet.add(early.application_id)
    async with wired.publisher.begin() as work:
        await work.announce(early, other)
    await wired.move()
    assert (await wired.statuses())[early.application_id] == "pending"
    wired.not_yet.clear()
    async with wired.listener.begin() as work:
        await work.db.execute(incoming_events.update().values(next_attempt_at=work.now))
    await wired.move()
    assert (await wired.statuses())[early.application_id] == "done"


async def test_an_event_whose_reaction_keeps_failing_is_dead_and_stops_only_its_aggregate(
    wired: Wired,
) -> None:
    broken, other = an_event(), an_event()
    wired.breaks.add(broken.application_id)
    async with wired.publisher.begin() as work:
        await work.announce(broken, an_event(broken.application_id), other)
    for _ in range(7):
        await wired.move()
        async with wired.listener.begin() as work:
            await work.db.execute(incoming_events.update().values(next_attempt_at=work.now))
    async with wired.listener.begin() as work:
        rows = await work.db.execute(
            select(
                incoming_events.c.aggregate_id,
                incoming_events.c.sequence,
                incoming_events.c.status,
            )
        )
        found = {(row.aggregate_id, row.sequence): row.status for row in rows}
    assert found == {
        (broken.application_id, 1): "dead",
        (broken.application_id, 2): "pending",
        (other.application_id, 1): "done",
    }
