"""What notifications does all the time: it delivers webhooks, each endpoint by itself.

An endpoint is leased with a few of its deliveries, which are sent one after the other: a slow one has at most one request
open and delays nobody. There are two lanes. A run that has not been answered for a quarter of a second gives its place in the
fast lane back and goes on in the slow one, where endpoints begin that took two seconds the last time.

What its owner says of an endpoint holds also for a run that is under way: no request begins on a word that is older than a
quarter of a second.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from services.notifications.domain.attempt import Answer, AttemptOutcome
from services.notifications.domain.errors import TargetRefused
from services.notifications.domain.message import Message
from services.notifications.domain.signing import signed_headers, webhook_id
from services.notifications.domain.target import Target, TargetRules, parse_target
from services.notifications.outbound.descriptors import affordable, raised_limit
from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Connection, Sender
from services.notifications.settings import NotificationsSettings
from services.notifications.store.deliveries import NO_HOLD, Attempted, Report, Run, Taken
from services.notifications.store.keyring import Keyring
from services.notifications.usecases.deliveries import (
    conclude,
    expand_messages,
    present_runs,
    record_reports,
    take_runs,
)
from shared.db.wakeups import Topic
from shared.db.work import Database
from shared.logs import get_logger
from shared.settings import SuiteSettings
from shared.workers import Worker

log = get_logger(__name__)

FAST_PLACES = 200
SLOW_PLACES = 2000
SILENT_SECONDS = 0.25
SLOW_SECONDS = 2.0
RUN_SECONDS = 5.0
SEEN_SECONDS = 0.25
"""How old the word of an endpoint's owner (where to, signed with what, at all) may be when a request begins."""

GRACE_SECONDS = 8.0
RETRY_SECONDS = 1.0
BODIES, TARGETS = 1000, 20_000
"""How many rendered bodies and judged URLs are kept at hand."""

LAST_OF_A_RUN = frozenset({AttemptOutcome.INTERRUPTED, AttemptOutcome.GONE, AttemptOutcome.FAULT})


def workers(settings: NotificationsSettings, suite: SuiteSettings) -> tuple[Worker, ...]:
    """The steady work of notifications."""

    async def deliver(database: Database) -> None:
        sender = Sender(Resolver(allowed=settings.allowed_networks))
        rules = settings.target_rules(suite)
        fast, slow = affordable(FAST_PLACES, SLOW_PLACES, raised_limit())
        await Deliverer(
            database,
            sender,
            settings.keyring,
            rules,
            suite.public_url,
            fast_places=fast,
            slow_places=slow,
        ).run()

    return (Worker("deliver_webhooks", deliver),)


class Deliverer:
    """Takes what is due, sends it and records what came of it, until cancelled. Any number may run at once."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        keyring: Keyring,
        rules: TargetRules,
        public_url: str,
        *,
        fast_places: int = FAST_PLACES,
        slow_places: int = SLOW_PLACES,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._database = database
        self._sender = sender
        self._keyring = keyring
        self._rules = rules
        self._public_url = public_url.rstrip("/")
        self._grace_seconds = grace_seconds
        self._free = {False: fast_places, True: slow_places}
        self._bodies: dict[str, bytes] = {}
        self._targets: dict[str, Target | None] = {}
        self._runs: set[asyncio.Task[None]] = set()
        self._reports: list[Report] = []
        self._reported = asyncio.Event()
        self._looks = _Looks(database, keyring)
        self._is_stopping = False

    async def run(self) -> None:
        """Deliver until cancelled; then begin nothing more, wait a little for answers and give back what is left."""
        beside = [asyncio.create_task(self._record()), asyncio.create_task(self._looks.run())]
        try:
            await self._take()
        finally:
            self._is_stopping = True
            if self._runs:
                await asyncio.wait(self._runs, timeout=self._grace_seconds)
            for run in self._runs:
                run.cancel()
            await asyncio.gather(*self._runs, return_exceptions=True)
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._record_waiting()

    async def _take(self) -> None:
        """Make deliveries of what was announced and take what is due, as long as there are places."""
        steps = [_Step(self._expand), _Step(self._take_fast), _Step(self._take_slow)]
        while True:
            found = sum([await step.take() for step in steps])
            if not found:
                await self._database.wakeups.wait(Topic.DELIVERIES)

    async def _expand(self) -> int:
        async with self._database.begin() as work:
            return await expand_messages(work)

    async def _take_fast(self) -> int:
        return await self._take_lane(slow=False)

    async def _take_slow(self) -> int:
        return await self._take_lane(slow=True)

    async def _take_lane(self, *, slow: bool) -> int:
        if self._free[slow] <= 0:
            return 0
        seen = asyncio.get_running_loop().time()
        async with self._database.begin() as work:
            taken = await take_runs(work, self._keyring, limit=self._free[slow], slow=slow)
        for run in taken:
            self._free[slow] -= 1
            task = asyncio.create_task(self._send_all(run, slow=slow, seen=seen))
            self._runs.add(task)
            task.add_done_callback(self._runs.discard)
        return len(taken)

    async def _send_all(self, run: Run, *, slow: bool, seen: float) -> None:
        """One endpoint's run, in its lane. ``seen``: when what it goes by was read, by the loop's clock."""
        lane = _Lane(self._free, slow=slow, freed=self._look)
        clock = asyncio.get_running_loop()
        begun = clock.time()
        connection = self._connection(run)
        is_slow, hold = False, NO_HOLD
        try:
            for taken in run.deliveries:
                if clock.time() - seen > SEEN_SECONDS:
                    seen, present = clock.time(), await self._looks.at(run)
                    if present is None:
                        break
                    run = present
                if self._is_stopping:
                    break
                silence = clock.call_later(SILENT_SECONDS, lane.slow_down)
                attempted = await self._attempt(run, taken, connection, begun)
                silence.cancel()
                self._report(Report(run, [attempted]))
                is_slow, hold = attempted.duration_ms > SLOW_SECONDS * 1000, attempted.hold
                is_long = clock.time() - begun > RUN_SECONDS
                if is_long or hold or attempted.outcome in LAST_OF_A_RUN:
                    break
        finally:
            if connection is not None:
                connection.close()
            self._report(Report(run, is_over=True, is_slow=is_slow, hold=hold))
            lane.leave()

    def _look(self) -> None:
        """Look at once whether something is due."""
        self._database.wakeups.wake({Topic.DELIVERIES})

    def _connection(self, run: Run) -> Connection | None:
        if run.url not in self._targets:
            if len(self._targets) >= TARGETS:
                self._targets.clear()
            self._targets[run.url] = _target(run.url, self._rules)
        target = self._targets[run.url]
        return None if target is None else self._sender.connection(target)

    async def _attempt(
        self, run: Run, taken: Taken, connection: Connection | None, begun: float
    ) -> Attempted:
        """One attempt of a run that began at ``begun``, whatever comes of it."""
        clock = asyncio.get_running_loop()
        started = clock.time()
        after = started - begun

        def concluded(answer: Answer) -> Attempted:
            return self._concluded(run, taken, answer, after, clock.time() - started)

        try:
            return concluded(await self._post(run, taken, connection, after))
        except asyncio.CancelledError:
            return concluded(Answer(AttemptOutcome.INTERRUPTED))
        except Exception:  # of this one delivery: it is tried again like any that failed
            log.exception("delivery_fault", delivery=taken.id)
            return concluded(Answer(AttemptOutcome.FAULT))

    async def _post(
        self, run: Run, taken: Taken, connection: Connection | None, after: float
    ) -> Answer:
        if connection is None:
            return Answer(AttemptOutcome.FORBIDDEN_ADDRESS)
        if not run.secrets:
            return Answer(AttemptOutcome.UNSIGNED)
        body = self._body_of(taken.message)
        timestamp = int((run.taken_at + timedelta(seconds=after)).timestamp())
        message_id = webhook_id(taken.message.id, run.member_id)
        return await connection.post(signed_headers(message_id, timestamp, body, run.secrets), body)

    def _body_of(self, message: Message) -> bytes:
        body = self._bodies.get(message.id)
        if body is None:
            if len(self._bodies) >= BODIES:
                self._bodies.clear()
            body = self._bodies[message.id] = message.body(self._public_url)
        return body

    def _concluded(
        self, run: Run, taken: Taken, answer: Answer, after: float, seconds: float
    ) -> Attempted:
        return conclude(
            taken,
            answer,
            self._keyring,
            started_at=run.taken_at + timedelta(seconds=after),
            duration=timedelta(seconds=seconds),
            lot=random.uniform(-1, 1),
        )

    def _report(self, report: Report) -> None:
        self._reports.append(report)
        self._reported.set()

    async def _record(self) -> None:
        """Write reports as they come in, all that have come together."""
        while True:
            await self._reported.wait()
            self._reported.clear()
            if not await self._record_waiting():
                await asyncio.sleep(RETRY_SECONDS)

    async def _record_waiting(self) -> bool:
        reports, self._reports = self._reports, []
        try:
            async with self._database.begin() as work:
                await record_reports(work, reports)
        except BaseException as fault:  # kept: else they would be sent again when their leases end
            self._reports = reports + self._reports
            self._reported.set()
            if not isinstance(fault, Exception):
                raise
            log.warning("deliveries_unrecorded", fault=type(fault).__name__)
            return False
        return True


def _target(url: str, rules: TargetRules) -> Target | None:
    try:
        return parse_target(url, rules)
    except (TargetRefused, ValueError):
        return None


class _Step:
    """Something that is done again and again; after a fault it rests, and keeps neither the others nor the log busy."""

    def __init__(self, act: Callable[[], Awaitable[int]]) -> None:
        self._act = act
        self._rests_until = 0.0

    async def take(self) -> int:
        """Do it, if it is not resting; how much there was."""
        clock = asyncio.get_running_loop()
        if clock.time() < self._rests_until:
            return 0
        try:
            return await self._act()
        except Exception:  # told in the log; what is due stays due
            log.exception("deliveries_interrupted", step=self._act.__name__)
            self._rests_until = clock.time() + RETRY_SECONDS
            return 0


class _Looks:
    """What holds for runs now. Many ask at once, and what they ask for is read together."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._asked: list[tuple[Run, asyncio.Future[Run | None]]] = []
        self._something_asked = asyncio.Event()

    async def at(self, run: Run) -> Run | None:
        """The run as its endpoint's owner will have it now; None: it is over."""
        present: asyncio.Future[Run | None] = asyncio.get_running_loop().create_future()
        self._asked.append((run, present))
        self._something_asked.set()
        return await present

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            await self._something_asked.wait()
            self._something_asked.clear()
            asked, self._asked = self._asked, []
            found = await self._read([run for run, _ in asked])
            for (_, present), run in zip(asked, found, strict=True):
                if not present.done():
                    present.set_result(run)

    async def _read(self, runs: Sequence[Run]) -> Sequence[Run | None]:
        try:
            async with self._database.begin() as work:
                return await present_runs(work, self._keyring, runs)
        except Exception as fault:  # they end; what is left of them is taken again
            log.warning("endpoints_unseen", fault=type(fault).__name__)
            return [None] * len(runs)


class _Lane:
    """The place that one run takes, in the fast lane or in the slow one. ``freed``: called whenever a place is."""

    def __init__(self, free: dict[bool, int], *, slow: bool, freed: Callable[[], None]) -> None:
        self._free = free
        self._slow = slow
        self._freed = freed

    def slow_down(self) -> None:
        """Give the place in the fast lane back, if the slow lane has one."""
        if not self._slow and self._free[True] > 0:
            self.leave()
            self._slow = True
            self._free[True] -= 1

    def leave(self) -> None:
        """Give the place back."""
        self._free[self._slow] += 1
        self._freed()
