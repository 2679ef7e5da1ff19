"""Names whose name servers are dead hold up no other name, and what is our fault counts for nothing (P21)."""

import asyncio
import errno
import socket
import threading
from collections.abc import Sequence

import pytest

from services.notifications.domain.attempt import Answer, AttemptOutcome
from services.notifications.outbound.resolver import (
    PLACES,
    NoAnswer,
    Resolver,
    Standing,
)
from services.notifications.outbound.sender import Sender
from tests.integration.notifications.outbound.conftest import PUBLIC, Dials
from tests.integration.notifications.outbound.targets import post

INTERRUPTED, UNRESOLVED = AttemptOutcome.INTERRUPTED, AttemptOutcome.UNRESOLVED


class NameServers:
    """Those of ``dead`` names answer when they are told to; the others at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = asyncio.Event()
        self.busy = asyncio.Event()
        self._dead = 0

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("dead"):
            self._dead += 1
            if self._dead == PLACES[Standing.NEW]:
                self.busy.set()
            await self.answer.wait()
        return [PUBLIC]


async def outcomes(resolver: Resolver, hosts: Sequence[str]) -> list[AttemptOutcome | None]:
    """What comes of asking for all these hosts at once; None: addresses."""
    ends = await asyncio.gather(*map(resolver.addresses, hosts), return_exceptions=True)
    return [end.outcome if isinstance(end, NoAnswer) else None for end in ends]


def many(kind: str, number: int) -> list[str]:
    """Names of a kind."""
    return [f"{kind}{n}.example.com" for n in range(number)]


async def test_an_answer_that_takes_too_long_holds_up_nobody_and_is_not_asked_for_twice() -> None:
    servers = NameServers()
    resolver = Resolver(lookup=servers, limit_seconds=0.05)
    for _ in range(3):
        assert await outcomes(resolver, ["dead.example.com", "quick.example.com"]) == [
            UNRESOLVED,
            None,
        ]
    assert servers.asked == ["dead.example.com", "quick.example.com"]
    servers.answer.set()
    assert await outcomes(resolver, ["dead.example.com"]) == [None]
    assert len(servers.asked) == 2


async def test_while_a_late_lookup_goes_on_its_name_is_unresolved_at_once() -> None:
    resolver = Resolver(lookup=NameServers(), limit_seconds=0.5)
    await outcomes(resolver, ["dead.example.com"])
    async with asyncio.timeout(0.4):
        assert await outcomes(resolver, ["dead.example.com"] * 100) == [UNRESOLVED] * 100


async def test_two_hundred_dead_names_hold_up_no_name_that_answered_before() -> None:
    """N4: "One slow receiver never delays another's", also where it is the name server that is slow."""
    servers = NameServers()
    resolver = Resolver(lookup=servers, limit_seconds=0.5, kept_seconds=0)
    known = many("known", 100)
    assert await outcomes(resolver, known) == [None] * 100
    dead = asyncio.ensure_future(outcomes(resolver, many("dead", 200)))
    await servers.busy.wait()
    assert await outcomes(resolver, known) == [None] * 100
    assert not dead.done()
    assert set(await dead) == {UNRESOLVED, INTERRUPTED}


async def test_a_first_wave_of_dead_names_lets_new_names_through_after_the_limit() -> None:
    """Whoever waited meanwhile was not refused by anyone: it counts for nothing."""
    servers = NameServers()
    resolver = Resolver(
        lookup=servers, limit_seconds=0.05, places=dict.fromkeys(Standing, 4), hanging=100
    )
    ends = await outcomes(resolver, [*many("dead", 20), *many("new", 5)])
    assert set(ends) == {UNRESOLVED, INTERRUPTED}
    while INTERRUPTED in (await outcomes(resolver, many("new", 5))):
        pass
    assert await outcomes(resolver, many("new", 5)) == [None] * 5


async def test_names_that_were_late_wait_for_each_other_until_they_answer() -> None:
    servers = NameServers()
    places = {Standing.NEW: 2, Standing.LATE: 1, Standing.PROMPT: 1}
    resolver = Resolver(
        lookup=servers, limit_seconds=0.05, kept_seconds=0, places=places, hanging=2
    )

    async def failing(host: str) -> Sequence[str]:
        servers.asked.append(host)
        await servers.answer.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    resolver._lookup = failing
    dead = many("dead", 2)
    assert await outcomes(resolver, dead) == [UNRESOLVED] * 2
    servers.answer.set()
    while UNRESOLVED in (await outcomes(resolver, dead)) and len(servers.asked) < 4:
        pass
    servers.answer.clear()
    resolver._lookup = servers
    assert sorted(await outcomes(resolver, dead), key=str) == [INTERRUPTED, UNRESOLVED]
    assert await outcomes(resolver, ["new.example.com"]) == [None]
    servers.answer.set()
    while await outcomes(resolver, dead) != [None, None]:
        pass


async def test_the_limit_begins_with_the_lookup_and_not_with_the_wait_for_a_place() -> None:
    servers = NameServers()
    places = dict.fromkeys(Standing, 1)
    resolver = Resolver(lookup=servers, limit_seconds=0.2, places=places, hanging=0)
    hosts = ["dead0.example.com", "new0.example.com", "new1.example.com"]
    assert await outcomes(resolver, hosts) == [UNRESOLVED, INTERRUPTED, INTERRUPTED]
    assert servers.asked == hosts[:1]
    waiting = asyncio.ensure_future(outcomes(resolver, hosts[1:]))
    await asyncio.sleep(0)
    servers.answer.set()
    assert await waiting == [None, None]


async def test_the_system_is_asked_in_no_more_threads_than_there_are_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    stuck = threading.Event()

    def getaddrinfo(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        stuck.wait(timeout=60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver = Resolver(limit_seconds=0.1, places=dict.fromkeys(Standing, 3), hanging=0)
    hosts = many("a", 9)
    assert await outcomes(resolver, hosts) == [UNRESOLVED] * 3 + [INTERRUPTED] * 6
    assert asked == hosts[:3]
    assert await asyncio.to_thread(str, "others work on") == "others work on"
    stuck.set()
    while await outcomes(resolver, hosts) != [None] * 9:
        pass
    assert sorted(asked) == hosts


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("can't start new thread"),
        MemoryError(),
        OSError(errno.EMFILE, "Too many open files"),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_a_lookup_that_this_machine_has_no_room_for_counts_for_nothing(
    fault: Exception, dials: Dials
) -> None:
    async def failing(_: str) -> Sequence[str]:
        raise fault

    sender = Sender(Resolver(lookup=failing), breather_seconds=0)
    assert await post(sender, "https://a.example.com/") == Answer(INTERRUPTED)
    assert dials.addresses == []
