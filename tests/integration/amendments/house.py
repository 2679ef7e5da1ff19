"""The house of amendments: its API, the members of a made-up register, and how they and the organ talk to it."""

import json
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from services.amendments.domain.provision import ConventionText
from services.amendments.domain.version import IMPORT, Version
from services.amendments.store.convention import add_version, hold_convention
from services.amendments.usecases.convention import announce_first_version
from shared.contracts.base import RegisterChange
from shared.contracts.membership import Ending, MemberAcceded, Sector
from shared.db.work import Database
from shared.kernel.actor import Role, Scope, Subject
from shared.service import Service
from tests.support.convention import made_up_text
from tests.support.register import MadeUpRegister
from tests.support.suite import ISSUER, Caller, RunningApp


class House:
    """The service's API on a fresh database, and the register that it is told of."""

    def __init__(self, app: RunningApp, service: Service, now: datetime, today: date) -> None:
        self.app = app
        self.service = service
        self.today = today
        self.register = MadeUpRegister(now)
        self.public = app.public
        self.secretary = app.as_("secretary", Role.SECRETARY)
        self.second_secretary = app.as_("second secretary", Role.SECRETARY)
        self.ballot_officer = app.as_("ballot officer", Role.BALLOT_OFFICER)
        self.mandates: dict[str, str] = {}
        self._told = 0

    @property
    def database(self) -> Database:
        return self.app.database

    async def give_convention(self, text: ConventionText | None = None) -> Version:
        """Version 1 is in force since today, and its rulebook."""
        version = Version(1, text or made_up_text(), 1, self.today, self.today, None, IMPORT)
        async with self.database.begin() as work:
            await hold_convention(work)
            await add_version(work, version)
            await announce_first_version(work, version, self.today, "import")
        return version

    async def tell(self) -> list[RegisterChange]:
        """Hand over what happened in the register since last time."""
        changes = self.register.changes[self._told :]
        self._told = self.register.version
        if changes:
            async with self.database.begin() as work:
                for reaction in self.service.reactions[MemberAcceded]:
                    await reaction.handle(work, changes)
        return changes

    async def tell_again(self) -> None:
        """Hand over everything that ever happened in the register: a replay."""
        self._told = 0
        await self.tell()

    async def member(self, *sectors: Sector, scope: Scope = Scope.VOTE) -> str:
        """A new member whose representative is named like it; its id."""
        (unit,) = await self.members(1, *sectors, scope=scope)
        return unit

    async def members(self, count: int, *sectors: Sector, scope: Scope = Scope.VOTE) -> list[str]:
        """So many new members, each with a representative named like it; their ids."""
        units = []
        for _ in range(count):
            unit = self.register.accede(None, *sectors)
            self._appoint(unit, scope)
            units.append(unit)
        await self.tell()
        return units

    async def appoint(self, unit: str, scope: Scope = Scope.VOTE) -> None:
        """A unit that came back has a representative again."""
        self._appoint(unit, scope)
        await self.tell()

    def _appoint(self, unit: str, scope: Scope) -> None:
        mandate = self.register.appoint(unit, Subject(ISSUER, f"rep of {unit}"), scope)
        self.mandates[unit] = mandate

    async def end(self, unit: str, ending: Ending = Ending.WITHDRAWN) -> None:
        """The unit ceases to be a member."""
        self.register.end(unit, ending)
        await self.tell()

    def as_member(self, unit: str) -> Caller:
        """The unit's representative."""
        return self.app.as_(f"rep of {unit}", member=unit)

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
        async with self.database.begin() as work:
            self.register.now, self.today = work.now, work.today

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

    async def announced(self, type: str) -> list[dict[str, Any]]:
        """The data of every event of this type that was announced, in order."""
        async with self.database.begin() as work:
            rows = await work.db.execute(
                text("SELECT body FROM outgoing_events WHERE type = :type ORDER BY event_id"),
                {"type": type},
            )
            return [json.loads(row.body)["data"] for row in rows]
