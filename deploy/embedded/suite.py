"""The whole suite in one process on embedded defaults: PostgreSQL from the wheel, the bus inside the process.

Two things only differ from a deployment: the process boundary and the bus. Every service keeps its own settings, database,
mailboxes and app.
"""

import asyncio
import base64
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from deploy.clock import TestClock, Timed
from deploy.clock_route import clock_routes
from deploy.embedded.host import Host
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.issuer import JWKS_PATH, DevelopmentIssuer
from services.amendments.service import amendments
from services.amendments.settings import AmendmentsSettings
from services.membership.service import membership
from services.membership.settings import MembershipSettings
from services.notifications.service import notifications
from services.notifications.settings import NotificationsSettings
from shared.db.migrations import upgrade
from shared.http.tokens import TokenVerifier
from shared.messaging.memory import MemoryBus
from shared.serve import server
from shared.service import Service, create_app
from shared.settings import SuiteSettings

ISSUER = "https://issuer.gongyue.invalid"
SERVICES = ("membership", "amendments", "notifications")


@dataclass(frozen=True, slots=True)
class EmbeddedSuite:
    """A prepared suite: its services on their migrated databases, its issuer, and where it will listen."""

    services: Sequence[Service]
    issuer: DevelopmentIssuer
    url: str
    listener: socket.socket

    def client(self) -> httpx.AsyncClient:
        """A client for the served suite."""
        return httpx.AsyncClient(base_url=self.url, timeout=60, trust_env=False)

    def host(self) -> Host:
        """The one application for every path."""
        bus = MemoryBus()
        tokens = TokenVerifier(
            issuer=self.issuer.issuer,
            jwks_url=f"{self.url}{JWKS_PATH}",
            client=httpx.AsyncClient(
                transport=httpx.ASGITransport(app=self.issuer.app()), base_url=self.url
            ),
        )
        apps = [create_app(service, bus, tokens=tokens) for service in self.services]
        clock = TestClock([Timed(app.state.service, app.state.database) for app in apps])
        return Host(apps, [*self.issuer.app().routes, *clock_routes(clock, tokens)])


def prepare(postgres: EmbeddedPostgres, *, port: int, keys: Path | None) -> EmbeddedSuite:
    """Make and migrate every service's database on the running ``postgres``, and take a port (0: a free one).

    ``keys``: a folder that keeps the issuer's key and the suite's secrets; None: new ones each time.
    """
    listener = _listener(port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    suite = SuiteSettings(
        environment="development",
        public_url=url,
        issuer=ISSUER,
        jwks_url=f"{url}{JWKS_PATH}",
        secret=SecretStr(_kept(keys, "cursor_secret")),
        services=frozenset(SERVICES),
        test_clock=True,
    )
    for name in SERVICES:
        postgres.create_database(name, owner=name)
    services = (
        membership(
            MembershipSettings(
                database_url=SecretStr(postgres.url("membership", "membership")),
                development_subjects=True,
            ),
            suite,
        ),
        amendments(
            AmendmentsSettings(database_url=SecretStr(postgres.url("amendments", "amendments"))),
            suite,
        ),
        notifications(
            NotificationsSettings(
                database_url=SecretStr(postgres.url("notifications", "notifications")),
                webhook_keys=SecretStr(_kept_webhook_key(keys)),
                webhook_plain_http=True,
                webhook_ports=frozenset(),
                webhook_networks=("127.0.0.0/8",),
            ),
            suite,
        ),
    )
    for service in services:
        upgrade(service.settings.database_url.get_secret_value(), service.migrations)
    issuer = DevelopmentIssuer(
        keys and keys / "issuer.json", issuer=ISSUER, environment=suite.environment
    )
    return EmbeddedSuite(services, issuer, url, listener)


@asynccontextmanager
async def serving(suite: EmbeddedSuite) -> AsyncIterator[None]:
    """The suite on a real uvicorn in this event loop, until the block ends."""
    running = server(suite.host())
    task = asyncio.create_task(running.serve(sockets=[suite.listener]))
    while not running.started:
        if task.done():
            task.result()
            raise RuntimeError("the server ended before it had started")
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        await task


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return listener


def _kept_webhook_key(keys: Path | None) -> str:
    return base64.b64encode(bytes.fromhex(_kept(keys, "webhook_key"))).decode()


def _kept(keys: Path | None, name: str) -> str:
    """32 random bytes as hexadecimal digits, the same at every start where ``keys`` is a folder."""
    if keys is None:
        return secrets.token_hex(32)
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = keys / name
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text()
