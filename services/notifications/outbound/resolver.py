"""From a host's name to the addresses that may be dialled: asked once, judged, and then nobody asks again (P20).

What is judged is what is dialled: the caller gets literals. One denied address among the answers refuses them all.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from threading import Thread

from services.notifications.domain.addresses import Network, is_allow_listed, is_denied
from services.notifications.domain.attempt import AttemptOutcome
from services.notifications.outbound.descriptors import is_ours

LOOKUP_SECONDS = 3.0
KEPT_SECONDS = 5.0
KEPT_HOSTS = 20_000
MOST_ANSWERS = 20

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""From a name to its addresses, as text. Takes as long as it takes; raises OSError or ValueError."""


class NoAnswer(Exception):
    """The attempt ends without an answer of the receiver; ``outcome`` says how."""

    def __init__(self, outcome: AttemptOutcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Resolved:
    """Addresses that were judged and may be dialled, in the order in which to try them.

    ``shown``: whether what they answer may be shown to anyone; not where an allow-list lets them be reached.
    """

    literals: tuple[str, ...]
    shown: bool


async def system_lookup(host: str) -> Sequence[str]:
    """The operating system's resolver, in a thread of its own.

    The thread is a daemon: a name server that never answers holds up neither the stop of the process nor what else runs
    in the loop's own few threads.
    """
    found: Future[Sequence[str]] = Future()
    found.set_running_or_notify_cancel()
    Thread(target=_ask, args=(host, found), name="lookup", daemon=True).start()
    return await asyncio.wrap_future(found)


def _ask(host: str, found: "Future[Sequence[str]]") -> None:
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found.set_result([str(address[0]) for *_, address in rows])
    except Exception as fault:
        found.set_exception(fault)


class Standing(Enum):
    """What the last lookup of a name says of the next one: it was in time, it was not, or there was none."""

    PROMPT = "prompt"
    LATE = "late"
    NEW = "new"


PLACES: Mapping[Standing, int] = {Standing.PROMPT: 64, Standing.NEW: 32, Standing.LATE: 16}
"""How many lookups of each standing run at once: names without a living name server only ever wait for each other."""

HANGING = 128
"""How many more may hang beyond the limit without keeping their places."""


class _Asking:
    """A lookup on its way: ``begun`` when it has a place, ``told`` when its end, or its lateness, is known."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.begun: asyncio.Future[None] = loop.create_future()
        self.told: asyncio.Future[Resolved | AttemptOutcome] = loop.create_future()

    def tell(self, found: Resolved | AttemptOutcome) -> None:
        """Say what came of it, unless it is known already."""
        if not self.told.done():
            self.told.set_result(found)


class Resolver:
    """Names to addresses that may be dialled, within ``limit_seconds`` each.

    One lookup a host at a time, which all who ask for the host share; one that outlives the limit goes on alone, and
    until it ends the host counts as unresolved. What was judged is kept for ``kept_seconds``. ``allowed``: private
    networks that may be reached all the same. ``places``, ``hanging``: as ``PLACES`` and ``HANGING``.
    """

    def __init__(
        self,
        *,
        allowed: Sequence[Network] = (),
        lookup: Lookup = system_lookup,
        limit_seconds: float = LOOKUP_SECONDS,
        kept_seconds: float = KEPT_SECONDS,
        places: Mapping[Standing, int] = PLACES,
        hanging: int = HANGING,
    ) -> None:
        self._allowed = tuple(allowed)
        self._lookup = lookup
        self._limit_seconds = limit_seconds
        self._kept_seconds = kept_seconds
        self._places = {standing: asyncio.Semaphore(most) for standing, most in places.items()}
        self._may_hang = hanging
        self._kept: dict[str, tuple[float, Resolved]] = {}
        self._standings: dict[str, Standing] = {}
        self._askings: dict[str, _Asking] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def addresses(self, host: str) -> Resolved:
        """Where ``host``, a name or an address, may be dialled.

        Refuses with ``NoAnswer``: ``FORBIDDEN_ADDRESS`` where any of its addresses is denied, ``UNRESOLVED`` where it
        has none, or more than 20, or the answer is no good or takes too long, ``INTERRUPTED`` where nobody was asked,
        since too many other lookups are on their way.
        """
        kept = self._kept.get(host)
        if kept is not None and kept[0] > asyncio.get_running_loop().time():
            return kept[1]
        if _is_literal(host):
            return _dialled(self._judge(host, [host]))
        asking = self._askings.get(host) or self._ask(host)
        await asyncio.wait([asking.begun], timeout=self._limit_seconds)
        if not asking.begun.done():
            raise NoAnswer(AttemptOutcome.INTERRUPTED)
        await asyncio.wait([asking.told])
        return _dialled(asking.told.result())

    def _ask(self, host: str) -> _Asking:
        asking = self._askings[host] = _Asking()
        task = asyncio.create_task(self._find(host, asking))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return asking

    async def _find(self, host: str, asking: _Asking) -> None:
        """Look ``host`` up when there is a place for it, and give the place back in time, if others may have it."""
        standing = self._standings.get(host, Standing.NEW)
        async with self._places[standing]:
            asking.begun.set_result(None)
            lookup = asyncio.create_task(self._judged(host))
            await asyncio.wait([lookup], timeout=self._limit_seconds)
            is_late = not lookup.done()
            if is_late:
                asking.tell(AttemptOutcome.UNRESOLVED)
                if standing is Standing.LATE or self._may_hang == 0:
                    await asyncio.wait([lookup])
        if not lookup.done():
            self._may_hang -= 1
            await asyncio.wait([lookup])
            self._may_hang += 1
        del self._askings[host]
        found = lookup.result()
        asking.tell(found)
        if len(self._standings) >= KEPT_HOSTS:
            self._standings.clear()
        is_prompt = not is_late or isinstance(found, Resolved)
        self._standings[host] = Standing.PROMPT if is_prompt else Standing.LATE

    async def _judged(self, host: str) -> Resolved | AttemptOutcome:
        try:
            return self._judge(host, await self._lookup(host))
        except OSError as fault:
            return AttemptOutcome.INTERRUPTED if is_ours(fault) else AttemptOutcome.UNRESOLVED
        except ValueError:
            return AttemptOutcome.UNRESOLVED
        except Exception:  # no thread, no memory: ours
            return AttemptOutcome.INTERRUPTED

    def _judge(self, host: str, answers: Sequence[str]) -> Resolved | AttemptOutcome:
        addresses = list(dict.fromkeys(ip_address(answer) for answer in answers))
        if any(is_denied(address, self._allowed) for address in addresses):
            return AttemptOutcome.FORBIDDEN_ADDRESS
        if not 0 < len(addresses) <= MOST_ANSWERS:
            return AttemptOutcome.UNRESOLVED
        shown = not any(is_allow_listed(address, self._allowed) for address in addresses)
        found = Resolved(tuple(str(address) for address in addresses), shown)
        if len(self._kept) >= KEPT_HOSTS:
            self._kept.clear()
        self._kept[host] = (asyncio.get_running_loop().time() + self._kept_seconds, found)
        return found


def _dialled(found: Resolved | AttemptOutcome) -> Resolved:
    if isinstance(found, AttemptOutcome):
        raise NoAnswer(found)
    return found


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
