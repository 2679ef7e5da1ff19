"""Both event loops, and who dials whom on them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from ipaddress import ip_address
from typing import Any

import pytest
import uvloop

PUBLIC = "93.184.215.14"
"""An address that may be reached; no test does reach it."""


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop of production, and the one of the standard library."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


class Dials:
    """Every address that was dialled, seen at the loop and, where that is written in Python, at the socket.

    No dial leaves this machine: what is not loopback is refused as if nobody listened there.
    """

    def __init__(self) -> None:
        self.addresses: list[str] = []

    @property
    def inside(self) -> list[str]:
        """The dials to anything but the one public address."""
        return [address for address in self.addresses if address != PUBLIC]

    def note(self, host: object) -> None:
        """Count a dial, by the literal that is dialled: a name here would be looked up a second time."""
        address = ip_address(str(host))
        self.addresses.append(str(address))
        if not address.is_loopback:
            raise ConnectionRefusedError(f"{address} is outside of the tests")


_watching: list[Dials] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        for dials in _watching:
            dials.note(arguments[1][0])


@pytest.fixture(scope="session")
def _hook() -> None:
    """An audit hook stays for the process; it does nothing while nobody watches."""
    sys.addaudithook(_listen)


@pytest.fixture
async def dials(_hook: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dials]:
    """Whom this test's loop dials, from now on."""
    dials = Dials()
    loop = asyncio.get_running_loop()
    connect: Any = loop.create_connection

    async def create_connection(factory: Any, host: Any = None, *more: Any, **named: Any) -> Any:
        dials.note(host)
        return await connect(factory, host, *more, **named)

    monkeypatch.setattr(loop, "create_connection", create_connection)
    _watching.append(dials)
    yield dials
    _watching.remove(dials)
