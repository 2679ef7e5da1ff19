"""Signed webhooks against a plain sender and against the fastest client there is; and with endpoints that hang."""

import asyncio
import re
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import text

from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Sender
from services.notifications.service import notifications
from services.notifications.settings import NotificationsSettings
from services.notifications.usecases.circulars import draft_circular, issue_circular
from services.notifications.usecases.deliveries import expand_messages
from services.notifications.workers import Deliverer
from shared.db.work import Database
from shared.kernel.versions import ANY_VERSION
from tests.bench.circular import CONTENT, SECRETARY
from tests.bench.goal import Count, Measured, Ratio, interleaved, p99
from tests.bench.rosters import fill_roster
from tests.bench.servers import Servers, opened
from tests.bench.sink import Sink, running_sink
from tests.bench.tools import Tool, find_tool
from tests.support.endpoints import many_endpoints
from tests.support.receiving import Reply, receiving
from tests.support.suite import SUITE

ENDPOINTS, CIRCULARS = 1000, 20
HANG_SECONDS = 10.0
PLAIN_REQUESTS, PLAIN_AT_ONCE = 300, 100
WRK_SECONDS = 3
KEYS = "a2V5IGZvciB0aGUgYmVuY2htYXJrIG9mIHdlYmhvb2s="
BODY = b"x" * 500

_WRK_SCRIPT = 'wrk.method = "POST"\nwrk.body = string.rep("x", 500)\n'


async def measure(servers: Servers) -> Measured:
    """Deliveries a second, guard, signatures and the log included; and the 99th percentile of the healthy, in ms."""
    wrk, nginx = find_tool("wrk"), find_tool("nginx")
    async with running_sink(nginx) as sink, receiving(lambda _: Reply(after=HANG_SECONDS)) as hang:
        office = await Office.opened(servers)
        healthy = [f"http://receiver-{n}.test:{sink.port}/{n}" for n in range(ENDPOINTS)]

        def hanging(share: int) -> list[str]:
            count = ENDPOINTS // share
            return [f"http://{hang.address}/{n}" for n in range(count)] + healthy[count:]

        ours, plain, limit = await interleaved(
            lambda: office.rate(healthy),
            lambda: _plain(sink),
            lambda: _wrk(wrk, sink),
        )
        few, many, none = await interleaved(
            lambda: office.p99_of_healthy(hanging(20)),
            lambda: office.p99_of_healthy(hanging(5)),
            lambda: office.p99_of_healthy(healthy),
        )
        counts = [
            *office.counts(),
            Count("webhooks at the receiver", office.delivered, len(set(await _ids(sink)))),
        ]
        await office.database.close()
    return Measured(
        [
            _ratio("webhooks", ours, f"httpx, {PLAIN_AT_ONCE} in flight", plain, at_least=20),
            _ratio("webhooks", ours, "wrk, unsigned", limit, at_least=0.1),
            _wait("healthy p99, 5 % hang", few, none, at_most=2),
            _wait("healthy p99, 20 % hang", many, none, at_most=3),
        ],
        counts,
    )


class Office:
    """Notifications with a roster of as many members as there are endpoints, and what it delivered so far."""

    def __init__(self, database: Database, settings: NotificationsSettings) -> None:
        self.database = database
        self._settings = settings
        self._sender = Sender(Resolver(allowed=settings.allowed_networks, lookup=_lookup))
        self.delivered = 0
        self._found = 0

    @classmethod
    async def opened(cls, servers: Servers) -> "Office":
        """One on a new database."""
        url = await servers.migrated("notifications", notifications(suite=SUITE).migrations)
        database = opened(url)
        await fill_roster(database, ENDPOINTS)
        settings = NotificationsSettings(
            database_url=SecretStr(url),
            webhook_keys=SecretStr(KEYS),
            webhook_plain_http=True,
            webhook_ports=frozenset(),
            webhook_networks=("127.0.0.0/8",),
        )
        return cls(database, settings)

    def counts(self) -> list[Count]:
        """What was announced to endpoints that answer, and what the log says was delivered."""
        return [Count("webhooks in the log", self.delivered, self._found)]

    async def rate(self, urls: Sequence[str]) -> float:
        """Deliveries a second to these endpoints."""
        await self._announce(urls)
        begun = time.perf_counter()
        async with self._delivering():
            while await self._scalar(_PENDING):  # noqa: ASYNC110 - a database is asked
                await asyncio.sleep(0.02)
            taken = time.perf_counter() - begun
        await self._count(len(urls))
        return len(urls) * CIRCULARS / taken

    async def p99_of_healthy(self, urls: Sequence[str]) -> float:
        """Milliseconds until 99 % of the deliveries to named hosts are done; literals are the ones that hang."""
        await self._announce(urls)
        begun = await self._scalar("SELECT clock_timestamp()")
        async with self._delivering():
            while await self._scalar(f"{_PENDING} AND e.url LIKE '%.test:%'"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await self._count(sum(".test:" in url for url in urls))
        async with self.database.begin() as work:
            settled = await work.db.scalars(
                text("SELECT settled_at FROM webhook_deliveries WHERE status = 'delivered'")
            )
            return p99([(at - begun).total_seconds() * 1000 for at in settled])

    async def _announce(self, urls: Sequence[str]) -> None:
        """These endpoints and no others, and everything that waits for them."""
        async with self.database.begin() as work:
            await work.db.execute(text("DELETE FROM webhook_endpoints"))
            members = list(
                await work.db.scalars(
                    text("SELECT member_id FROM roster_periods ORDER BY 1 LIMIT :n"),
                    {"n": len(urls)},
                )
            )
        await many_endpoints(
            self.database, self._settings.keyring, dict(zip(members, urls, strict=True))
        )
        for _ in range(CIRCULARS):
            async with self.database.begin() as work:
                draft = await draft_circular(work, CONTENT)
                await issue_circular(work, draft.id, SECRETARY, ANY_VERSION)
        found = 1
        while found:
            async with self.database.begin() as work:
                found = await expand_messages(work)
                await work.db.execute(text("ANALYZE"))

    @asynccontextmanager
    async def _delivering(self) -> AsyncIterator[None]:
        deliverer = Deliverer(
            self.database,
            self._sender,
            self._settings.keyring,
            self._settings.target_rules(SUITE),
            SUITE.public_url,
            grace_seconds=0,
        )
        task = asyncio.create_task(deliverer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _count(self, answering: int) -> None:
        self.delivered += answering * CIRCULARS
        self._found += await self._scalar(
            "SELECT count(*) FROM webhook_attempts WHERE outcome = 'delivered'"
        )

    async def _scalar(self, statement: str) -> Any:
        async with self.database.begin() as work:
            return await work.db.scalar(text(statement))


_PENDING = """
    SELECT count(*) FROM webhook_deliveries AS d JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
    WHERE d.status = 'pending'
"""


async def _lookup(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


async def _plain(sink: Sink) -> float:
    """Requests a second by the client that everybody takes."""
    waiting = iter(range(PLAIN_REQUESTS))
    begun = time.perf_counter()
    async with httpx.AsyncClient(
        limits=httpx.Limits(max_connections=PLAIN_AT_ONCE), trust_env=False
    ) as http:

        async def send() -> None:
            for _ in waiting:
                answer = await http.post(f"http://127.0.0.1:{sink.port}/plain", content=BODY)
                answer.raise_for_status()

        await asyncio.gather(*(send() for _ in range(PLAIN_AT_ONCE)))
    return PLAIN_REQUESTS / (time.perf_counter() - begun)


async def _wrk(wrk: Tool, sink: Sink) -> float:
    """Requests a second by a client written in C that neither signs nor keeps a log."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_WRK_SCRIPT)
        script.flush()
        process = await asyncio.create_subprocess_exec(
            wrk.path,
            *("-t1", "-c100", f"-d{WRK_SECONDS}", "-s", script.name),
            f"http://127.0.0.1:{sink.port}/wrk",
            env=dict(wrk.environment),
            stdout=subprocess.PIPE,
        )
        report, _ = await process.communicate()
    found = re.search(r"Requests/sec:\s+([\d.]+)", report.decode())
    assert found is not None, report
    return float(found[1])


async def _ids(sink: Sink) -> list[str]:
    return [line for line in await sink.received() if line.startswith("msg_")]


def _ratio(
    what: str, ours: Sequence[float], peer: str, peers: Sequence[float], *, at_least: float
) -> Ratio:
    return Ratio(what=what, unit="1/s", ours=ours, peer=peer, peers=peers, at_least=at_least)


def _wait(what: str, ours: Sequence[float], peers: Sequence[float], *, at_most: float) -> Ratio:
    return Ratio(what=what, unit="ms", ours=ours, peer="none hangs", peers=peers, at_most=at_most)
