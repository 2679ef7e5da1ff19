"""Webhooks arrive at least once, under one id, whoever is killed meanwhile (P14, P15)."""

import asyncio
import contextlib
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.conftest import (
    KEYS,
    count_pending,
    members_with_systems,
)
from tests.support.endpoints import bring_forward, end_leases
from tests.support.eventually import eventually
from tests.support.receiving import Received, Receiver, Reply, receiving

LONGEST_RUN = timedelta(seconds=8)
"""One delivery, which is answered within a second: an older lease is of a process that was killed."""


class Unreliable:
    """Systems that fail one in five first requests, and hang up on one in a hundred after having worked on it.

    ``worked``: how often each system worked; ``effects``: how often where it tells repetitions by the id.
    """

    def __init__(self) -> None:
        self._draw = random.Random(15)
        self._seen: set[str] = set()
        self._done: set[tuple[str, str]] = set()
        self.worked: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.failed = self.hung_up = 0

    def __call__(self, request: Received) -> Reply:
        is_first = request.path not in self._seen
        self._seen.add(request.path)
        if is_first and self._draw.random() < 0.2:
            self.failed += 1
            return Reply(500, after=self._draw.uniform(0.5, 1))
        self._work(request)
        if self._draw.random() < 0.01:
            self.hung_up += 1
            return Reply(cut=True, after=0.5)
        return Reply(after=self._draw.uniform(0.5, 1))

    def _work(self, request: Received) -> None:
        self.worked[request.path] += 1
        key = (request.path, request.webhook_id)
        if key not in self._done:
            self._done.add(key)
            self.effects[request.path] += 1


@asynccontextmanager
async def delivering_processes(
    house: House, count: int, module: str
) -> AsyncIterator[list["DeliveringProcess"]]:
    """Processes that deliver, until the block ends."""
    processes = [DeliveringProcess(house, module) for _ in range(count)]
    for process in processes:
        await process.start()
    try:
        yield processes
    finally:
        for process in processes:
            await process.kill()


class DeliveringProcess:
    """``python -m services.notifications --parts workers``, or another ``module``."""

    def __init__(self, house: House, module: str) -> None:
        self._module = module
        self._process: asyncio.subprocess.Process | None = None
        self._environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - a child process needs the search path
            "NOTIFICATIONS_DATABASE_URL": house.service.settings.database_url.get_secret_value(),
            "NOTIFICATIONS_WEBHOOK_KEYS": KEYS,
            "NOTIFICATIONS_WEBHOOK_PLAIN_HTTP": "true",
            "NOTIFICATIONS_WEBHOOK_PORTS": "[]",
            "NOTIFICATIONS_WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
            "GONGYUE_TEST_CLOCK": "true",
            "GONGYUE_PUBLIC_URL": "http://suite.test",
        }

    async def start(self) -> None:
        """Run it."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", self._module, "--parts", "workers", "--port", "0"),
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def kill(self) -> None:
        """SIGKILL it."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


async def deliver_while_killed(
    house: House, receiver: Receiver, *, kills: int, module: str = "services.notifications"
) -> None:
    """Two processes deliver; ``kills`` times one of them is killed while it works, and started again."""
    draw = random.Random(8)
    async with delivering_processes(house, 2, module) as processes:
        for _ in range(kills):
            await _hundred_more(receiver)
            victim = draw.choice(processes)
            await victim.kill()
            await victim.start()

        async def is_done() -> bool:
            await end_leases(house.database, older_than=LONGEST_RUN)
            await bring_forward(house.database)
            return await count_pending(house.database) == 0

        await eventually(is_done, within=300)


async def _hundred_more(receiver: Receiver) -> None:
    enough = len(receiver.received) + 100

    async def has_come() -> bool:
        return len(receiver.received) >= enough

    await eventually(has_come, within=60)


async def check_everyone_is_told(house: House, count: int, *, kills: int) -> None:
    systems = Unreliable()
    async with receiving(systems) as receiver:
        keys = await members_with_systems(house, count, receiver)
        circular = await house.issue()
        await deliver_while_killed(house, receiver, kills=kills)

    async with house.database.begin() as work:
        delivered = await work.db.scalar(
            text("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'")
        )
        interrupted = await work.db.scalar(
            text("SELECT count(*) FROM webhook_attempts WHERE outcome = 'interrupted'")
        )
    told = receiver.by_path()
    assert delivered == count
    assert told.keys() == keys.keys()
    assert {unit: len({r.webhook_id for r in told[unit]}) for unit in told} == dict.fromkeys(
        keys, 1
    )
    assert len({requests[0].webhook_id for requests in told.values()}) == count
    assert all(r.is_signed_with(keys[unit]) for unit in told for r in told[unit])
    assert systems.effects == dict.fromkeys(keys, 1)
    assert max(receiver.most_open.values()) == 1
    assert circular["number"] in told[next(iter(keys))][0].body.decode()
    assert interrupted, "nothing was interrupted: the kills came too late to show anything"
    assert 0.15 < systems.failed / count < 0.25
    assert 0.004 < systems.hung_up / systems.worked.total() < 0.02
    assert max(systems.worked.values()) > 1, (
        "no system would have doubled anything: no id was needed"
    )


async def test_two_thousand_endpoints_are_told_although_deliverers_are_killed(
    house: House,
) -> None:
    await check_everyone_is_told(house, 2_000, kills=3)


async def test_a_build_that_records_before_it_sends_is_found(house: House) -> None:
    """The negative control: what failed, or was cut off, counts as delivered and is never tried again."""
    systems = Unreliable()
    async with receiving(systems) as receiver:
        keys = await members_with_systems(house, 300, receiver)
        await house.issue()
        await deliver_while_killed(
            house, receiver, kills=1, module="tests.support.hasty_deliverers"
        )
    assert keys.keys() - systems.effects.keys(), "nothing was lost: the control proved nothing"


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_ten_thousand_endpoints_are_told_although_deliverers_are_killed(
    house: House,
) -> None:
    await check_everyone_is_told(house, 10_000, kills=8)
