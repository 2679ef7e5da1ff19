"""P1, P2, P3, P10: what is committed has exactly one effect, in order, whatever is killed meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from shared.db.work import Database
from tests.support.broker import RabbitNode
from tests.support.business import effects, prepare, transact
from tests.support.eventually import eventually
from tests.support.history import Effect, Verdict, judge
from tests.support.processes import kept
from tests.support.topology import fresh_topology

TRANSACTIONS, AGGREGATES = 1_000, 100
Floor = Callable[[], Awaitable[Database]]


async def _all_arrived(listener: Database, committed: set[Effect]) -> bool:
    return committed <= set(await effects(listener))


async def _url(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


async def _run(
    floor: Floor,
    node: RabbitNode,
    *,
    relays: int,
    broken: str | None = None,
    kills: int = 1,
    crash: float = 0.3,
    transactions: int = TRANSACTIONS,
) -> tuple[Verdict, int]:
    """Transactions while the broker is killed; the verdict, and how often a process was started again."""
    publisher, listener = await floor(), await floor()
    await prepare(publisher, listener, aggregates=AGGREGATES)
    await fresh_topology(node.url, ["notifications"])
    where = [
        "--publisher", await _url(publisher), "--listener", await _url(listener),
        "--broker", node.url, *(["--broken", broken] if broken else []),
    ]  # fmt: skip
    commands = [["relay", *where, "--crash", str(crash)] for _ in range(relays)]
    commands += [["consumer", *where] for _ in range(2)]
    async with kept(*commands) as workers:
        writing = asyncio.create_task(
            transact(publisher, transactions=transactions, aggregates=AGGREGATES)
        )
        for _ in range(kills):
            await eventually(_grows(listener, writing), within=60)
            await asyncio.to_thread(node.kill)
            await asyncio.to_thread(node.start)
        committed = await writing
        await eventually(lambda: _all_arrived(listener, committed), within=120)
        await eventually(lambda: _all_published(publisher), within=60)
    return judge(committed, await effects(listener)), sum(w.starts for w in workers) - len(workers)


async def _all_published(publisher: Database) -> bool:
    async with publisher.begin() as work:
        waiting = await work.db.scalar(
            text("SELECT count(*) FROM outgoing_events WHERE published_at IS NULL")
        )
    return not waiting


@pytest.mark.rabbit
@pytest.mark.parametrize("relays", [1, 4])
async def test_over_rabbitmq_with_the_broker_killed(
    floor: Floor, breakable_rabbit: RabbitNode, relays: int
) -> None:
    """P1, P2, P3: relays 1 and 4, two consumers, `kill -9` of the broker, relays crashing after the confirm."""
    verdict, crashes = await _run(floor, breakable_rabbit, relays=relays)
    assert crashes > 0, "nothing was published twice: the run proved nothing"
    assert verdict.is_sound, verdict


@pytest.mark.soak
@pytest.mark.rabbit
async def test_the_long_run_over_rabbitmq(floor: Floor, breakable_rabbit: RabbitNode) -> None:
    """P1 as promised: 10,000 transactions, three relays, the broker killed five times."""
    verdict, crashes = await _run(
        floor, breakable_rabbit, relays=3, kills=5, transactions=10_000, crash=0.02
    )
    assert crashes > 0
    assert verdict.is_sound, verdict


@pytest.mark.rabbit
async def test_the_checker_finds_a_build_without_dedupe(
    floor: Floor, breakable_rabbit: RabbitNode
) -> None:
    """Negative control: effects on arrival, relays that crash after the confirm."""
    verdict, crashes = await _run(floor, breakable_rabbit, relays=2, broken="dedupe", kills=0)
    assert crashes > 0, "no relay crashed: the control proved nothing"
    assert verdict.doubled
    assert not verdict.lost


@pytest.mark.rabbit
async def test_the_checker_finds_a_build_without_order(
    floor: Floor, breakable_rabbit: RabbitNode
) -> None:
    """Negative control: relays that take any unpublished row, effects on arrival."""
    verdict, _ = await _run(floor, breakable_rabbit, relays=4, broken="order", kills=0, crash=0)
    assert verdict.out_of_order
    assert not verdict.lost


@pytest.mark.parametrize("relays", [1, 4])
async def test_inside_the_process_with_the_process_killed(floor: Floor, relays: int) -> None:
    """P10: the same without a broker; the process is killed ten times and started again."""
    publisher, listener = await floor(), await floor()
    await prepare(publisher, listener, aggregates=AGGREGATES)
    command = [
        "embedded", "--publisher", await _url(publisher), "--listener", await _url(listener),
        "--relays", str(relays), "--crash", "0.01",
    ]  # fmt: skip
    async with kept(command) as [worker]:
        writing = asyncio.create_task(
            transact(publisher, transactions=TRANSACTIONS, aggregates=AGGREGATES)
        )
        for _ in range(10):
            await eventually(_grows(listener, writing), within=60)
            await worker.kill()
        committed = await writing
        await eventually(lambda: _all_arrived(listener, committed), within=120)
        assert worker.starts > 10
    verdict = judge(committed, await effects(listener))
    assert verdict.is_sound, verdict


def _grows(
    listener: Database, writing: "asyncio.Task[set[Effect]]"
) -> Callable[[], Awaitable[bool]]:
    """A probe: whether more effects have happened since it was first asked, or the writing is over."""
    before: list[int] = []

    async def probe() -> bool:
        before.append(len(await effects(listener)))
        return writing.done() or before[-1] > before[0]

    return probe
