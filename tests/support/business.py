"""Business transactions that announce: some are rolled back on purpose, and what was committed is remembered."""

import asyncio
import random

from sqlalchemy import text

from shared.db.work import Database
from tests.support.events import a_numbered_event
from tests.support.history import Effect

TABLES = (
    "CREATE TABLE things (id text PRIMARY KEY, n integer NOT NULL)",
    "INSERT INTO things SELECT 'thing-' || i, 0 FROM generate_series(1, {aggregates}) AS i",
)
EFFECTS = (
    "CREATE TABLE effects (position bigint GENERATED ALWAYS AS IDENTITY,"
    " aggregate_id text NOT NULL, number integer NOT NULL)"
)


class RolledBack(Exception):
    """The transaction was to be rolled back."""


async def prepare(publisher: Database, listener: Database, *, aggregates: int) -> None:
    """The business table on one side, the effects on the other."""
    async with publisher.begin() as work:
        for statement in TABLES:
            await work.db.execute(text(statement.format(aggregates=aggregates)))
    async with listener.begin() as work:
        await work.db.execute(text(EFFECTS))


async def transact(
    publisher: Database, *, transactions: int, aggregates: int, writers: int = 8
) -> set[Effect]:
    """Run ``transactions``, 30 % of them rolled back; the announcements that were committed."""
    draw = random.Random(7)
    plan = [(draw.randrange(aggregates) + 1, draw.random() < 0.3) for _ in range(transactions)]
    waiting = iter(plan)
    committed: set[Effect] = set()

    async def write() -> None:
        for thing, rolls_back in waiting:
            try:
                async with publisher.begin() as work:
                    number = await work.db.scalar(
                        text("UPDATE things SET n = n + 1 WHERE id = :id RETURNING n"),
                        {"id": f"thing-{thing}"},
                    )
                    assert isinstance(number, int)
                    await work.announce(a_numbered_event(f"thing-{thing}", number))
                    if rolls_back:
                        raise RolledBack
                committed.add(Effect(f"thing-{thing}", number))
            except RolledBack:
                pass

    await asyncio.gather(*(write() for _ in range(writers)))
    return committed


async def effects(listener: Database) -> list[Effect]:
    """What happened at the listener, in order."""
    async with listener.begin() as work:
        rows = await work.db.execute(
            text("SELECT aggregate_id, number FROM effects ORDER BY position")
        )
        return [Effect(row.aggregate_id, row.number) for row in rows]
