"""The main job, in every topology: an association takes over its members and speaks to them."""

from collections.abc import AsyncIterator
from io import StringIO

import pytest
from rich.console import Console

from deploy.embedded.demo import Demo
from deploy.embedded.member_list import invented_member_list
from tests.support.broker import RabbitNode
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


async def test_an_association_takes_over_its_members_and_speaks_to_them(suite: Suite) -> None:
    """The play itself fails where a member lacks its notice or has one twice."""
    told = StringIO()
    demo = Demo(
        suite.http,
        suite.issuer,
        suite.advance,
        Console(file=told, width=200),
        member_list=invented_member_list(MEMBERS),
    )
    await demo.play()
    story = told.getvalue()
    assert f"{MEMBERS} members taken over" in story
    assert "waits for: mandate" in story
    assert f"exactly once: {MEMBERS} and" in story


@pytest.mark.rabbit
async def test_a_killed_service_loses_nothing(postgres: TestPostgres, rabbit: RabbitNode) -> None:
    """Both services are killed while members are taken over; afterwards everyone gets the circular exactly once."""
    async with separate(postgres, rabbit) as suite:
        told = StringIO()
        demo = Demo(
            suite.http,
            suite.issuer,
            suite.advance,
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
