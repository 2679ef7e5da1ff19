"""What RabbitMQ brings is handled in the transaction that stores it, where that is little; otherwise stored first (P2, P3)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from shared.contracts.base import Envelope, envelope
from shared.contracts.membership import BulletinPublished
from shared.db.mailboxes import incoming_events, poison_messages
from shared.db.work import Database, Work
from shared.kernel.errors import Conflict
from shared.kernel.ids import new_id
from shared.messaging.handler import Handler, each
from shared.messaging.ingestor import AT_ONCE, Ingestor
from tests.support.events import a_numbered_event
from tests.support.eventually import eventually

SOME_DAY = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


class Listening:
    """A service that takes in made-up bulletins; one whose number is ``refused`` is refused."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.refused: int | None = None
        self.duplicates = 0
        self.handler = Handler(database, {BulletinPublished: [each(self._react)]})
        self.ingestor = Ingestor(database, self.handler, self._note_duplicates)

    async def _react(self, work: Work, event: BulletinPublished) -> None:
        if event.number == self.refused:
            raise Conflict
        await work.db.execute(text("INSERT INTO effects VALUES (:n)"), {"n": event.number})

    def _note_duplicates(self, count: int) -> None:
        self.duplicates += count

    async def take_in(self, *announced: Envelope) -> None:
        await self.ingestor.take_in([event.to_json() for event in announced])

    async def effects(self) -> Sequence[int]:
        async with self.database.begin() as work:
            return (await work.db.scalars(text("SELECT number FROM effects ORDER BY n"))).all()

    async def statuses(self) -> dict[str, str]:
        async with self.database.begin() as work:
            rows = await work.db.execute(
                select(incoming_events.c.event_id, incoming_events.c.status)
            )
            return {row.event_id: row.status for row in rows}


@pytest.fixture
async def listening(floor: Callable[[], Awaitable[Database]]) -> Listening:
    listening = Listening(await floor())
    async with listening.database.begin() as work:
        await work.db.execute(text("CREATE TABLE effects (number integer, n serial)"))
    return listening


def announced(
    aggregate: str, number: int, *, sequence: int = 1, follows: int | None = None
) -> Envelope:
    told = envelope(
        a_numbered_event(aggregate, number), id=new_id("evt"), sequence=sequence, time=SOME_DAY
    )
    return told if follows is None else told.model_copy(update={"follows": f"{follows:012}"})


async def test_the_few_that_arrive_are_handled_when_the_bus_may_forget_them(
    listening: Listening,
) -> None:
    aggregate = new_id("bul")
    await listening.take_in(
        announced(aggregate, 1), announced(new_id("bul"), 7), announced(aggregate, 2, sequence=2)
    )
    await listening.take_in(announced(aggregate, 3, sequence=3))
    assert await listening.effects() == [1, 7, 2, 3]
    assert set((await listening.statuses()).values()) == {"done"}
    assert await listening.handler.handle_waiting() == 0


async def test_one_that_is_refused_takes_nothing_of_the_others_with_it(
    listening: Listening,
) -> None:
    listening.refused = 2
    told = [announced(new_id("bul"), number) for number in (1, 2, 3)]
    await listening.take_in(told[0], *told)
    assert await listening.effects() == []
    assert await listening.statuses() == {event.id: "pending" for event in told}
    assert await listening.handler.handle_waiting() == 3
    assert sorted(await listening.effects()) == [1, 3]
    assert (await listening.statuses())[told[1].id] == "refused"
    assert listening.duplicates == 1


async def test_whoever_is_behind_stores_first(listening: Listening) -> None:
    told = [announced(new_id("bul"), number) for number in range(1, AT_ONCE + 2)]
    await listening.take_in(*told)
    assert await listening.effects() == []
    assert set((await listening.statuses()).values()) == {"pending"}
    assert await listening.handler.handle_waiting() == AT_ONCE + 1


async def test_what_has_overtaken_another_waits_for_it(listening: Listening) -> None:
    aggregate = new_id("bul")
    await listening.take_in(announced(aggregate, 2, sequence=2))
    assert await listening.handler.handle_waiting() == 0
    await listening.take_in(announced(aggregate, 1))
    assert await listening.effects() == []
    assert await listening.handler.handle_waiting() == 2
    assert await listening.effects() == [1, 2]


async def test_a_hole_that_was_told_of_is_none(listening: Listening) -> None:
    aggregate = new_id("bul")
    await listening.take_in(announced(aggregate, 5, sequence=5, follows=0))
    await listening.take_in(announced(aggregate, 6, sequence=6))
    assert await listening.effects() == [5, 6]


async def test_what_was_handled_has_no_second_effect(listening: Listening) -> None:
    known, new = announced(new_id("bul"), 1), announced(new_id("bul"), 2)
    await listening.take_in(known)
    await listening.take_in(known)
    await listening.take_in(known, new, new)
    assert await listening.handler.handle_waiting() == 1
    assert await listening.effects() == [1, 2]
    assert listening.duplicates == 3


async def test_what_is_no_event_is_kept_and_hinders_no_other(listening: Listening) -> None:
    await listening.ingestor.take_in([b"no event", announced(new_id("bul"), 1).to_json()])
    assert await listening.handler.handle_waiting() == 1
    async with listening.database.begin() as work:
        kept = (await work.db.scalars(select(poison_messages.c.body))).all()
    assert kept == [b"no event"]


async def test_an_aggregate_that_another_works_on_is_left_to_the_handler(
    listening: Listening,
) -> None:
    aggregate = new_id("bul")
    await listening.take_in(announced(aggregate, 1))
    running = asyncio.create_task(listening.handler.run())
    async with listening.database.begin() as work:
        await work.db.execute(text("SELECT FROM incoming_aggregates FOR UPDATE"))
        await listening.take_in(announced(aggregate, 2, sequence=2))
        assert await listening.effects() == [1]

    async def are_both_there() -> bool:
        return await listening.effects() == [1, 2]

    await eventually(are_both_there)
    running.cancel()


async def test_several_consumers_and_handlers_give_each_event_one_effect_in_order(
    listening: Listening,
) -> None:
    """Each event to two of them, in twos and threes, while handlers run: nobody waits for somebody who waits for him."""
    others = [Listening(listening.database) for _ in range(3)]
    aggregates = [new_id("bul") for _ in range(5)]
    told = [
        announced(aggregate, 100 * place + sequence, sequence=sequence)
        for sequence in range(1, 21)
        for place, aggregate in enumerate(aggregates)
    ]
    running = [asyncio.create_task(other.handler.run()) for other in others]

    async def take_all(consumer: Listening, stride: int) -> None:
        for start in range(0, len(told), stride):
            await consumer.take_in(*told[start : start + stride])

    await asyncio.gather(
        *(take_all(consumer, stride) for stride, consumer in enumerate(others, start=2))
    )

    async def are_all_done() -> bool:
        return set((await listening.statuses()).values()) == {"done"}

    await eventually(are_all_done)
    for task in running:
        task.cancel()
    effects = await listening.effects()
    assert len(effects) == len(told)
    for place in range(len(aggregates)):
        assert [n % 100 for n in effects if n // 100 == place] == [*range(1, 21)]
