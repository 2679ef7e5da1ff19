"""A service that is told to stop answers what it has accepted, and ends."""

import asyncio
import signal
from collections import Counter

import httpx
import pytest

from tests.support.broker import RabbitNode
from tests.support.eventually import eventually
from tests.support.postgres import TestPostgres
from tests.support.topologies import separate

CLIENTS, ANSWERED = 12, 100
STOP_SECONDS = 45

pytestmark = pytest.mark.rabbit


async def test_no_accepted_request_is_lost_when_a_service_stops(
    postgres: TestPostgres, rabbit: RabbitNode
) -> None:
    """P29, small: SIGTERM under load; every request whose connection was accepted is answered in full."""
    async with separate(postgres, rabbit) as suite:
        outcomes: Counter[str] = Counter()
        stopping = asyncio.Event()

        async def ask_on() -> None:
            while True:
                outcome = await _ask_once(suite.url_of("membership"))
                outcomes[outcome] += 1
                if outcome == "refused" or (stopping.is_set() and outcome != "answered"):
                    return

        clients = [asyncio.create_task(ask_on()) for _ in range(CLIENTS)]
        await eventually(lambda: _are_under_way(outcomes))
        stopping.set()
        async with asyncio.timeout(STOP_SECONDS):
            status = await suite.stop("membership")
            await asyncio.gather(*clients)
    assert status in (0, -signal.SIGTERM)
    assert outcomes["broken"] == 0, outcomes
    assert outcomes["answered"] >= ANSWERED


async def _are_under_way(outcomes: Counter[str]) -> bool:
    return outcomes["answered"] >= ANSWERED


async def _ask_once(url: str) -> str:
    """One request on a connection of its own: answered, refused at the door, or broken off."""
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            answer = await http.get(f"{url}/v1/register")
        except httpx.ConnectError:
            return "refused"
        except httpx.HTTPError:
            return "broken"
    return "answered" if answer.status_code == httpx.codes.OK else "broken"
