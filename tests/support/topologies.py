"""The suite in each of its topologies: one process on embedded defaults; one process a service over RabbitMQ."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
from pydantic import SecretStr

from deploy.clock import TestClock, Timed
from deploy.embedded.caller import Caller
from deploy.embedded.suite import SERVICES, prepare, serving
from deploy.issuer import JWKS_PATH, DevelopmentIssuer
from services.amendments.service import amendments
from services.amendments.settings import AmendmentsSettings
from services.membership.service import membership
from services.membership.settings import MembershipSettings
from services.notifications.service import notifications
from services.notifications.settings import NotificationsSettings
from shared.db.migrations import upgrade
from shared.db.work import Database
from shared.kernel.actor import Role
from shared.serve import server
from shared.service import Service
from shared.settings import SuiteSettings
from tests.support.broker import RabbitNode
from tests.support.eventually import eventually
from tests.support.postgres import ZONE, TestPostgres
from tests.support.topology import fresh_topology

ISSUER = "https://issuer.test"


@dataclass(frozen=True, slots=True)
class Suite:
    """A running suite: how to reach it, who signs tokens, how procedure time passes."""

    http: httpx.AsyncClient
    issuer: DevelopmentIssuer
    advance: Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SeparateSuite(Suite):
    """A suite whose services are processes of their own."""

    processes: Mapping[str, "_ServiceProcess"]
    databases: Mapping[str, Database]

    async def kill(self, service: str) -> None:
        """SIGKILL a service and start it again."""
        await self.processes[service].restart()

    async def stop(self, service: str) -> int:
        """SIGTERM a service; its exit status."""
        return await self.processes[service].stop()


class _ByPath(httpx.AsyncBaseTransport):
    """Sends a request to the service that answers its path, as a gateway would."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._http = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        segment = request.url.path.split("/")[2]
        request.url = request.url.copy_with(host="127.0.0.1", port=self._ports[segment])
        return await self._http.handle_async_request(request)

    async def aclose(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def embedded(postgres: TestPostgres) -> AsyncIterator[Suite]:
    """Everything in one process, on databases of the run's server."""
    await asyncio.to_thread(postgres.server.drop_databases, SERVICES)
    suite = await asyncio.to_thread(prepare, postgres.server, port=0, keys=None)
    async with serving(suite), suite.client() as http:
        operator = Caller(http, suite.issuer, "dev:operator", Role.OPERATOR)

        async def advance(days: int) -> None:
            await operator.post("/v1/test-clock", {"days": days})

        yield Suite(http, suite.issuer, advance)


@asynccontextmanager
async def separate(postgres: TestPostgres, rabbit: RabbitNode) -> AsyncIterator[SeparateSuite]:
    """Each service in a process of its own, on RabbitMQ."""
    issuer = DevelopmentIssuer(None, issuer=ISSUER, environment="development")
    async with AsyncExitStack() as stack:
        jwks_url = await stack.enter_async_context(_served_keys(issuer))
        services = await asyncio.to_thread(_declared, postgres, rabbit, jwks_url)
        await fresh_topology(rabbit.url, [service.name for service in services])
        ports: dict[str, int] = {}
        processes: dict[str, _ServiceProcess] = {}
        for service in services:
            process = _ServiceProcess(service, jwks_url, rabbit.url)
            processes[service.name] = process
            await stack.enter_async_context(process)
            ports |= dict.fromkeys(service.paths, process.port)
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=_ByPath(ports), base_url="http://suite.test", timeout=60)
        )
        databases = {
            s.name: Database(s.settings.database_url.get_secret_value(), zone=ZONE)
            for s in services
        }
        for database in databases.values():
            stack.push_async_callback(database.close)
        clock = TestClock([Timed(s, databases[s.name]) for s in services])

        async def advance(days: int) -> None:
            await clock.advance_to(await clock.now() + timedelta(days=days))

        yield SeparateSuite(http, issuer, advance, processes, databases)


class _ServiceProcess:
    """``python -m services.<name>``, started, killed and started again on the same port."""

    def __init__(self, service: Service, jwks_url: str, broker_url: str) -> None:
        self.port = free_port()
        self._name = service.name
        self._environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - a child process needs the search path
            "GONGYUE_ISSUER": ISSUER,
            "GONGYUE_JWKS_URL": jwks_url,
            "GONGYUE_BROKER_URL": broker_url,
            "GONGYUE_TEST_CLOCK": "true",
            "GONGYUE_SECRET": "0123456789abcdef0123456789abcdef",
            "MEMBERSHIP_DEVELOPMENT_SUBJECTS": "true",
            "NOTIFICATIONS_WEBHOOK_PLAIN_HTTP": "true",
            "NOTIFICATIONS_WEBHOOK_PORTS": "[]",
            "NOTIFICATIONS_WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
            f"{service.name.upper()}_DATABASE_URL": service.settings.database_url.get_secret_value(),
        }
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "_ServiceProcess":
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end(signal.SIGTERM)

    async def restart(self) -> None:
        """SIGKILL, then a new process."""
        await self._end(signal.SIGKILL)
        await self._start()

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        await self._end(signal.SIGTERM)
        return self._process.returncode or 0 if self._process else 0

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"services.{self._name}",
            "--port",
            str(self.port),
            env=self._environment,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await eventually(self._is_ready, within=60)

    async def _is_ready(self) -> bool:
        async with httpx.AsyncClient() as http:
            try:
                answer = await http.get(f"http://127.0.0.1:{self.port}/readyz")
            except httpx.HTTPError:
                return False
        return answer.status_code == 200

    async def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await asyncio.wait_for(self._process.wait(), 45)


@asynccontextmanager
async def _served_keys(issuer: DevelopmentIssuer) -> AsyncIterator[str]:
    port = free_port()
    keys = server(issuer.app(), port=port)
    task = asyncio.create_task(keys.serve())
    await eventually(lambda: _started(keys))
    yield f"http://127.0.0.1:{port}{JWKS_PATH}"
    keys.should_exit = True
    await task


async def _started(running: object) -> bool:
    return bool(getattr(running, "started", False))


def _declared(postgres: TestPostgres, rabbit: RabbitNode, jwks_url: str) -> list[Service]:
    postgres.server.drop_databases(SERVICES)
    suite = SuiteSettings(
        issuer=ISSUER, jwks_url=jwks_url, broker_url=SecretStr(rabbit.url), test_clock=True
    )
    for name in SERVICES:
        postgres.server.create_database(name, owner=name)

    def url(name: str) -> SecretStr:
        return SecretStr(postgres.server.url(name, name))

    services = [
        membership(
            MembershipSettings(database_url=url("membership"), development_subjects=True), suite
        ),
        amendments(AmendmentsSettings(database_url=url("amendments")), suite),
        notifications(NotificationsSettings(database_url=url("notifications")), suite),
    ]
    for service in services:
        upgrade(service.settings.database_url.get_secret_value(), service.migrations)
    return services


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
