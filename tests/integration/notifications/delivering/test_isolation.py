"""One slow endpoint never delays another (P16)."""

import asyncio
from collections.abc import Callable
from statistics import quantiles

import pytest

from tests.integration.notifications.conftest import House, to_members
from tests.integration.notifications.delivering.conftest import delivering, members_with_systems
from tests.support.eventually import eventually
from tests.support.receiving import Received, Receiver, Reply, receiving

HANGS = Reply(after=None)
LATE = Reply(after=14)
BROKEN = Reply(500)
HEALTHY = Reply()

PLACES = 100
"""Fewer than hang, in the negative control."""


class Mixed:
    """Systems of which some are bad, in a fixed way each."""

    def __init__(self) -> None:
        self.bad: dict[str, Reply] = {}

    def __call__(self, request: Received) -> Reply:
        return self.bad.get(request.path, HEALTHY)


def one_in(units: list[str], share: int, *replies: Reply) -> dict[str, Reply]:
    """Of every ``share`` units the first few are bad, one for each reply."""
    return {
        unit: replies[place % share]
        for place, unit in enumerate(units)
        if place % share < len(replies)
    }


async def p99_of_the_healthy(
    house: House,
    receiver: Receiver,
    systems: Mixed,
    count: int,
    make_bad: Callable[[list[str]], dict[str, Reply]],
) -> float:
    """Seconds from the issue of a circular to new units until 99 % of those whose systems are well have it."""
    units = list(await members_with_systems(house, count, receiver))
    bad = make_bad(units)
    systems.bad |= bad
    begun = asyncio.get_running_loop().time()
    for chunk in range(0, count, 500):
        await house.issue(audience=to_members(*units[chunk : chunk + 500]))
    healthy = set(units) - bad.keys()

    async def have_it() -> bool:
        return healthy <= {request.path for request in receiver.received}

    await eventually(have_it, within=60)
    took = [r.at - begun for r in receiver.received if r.path in healthy]
    return quantiles(took, n=100)[98]


async def check_isolation(house: House, count: int) -> None:
    systems = Mixed()
    async with receiving(systems) as receiver, delivering(house):
        await p99_of_the_healthy(house, receiver, systems, 50, lambda _units: {})  # warms up
        alone = await p99_of_the_healthy(house, receiver, systems, count, lambda _units: {})
        mixed = await p99_of_the_healthy(
            house, receiver, systems, count, lambda units: one_in(units, 20, HANGS, LATE, BROKEN)
        )
        hanging = await p99_of_the_healthy(house, receiver, systems, count, one_in_five_hangs)
    assert mixed <= 1.5 * alone + 2, (alone, mixed)
    assert hanging <= 3 * alone, (alone, hanging)
    assert max(receiver.most_open.values()) == 1


def one_in_five_hangs(units: list[str]) -> dict[str, Reply]:
    """The worst that is promised for."""
    return one_in(units, 5, HANGS)


async def test_slow_and_broken_endpoints_do_not_delay_the_healthy(house: House) -> None:
    await check_isolation(house, 1_000)


async def test_a_build_with_one_queue_for_all_is_found(house: House) -> None:
    """The negative control: whoever hangs keeps a place that the healthy wait for."""
    systems = Mixed()
    one_queue = {"fast_places": PLACES, "slow_places": 0, "deadline_seconds": 10}
    async with receiving(systems) as receiver, delivering(house, **one_queue):
        alone = await p99_of_the_healthy(house, receiver, systems, 1_000, lambda _units: {})
        hanging = await p99_of_the_healthy(house, receiver, systems, 1_000, one_in_five_hangs)
    assert hanging > 3 * alone, (alone, hanging)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_of_ten_thousand_endpoints_slow_ones_do_not_delay_the_healthy(house: House) -> None:
    await check_isolation(house, 10_000)
