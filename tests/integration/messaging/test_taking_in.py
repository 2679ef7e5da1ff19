"""What RabbitMQ brings is handled in the transaction that stores it, where that is little; otherwise stored first (P2, P3)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select, text, update

from deploy.clock import TestClock, Timed
from services.notifications.service import notifications
from shared.contracts.base import Envelope, envelope
from shared.contracts.membership import BulletinPublished
from shared.db.mailboxes import (
    incoming_aggregates,
    incoming_events,
    outgoing_events,
    poison_messages,
)
from shared.db.wakeups import Topic
from shared.db.work import Database, Work
from shared.kernel.errors import Conflict
from shared.kernel.ids import new_id
from shared.messaging import handler, ingestor
from shared.messaging.handler import Handler, each
from shared.messaging.ingestor import PROMPT, Ingestor
from tests.support.events import a_numbered_event, an_event
from tests.support.eventually import eventually
from tests.support.suite import SUITE

NEVER = 3600.0
SOME_DAY = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


class Listening:
    """A service that takes in made-up bulletins; one whose number is ``refused`` is refused."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.refused: int | None = None
        self.reacts, self.may_go_on = asyncio.Event(), asyncio.Event()
        self.may_go_on.set()
        self.duplicates = 0
        self.handled_at: list[datetime] = []
        self.handler = Handler(database, {BulletinPublished: [each(self._react)]})
        self.ingestor = Ingestor(database, self.handler, self._note_duplicates)

    async def _react(self, work: Work, event: BulletinPublished) -> None:
        if event.number == self.refused:
            raise Conflict
        await work.db.execute(text("INSERT INTO effects VALUES (:n)"), {"n": event.number})
        self.reacts.set()
        await self.may_go_on.wait()
        await work.announce(an_event())
        self.handled_at.append(work.now)

    def _note_duplicates(self, count: int) -> None:
        self.duplicates += count

    async def take_in(self, *announced: Envelope) -> None:
        await self.ingestor.take_in([event.to_json() for event in announced])

    async def effects(self) -> Sequence[int]:
        async with self.database.begin() as work:
            return (await work.db.scalars(text("SELECT number FROM effects ORDER BY n"))).all()

    async def until(self, *effects: int) -> None:
        async def are_there() -> bool:
            return await self.effects() == [*effects]

        await eventually(are_there)

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


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the ingestor had to complain of."""
    return [r.getMessage() for r in caplog.records if r.name == ingestor.__name__]


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
    async with listening.database.begin() as work:
        forgotten = await work.db.scalar(
            text("SELECT count(*) FROM incoming_events WHERE handled_at IS NULL")
        )
        announced_then = await work.db.scalar(text("SELECT count(*) FROM outgoing_events"))
    assert (forgotten, announced_then) == (0, 4)
    await listening.database.wakeups.wait(Topic.OUTGOING_EVENTS, NEVER)


async def test_a_reaction_is_told_the_time_of_the_procedure(listening: Listening) -> None:
    async with listening.database.begin() as work:
        await work.db.execute(text("INSERT INTO test_clock (advance) VALUES (interval '1 year')"))
    async with listening.database.begin() as work:
        before = work.now
    await listening.take_in(announced(new_id("bul"), 1))
    async with listening.database.begin() as work:
        assert before < listening.handled_at[0] < work.now


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
    told = [announced(new_id("bul"), number) for number in range(1, PROMPT + 2)]
    await listening.take_in(*told)
    assert await listening.effects() == []
    assert set((await listening.statuses()).values()) == {"pending"}
    assert await listening.handler.handle_waiting() == PROMPT + 1


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


async def test_what_is_dead_does_not_come_back_to_life_by_arriving_again(
    listening: Listening,
) -> None:
    aggregate = new_id("bul")
    event, next_event = announced(aggregate, 1), announced(aggregate, 2, sequence=2)
    await listening.ingestor.ingest([event.to_json()])
    async with listening.database.begin() as work:
        await work.db.execute(update(incoming_events).values(status="dead"))
    await listening.take_in(event)
    await listening.take_in(event, next_event)
    assert await listening.handler.handle_waiting() == 0
    assert await listening.statuses() == {event.id: "dead", next_event.id: "pending"}
    assert await listening.effects() == []


async def test_another_event_with_a_known_sequence_is_poison(listening: Listening) -> None:
    aggregate = new_id("bul")
    await listening.take_in(announced(aggregate, 1))
    await listening.take_in(announced(aggregate, 2), announced(new_id("bul"), 3))
    assert await listening.handler.handle_waiting() == 1
    assert await listening.effects() == [1, 3]
    async with listening.database.begin() as work:
        reasons = (await work.db.scalars(select(poison_messages.c.reason))).all()
    assert reasons == ["its sequence belongs to another event"]


async def test_what_comes_late_does_not_set_its_aggregate_back(listening: Listening) -> None:
    aggregate = new_id("bul")
    await listening.take_in(announced(aggregate, 5, sequence=5, follows=0))
    await listening.take_in(announced(aggregate, 2, sequence=2, follows=0))
    assert await listening.handler.handle_waiting() == 1
    await listening.take_in(announced(aggregate, 6, sequence=6))
    assert await listening.effects() == [5, 2, 6]


@pytest.mark.parametrize("is_prompt", [True, False])
async def test_nobody_waits_for_a_reaction_of_another_process(
    listening: Listening, monkeypatch: pytest.MonkeyPatch, *, is_prompt: bool
) -> None:
    """What comes meanwhile is left to the handler, which does not leave it until it would happen to look."""
    monkeypatch.setattr(handler, "POLL_SECONDS", NEVER)
    first, second = new_id("bul"), new_id("bul")
    await listening.take_in(announced(first, 1))
    other = Listening(listening.database)
    other.may_go_on.clear()
    following = announced(first, 2, sequence=2)
    if is_prompt:
        reacting = asyncio.create_task(other.take_in(following))
    else:
        await other.ingestor.ingest([following.to_json()])
        reacting = asyncio.create_task(other.handler.run())
    await other.reacts.wait()
    running = asyncio.create_task(listening.handler.run())
    async with asyncio.timeout(10):
        await listening.take_in(announced(first, 3, sequence=3), announced(second, 7))
    await listening.until(1, 7)
    other.may_go_on.set()
    await listening.until(1, 2, 7, 3)
    for task in (running, reacting):
        task.cancel()


async def test_the_test_clock_does_not_advance_over_what_is_being_handled(
    listening: Listening,
) -> None:
    clock = TestClock([Timed(notifications(suite=SUITE), listening.database)])
    await clock.settle()
    listening.may_go_on.clear()
    handling = asyncio.create_task(listening.take_in(announced(new_id("bul"), 1)))
    await listening.reacts.wait()
    settling = asyncio.create_task(clock.settle())
    await asyncio.wait([settling], timeout=0.2)
    assert not settling.done()
    listening.may_go_on.set()
    await handling
    async with listening.database.begin() as work:
        await work.db.execute(delete(outgoing_events))
    await settling


@pytest.mark.parametrize("is_prompt", [True, False])
async def test_whoever_stores_the_same_waits_without_holding_what_the_other_needs(
    listening: Listening, caplog: pytest.LogCaptureFixture, *, is_prompt: bool
) -> None:
    """Events come before aggregates, whoever stores them."""
    event = announced(new_id("bul"), 1)
    arrive = listening.ingestor.take_in if is_prompt else listening.ingestor.ingest
    aggregate = {"source": event.publisher, "aggregate_id": event.partitionkey}
    with caplog.at_level(logging.WARNING):
        async with listening.database.begin() as work:
            await work.db.execute(
                insert(incoming_events).values(
                    **aggregate,
                    event_id=event.id,
                    sequence=1,
                    follows=0,
                    type=event.type,
                    body=event.to_json().decode(),
                )
            )
            arriving = asyncio.create_task(arrive([event.to_json()]))

            async def waits() -> bool:
                return bool(
                    await work.db.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
                )

            await eventually(waits)
            await work.db.execute(insert(incoming_aggregates).values(**aggregate))
        await arriving
    assert faults(caplog) == []
    assert await listening.handler.handle_waiting() == 1


async def test_several_consumers_and_handlers_give_each_event_one_effect_in_order(
    listening: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    """Each event reaches all of them, in different company: nobody waits for somebody who waits for him."""
    consumers = [Listening(listening.database) for _ in range(3)]
    aggregates = [[new_id("bul") for _ in range(5)] for _ in range(10)]
    told = [
        announced(id, 100 * place + sequence, sequence=sequence)
        for generation, ids in enumerate(aggregates)
        for sequence in range(1, 6)
        for place, id in enumerate(ids, start=5 * generation)
    ]
    running = [asyncio.create_task(consumer.handler.run()) for consumer in consumers]

    async def take_all(consumer: Listening, stride: int) -> None:
        for start in range(0, len(told), stride):
            await consumer.take_in(*told[start : start + stride])

    with caplog.at_level(logging.WARNING):
        await asyncio.gather(*(take_all(c, stride) for stride, c in enumerate(consumers, start=2)))

        async def are_all_done() -> bool:
            return set((await listening.statuses()).values()) == {"done"}

        await eventually(are_all_done)
    for task in running:
        task.cancel()
    assert faults(caplog) == []
    effects = await listening.effects()
    assert len(effects) == len(told)
    for place in range(50):
        assert [n % 100 for n in effects if n // 100 == place] == [*range(1, 6)]
