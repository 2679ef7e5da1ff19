"""The registrar's office in the tests: units that apply, accede, act and leave, over HTTP with real tokens."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import httpx
from sqlalchemy import text
from stdnum.cn import uscc

from deploy.clock import TestClock, Timed
from services.membership.store.register import lock_head
from shared.contracts.base import Envelope, Event
from shared.contracts.cases import CancellationDecided, Decider, MeasureAnnulled
from shared.db.work import Database
from shared.kernel.actor import Role
from shared.kernel.ids import new_id
from shared.kernel.terms import civil_day
from shared.messaging.bus import Bus
from shared.service import Service
from tests.support.eventually import eventually
from tests.support.postgres import ZONE
from tests.support.standins import StandIn
from tests.support.suite import ISSUER, Caller, RunningApp

DAY = timedelta(days=1)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unit:
    """A company. People are named after its number; ``member_id`` is there once it is a member."""

    number: int
    name: str
    member_id: str = ""

    @property
    def identifier(self) -> str:
        """Its unified social credit code, right in itself."""
        stem = f"91110108{self.number:09}"
        return stem + str(uscc.calc_check_digit(stem))

    @property
    def liaison(self) -> str:
        """Who applies for it, as the issuer names them."""
        return f"liaison.{self.number}"

    @property
    def chair(self) -> str:
        """Its legal representative, as the issuer names them."""
        return f"chair.{self.number}"

    @property
    def path(self) -> str:
        """Where the register shows it."""
        return f"/v1/members/{self.member_id}"


class Office:
    """Membership running beside stand-ins of the services that it listens to; its timers run when the clock moves."""

    def __init__(self, app: RunningApp, service: Service, bus: Bus) -> None:
        self.app = app
        self.public = app.public
        self.registrar = app.as_("registrar", Role.REGISTRAR)
        self.cases = StandIn(bus, "cases")
        self.amendments = StandIn(bus, "amendments")
        self.notifications = StandIn(bus, "notifications")
        self.clock = TestClock([Timed(service, app.database)])
        self._service = service
        self._numbers = count(1)

    @property
    def database(self) -> Database:
        """Membership's database."""
        return self.app.database

    def unit(self, name: str = "") -> Unit:
        """A company that nobody has heard of yet."""
        number = next(self._numbers)
        return Unit(number, name or f"示例{number}号网络科技有限公司")

    def liaison(self, unit: Unit) -> Caller:
        """Who applies for the unit."""
        return self.app.as_(unit.liaison)

    def chair(self, unit: Unit) -> Caller:
        """The unit's legal representative, acting for the member where it is one."""
        return self.app.as_(unit.chair, member=unit.member_id or None)

    def acting_for(self, unit: Unit, sub: str) -> Caller:
        """Someone whose token names the unit as the member acted for."""
        return self.app.as_(sub, member=unit.member_id)

    async def apply(self, unit: Unit, *, expect: int = 201, **changes: Any) -> Json:
        """The unit's liaison applies; the application, or the problem."""
        application: Json = await self.liaison(unit).post(
            "/v1/applications", an_application(unit, **changes), expect=expect
        )
        return application

    async def approved(self, unit: Unit, **changes: Any) -> Json:
        """An application that the registrar has found to meet both criteria."""
        application = await self.apply(unit, **changes)
        return await self.handle(application, "approval")

    async def handle(
        self, application: Json, act: str, json: Any = None, *, expect: int = 200
    ) -> Json:
        """The registrar's act on an application, at the version at hand."""
        answer: Json = await self.registrar.post(
            path_of(application) + f"/{act}", json, headers=if_match(application), expect=expect
        )
        return answer

    async def member(self, unit: Unit | None = None, **changes: Any) -> Unit:
        """A unit that has just acceded: applied, approved, signed by its chair."""
        unit = unit or self.unit()
        return await self.sign(unit, await self.approved(unit, **changes))

    async def member_from(self, unit: Unit, application: Json) -> Unit:
        """Approve and sign an application; the unit as a member."""
        return await self.sign(unit, await self.handle(application, "approval"))

    async def sign(self, unit: Unit, application: Json) -> Unit:
        """The unit's chair signs the instrument; the unit as a member."""
        signed = await self.chair(unit).post(f"{path_of(application)}/instrument")
        return replace(unit, member_id=signed["member_id"])

    async def read(self, unit: Unit) -> Json:
        """The unit as the registrar sees it."""
        shown: Json = await self.registrar.get(unit.path)
        return shown

    async def withdraw(self, unit: Unit, on: date | None = None, *, expect: int = 200) -> Json:
        """The unit's chair gives notice."""
        body = {"effective_on": on and on.isoformat()}
        shown: Json = await self.chair(unit).post(f"{unit.path}/withdrawal", body, expect=expect)
        return shown

    async def cease(self, unit: Unit, act: str, *, expect: int = 200, **body: Any) -> Json:
        """The registrar enters the unit's ``merger`` or ``dissolution``, at the version at hand."""
        answer: Json = await self.registrar.post(
            f"{unit.path}/{act}",
            {"evidence": "2026-118", **body},
            headers=if_match(await self.read(unit)),
            expect=expect,
        )
        return answer

    async def take_back(self, unit: Unit, act: str, *, expect: int = 200) -> Json:
        """The registrar takes a ``merger`` or a ``dissolution`` for a later day back."""
        headers = if_match(await self.read(unit))
        answer = await self.registrar.ask(
            "DELETE", f"{unit.path}/{act}", headers=headers, expect=expect
        )
        taken: Json = answer.json()
        return taken

    async def cancel(self, unit: Unit, **changes: Any) -> CancellationDecided:
        """Cases decides to cancel the unit's membership; the event, handled."""
        decided = cancellation_of(unit, **changes)
        await self.tell(self.cases, decided)
        return decided

    @staticmethod
    def annulment_of(decided: CancellationDecided, outcome: str) -> MeasureAnnulled:
        """Cases sets the cancellation aside."""
        return MeasureAnnulled.model_validate(
            {
                "case_id": decided.case_id,
                "member_id": decided.member_id,
                "outcome": outcome,
                "readmitted_from": None,
            }
        )

    async def tell(self, teller: StandIn, *events: Event) -> list[Envelope]:
        """Another service announces ``events``; each was handled, or tried and put off, when this returns."""
        envelopes = await teller.announce(*events)
        for told in envelopes:
            await self.tried(told)
        return envelopes

    async def status_of(self, told: Envelope) -> tuple[str, str | None]:
        """What became of an event that membership was told, and the code of its refusal."""
        statement = "SELECT status, last_error FROM incoming_events WHERE event_id = :id"
        async with self.database.begin() as work:
            row = (await work.db.execute(text(statement), {"id": told.id})).one()
        return row.status, row.last_error

    async def now(self) -> datetime:
        """Procedure time."""
        return await self.clock.now()

    async def today(self) -> date:
        """The organ's civil day."""
        return civil_day(await self.now(), ZONE)

    async def advance(self, span: timedelta) -> None:
        """Let procedure time pass; whatever becomes due happens at its instant."""
        await self.clock.advance_to(await self.now() + span)

    async def skip(self, span: timedelta) -> None:
        """Let procedure time jump without any timer running: as if every process had been down."""
        await self.execute(
            'INSERT INTO test_clock (advance) VALUES (:span) ON CONFLICT ("only")'
            " DO UPDATE SET advance = test_clock.advance + excluded.advance",
            span=span,
        )

    async def run_timer(self, name: str) -> int:
        """Run one timer until nothing is due; how much was."""
        (timer,) = (timer for timer in self._service.timers if timer.name == name)
        total = 0
        while done := await timer.run(self.database):
            total += done
        return total

    async def import_file(
        self, file: bytes, *, dry_run: bool = False, media_type: str = "text/csv"
    ) -> Json:
        """Hand in a member list and wait until it is dealt with; the finished job."""
        job = await self.registrar.post(
            f"/v1/imports?dry_run={str(dry_run).lower()}",
            content=file,
            headers={"Content-Type": media_type},
            expect=202,
        )
        await self.run_timer("run_imports")
        finished: Json = await self.registrar.get(f"/v1/imports/{job['id']}")
        return finished

    async def announced(self, *types: type[Event]) -> list[Envelope]:
        """Everything announced so far in order, of ``types`` where some are given."""
        wanted = {event.type for event in types}
        async with self.database.begin() as work:
            bodies = await work.db.scalars(
                text("SELECT body FROM outgoing_events ORDER BY position")
            )
            envelopes = [Envelope.model_validate_json(body) for body in bodies]
        return [e for e in envelopes if not wanted or e.type in wanted]

    async def execute(self, statement: str, **values: Any) -> int:
        """Change membership's database behind its back; how many rows."""
        async with self.database.begin() as work:
            return (await work.db.execute(text(statement), values)).rowcount

    async def scalar(self, statement: str, **values: Any) -> Any:
        """What a statement finds in membership's database."""
        async with self.database.begin() as work:
            return await work.db.scalar(text(statement), values)

    async def waits_for_lock(self, waiting: int = 1) -> None:
        """Return when so many transactions wait for a lock."""
        await eventually(
            lambda: self.scalar(
                "SELECT count(*) >= :waiting FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'",
                waiting=waiting,
            )
        )

    @asynccontextmanager
    async def register_held(self) -> AsyncIterator[None]:
        """Nobody enters anything into the register until the block ends."""
        async with self.database.begin() as work:
            await lock_head(work)
            yield

    async def tried(self, told: Envelope) -> None:
        """Return when an event was handled, or tried and put off."""
        statement = (
            "SELECT attempts > 0 OR status <> 'pending' FROM incoming_events WHERE event_id = :id"
        )
        await eventually(lambda: self.scalar(statement, id=told.id))

    async def tried_again(self, told: Envelope) -> None:
        """Handle an event that was put off again, now."""
        due = (
            "UPDATE incoming_events SET next_attempt_at = clock_timestamp(), attempts = 0"
            " WHERE event_id = :id"
        )
        await self.execute(due, id=told.id)
        await self.tried(told)

    async def pages(self, caller: Caller, path: str) -> list[Json]:
        """Every item of a list, page after page."""
        joint = "&" if "?" in path else "?"
        page = await caller.get(f"{path}{joint}limit=200")
        items: list[Json] = page["items"]
        while page["next_cursor"]:
            page = await caller.get(f"{path}{joint}limit=200&cursor={page['next_cursor']}")
            items += page["items"]
        return items


def an_application(unit: Unit, **changes: Any) -> Json:
    """What the unit's liaison fills in."""
    return {
        "identifier": unit.identifier,
        "particulars": particulars_of(unit),
        "legal_representative_subject": {"sub": unit.chair},
        "accepts_rules": True,
        **changes,
    }


def particulars_of(unit: Unit, **changes: Any) -> Json:
    """What the unit says of itself."""
    return {
        "legal_name_zh": unit.name,
        "legal_name_en": f"Example Network Technology {unit.identifier[-5:]} Co., Ltd.",
        "sectors": ["application_service"],
        "legal_representative": "张磊",
        "contact_email": "liaison@unit.example",
        **changes,
    }


def cancellation_of(unit: Unit, **changes: Any) -> CancellationDecided:
    """The decision in a new case to cancel the unit's membership at once."""
    return CancellationDecided(
        **{
            "case_id": new_id("cas"),
            "member_id": unit.member_id,
            "decision_number": "2026-V-014",
            "effective_at": datetime.fromisoformat("2026-03-10T04:00:00Z"),
            "deciders": deciders("decider", "registrar"),
        }
        | changes
    )


def deciders(*subs: str) -> list[Decider]:
    """The officers who took part in a decision."""
    return [Decider(issuer=ISSUER, sub=sub) for sub in subs]


def path_of(resource: Mapping[str, Any]) -> str:
    """Where a resource stands."""
    return str(httpx.URL(resource["url"]).path)


def if_match(resource: Mapping[str, Any]) -> dict[str, str]:
    """The header that says which version is at hand."""
    return {"If-Match": f'"{resource["version"]}-full"'}


def facts(problem: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    """A problem's code and the facts beside it."""
    return (problem["code"], *(problem.get(name) for name in names))
