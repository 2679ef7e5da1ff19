"""What its owner says of an endpoint holds at once, also for a run of deliveries that is under way (N4; P22)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.conftest import deliverer
from tests.integration.notifications.delivering.owners import (
    VERIFICATION,
    Owners,
    owners_of,
    path_of,
    said,
)
from tests.integration.notifications.delivering.test_secrets import opens, rotate
from tests.support.eventually import eventually
from tests.support.receiving import Received, Reply, confirming, receiving

CIRCULARS = 8
ANSWERS_AFTER = 0.4
"""Longer than the word of an owner may be old: of the requests that come later only one can have begun on the old one."""


def slow(request: Received) -> Reply:
    """A receiver that takes its time, but for ownership checks."""
    return (
        confirming(request) if said(request)["type"] == VERIFICATION else Reply(after=ANSWERS_AFTER)
    )


@asynccontextmanager
async def slow_run(house: House, unit: str) -> AsyncIterator[tuple[Owners, dict[str, Any]]]:
    """A run of deliveries of which the second is under way."""
    async with owners_of(house, slow) as owners:
        made = await owners.endpoint(unit)
        for _ in range(CIRCULARS):
            await house.issue()
        await until_requested(owners, 2)
        yield owners, made


async def until_requested(owners: Owners, count: int) -> None:
    async def is_requested() -> bool:
        return len(owners.requests()) >= count

    await eventually(is_requested)


def since(owners: Owners, at: float) -> list[Received]:
    """The requests that came in at the first address after ``at``."""
    return [request for request in owners.requests() if request.at > at]


@pytest.mark.parametrize("compromised", [False, True])
async def test_a_new_secret_signs_the_rest_of_a_run(house: House, *, compromised: bool) -> None:
    unit = await house.member()
    async with slow_run(house, unit) as (owners, made):
        new = (await rotate(owners, unit, made, compromised=compromised))["secret"]
        rotated_at = asyncio.get_running_loop().time()
        await owners.idle()
        later = since(owners, rotated_at)
        assert len(owners.requests()) == CIRCULARS
        assert len(later) >= CIRCULARS // 2
        assert sum(not opens(new, request) for request in later) <= 1
        assert sum(opens(made["secret"], request) for request in later) <= (
            1 if compromised else len(later)
        )


async def test_the_rest_of_a_run_goes_to_the_new_address(house: House) -> None:
    unit = await house.member()
    async with slow_run(house, unit) as (owners, made):
        change = {"target_url": owners.receiver.url("new")}
        await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)
        moved_at = asyncio.get_running_loop().time()
        await owners.until(unit, made, status="active")
        await owners.idle()
        assert len(since(owners, moved_at)) <= 1
        told = [request.webhook_id for request in owners.requests() + owners.requests("new")]
        assert len(told) == len(set(told)) == CIRCULARS


async def test_a_deleted_endpoint_gets_nothing_of_the_rest_of_a_run(house: House) -> None:
    unit = await house.member()
    async with slow_run(house, unit) as (owners, made):
        await owners.of(unit).ask("DELETE", path_of(made), expect=204)
        deleted_at = asyncio.get_running_loop().time()
        other = await owners.endpoint(unit, "other")
        for _ in range(CIRCULARS):
            await owners.test_event(unit, other)

        async def is_told() -> bool:
            return len(owners.told("other")) == CIRCULARS

        await eventually(is_told)
        assert len(since(owners, deleted_at)) <= 1


async def test_whoever_stops_delivering_begins_nothing_more(house: House) -> None:
    """What is left of the run is given back at once."""
    unit = await house.member()
    async with owners_of(house) as owners:
        await owners.endpoint(unit)
    async with receiving(slow) as receiver:
        async with house.database.begin() as work:
            await work.db.execute(
                text("UPDATE webhook_endpoints SET url = :url"), {"url": receiver.url("hook")}
            )
        for _ in range(CIRCULARS):
            await house.issue()
        running = asyncio.create_task(deliverer(house).run())
        await until_requested(Owners(house, receiver), 2)
        running.cancel()
        await asyncio.wait([running])
        assert len(receiver.received) == 2
    count = "SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered' AND attempts = 1"
    assert await house.scalar(count) == 1 + 2
    assert await house.scalar("SELECT running FROM webhook_queues") == []
