"""Scheduled circulars go out when their instant comes, whichever process looks first (N1)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from services.notifications.usecases.circulars import issue_due_circular
from tests.integration.notifications.conftest import House, path_of, to_members

TIMER = "issue_due_circulars"


async def _schedule(house: House, after: timedelta, **changes: Any) -> dict[str, Any]:
    async with house.database.begin() as work:
        issue_at = work.now + after
    draft = await house.draft(**changes)
    scheduled: dict[str, Any] = await house.act(
        draft, "/scheduling", {"issue_at": issue_at.isoformat()}
    )
    return scheduled


async def _again(house: House, circular: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = await house.secretary.get(path_of(circular))
    return read


async def test_a_scheduled_circular_goes_out_when_its_instant_has_come(house: House) -> None:
    unit = await house.member()
    scheduled = await _schedule(house, timedelta(hours=2))
    assert await house.run_timer(TIMER) == 0
    await house.advance(timedelta(hours=3))
    assert await house.run_timer(TIMER) == 1
    issued = await _again(house, scheduled)
    assert (issued["status"], issued["issue_at"], issued["ordered_by"]) == (
        "issued",
        None,
        "secretary",
    )
    assert await house.numbers_in(unit) == [issued["number"]]
    assert await house.run_timer(TIMER) == 0


async def test_it_goes_to_those_who_are_members_at_that_moment(house: House) -> None:
    """Edge case 1: "Audience = members at the moment of issue"."""
    leaves = await house.member()
    await _schedule(house, timedelta(hours=2))
    await house.end(leaves)
    joins = await house.member()
    await house.advance(timedelta(hours=3))
    await house.run_timer(TIMER)
    assert len(await house.inbox(joins)) == 1
    assert await house.inbox(leaves) == []


async def test_several_that_are_due_are_numbered_in_the_order_of_their_instants(
    house: House,
) -> None:
    await house.member()
    later = await _schedule(house, timedelta(hours=2))
    sooner = await _schedule(house, timedelta(hours=1))
    await house.advance(timedelta(hours=3))
    assert await house.run_timer(TIMER) == 2
    numbers = [(await _again(house, circular))["number"] for circular in (sooner, later)]
    assert numbers == sorted(numbers)


async def test_five_processes_issue_each_due_circular_once(house: House) -> None:
    unit = await house.member()
    for _ in range(5):
        await _schedule(house, timedelta(hours=1))
    await house.advance(timedelta(hours=2))
    done = await asyncio.gather(*(house.run_timer(TIMER) for _ in range(5)))
    assert sum(done) + await house.run_timer(TIMER) == 5
    numbers = [int(number.rpartition("-")[2]) for number in await house.numbers_in(unit)]
    assert sorted(numbers) == [1, 2, 3, 4, 5]


async def test_what_another_process_holds_is_passed_over(house: House) -> None:
    await house.member()
    await _schedule(house, timedelta(hours=1))
    await _schedule(house, timedelta(hours=1))
    await house.advance(timedelta(hours=2))
    async with house.database.begin() as first, house.database.begin() as second:
        held = await first.db.exec_driver_sql(
            "SELECT id FROM circulars WHERE status = 'scheduled' LIMIT 1 FOR UPDATE"
        )
        assert held.first() is not None
        assert await issue_due_circular(second) == 1
        assert await issue_due_circular(second) == 0


async def test_a_schedule_that_names_a_unit_no_longer_a_member_becomes_a_draft_that_says_why(
    house: House,
) -> None:
    stays, leaves = await house.member(), await house.member()
    scheduled = await _schedule(house, timedelta(hours=1), audience=to_members(stays, leaves))
    await house.end(leaves)
    await house.advance(timedelta(hours=2))
    assert await house.run_timer(TIMER) == 1
    draft = await _again(house, scheduled)
    assert (draft["status"], draft["scheduling_refused"]) == ("draft", "named_units_not_members")
    assert await house.inbox(stays) == []
    assert (await house.issue())["number"].endswith("-001"), "the refusal left no gap"


async def test_while_the_roster_is_empty_what_is_due_stays_due(house: House) -> None:
    scheduled = await _schedule(house, timedelta(hours=1))
    await house.advance(timedelta(hours=2))
    assert await house.run_timer(TIMER) == 0
    assert (await _again(house, scheduled))["status"] == "scheduled"
    unit = await house.member()
    assert await house.run_timer(TIMER) == 1
    assert len(await house.inbox(unit)) == 1


async def test_the_test_clock_is_told_the_next_instant(house: House) -> None:
    (timer,) = (t for t in house.service.timers if t.name == TIMER)
    assert timer.next_due is not None
    async with house.database.begin() as work:
        assert await timer.next_due(work) is None
    await _schedule(house, timedelta(hours=5))
    sooner = await _schedule(house, timedelta(hours=2))
    async with house.database.begin() as work:
        assert await timer.next_due(work) == datetime.fromisoformat(sooner["issue_at"])
