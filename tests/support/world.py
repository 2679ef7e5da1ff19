"""All services in one process behind one host, and sixteen callers who make through the API whatever a test needs."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import insert, text

from deploy.clock import TestClock, Timed
from deploy.embedded.host import Host
from deploy.embedded.member_list import invented_identifier, invented_member_list
from deploy.issuer import JWKS_PATH, DevelopmentIssuer
from services.amendments.service import amendments
from services.amendments.settings import AmendmentsSettings
from services.membership.service import membership
from services.membership.settings import MembershipSettings
from services.membership.usecases.rolls import certify_roll
from services.notifications.service import notifications
from services.notifications.settings import NotificationsSettings
from shared.db.mailboxes import incoming_aggregates, incoming_events
from shared.db.roster import watermark
from shared.db.work import Database
from shared.http.tokens import TokenVerifier
from shared.kernel.actor import TOKEN_ROLES, Role
from shared.kernel.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.service import ALL_PARTS, Part, Service, create_app
from shared.settings import ServiceSettings, SuiteSettings
from tests.support import suite
from tests.support.eventually import eventually
from tests.support.founding import found_convention
from tests.support.postgres import TestPostgres, create_tables
from tests.support.receiving import Receiver, confirming, receiving
from tests.support.suite import ISSUER, SUITE, Caller

POOL_SIZE = 20
WEBHOOKS_TO_THIS_MACHINE: Mapping[str, Any] = {
    "webhook_plain_http": True,
    "webhook_ports": frozenset[int](),
    "webhook_networks": ("127.0.0.0/8",),
}


class Who(StrEnum):
    """Everyone who could call, by what they are to what is called for; the value is the token's ``sub``."""

    PUBLIC = "public"
    STRANGER = "stranger"
    APPLICANT = "applicant"
    LEGAL = "legal"
    FULL = "full"
    MACHINE = "machine"
    REMOVED = "removed"
    OTHER = "other"
    LEFT = "left"
    REGISTRAR = "registrar"
    CASE_OFFICER = "case_officer"
    MEDIATOR = "mediator"
    BALLOT_OFFICER = "ballot_officer"
    SECRETARY = "secretary"
    AUTHORITY = "authority"
    OPERATOR = "operator"


OWN = frozenset({Who.FULL, Who.MACHINE, Who.REMOVED})
ORGAN = {who: Role(who.value) for who in Who if who.value in TOKEN_ROLES}


@dataclass(frozen=True, slots=True)
class Request:
    """A request that succeeds when ``by`` sends it. ``own``: the unit that it is about."""

    method: str
    path: str
    by: Who
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    own: str = ""


class World:
    """The running suite. ``own``, ``other`` and ``left`` are units: one with every kind of representative, one
    that has nothing to do with it, one that withdrew.
    """

    own = other = left = ""

    def __init__(
        self,
        host: Host,
        apps: Sequence[FastAPI],
        http: httpx.AsyncClient,
        issuer: DevelopmentIssuer,
        systems: Receiver,
    ) -> None:
        self.host = host
        self.systems = systems
        self.apps = {app.state.service.name: app for app in apps}
        self.http = http
        self._issuer = issuer
        self._draw = random.Random(7)
        self._imported: list[str] = []
        self._has_bulletin = False

    def database(self, service: str) -> Database:
        """The database of ``service``."""
        database: Database = self.apps[service].state.database
        return database

    def bearer(self, who: Who, own: str = "") -> str | None:
        """The token of ``who``; its own unit is ``own`` where another than the world's is meant."""
        if who is Who.PUBLIC:
            return None
        units = {Who.OTHER: self.other, Who.LEFT: self.left}
        member = (own or self.own) if who in OWN else units.get(who)
        roles = [ORGAN[who]] if who in ORGAN else []
        return self._issuer.token(sub=who.value, roles=roles, member=member)

    def as_(self, who: Who, own: str = "") -> Caller:
        """One of the sixteen."""
        return Caller(self.http, self.bearer(who, own))

    def caller(self, sub: str, *roles: Role, member: str | None = None) -> Caller:
        """Anybody else."""
        return Caller(self.http, self._issuer.token(sub=sub, roles=roles, member=member))

    async def send(
        self, request: Request, by: Who | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request as its right caller, or as another."""
        return await self.as_(by or request.by, request.own).ask(
            request.method,
            request.path,
            request.json,
            content=request.content,
            headers={**request.headers, **(headers or {})},
        )

    async def people(self) -> None:
        """Found the convention, and make the three units."""
        await found_convention(
            self.as_(Who.SECRETARY), self.as_(Who.LEGAL), Who.LEGAL, invented_identifier(self._draw)
        )
        self.own, self.other = await self.unit(), await self.member(Who.OTHER)
        self.left = await self.member(Who.LEFT)
        await self.as_(Who.LEFT).post(f"/v1/members/{self.left}/withdrawal", {})
        await self.roster()

    def an_application(self, legal: str = Who.LEGAL, **changes: Any) -> dict[str, Any]:
        """What a new legal entity submits."""
        return {
            "identifier": invented_identifier(self._draw),
            **completed(legal),
            **changes,
        }

    async def application(self, then: str = "", json: Any = None) -> dict[str, Any]:
        """A submitted application, and where it stands after the registrar's act ``then``."""
        applicant, registrar = self.as_(Who.APPLICANT), self.as_(Who.REGISTRAR)
        made: dict[str, Any] = await applicant.post(
            "/v1/applications", self.an_application(), expect=201
        )
        if then:
            made = await registrar.post(f"{path_of(made)}/{then}", json, headers=if_match(made))
        return made

    async def member(self, legal: str) -> str:
        """A unit that acceded, with the subject ``legal`` as its legal representative; its id."""
        applicant, registrar = self.as_(Who.APPLICANT), self.as_(Who.REGISTRAR)
        body = self.an_application(legal)
        made = await applicant.post("/v1/applications", body, expect=201)
        await registrar.post(f"{path_of(made)}/approval", headers=if_match(made))
        unit: str = (await self.caller(legal).post(f"{path_of(made)}/instrument"))["member_id"]
        return unit

    async def unit(self) -> str:
        """A member with a representative for everything, a machine for its inbox, and one that was removed."""
        unit = await self.member(Who.FULL)
        await self.mandate(unit, Who.MACHINE, "machine", "circulars")
        removed = await self.mandate(unit, Who.REMOVED, "entrusted", "all")
        await self.as_(Who.FULL, unit).post(f"{removed}/removal")
        return unit

    async def mandate(self, unit: str, sub: str, kind: str = "entrusted", *scopes: str) -> str:
        """A mandate of ``unit`` for a subject; its path."""
        path = f"/v1/members/{unit}/representatives"
        body = a_mandate(sub, kind=kind, scopes=list(scopes or ("vote",)))
        return f"{path}/{(await self.as_(Who.FULL, unit).post(path, body, expect=201))['id']}"

    async def imported(self) -> str:
        """A member from an imported list, which nobody represents."""
        if not self._imported:
            registrar = self.as_(Who.REGISTRAR)
            file = {"content": invented_member_list(20, self._draw.randrange(2**31))}
            csv = {"Content-Type": "text/csv"}
            job = await registrar.post("/v1/imports", expect=202, headers=csv, **file)

            async def report() -> list[dict[str, Any]]:
                rows = await registrar.get(f"/v1/imports/{job['id']}/rows")
                return list(rows["items"])

            self._imported = [row["member_id"] for row in await eventually(report)]
        return self._imported.pop()

    async def claim_code(self) -> str:
        """A claim code that nobody has used."""
        path = f"/v1/members/{await self.imported()}/claim-code"
        code: str = (await self.as_(Who.REGISTRAR).post(path, expect=201))["code"]
        return code

    async def roll(self) -> str:
        """A certified roll; its id."""
        async with self.database("membership").begin() as work:
            await certify_roll(work, new_id("bal"), "opening", None)
            newest = text("SELECT id FROM rolls ORDER BY certified_at DESC LIMIT 1")
            roll: str = (await work.db.execute(newest)).scalar_one()
        return roll

    async def bulletin(self) -> int:
        """The number of a published bulletin: procedure time passes until the first period has ended."""
        if not self._has_bulletin:
            await self.pass_time(timedelta(days=32))
            self._has_bulletin = True
        number: int = (await self.as_(Who.PUBLIC).get("/v1/bulletins"))["items"][-1]["number"]
        return number

    async def pass_time(self, span: timedelta) -> None:
        """Let procedure time go on, with everything that becomes due."""
        clock = TestClock(
            [Timed(app.state.service, app.state.database) for app in self.apps.values()]
        )
        await clock.advance_to(await clock.now() + span)

    async def dead_event(self, service: str) -> str:
        """An incoming event of ``service`` whose reaction failed too often; its id."""
        event_id = new_id("evt")
        of_aggregate = {"source": "amendments", "aggregate_id": new_id("bal")}
        async with self.database(service).begin() as work:
            await work.db.execute(insert(incoming_aggregates).values(of_aggregate))
            await work.db.execute(
                insert(incoming_events).values(
                    **of_aggregate,
                    event_id=event_id,
                    sequence=1,
                    follows=0,
                    type="amendments.nothing.heard.v1",
                    body="{}",
                    status="dead",
                )
            )
        return event_id

    async def circular(self, then: str = "", json: Any = None, **changes: Any) -> dict[str, Any]:
        """A draft of a circular, and what the act ``then`` makes of it."""
        secretary = self.as_(Who.SECRETARY)
        made: dict[str, Any] = await secretary.post(
            "/v1/circulars", a_circular(**changes), expect=201
        )
        if then:
            made = await secretary.post(f"{path_of(made)}/{then}", json, headers=if_match(made))
        return made

    async def notice(self) -> str:
        """A notice to the own unit alone, which asks for its acknowledgement; its path."""
        audience = {"kind": "members", "members": [self.own]}
        await self.circular("issue", audience=audience, acknowledgement_required=True)
        newest = (await self.as_(Who.FULL).get("/v1/inbox?limit=1"))["items"][0]
        return f"/v1/inbox/{newest['id']}"

    async def roster(self) -> None:
        """Wait until the others know the register as it is now."""
        version: int = (await self.as_(Who.PUBLIC).get("/v1/register"))["register_version"]

        async def is_known() -> bool:
            for service in ("amendments", "notifications"):
                async with self.database(service).begin() as work:
                    if (await watermark(work)).version < version:
                        return False
            return True

        await eventually(is_known)


def path_of(resource: Mapping[str, Any]) -> str:
    """The path of a resource, from its address."""
    return httpx.URL(resource["url"]).path


def if_match(resource: Mapping[str, Any]) -> dict[str, str]:
    """The precondition that a resource is as it was seen."""
    return {"If-Match": f'"{resource["version"]}-seen"'}


def completed(legal: str = Who.LEGAL) -> dict[str, Any]:
    """What an application says beside the identifier."""
    return {
        "particulars": {
            "legal_name_zh": "北京示例网络科技有限公司",
            "legal_name_en": "Beijing Example Network Technology Co., Ltd.",
            "sectors": ["application_service"],
            "legal_representative": "张磊",
            "contact_email": "liaison@unit.example",
        },
        "legal_representative_subject": {"sub": legal},
        "accepts_rules": True,
    }


def a_mandate(sub: str, **changes: Any) -> dict[str, Any]:
    """A mandate for a subject."""
    given = {"kind": "entrusted", "name": "李敏", "subject": {"sub": sub}, "scopes": ["vote"]}
    return {**given, **changes}


def a_circular(**changes: Any) -> dict[str, Any]:
    """A circular to all members."""
    return {
        "category": "regulation",
        "title": {"zh": "关于用户信息保护的通知", "en": "On the protection of users' information"},
        "body": {"zh": "请各成员单位执行。"},
        "audience": {"kind": "all"},
        **changes,
    }


def fresh_services(postgres: TestPostgres) -> Sequence[Service]:
    """All services, each on a new database of its own."""
    return (
        _fresh(postgres, amendments, AmendmentsSettings),
        _fresh(postgres, membership, MembershipSettings),
        _fresh(postgres, notifications, NotificationsSettings, **WEBHOOKS_TO_THIS_MACHINE),
    )


def _fresh(
    postgres: TestPostgres,
    declare: Callable[[Any, SuiteSettings], Service],
    settings: type[ServiceSettings],
    **options: Any,
) -> Service:
    service = declare(settings(), SUITE)
    url = postgres.clone(f"{service.name}_world", lambda url: create_tables(url, service.tables))
    chosen = settings(database_url=SecretStr(url), pool_size=POOL_SIZE, **options)
    return declare(chosen, SUITE)


@asynccontextmanager
async def running_world(
    services: Sequence[Service],
    *,
    parts: Collection[Part] = ALL_PARTS,
    issuer: DevelopmentIssuer = suite.issuer,
) -> AsyncIterator[World]:
    """``services`` behind one host until the block ends; nobody lives there yet."""
    transport = httpx.ASGITransport(app=issuer.app())
    bus = MemoryBus()
    async with AsyncExitStack() as stack:
        keys = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
        tokens = TokenVerifier(issuer=ISSUER, jwks_url=f"http://keys.test{JWKS_PATH}", client=keys)
        apps = [create_app(service, bus, parts=parts, tokens=tokens) for service in services]
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        host = Host(apps)
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=host, raise_app_exceptions=False),
                base_url=SUITE.public_url,
                timeout=30,
            )
        )
        systems = await stack.enter_async_context(receiving(confirming))
        yield World(host, apps, http, issuer, systems)


@asynccontextmanager
async def peopled_world(postgres: TestPostgres) -> AsyncIterator[World]:
    """All services on new databases, with their people and their convention."""
    services = await asyncio.to_thread(fresh_services, postgres)
    async with running_world(services) as world:
        await world.people()
        yield world
