"""One slow endpoint never delays another (P16)."""

import asyncio
from functools import partial
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

HANG_SECONDS = 60
"""How long whoever hangs is waited for, where what must not wait for it is to be seen."""

PLACES = 100
"""Fewer than hang, in the negative control."""

NEVER = 3600.0


class Mixed:
    """Systems of which some are bad, in a fixed way each."""

    def __init__(self) -> None:
        self.bad: dict[str, Reply] = {}

    def __call__(self, request: Received) -> Reply:
        return self.bad.get(request.path, HEALTHY)

    def spoil(self, units: list[str], share: int, *replies: Reply) -> set[str]:
        """Of every ``share`` units the first few turn bad, one for each reply; who stays healthy."""
        bad = {
            unit: replies[place % share]
            for place, unit in enumerate(units)
            if place % share < len(replies)
        }
        self.bad |= bad
        return set(units) - bad.keys()

    def did_all_hang_on(self, receiver: Receiver) -> bool:
        """Whether whoever never answers was asked, and none of them let go of since."""
        asked = {r.path for r in receiver.received if self.bad.get(r.path) is HANGS}
        return bool(asked) and all(receiver.open[unit] == 1 for unit in asked)


async def tell(
    house: House, receiver: Receiver, units: list[str], healthy: set[str], *, within: float = 60
) -> list[float]:
    """Issue a circular to the units and wait until the healthy have it: after how many seconds each of them."""
    begun = asyncio.get_running_loop().time()
    for chunk in range(0, len(units), 500):
        await house.issue(audience=to_members(*units[chunk : chunk + 500]))

    async def have_it() -> bool:
        return healthy <= {request.path for request in receiver.received}

    await eventually(have_it, within=within)
    return [request.at - begun for request in receiver.received if request.path in healthy]


@pytest.mark.parametrize(
    ("share", "bad"),
    [pytest.param(20, [HANGS, LATE, BROKEN], id="5 % each"), pytest.param(5, [HANGS], id="20 %")],
)
async def test_the_healthy_wait_for_nobody_who_hangs(
    house: House, share: int, bad: list[Reply]
) -> None:
    systems = Mixed()
    async with receiving(systems) as receiver, delivering(house, deadline_seconds=HANG_SECONDS):
        units = list(await members_with_systems(house, 1_000, receiver))
        healthy = systems.spoil(units, share, *bad)
        await tell(house, receiver, units, healthy, within=HANG_SECONDS - 5)
        assert systems.did_all_hang_on(receiver)
        assert max(receiver.most_open.values()) == 1


async def test_a_build_with_one_queue_for_all_is_found(house: House) -> None:
    """The negative control: whoever hangs keeps a place that the healthy wait for."""
    systems = Mixed()
    one_queue = {"fast_places": PLACES, "slow_places": 0, "deadline_seconds": 5}
    async with receiving(systems) as receiver, delivering(house, **one_queue):
        units = list(await members_with_systems(house, 1_000, receiver))
        await tell(house, receiver, units, systems.spoil(units, 5, HANGS))
        assert not systems.did_all_hang_on(receiver)


async def test_a_place_that_a_silent_endpoint_gives_back_is_taken_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not when somebody next looks for other reasons."""
    wakeups = house.database.wakeups
    monkeypatch.setattr(wakeups, "wait", partial(wakeups.wait, seconds=NEVER))
    systems = Mixed()
    options = {"fast_places": 1, "deadline_seconds": HANG_SECONDS}
    async with receiving(systems) as receiver, delivering(house, **options):
        silent = list(await members_with_systems(house, 5, receiver))
        systems.spoil(silent, 1, HANGS)
        await house.issue(audience=to_members(*silent))

        async def are_all_asked() -> bool:
            return set(silent) <= {request.path for request in receiver.received}

        await eventually(are_all_asked)
        assert systems.did_all_hang_on(receiver)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_of_ten_thousand_endpoints_slow_ones_do_not_delay_the_healthy(house: House) -> None:
    systems = Mixed()
    async with receiving(systems) as receiver, delivering(house):

        async def p99(count: int, share: int, *bad: Reply) -> float:
            units = list(await members_with_systems(house, count, receiver))
            took = await tell(house, receiver, units, systems.spoil(units, share, *bad))
            return quantiles(took, n=100)[98]

        await p99(50, 1)  # warms up
        alone = await p99(10_000, 1)
        mixed = await p99(10_000, 20, HANGS, LATE, BROKEN)
        hanging = await p99(10_000, 5, HANGS)
    assert mixed <= 1.5 * alone + 2, (alone, mixed)
    assert hanging <= 3 * alone, (alone, hanging)
    assert max(receiver.most_open.values()) == 1
