"""The roster becomes the same whatever the order in which the register arrives (P12)."""

import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from shared.contracts.base import RegisterChange
from shared.contracts.membership import Ending, Sector
from shared.db.roster import (
    Watermark,
    enter_changes,
    metadata,
    roster_arrivals,
    roster_mandates,
    roster_particulars,
    roster_periods,
    watermark,
)
from shared.db.work import Database
from shared.kernel.actor import Scope, Subject
from shared.kernel.chain import EMPTY_HEAD
from shared.kernel.ids import new_id
from tests.integration.notifications.conftest import House
from tests.support.parts import hear
from tests.support.register import MadeUpRegister, tampered
from tests.support.suite import ISSUER

START = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
MEMBERS, CHANGES = 5, 30
HISTORY = (roster_periods, roster_particulars, roster_mandates)


def made_up(choices: Sequence[tuple[int, int]]) -> list[RegisterChange]:
    """A history of up to five members; each choice is a member and which of the possible things happens to it."""
    register = MadeUpRegister(START)
    units = [new_id("mem") for _ in range(MEMBERS)]
    state: dict[str, str] = dict.fromkeys(units, "stranger")
    mandates: dict[str, list[str]] = {unit: [] for unit in units}
    for member, choice in choices:
        unit = units[member]
        possible = {
            "stranger": ["accede"],
            "member": ["end", "change", "appoint", *["remove"] * bool(mandates[unit])],
            "former": ["accede", "reinstate"],
        }[state[unit]]
        match possible[choice % len(possible)]:
            case "accede":
                register.accede(unit, list(Sector)[choice % len(Sector)])
                mandates[unit] = []
            case "reinstate":
                register.reinstate(unit, list(Sector)[choice % len(Sector)])
            case "end":
                register.end(unit, list(Ending)[choice % len(Ending)])
            case "change":
                register.change_particulars(unit, *list(Sector)[: 1 + choice % 3])
            case "appoint":
                subject = Subject(ISSUER, f"subject {choice % 3}")
                mandates[unit].append(register.appoint(unit, subject, Scope.CIRCULARS))
            case "remove":
                register.remove(unit, mandates[unit].pop())
        state[unit] = {"end": "former"}.get(possible[choice % len(possible)], "member")
        register.now += timedelta(hours=1)
    return register.changes


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[RegisterChange], list[list[RegisterChange]]]:
    """A history, and batches in which it arrives: permuted, each change up to four times."""
    history = made_up(
        draw(
            st.lists(
                st.tuples(st.integers(0, MEMBERS - 1), st.integers(0, 20)),
                min_size=1,
                max_size=CHANGES,
            )
        )
    )
    copies = [change for change in history for _ in range(draw(st.integers(1, 4)))]
    permuted = draw(st.permutations(copies))
    batches: list[list[RegisterChange]] = [[]]
    for change in permuted:
        batches[-1].append(change)
        if draw(st.booleans()):
            batches.append([])
    return history, [batch for batch in batches if batch]


async def _enter(database: Database, batch: Sequence[RegisterChange]) -> Watermark:
    async with database.begin() as work:
        await enter_changes(work, batch)
        return await watermark(work)


async def _content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.begin() as work:
        known = await watermark(work)
        content: dict[str, list[tuple[Any, ...]]] = {"state": [(known.version, known.head)]}
        for table in (*HISTORY, roster_arrivals):
            content[table.name] = sorted(map(tuple, await work.db.execute(select(table))), key=repr)
    return content


async def _emptied(database: Database) -> Database:
    async with database.begin() as work:
        await work.db.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    return database


@pytest.fixture
async def pair(floor: Callable[[], Awaitable[Database]]) -> tuple[Database, Database]:
    """Two databases: one is told in order, the other as it comes."""
    return await floor(), await floor()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(deliveries())
async def test_the_roster_converges_whatever_the_order_of_arrival(
    pair: tuple[Database, Database],
    delivery: tuple[list[RegisterChange], list[list[RegisterChange]]],
) -> None:
    """P12: permutation, duplication and splitting change nothing about the outcome."""
    in_order, as_delivered = [await _emptied(database) for database in pair]
    history, batches = delivery
    await _enter(in_order, history)
    arrived: set[int] = set()
    for batch in batches:
        known = await _enter(as_delivered, batch)
        arrived |= {change.register_version for change in batch}
        assert known.version == _contiguous(arrived), "the watermark stands before the first gap"
    content = await _content(as_delivered)
    assert content == await _content(in_order)
    assert content["state"] == [(len(history), history[-1].register_head)]
    assert content["roster_arrivals"] == []


def _contiguous(versions: set[int]) -> int:
    return next(count for count in range(len(versions) + 1) if count + 1 not in versions)


async def test_nothing_above_the_watermark_is_in_the_history(
    pair: tuple[Database, Database],
) -> None:
    database, _ = pair
    register = MadeUpRegister(START)
    for _ in range(3):
        register.accede()
    first, second, third = register.changes
    assert await _enter(database, [third]) == Watermark(0, EMPTY_HEAD)
    assert await _enter(database, [first]) == Watermark(1, first.register_head)
    content = await _content(database)
    assert len(content["roster_periods"]) == 1
    assert await _enter(database, [second]) == Watermark(3, third.register_head)


async def test_a_change_that_does_not_fit_the_chain_starts_the_roster_over(
    pair: tuple[Database, Database],
) -> None:
    database, _ = pair
    register = MadeUpRegister(START)
    unit = register.accede()
    register.change_particulars(unit, name="甲")
    register.change_particulars(unit, name="乙")
    first, second, third = register.changes
    await _enter(database, [first])
    await _enter(database, [third])
    assert await _enter(database, [tampered(second)]) == Watermark(0, EMPTY_HEAD)
    content = await _content(database)
    assert not any(content[table.name] for table in (*HISTORY, roster_arrivals))
    assert await _enter(database, register.changes) == Watermark(3, third.register_head)


async def test_a_change_left_out_of_the_chain_is_noticed(pair: tuple[Database, Database]) -> None:
    """Who hides a change must renumber the rest, and then no head fits."""
    database, _ = pair
    register = MadeUpRegister(START)
    for _ in range(3):
        register.accede()
    first, _, third = register.changes
    renumbered = third.model_copy(update={"register_version": 2})
    await _enter(database, [first])
    assert await _enter(database, [renumbered]) == Watermark(0, EMPTY_HEAD)


async def test_a_new_service_asks_for_the_whole_register_once(house: House) -> None:
    assert await house.run_timer("ask_for_missing_register") == 1
    assert await _requests(house) == [(1, "membership", "notifications")]
    assert await house.run_timer("ask_for_missing_register") == 0


async def test_a_gap_that_stays_open_is_asked_for_from_the_watermark_on(house: House) -> None:
    """Decisions: a gap in the roster older than 60 s is asked for."""
    await house.run_timer("ask_for_missing_register")
    for _ in range(4):
        house.register.accede()
    first, second, _, fourth = house.register.changes
    for change in (first, second, fourth):
        await _enter(house.database, [change])
    await _age(house, seconds=59)
    assert await house.run_timer("ask_for_missing_register") == 0
    await _age(house, seconds=61)
    assert await house.run_timer("ask_for_missing_register") == 1
    assert (await _requests(house))[-1] == (3, "membership", "notifications")
    assert await house.run_timer("ask_for_missing_register") == 0, "asked for just now"
    await house.tell()
    await _age(house, seconds=61)
    assert await house.run_timer("ask_for_missing_register") == 0, "the gap is closed"


async def test_a_roster_that_starts_over_is_asked_for_at_once_from_the_beginning(
    house: House,
) -> None:
    house.register.accede()
    await house.tell()
    house.register.accede()
    await _enter(house.database, [tampered(house.register.changes[-1])])
    assert await house.run_timer("ask_for_missing_register") == 1
    assert (await _requests(house))[-1] == (1, "membership", "notifications")


async def test_the_roster_is_the_same_when_the_register_comes_through_the_bus(
    house: House, pair: tuple[Database, Database]
) -> None:
    """Envelopes in any order, some of them twice; the reactions of the service itself."""
    history = made_up([(i % MEMBERS, 7 * i) for i in range(CHANGES)])
    announced = house.register.announced(history) * 2
    random.Random(19).shuffle(announced)
    for start in range(0, len(announced), 7):
        await hear(house.database, house.service.reactions, announced[start : start + 7])
    in_order, _ = pair
    await _enter(in_order, history)
    assert await _content(house.database) == await _content(in_order)


async def _requests(house: House) -> list[tuple[int, str, str]]:
    async with house.database.begin() as work:
        bodies = await work.db.scalars(
            text("SELECT body FROM outgoing_events WHERE type LIKE '%replay%' ORDER BY position")
        )
        asked = [json.loads(body)["data"] for body in bodies]
    return [(data["register_from"], data["publisher"], data["asker"]) for data in asked]


async def _age(house: House, *, seconds: int) -> None:
    """Machine time is not procedure time: what waits, and what was asked, is made older instead."""
    async with house.database.begin() as work:
        for column in ("roster_arrivals SET received_at", "roster_state SET asked_at"):
            await work.db.execute(
                text(f"UPDATE {column} = clock_timestamp() - make_interval(secs => {seconds})")
            )
