"""A support that races a departure latches, whichever comes first (decisions, "Register, roster, roll")."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from shared.kernel.terms import end_of
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import at
from tests.integration.amendments.proposing import propose, read, support
from tests.support.eventually import eventually
from tests.support.postgres import ZONE

ROUNDS = 12


@asynccontextmanager
async def held(house: House, statement: str) -> AsyncIterator[None]:
    """The rows that ``statement`` locks are held until the block ends."""
    async with house.database.begin() as work:
        await work.db.execute(text(statement))
        yield


async def waiting(house: House, transactions: int) -> None:
    """Return when so many transactions wait for a lock."""
    await eventually(
        lambda: house.scalar(
            "SELECT count(*) >= :n FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'",
            n=transactions,
        )
    )


@pytest.mark.parametrize("support_first", [True, False])
async def test_a_support_and_a_departure_that_wait_for_each_other_latch(
    convened: House, support_first: bool
) -> None:
    """With 21 members three are needed, with 20 two: two supports are enough only together with the departure."""
    units = await convened.members(21)
    proposal = await propose(convened.as_member(units[0]))
    convened.register.end(units[20])
    acts: list[Callable[[], Awaitable[object]]] = [
        lambda: support(convened, units[1], proposal),
        convened.tell,
    ]
    async with (
        asyncio.TaskGroup() as tasks,
        held(convened, "SELECT id FROM proposals FOR UPDATE"),
    ):
        for number, act in enumerate(acts if support_first else reversed(acts), start=1):
            tasks.create_task(_done(act))
            await waiting(convened, number)
    shown = await read(convened.secretary, proposal)
    assert shown["status"] == "supported"
    latch = shown["support"]["latch"]
    assert (latch["reached"], latch["needed"], latch["of"]) == (2, 2, 20)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_however_they_interleave_they_latch(convened: House, round_: int) -> None:
    units = await convened.members(21)
    proposal = await propose(convened.as_member(units[0]))
    convened.register.end(units[20])
    await asyncio.gather(support(convened, units[1], proposal), convened.tell())
    assert (await read(convened.secretary, proposal))["status"] == "supported"


async def test_a_proposal_made_while_a_unit_leaves_is_tested_without_it(convened: House) -> None:
    """With eleven members two are needed, with ten the first signer is enough: the change must see the new proposal."""
    units = await convened.members(11)
    convened.register.end(units[10])
    async with (
        asyncio.TaskGroup() as tasks,
        held(convened, "SELECT watermark FROM roster_state FOR UPDATE"),
    ):
        made = tasks.create_task(propose(convened.as_member(units[0])))
        await waiting(convened, 1)
        tasks.create_task(_done(convened.tell))
        await waiting(convened, 2)
    assert (await read(convened.secretary, made.result()))["status"] == "supported"


async def test_a_term_that_ends_while_a_departure_waits_for_the_proposal_is_over(
    convened: House,
) -> None:
    """Its members would be enough by now: it has lapsed all the same, and the departure is taken in (Art. 27)."""
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    last_day = date.fromisoformat(proposal["support"]["until"]["on"])
    lapses_at = end_of(last_day, ZONE)
    await at(convened, lapses_at, by=-timedelta(seconds=2))
    convened.register.end(units[10])
    async with (
        asyncio.TaskGroup() as tasks,
        held(convened, "SELECT id FROM proposals FOR UPDATE"),
    ):
        tasks.create_task(_done(convened.tell))
        await waiting(convened, 1)
        await at(convened, lapses_at)
    assert await convened.scalar("SELECT watermark FROM roster_state") == convened.register.version
    assert (await read(convened.secretary, proposal))["status"] == "lapsed"
    assert await convened.run_timer("let_proposals_lapse") == 1


async def test_many_supports_at_once_latch_once(convened: House) -> None:
    units = await convened.members(100)
    proposal = await propose(convened.as_member(units[0]))
    answers = await asyncio.gather(
        *(
            convened.as_member(unit).ask(
                "PUT",
                f"/v1/proposals/{proposal['id']}/supports",
                {"draft_digest": proposal["draft_digest"]},
            )
            for unit in units[1:21]
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [409] * 11
    assert len(await convened.announced("amendments.proposal.supported_enough.v1")) == 1
    assert (await read(convened.secretary, proposal))["support"]["latch"]["reached"] == 10


async def _done(act: Callable[[], Awaitable[object]]) -> None:
    await act()
