"""A service that is told to stop answers what it has begun, and ends."""

import asyncio
import signal
from io import StringIO

import pytest
from rich.console import Console
from sqlalchemy import text

from deploy.embedded.caller import Caller
from deploy.embedded.demo import Demo
from deploy.embedded.member_list import invented_member_list
from deploy.embedded.systems import MembersSystems
from shared.db.work import Database
from tests.support.broker import RabbitNode
from tests.support.eventually import eventually
from tests.support.postgres import TestPostgres
from tests.support.topologies import separate

LEAVING = 8
STOP_SECONDS = 45

pytestmark = pytest.mark.rabbit


async def test_no_request_that_was_begun_is_lost_when_a_service_stops(
    postgres: TestPostgres, rabbit: RabbitNode
) -> None:
    """P29, small: eight acts wait inside the service for the register when SIGTERM comes; all are done and answered."""
    async with separate(postgres, rabbit) as suite:
        console = Console(file=StringIO())
        demo = Demo(
            suite.http,
            suite.issuer,
            suite.advance,
            MembersSystems(),
            console,
            member_list=invented_member_list(LEAVING),
        )
        await demo.take_over_the_members()
        page = (await suite.http.get("/v1/members")).json()
        database = suite.databases["membership"]
        async with database.begin() as work:
            await work.db.execute(text("SELECT FROM register_head FOR UPDATE"))
            acts = [
                asyncio.create_task(
                    Caller(suite.http, suite.issuer, f"dev:{id}", member=id).post(
                        f"/v1/members/{id}/withdrawal", {}
                    )
                )
                for id in (member["id"] for member in page["items"])
            ]
            await eventually(lambda: _wait_for_the_register(database))
            stopping = asyncio.create_task(suite.stop("membership"))
        async with asyncio.timeout(STOP_SECONDS):
            answers = await asyncio.gather(*acts)
            status = await stopping
    assert [answer["status"] for answer in answers] == ["ceased"] * LEAVING
    assert status in (0, -signal.SIGTERM)


async def _wait_for_the_register(database: Database) -> bool:
    async with database.engine.connect() as db:
        waiting = await db.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND application_name = 'gongyue-membership'"
            )
        )
    return waiting is not None and waiting >= LEAVING
