"""Replay by an event: an empty second roster fills itself, and one that was wrong starts over and recovers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from deploy.embedded.member_list import invented_member_list
from services.membership.service import membership
from services.membership.settings import MembershipSettings
from shared.contracts.notifications import NotificationsReplayRequested
from shared.db.migrations import upgrade
from shared.db.roster import ROSTER_EVENTS, enter_changes, roster_periods, watermark
from shared.db.work import Database
from shared.kernel.actor import Role
from shared.messaging.handler import Reaction, Reactions
from shared.messaging.memory import MemoryBus
from shared.messaging.replay import ask_for_missing_register
from tests.support.eventually import eventually
from tests.support.parts import side
from tests.support.postgres import TestPostgres
from tests.support.suite import SUITE, RunningApp, running

MEMBERS = 40
BINDINGS = ("membership.member.#", "membership.representative.#")
ROSTER: Reactions = {event: [Reaction(enter_changes, at_once=True)] for event in ROSTER_EVENTS}
GAP = timedelta(seconds=0.2)


@pytest.fixture
async def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def publisher(postgres: TestPostgres, bus: MemoryBus) -> AsyncIterator[RunningApp]:
    """Membership with members, some of whom have left."""
    service = membership(suite=SUITE)
    url = await asyncio.to_thread(
        postgres.clone, "membership_service", lambda url: upgrade(url, service.migrations)
    )
    settings = MembershipSettings(database_url=SecretStr(url), development_subjects=True)
    async with running(membership(settings, SUITE), bus) as app:
        registrar = app.as_("officer", Role.REGISTRAR)
        job = await registrar.post(
            "/v1/imports",
            expect=202,
            content=invented_member_list(MEMBERS),
            headers={"Content-Type": "text/csv"},
        )
        await eventually(lambda: _is_done(app, job["id"]))
        page = await app.public.get("/v1/members")
        for member in page["items"][:3]:
            await app.as_(f"dev:{member['id']}", member=member["id"]).post(
                f"/v1/members/{member['id']}/withdrawal", {}
            )
        yield app


async def test_an_empty_second_roster_is_filled_by_a_replay(
    publisher: RunningApp, bus: MemoryBus, floor: Callable[[], Awaitable[Database]]
) -> None:
    """A new service hears nothing of what was; it asks, and knows the register to its head."""
    second = await floor()
    async with _listening(second, bus):
        await _ask(second)
        await eventually(lambda: _agrees(publisher, second))
    members = await _members(second)
    assert len(members) == MEMBERS - 3


async def test_a_roster_that_was_wrong_starts_over_and_recovers(
    publisher: RunningApp, bus: MemoryBus, floor: Callable[[], Awaitable[Database]]
) -> None:
    """The chain does not fit any more: everything is forgotten, asked for and taken in anew."""
    second = await floor()
    async with _listening(second, bus):
        await _ask(second)
        await eventually(lambda: _agrees(publisher, second))
        async with second.begin() as work:
            await work.db.execute(text("UPDATE roster_state SET head = repeat('f', 64)"))
        remaining = (await publisher.public.get("/v1/members"))["items"][0]["id"]
        await publisher.as_(f"dev:{remaining}", member=remaining).post(
            f"/v1/members/{remaining}/withdrawal", {}
        )
        await eventually(lambda: _watermark_is(second, 0))

        async def recovered() -> bool:
            await _ask(second)
            return await _agrees(publisher, second)

        await eventually(recovered)
    assert len(await _members(second)) == MEMBERS - 4


@asynccontextmanager
async def _listening(second: Database, bus: MemoryBus) -> AsyncIterator[None]:
    async with side("cases", second, bus, listens=BINDINGS, reactions=ROSTER):
        await asyncio.sleep(0)
        yield


async def _ask(second: Database) -> None:
    async with second.begin() as work:
        await ask_for_missing_register(work, "cases", NotificationsReplayRequested, GAP)


async def _agrees(publisher: RunningApp, second: Database) -> bool:
    register = await publisher.public.get("/v1/register")
    async with second.begin() as work:
        known = await watermark(work)
    return (known.version, known.head) == (
        register["register_version"],
        register["register_head"],
    )


async def _watermark_is(second: Database, version: int) -> bool:
    async with second.begin() as work:
        return (await watermark(work)).version == version


async def _members(second: Database) -> list[str]:
    async with second.begin() as work:
        rows = await work.db.scalars(
            select(roster_periods.c.member_id).where(roster_periods.c.left_version.is_(None))
        )
        return list(rows)


async def _is_done(app: RunningApp, import_id: str) -> bool:
    job = await app.as_("officer", Role.REGISTRAR).get(f"/v1/imports/{import_id}")
    assert job["status"] != "refused"
    return bool(job["status"] == "done")
