"""Votes over HTTP against the same route with the database taken out, both driven by a client written in C.

By ``python -m`` this is the app of amendments in a process of its own, with its database or without.
"""

import argparse
import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import text

from deploy.issuer import JWKS_PATH, DevelopmentIssuer
from services.amendments.domain.vote import SALT_BYTES, Receipt
from services.amendments.service import amendments
from services.amendments.settings import AmendmentsSettings
from services.amendments.usecases.votes import Cast
from shared import logs
from shared.db.work import Database
from shared.http.tokens import TokenVerifier
from shared.messaging.memory import MemoryBus
from shared.serve import server
from shared.service import Part, create_app
from tests.bench.goal import REPETITIONS, Count, Measured, Ratio, interleaved
from tests.bench.servers import Servers, opened
from tests.bench.tools import Tool, find_tool
from tests.bench.votes import open_poll
from tests.support.eventually import eventually
from tests.support.suite import ISSUER, SUITE
from tests.support.topologies import free_port
from tests.unit.amendments.domain.ballots import CALLED_AT

CONNECTIONS, SECONDS = 256, 2
UNITS = 8_000
"""New ones for each repetition: more than vote in it, so that every token is verified and every vote is a first."""

_WRK_SCRIPT = """
local tokens, sent, receipts = {}, 0, nil

function init(arguments)
  for token in io.lines(arguments[1]) do tokens[#tokens + 1] = token end
  receipts = io.open(arguments[2], "w")
end

function request()
  local place = sent % #tokens
  local choice = math.floor(sent / #tokens) % 2 == 0 and "for" or "against"
  sent = sent + 1
  local headers = {
    ["Authorization"] = "Bearer " .. tokens[place + 1],
    ["Content-Type"] = "application/json"
  }
  return wrk.format("PUT", nil, headers, '{"choice":"' .. choice .. '"}')
end

function response(status, _, body)
  if status == 200 then receipts:write(body:match('"leaf":"(%x+)"'), "\\n") end
end
"""


async def measure(servers: Servers) -> Measured:
    """Votes a second of one process of the app, tokens verified, each answered with its receipt after the commit."""
    wrk = find_tool("wrk")
    url = await servers.migrated("amendments", amendments(suite=SUITE).migrations)
    database = opened(url)
    ballot_id = await open_poll(database, UNITS * REPETITIONS)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        crowds = [Crowd(wrk, folder, who, ballot_id) for who in ("ours", "peer")]
        await asyncio.to_thread(_sign, folder)
        async with (
            _app(url, folder) as ours,
            _app(url, folder, "--without-database") as peer,
        ):
            rates, peer_rates = await interleaved(
                lambda: crowds[0].rate(ours), lambda: crowds[1].rate(peer)
            )
    counts = [answered for crowd in crowds for answered in crowd.counts()]
    counts += await _found(database, crowds[0].receipts)
    await database.close()
    ratio = Ratio(
        what=f"PUT vote, {CONNECTIONS} connections",
        unit="1/s",
        ours=rates,
        peer="same route without a database",
        peers=peer_rates,
        at_least=0.5,
    )
    return Measured([ratio], counts)


class Crowd:
    """Everybody who votes at one server, repetition after repetition, and the receipts they hold."""

    def __init__(self, wrk: Tool, folder: Path, name: str, ballot_id: str) -> None:
        self._wrk = wrk
        self._folder = folder
        self._name = name
        self._path = f"/v1/ballots/{ballot_id}/vote"
        self._tokens = count()
        self._requests = 0
        self.receipts: list[str] = []

    def counts(self) -> Iterator[Count]:
        """Whether each answer was 200 with a receipt."""
        yield Count(f"{self._name}: answers with a receipt", self._requests, len(self.receipts))

    async def rate(self, address: str) -> float:
        """Votes a second."""
        script, receipts = self._folder / "vote.lua", self._folder / f"{self._name}.receipts"
        script.write_text(_WRK_SCRIPT)
        process = await asyncio.create_subprocess_exec(
            self._wrk.path,
            *("-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "--timeout", "10", "-s", str(script)),
            f"{address}{self._path}",
            *("--", str(_tokens(self._folder, next(self._tokens))), str(receipts)),
            env=dict(self._wrk.environment),
            stdout=subprocess.PIPE,
        )
        report, _ = await process.communicate()
        requests, seconds = _told(report.decode())
        received = receipts.read_text().splitlines()
        self._requests += requests
        self.receipts += received
        return len(received) / seconds


def _told(report: str) -> tuple[int, float]:
    """How many answers wrk got, and in how many seconds."""
    found = re.search(r"(\d+) requests in ([\d.]+)s", report)
    assert found is not None, report
    return int(found[1]), float(found[2])


async def _found(database: Database, leaves: Sequence[str]) -> list[Count]:
    """Every receipt's vote stands; the chain has no gap, and those that got no answer in time are in it too."""
    async with database.begin() as work:
        standing = await work.db.scalar(
            text("SELECT count(*) FROM votes WHERE stands AND leaf = ANY (:leaves)"),
            {"leaves": [bytes.fromhex(leaf) for leaf in leaves]},
        )
        length = await work.db.scalar(text("SELECT sequence FROM vote_chains"))
        entered = await work.db.scalar(text("SELECT count(*) FROM votes"))
    return [
        Count("votes acknowledged over HTTP that stand", len(leaves), standing or 0),
        Count("votes in the chain", length or 0, entered or 0),
    ]


def _tokens(folder: Path, repetition: int) -> Path:
    return folder / f"tokens-{repetition}"


def _issuer(folder: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(folder / "key", issuer=ISSUER, environment="development")


def _sign(folder: Path) -> None:
    """A token for each unit's representative, one a line, in a file for each repetition."""
    issuer = _issuer(folder)
    for repetition in range(REPETITIONS):
        numbers = range(repetition * UNITS + 1, (repetition + 1) * UNITS + 1)
        _tokens(folder, repetition).write_text(
            "".join(f"{issuer.token(sub=f'rep {n}', member=f'mem_{n:032}')}\n" for n in numbers)
        )


@asynccontextmanager
async def _app(url: str, folder: Path, *options: str) -> AsyncIterator[str]:
    """The address of the app in a process of its own, until the block ends."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.votes_http", url, str(folder), str(port), *options)
    )
    try:
        await eventually(lambda: _is_ready(port), within=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _is_ready(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            answer = await http.get(f"http://127.0.0.1:{port}/readyz")
        except httpx.HTTPError:
            return False
    return answer.status_code == 200


class ReadyReceipts:
    """Stands where the group commit stands, and answers at once: what the route costs without its database."""

    async def submit(self, _write: Any, ballot_id: str, cast: Cast) -> Receipt:
        """A receipt of nothing."""
        return Receipt(ballot_id, 1, bytes(32), bytes(SALT_BYTES), cast.choice, CALLED_AT, "rep_1")


def _serve(url: str, folder: Path, port: int, *, with_database: bool) -> None:
    keys = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=_issuer(folder).app()), base_url="http://keys.test"
    )
    tokens = TokenVerifier(issuer=ISSUER, jwks_url=f"http://keys.test{JWKS_PATH}", client=keys)
    service = amendments(AmendmentsSettings(database_url=SecretStr(url)), SUITE)
    app = create_app(service, MemoryBus(), parts={Part.API}, tokens=tokens)
    if not with_database:
        app.state.group_commit = ReadyReceipts()
    server(app, port=port).run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--without-database", action="store_true")
    options = parser.parse_args()
    logs.configure(json=False, level="ERROR")
    _serve(options.url, options.folder, options.port, with_database=not options.without_database)
