"""A process learns at once what another one has committed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text

from shared.db.wakeups import Topic
from shared.db.work import Database
from tests.support.postgres import ZONE

NEVER = 3600.0


@pytest.fixture
async def two_processes(
    floor: Callable[[], Awaitable[Database]],
) -> AsyncIterator[tuple[Database, Database]]:
    """One database as the process that answers has it, and as the one that relays."""
    answering = await floor()
    url = answering.engine.url.render_as_string(hide_password=False)
    relaying = Database(url, zone=ZONE)
    tasks = [
        asyncio.create_task(answering.wakeups.tell_others(set())),
        asyncio.create_task(relaying.wakeups.listen({Topic.OUTGOING_EVENTS})),
    ]
    yield answering, relaying
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await relaying.close()


async def commit_something(database: Database) -> None:
    async with database.begin() as work:
        work.wakes.add(Topic.OUTGOING_EVENTS)


async def woken(database: Database) -> None:
    async with asyncio.timeout(10):
        await database.wakeups.wait(Topic.OUTGOING_EVENTS, NEVER)


async def test_who_relays_is_woken_by_what_another_process_commits(
    two_processes: tuple[Database, Database],
) -> None:
    answering, relaying = two_processes
    await woken(relaying)  # once, because it has just begun to listen
    await commit_something(answering)
    await woken(relaying)


async def test_who_relays_hears_again_after_the_connection_was_cut(
    two_processes: tuple[Database, Database],
) -> None:
    answering, relaying = two_processes
    await woken(relaying)
    async with answering.begin() as work:
        await work.db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        )
    await woken(relaying)
    await commit_something(answering)
    await woken(relaying)


async def test_what_is_rolled_back_wakes_nobody(
    two_processes: tuple[Database, Database],
) -> None:
    answering, relaying = two_processes
    await woken(relaying)
    with pytest.raises(ZeroDivisionError):
        async with answering.begin() as work:
            work.wakes.add(Topic.OUTGOING_EVENTS)
            raise ZeroDivisionError
    await relaying.wakeups.wait(Topic.OUTGOING_EVENTS, 0.1)
    waiting = asyncio.create_task(woken(relaying))
    assert not (await asyncio.wait([waiting], timeout=0.1))[0]
    await commit_something(answering)
    await waiting
