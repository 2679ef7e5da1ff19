"""Notifications, running; the members of a made-up register; and how they and the secretary talk to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from services.notifications.service import notifications
from services.notifications.settings import NotificationsSettings
from shared.contracts.membership import Sector
from shared.db.migrations import upgrade
from shared.db.roster import enter_changes
from shared.db.work import Database
from shared.kernel.actor import Role, Scope, Subject
from shared.messaging.memory import MemoryBus
from shared.service import Part, Service
from tests.support.postgres import TestPostgres
from tests.support.register import MadeUpRegister
from tests.support.suite import ISSUER, SUITE, Caller, RunningApp, running

TO_ALL = {"kind": "all"}


class House:
    """The service's API on a fresh database, and the register that it is told of."""

    def __init__(self, app: RunningApp, service: Service, now: datetime) -> None:
        self.app = app
        self.service = service
        self.register = MadeUpRegister(now)
        self.secretary = app.as_("secretary", Role.SECRETARY)
        self._told = 0

    @property
    def database(self) -> Database:
        return self.app.database

    async def tell(self) -> None:
        """Hand over what happened in the register since last time."""
        changes = self.register.changes[self._told :]
        self._told = self.register.version
        async with self.database.begin() as work:
            await enter_changes(work, changes)

    async def member(self, *sectors: Sector, scope: Scope = Scope.CIRCULARS) -> str:
        """A new member whose representative is named like it; its id."""
        unit = self.register.accede(None, *sectors)
        self.register.appoint(unit, Subject(ISSUER, f"rep of {unit}"), scope)
        await self.tell()
        return unit

    async def end(self, unit: str) -> None:
        """The unit leaves."""
        self.register.end(unit)
        await self.tell()

    async def come_back(self, unit: str) -> None:
        """The unit is a member again, with a new mandate for the same person."""
        self.register.accede(unit)
        self.register.appoint(unit, Subject(ISSUER, f"rep of {unit}"), Scope.CIRCULARS)
        await self.tell()

    def as_member(self, unit: str) -> Caller:
        """The unit's representative."""
        return self.app.as_(f"rep of {unit}", member=unit)

    async def draft(self, **changes: Any) -> dict[str, Any]:
        """A new draft: to all members, without acknowledgement, but for ``changes``."""
        drafted: dict[str, Any] = await self.secretary.post(
            "/v1/circulars", a_circular(**changes), expect=201
        )
        return drafted

    async def act(
        self, circular: dict[str, Any], act: str, json: Any = None, **options: Any
    ) -> Any:
        """The secretary's act on a circular, at the version at hand."""
        return await self.secretary.post(
            path_of(circular) + act, json, headers=if_match(circular), **options
        )

    async def issue(self, **changes: Any) -> dict[str, Any]:
        """A circular that has just been issued."""
        issued: dict[str, Any] = await self.act(await self.draft(**changes), "/issue")
        return issued

    async def inbox(self, unit: str, query: str = "") -> list[dict[str, Any]]:
        """The first page of the unit's inbox."""
        items: list[dict[str, Any]] = (await self.as_member(unit).get(f"/v1/inbox{query}"))["items"]
        return items

    async def numbers_in(self, unit: str, query: str = "") -> list[str]:
        """The numbers in the unit's inbox, the latest first."""
        return [item["number"] for item in await self.inbox(unit, query)]

    async def advance(self, span: timedelta) -> None:
        """Let procedure time run ahead by ``span`` in all."""
        async with self.database.begin() as work:
            await work.db.execute(
                text(
                    "INSERT INTO test_clock (advance) VALUES (:span)"
                    ' ON CONFLICT ("only") DO UPDATE SET advance = excluded.advance'
                ),
                {"span": span},
            )

    async def run_timer(self, name: str) -> int:
        """Run one of the service's timers until nothing is due; how much was."""
        (timer,) = (t for t in self.service.all_timers() if t.name == name)
        total = 0
        while done := await timer.run(self.database):
            total += done
        return total

    async def scalar(self, statement: str, **values: Any) -> Any:
        """What a statement finds in the database."""
        async with self.database.begin() as work:
            return await work.db.scalar(text(statement), values)


def a_circular(**changes: Any) -> dict[str, Any]:
    return {
        "category": "regulation",
        "title": {"zh": "关于用户信息保护的通知", "en": "On the protection of users' information"},
        "body": {"zh": "请各成员单位执行。"},
        "audience": TO_ALL,
        **changes,
    }


def to_sector(sector: Sector) -> dict[str, str]:
    return {"kind": "sector", "sector": sector.value}


def to_members(*units: str) -> dict[str, Any]:
    return {"kind": "members", "members": list(units)}


def path_of(circular: dict[str, Any]) -> str:
    return f"/v1/circulars/{circular['id']}"


def if_match(circular: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{circular["version"]}-writer"'}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def service(postgres: TestPostgres) -> Service:
    """Notifications on a fresh database that its migrations made."""
    migrations = notifications(suite=SUITE).migrations
    url = await asyncio.to_thread(
        postgres.clone, "notifications", lambda url: upgrade(url, migrations)
    )
    return notifications(NotificationsSettings(database_url=SecretStr(url), pool_size=20), SUITE)


@pytest.fixture
async def house(service: Service) -> AsyncIterator[House]:
    """The API of notifications alone; what runs beside it is run by hand."""
    async with running(service, MemoryBus(), parts={Part.API}) as app:
        async with app.database.begin() as work:
            now = work.now
        yield House(app, service, now)
