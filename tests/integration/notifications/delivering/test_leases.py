"""Endpoints are leased: what a process that was killed had begun, and what it tells too late or twice (N4)."""

from datetime import timedelta
from typing import Any

from services.notifications.domain.attempt import Answer
from services.notifications.store.deliveries import Attempted, Report, Run, Taken
from services.notifications.usecases.deliveries import (
    conclude,
    expand_messages,
    record_reports,
    take_runs,
)
from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.conftest import settings_of
from tests.integration.notifications.delivering.owners import CIRCULAR, owners_of, path_of
from tests.support.endpoints import end_leases

CIRCULARS = 6


async def with_much_to_tell(house: House, unit: str) -> dict[str, Any]:
    """An endpoint of the unit that several circulars wait for; nobody delivers."""
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
    for _ in range(CIRCULARS):
        await house.issue()
    async with house.database.begin() as work:
        while await expand_messages(work):
            pass
    return made


async def lease(house: House) -> Run:
    """The lease of the only endpoint."""
    async with house.database.begin() as work:
        (run,) = await take_runs(work, settings_of(house).keyring, limit=10, slow=False)
    return run


def attempt(house: House, run: Run, taken: Taken, answer: Answer) -> Attempted:
    """What came of one attempt that was answered at once."""
    return conclude(
        taken,
        answer,
        settings_of(house).keyring,
        started_at=run.taken_at,
        duration=timedelta(0),
        lot=0,
    )


async def report(house: House, *reports: Report) -> None:
    """Tell what came of runs."""
    async with house.database.begin() as work:
        await record_reports(work, reports)


async def attempts(house: House, unit: str, made: dict[str, Any]) -> list[list[tuple[int, str]]]:
    """The attempts at each delivery of a circular, in the order of the circulars."""
    api = house.as_member(unit)
    page = await api.get(f"{path_of(made)}/deliveries")
    whole = [await api.get(path_of(e)) for e in reversed(page["items"]) if e["type"] == CIRCULAR]
    return [[(a["number"], a["outcome"]) for a in entry["attempts"]] for entry in whole]


async def test_of_a_run_that_was_killed_only_the_delivery_that_was_begun_is_interrupted(
    house: House,
) -> None:
    unit = await house.member()
    made = await with_much_to_tell(house, unit)
    run = await lease(house)
    first, second = (
        attempt(house, run, taken, Answer.of(status))
        for taken, status in zip(run.deliveries, (204, 500), strict=False)
    )
    await report(house, Report(run, [first]), Report(run, [second]))
    await end_leases(house.database)
    again = await lease(house)
    assert await attempts(house, unit, made) == [
        [(1, "delivered")],
        [(1, "refused")],
        [(1, "interrupted")],
        [],
        [],
        [],
    ]
    assert [(taken.number, taken.failures) for taken in again.deliveries] == [
        (2, 0),
        (1, 0),
        (1, 0),
        (1, 0),
    ]


async def test_what_is_told_twice_is_recorded_once(house: House) -> None:
    """The connection ended while a commit was being confirmed."""
    unit = await house.member()
    made = await with_much_to_tell(house, unit)
    run = await lease(house)
    refused = attempt(house, run, run.deliveries[0], Answer.of(500))
    for _ in range(2):
        await report(house, Report(run, [refused]))
    assert (await attempts(house, unit, made))[0] == [(1, "refused")]
    failures = "SELECT failures FROM webhook_deliveries WHERE id = :id"
    assert await house.scalar(failures, id=run.deliveries[0].id) == 1


async def test_what_a_lost_lease_tells_is_discarded(house: House) -> None:
    unit = await house.member()
    made = await with_much_to_tell(house, unit)
    lost = await lease(house)
    await end_leases(house.database)
    await lease(house)
    gone = attempt(house, lost, lost.deliveries[0], Answer.of(410))
    await report(house, Report(lost, [gone], is_over=True))
    assert (await attempts(house, unit, made))[:2] == [[(1, "interrupted")], []]
    assert (await house.as_member(unit).get(path_of(made)))["status"] == "active"
    assert await house.scalar("SELECT running <> '{}' FROM webhook_queues")


async def test_a_410_of_the_address_that_was_left_does_not_end_the_endpoint(house: House) -> None:
    """Nor the delivery: it goes to the new address, as all that waits."""
    unit = await house.member()
    made = await with_much_to_tell(house, unit)
    run = await lease(house)
    async with owners_of(house) as owners:
        change = {"target_url": owners.receiver.url("new")}
        await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)
        gone = attempt(house, run, run.deliveries[0], Answer.of(410))
        await report(house, Report(run, [gone], is_over=True))
        seen = await owners.until(unit, made, status="active")
        assert (seen["target_url"], seen["disabled_reason"]) == (change["target_url"], None)
        await owners.idle()
        assert owners.told("new") == [CIRCULAR] * CIRCULARS
    assert (await attempts(house, unit, made))[0] == [(1, "gone"), (2, "delivered")]
