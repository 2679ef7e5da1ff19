"""Servers of the whole run, and what every tier needs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from shared import logs
from shared.db.work import Database
from tests.support.broker import RabbitNode
from tests.support.postgres import ZONE, TestPostgres

logs.configure(json=False, level="WARNING")


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    """One PostgreSQL server for the run."""
    postgres = TestPostgres()
    postgres.server.start()
    yield postgres
    postgres.stop()


@pytest.fixture(autouse=True)
def _databases_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    if "postgres" not in request.fixturenames:
        yield
        return
    postgres: TestPostgres = request.getfixturevalue("postgres")
    with postgres.giving_back():
        yield


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitNode]:
    """One RabbitMQ node for the run; tests that break it start their own."""
    with RabbitNode() as node:
        yield node


@pytest.fixture
async def floor(postgres: TestPostgres) -> AsyncIterator[Callable[[], Awaitable[Database]]]:
    """Makes databases that have the floor's tables only; closed when the test ends."""
    opened: list[Database] = []

    async def make() -> Database:
        opened.append(Database(await asyncio.to_thread(postgres.floor), zone=ZONE))
        return opened[-1]

    yield make
    for database in opened:
        await database.close()


@pytest.fixture(scope="session")
def breakable_rabbit() -> Iterator[RabbitNode]:
    """A second node, for tests that kill it; it runs again when they end."""
    with RabbitNode() as node:
        yield node
