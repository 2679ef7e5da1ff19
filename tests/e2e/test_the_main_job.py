"""The main job, in every topology: an association takes over its members and speaks to them."""

import asyncio
from collections.abc import AsyncIterator
from io import StringIO

import asyncpg
import pytest
from rich.console import Console

from deploy.embedded.demo import Demo
from deploy.embedded.member_list import invented_member_list
from deploy.embedded.systems import MembersSystems
from tests.support.broker import RabbitNode
from tests.support.eventually import eventually
from tests.support.losses import Rows, counted, losses
from tests.support.postgres import TestPostgres
from tests.support.topologies import Suite, embedded, separate

MEMBERS = 60


@pytest.fixture(params=["embedded", pytest.param("separate", marks=pytest.mark.rabbit)])
async def suite(request: pytest.FixtureRequest, postgres: TestPostgres) -> AsyncIterator[Suite]:
    if request.param == "embedded":
        async with embedded(postgres) as running:
            yield running
    else:
        async with separate(postgres, request.getfixturevalue("rabbit")) as running:
            yield running


def rows_on(postgres: TestPostgres) -> Rows:
    """What a query answers in a service's database; asked in a thread of its own."""

    async def ask(database: str, query: str) -> set[str]:
        connection = await asyncpg.connect(
            postgres.server.url(database, database).replace("+asyncpg", "")
        )
        try:
            return {str(row[0]) for row in await connection.fetch(query)}
        finally:
            await connection.close()

    return lambda database, query: asyncio.run(ask(database, query))


async def test_an_association_takes_over_its_members_and_speaks_to_them(
    suite: Suite, postgres: TestPostgres
) -> None:
    """The play itself fails where a member lacks its notice or has one twice; afterwards the databases are counted."""
    told = StringIO()
    async with MembersSystems() as systems:
        demo = Demo(
            suite.http,
            suite.issuer,
            suite.advance,
            systems,
            Console(file=told, width=200),
            member_list=invented_member_list(MEMBERS),
        )
        await demo.play()
    story = told.getvalue()
    assert f"{MEMBERS} members taken over" in story
    assert "waits for: mandate" in story
    assert f"exactly once: {MEMBERS} and" in story
    assert "one answered 500 at first and was told again" in story
    assert "Every webhook was delivered" in story
    rows = rows_on(postgres)

    async def is_whole() -> bool:
        return not await asyncio.to_thread(losses, rows)

    await eventually(is_whole)
    assert " of membership by amendments" in await asyncio.to_thread(counted, rows)
    for database, act, loss in (
        ("amendments", "UPDATE incoming_events SET status = 'dead'", "amendments has not handled"),
        ("membership", "UPDATE incoming_events SET status = 'dead'", "membership has not handled"),
        ("notifications", "UPDATE webhook_messages SET is_expanded = false", "messages have not"),
    ):
        await asyncio.to_thread(rows, database, act)
        assert any(loss in lost for lost in await asyncio.to_thread(losses, rows))


@pytest.mark.rabbit
async def test_a_killed_service_loses_nothing(postgres: TestPostgres, rabbit: RabbitNode) -> None:
    """Both services are killed while members are taken over; afterwards everyone gets the circular exactly once."""
    async with separate(postgres, rabbit) as suite:
        told = StringIO()
        demo = Demo(
            suite.http,
            suite.issuer,
            suite.advance,
            MembersSystems(),
            Console(file=told, width=200),
            member_list=invented_member_list(MEMBERS),
        )
        await demo.take_over_the_members()
        await suite.kill("notifications")
        await suite.kill("membership")
        await suite.advance(1)
        await demo.send_circulars()
        await demo.count_every_inbox()
    assert f"exactly once: {MEMBERS} and" in told.getvalue()
