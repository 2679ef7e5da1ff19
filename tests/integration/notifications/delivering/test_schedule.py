"""When what failed is tried again, as the queue holds it: by the published schedule, never earlier than asked for (P17)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifications.domain.attempt import JITTER, SCHEDULE, Answer
from services.notifications.store.deliveries import Report
from services.notifications.usecases.deliveries import (
    conclude,
    expand_messages,
    record_reports,
    take_runs,
)
from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.conftest import settings_of
from tests.integration.notifications.delivering.owners import (
    CIRCULAR,
    Owners,
    answering,
    owners_of,
    path_of,
)
from tests.support.receiving import Received, Reply, confirming

HOUR = timedelta(hours=1)
DUE = "SELECT due_at FROM webhook_queues"
NOW = "SELECT clock_timestamp()"


def asking_to_wait(status: int) -> Reply:
    """What a receiver answers that wants an hour's rest."""
    return Reply(status, retry_after="3600")


async def instant(house: House, statement: str) -> datetime:
    found: datetime = await house.scalar(statement)
    return found


async def the_last_attempt(owners: Owners, unit: str, entry: dict[str, Any]) -> datetime:
    """When the last attempt at a delivery ended, to the millisecond before."""
    whole = await owners.of(unit).get(path_of(entry))
    attempt = whole["attempts"][-1]
    began = datetime.fromisoformat(attempt["started_at"])
    return began + timedelta(milliseconds=attempt["duration_ms"] - 1)


async def test_each_failure_sets_the_next_attempt_as_the_schedule_says(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = answering(500)
        await house.issue()
        await owners.idle()
        for tried, pause in enumerate(SCHEDULE, start=1):
            (entry, _) = await owners.log(unit, made)
            assert (entry["status"], entry["tried"]) == ("pending", tried)
            due = datetime.fromisoformat(entry["next_attempt_at"])
            ended = await the_last_attempt(owners, unit, entry)
            assert ended + pause * (1 - JITTER) <= due
            assert due <= await instant(house, NOW) + pause * (1 + JITTER)
            assert await instant(house, DUE) == due
            await owners.make_due()
        (entry, _) = await owners.log(unit, made)
        assert (entry["status"], entry["tried"]) == ("failed", len(SCHEDULE) + 1)
        assert (await house.scalar(DUE), len(owners.requests())) == (None, len(SCHEDULE) + 1)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_receiver_that_asks_us_to_wait_gets_nothing_until_then(
    house: House, status: int
) -> None:
    """Reliability 4.3: it asks for itself, not for one message."""
    unit = await house.member()
    async with owners_of(house) as owners:
        await owners.endpoint(unit)
        owners.receiver.behave = answering(500)
        for _ in range(3):
            await house.issue()
            await owners.idle()
        owners.receiver.behave = lambda _: asking_to_wait(status)
        asked = await instant(house, NOW)
        await owners.make_due()
        owners.receiver.behave = confirming
        for _ in range(2):
            await house.issue()
            await owners.idle()
        assert owners.told() == [CIRCULAR] * 4
        assert await instant(house, DUE) >= asked + HOUR
        await owners.make_due()
        assert owners.told() == [CIRCULAR] * 9


async def test_another_address_is_not_bound_by_what_the_former_one_asked_for(
    house: House,
) -> None:
    unit = await house.member()

    def behave(request: Received) -> Reply:
        return asking_to_wait(503) if request.path == "old" else confirming(request)

    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "old")
        owners.receiver.behave = behave
        await house.issue()
        await owners.idle()
        change = {"target_url": owners.receiver.url("new")}
        await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)
        await owners.until(unit, made, status="active")
        await house.issue()
        await owners.idle()
        assert owners.told("new") == [CIRCULAR]
        assert owners.told("old") == [CIRCULAR]


async def test_an_address_that_was_left_holds_nothing_back(house: House) -> None:
    """Its answer came after the endpoint had moved."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "old")
    await house.issue()
    keyring = settings_of(house).keyring
    async with house.database.begin() as work:
        await expand_messages(work)
        (run,) = await take_runs(work, keyring, limit=10, slow=False)
    change = {"target_url": owners.receiver.url("new")}
    await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)
    attempted = conclude(
        run.deliveries[0],
        Answer.of(503, "3600"),
        keyring,
        started_at=run.taken_at,
        duration=timedelta(0),
        lot=0,
    )
    async with house.database.begin() as work:
        await record_reports(work, [Report(run, [attempted], is_over=True, hold=attempted.hold)])
    assert attempted.hold == HOUR
    assert await house.scalar("SELECT held_until FROM webhook_queues") is None
