"""Two hundred receivers that mean harm take neither time beyond the deadline, nor memory, nor the loop (P21)."""

import asyncio
import contextlib
import os
import time
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import pytest

from services.notifications.domain.attempt import AttemptOutcome
from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Sender
from tests.integration.notifications.outbound.certificates import Authority, authority
from tests.integration.notifications.outbound.targets import LOOPBACK, names, post
from tests.support.hostile_receivers import Zoo, receiver_zoo

HOST = "hooks.example.com"
RECEIVERS = 200
DEADLINE_SECONDS = 4.0
LATE_SECONDS = 0.5
MEGABYTE = 1024 * 1024

OUTCOMES = {
    "drip": AttemptOutcome.DELIVERED,
    "endless_body": AttemptOutcome.DELIVERED,
    "gzip_bomb": AttemptOutcome.DELIVERED,
    "endless_headers": AttemptOutcome.MALFORMED,
    "never": AttemptOutcome.TIMED_OUT,
    "slow_tls": AttemptOutcome.TIMED_OUT,
}


class Pulse:
    """How late the loop is, and how much memory the process has, every few milliseconds."""

    EVERY_SECONDS = 0.005

    def __init__(self) -> None:
        self.lags: list[float] = []
        self.start_bytes = self.most_bytes = resident_bytes()

    @property
    def lag_p99(self) -> float:
        """The lag that all but one in a hundred beats stay below, in seconds."""
        return sorted(self.lags)[len(self.lags) * 99 // 100]

    @property
    def grown_bytes(self) -> int:
        """The most that the process was larger than at the start."""
        return self.most_bytes - self.start_bytes

    async def beat_for(self, seconds: float) -> None:
        """For so long: what the machine does when nothing is asked of it."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.beat(), seconds)

    async def beat(self) -> None:
        """Until cancelled."""
        while True:
            due = time.perf_counter() + self.EVERY_SECONDS
            await asyncio.sleep(self.EVERY_SECONDS)
            self.lags.append(time.perf_counter() - due)
            self.most_bytes = max(self.most_bytes, resident_bytes())


def resident_bytes() -> int:
    """How much memory this process holds."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def attempt(
    sender: Sender, zoo: Zoo, mode: str, begins_after: float
) -> tuple[str, AttemptOutcome, float]:
    """One request to a receiver of that mode; how it ended, and after how many seconds."""
    await asyncio.sleep(begins_after)
    began = time.perf_counter()
    answer = await post(sender, zoo.url(mode, HOST))
    return mode, answer.outcome, time.perf_counter() - began


@pytest.fixture
def trusted(tmp_path: Path) -> Authority:
    return authority(tmp_path, datetime.fromtimestamp(tmp_path.stat().st_mtime, UTC))


@pytest.mark.parametrize(
    ("is_tls", "apart_seconds"), [(False, 0.002), (True, 0.01)], ids=["plain", "TLS"]
)
async def test_hostile_receivers_exhaust_nothing(
    is_tls: bool, apart_seconds: float, trusted: Authority
) -> None:
    """The attempts begin a little apart: both ends of all connections are worked out by this one loop."""
    resolver = Resolver(allowed=LOOPBACK, lookup=names({HOST: ["127.0.0.1"]}))
    sender = Sender(resolver, tls=trusted.trusting(), deadline_seconds=DEADLINE_SECONDS)
    async with receiver_zoo(trusted.serving(HOST) if is_tls else None) as zoo:
        idle, pulse = Pulse(), Pulse()
        await idle.beat_for(1)
        beating = asyncio.create_task(pulse.beat())
        ends = await asyncio.gather(
            *(
                attempt(sender, zoo, mode, nth * apart_seconds)
                for nth, mode in enumerate(islice(cycle(OUTCOMES), RECEIVERS))
            )
        )
        beating.cancel()
        assert zoo.connections == RECEIVERS
    assert {(mode, outcome) for mode, outcome, _ in ends} == set(OUTCOMES.items())
    held_up = max(pulse.lags)  # by the machine, or by the receivers' end of the connections
    assert max(seconds for *_, seconds in ends) <= DEADLINE_SECONDS + LATE_SECONDS + held_up
    assert pulse.grown_bytes <= 100 * MEGABYTE
    assert pulse.lag_p99 <= 0.1 + 3 * idle.lag_p99


async def test_a_client_with_a_limit_for_each_read_would_outlive_the_deadline() -> None:
    """The naive way, so that the test above is known to be able to fail."""
    async with receiver_zoo() as zoo:
        reader, writer = await asyncio.open_connection("127.0.0.1", zoo.port)
        writer.write(b"POST /drip HTTP/1.1\r\n\r\n")
        began = time.perf_counter()
        while time.perf_counter() < began + DEADLINE_SECONDS + LATE_SECONDS:
            async with asyncio.timeout(DEADLINE_SECONDS):
                assert await reader.read(1)
        writer.close()


async def test_a_loop_that_is_held_up_is_noticed() -> None:
    pulse = Pulse()
    beating = asyncio.create_task(pulse.beat())
    held = b"x" * 150 * MEGABYTE
    for _ in range(3):
        await asyncio.sleep(Pulse.EVERY_SECONDS)
        until = time.perf_counter() + 0.2
        while time.perf_counter() < until:
            pass
    await asyncio.sleep(Pulse.EVERY_SECONDS)
    beating.cancel()
    assert len(held) == 150 * MEGABYTE
    assert pulse.lag_p99 > 0.1
    assert pulse.grown_bytes > 100 * MEGABYTE
