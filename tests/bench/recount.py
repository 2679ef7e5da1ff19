"""What has no peer: anyone's recount of a million votes, the import of a convention and the redline of two versions."""

import asyncio
import gc
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from deploy import verify
from services.amendments.domain.ballot import CertifiedRoll
from services.amendments.domain.changes import ReplaceProvision, apply
from services.amendments.domain.provision import ConventionText, ProvisionKind
from services.amendments.domain.record import (
    AtClose,
    Chain,
    certificate_of,
    first_head_of,
    opening_facts,
)
from services.amendments.domain.tally import Called
from services.amendments.domain.vote import SALT_BYTES, Choice, VoteChain
from services.amendments.service import amendments
from services.amendments.settings import AmendmentsSettings
from services.amendments.store.convention import add_version, hold_convention, latest_version
from shared.db.work import Database
from shared.kernel.actor import Role
from shared.kernel.chain import canonical, roll_digest
from shared.messaging.memory import MemoryBus
from shared.service import Part
from tests.bench.goal import REPETITIONS, Count, Figure, Measured
from tests.bench.servers import Servers
from tests.support.convention import made_up_text, published
from tests.support.records import tallies_of, whole_record
from tests.support.suite import SUITE, Caller, running
from tests.unit.amendments.domain.ballots import an_open_ballot

MILLION = 1_000_000
VOTES_A_SECOND = 1_000
SALT = bytes(SALT_BYTES)
REDLINES = 30


async def measure(servers: Servers) -> Measured:
    """Seconds of the verifier as a process of its own; milliseconds of whole requests, one after the other."""
    imports: list[float] = []
    redlines: list[float] = []
    for _ in range(REPETITIONS):
        await _read_and_compare(servers, imports, redlines)
    with tempfile.TemporaryDirectory() as name:
        record = Path(name, "record.json")
        gc.disable()  # it would look through a million votes again and again
        _write_record(record, MILLION)
        gc.enable()
        seconds, recounted = await _verified(record)
    return Measured(
        counts=[Count("votes recounted by the verifier", MILLION, recounted)],
        figures=[
            Figure(f"recount of {MILLION:,} votes", "s", [seconds]),
            Figure("import of a convention of 31 articles", "ms", imports),
            Figure("redline of two versions, every article amended", "ms", redlines),
        ],
    )


async def _read_and_compare(servers: Servers, imports: list[float], redlines: list[float]) -> None:
    """Import the made-up convention into a new database, amend every article of it, and compare."""
    url = await servers.migrated("amendments", amendments(suite=SUITE).migrations)
    service = amendments(AmendmentsSettings(database_url=SecretStr(url)), SUITE)
    async with running(service, MemoryBus(), parts={Part.API}) as app:
        secretary = app.as_("secretary", Role.SECRETARY)
        imports.append(await _milliseconds(lambda: _import(secretary)))
        await _amend(app.database)
        redlines += [
            await _milliseconds(lambda: app.public.get("/v1/convention/redline?from=1&to=2"))
            for _ in range(REDLINES)
        ]


async def _import(secretary: Caller) -> None:
    await secretary.ask(
        "POST",
        "/v1/convention/imports",
        content=published(made_up_text()).encode(),
        headers={"Content-Type": "text/plain"},
        expect=201,
    )


async def _amend(database: Database) -> None:
    async with database.begin() as work:
        await hold_convention(work)
        before = await latest_version(work)
        await add_version(work, replace(before, number=2, text=_amended(before.text)))


def _amended(text: ConventionText) -> ConventionText:
    articles = text.of_kind(ProvisionKind.ARTICLE)
    return apply(
        text,
        [
            ReplaceProvision(p.id, {"zh": f"经修改的{p.texts['zh']}", "en": p.texts["en"]})
            for p in articles
        ],
    )


def _write_record(file: Path, units: int) -> None:
    """The public record of a ballot in which so many units voted once each."""
    ballot = an_open_ballot()
    everybody = [f"mem_{number:032x}" for number in range(units)]
    opened, closes = ballot.opened_at, ballot.closes_at
    assert opened is not None
    assert closes is not None
    roll = CertifiedRoll("rol_1", opened, 1, units, roll_digest(everybody))
    ballot.opening = roll
    chain = VoteChain(ballot.id, 0, first_head_of(ballot, roll))
    links = [
        chain.add(
            unit, Choice.FOR, opened + timedelta(seconds=n // VOTES_A_SECOND), f"rep_{n:032x}", SALT
        )
        for n, unit in enumerate(everybody)
    ]
    roll_call = [Called(unit, Choice.FOR) for unit in everybody]
    certificate = certificate_of(
        ballot,
        AtClose(replace(roll, id="rol_2", instant=closes, register_version=2), [], {}, []),
        Chain(chain.sequence, chain.head),
        tallies_of(roll_call, ballot.rule),
        names={},
        salt=SALT,
    )
    opening = opening_facts(ballot.id, ballot.subject, ballot.rule, roll)
    file.write_bytes(canonical(whole_record(opening, certificate, links, roll_call, None)))


async def _verified(record: Path) -> tuple[float, int]:
    """Seconds of ``verify.py RECORD`` from start to end, and how many votes it recounted; 0 where it finds a fault."""
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(verify.__file__), str(record)), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    taken = time.perf_counter() - begun
    recounted = re.search(r"(\d+) votes recounted", said.decode())
    return taken, int(recounted[1]) if recounted and process.returncode == 0 else 0


async def _milliseconds(act: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await act()
    return (time.perf_counter() - begun) * 1000
