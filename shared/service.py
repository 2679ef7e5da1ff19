"""A service's declaration, and how a declaration becomes a running application."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import httpx
from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData

from shared.contracts.base import Event
from shared.contracts.catalog import CATALOG, bindings_of
from shared.contracts.replay import ReplayRequested
from shared.db.retention import clear_outworn
from shared.db.wakeups import Topic
from shared.db.work import Database
from shared.http import problems
from shared.http.access import ACCESS_REFUSALS, MayAct
from shared.http.group_commit import GroupCommit
from shared.http.health import health_routes
from shared.http.metrics import Metrics
from shared.http.middleware import RecordingMiddleware
from shared.http.openapi import describe
from shared.http.operations import operations_router
from shared.http.tokens import TokenVerifier
from shared.kernel.errors import Refusal
from shared.logs import get_logger
from shared.messaging.bus import Bus
from shared.messaging.handler import Handler, Reactions
from shared.messaging.ingestor import Ingestor
from shared.messaging.relay import Relay
from shared.messaging.replay import GAP, ask_for_missing_events, ask_for_missing_register
from shared.settings import ServiceSettings, SuiteSettings
from shared.timers import Timer, in_one_work, run_timer
from shared.workers import Worker

log = get_logger(__name__)


ASK_SECONDS = 5.0


class Part(StrEnum):
    """What a process runs of a service; one image, any mix. What one process looks after, others wake it for."""

    API = "api"
    RELAY = "relay"
    CONSUMER = "consumer"
    TIMERS = "timers"
    WORKERS = "workers"


ALL_PARTS = frozenset(Part)

LOOKS_AFTER = {Topic.OUTGOING_EVENTS: Part.RELAY, Topic.DELIVERIES: Part.WORKERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service at a glance.

    ``paths``: the first segments below ``/v1`` that it answers. ``may_act``: how it knows mandates. ``refusals``: its
    domain's errors modules. ``asks_with``: the event by which it asks for what it missed; None: it listens to nobody.
    ``unrecorded``: operations that leave no trace; ``uncounted``: whose number no metric and no access log tells.
    ``workers``: what it does all the time besides.
    """

    name: str
    title: str
    summary: str
    paths: Sequence[str]
    settings: ServiceSettings
    suite: SuiteSettings
    routers: Sequence[APIRouter]
    tables: Sequence[MetaData]
    publishes: Sequence[type[Event]]
    reactions: Reactions
    timers: Sequence[Timer]
    may_act: MayAct
    refusals: Sequence[ModuleType]
    migrations: Path
    keeps_roster: bool = False
    asks_with: type[ReplayRequested] | None = None
    gap: timedelta = GAP
    unrecorded: frozenset[str] = field(default_factory=frozenset)
    uncounted: frozenset[str] = field(default_factory=frozenset)
    workers: Sequence[Worker] = ()

    def all_refusals(self) -> list[type[Refusal]]:
        """Every refusal that a caller of this service can meet: the floor's and the domain's."""
        own = [
            kind
            for module in self.refusals
            for kind in vars(module).values()
            if isinstance(kind, type)
            and issubclass(kind, Refusal)
            and kind.__module__ == module.__name__
        ]
        return [*problems.FLOOR_REFUSALS, *ACCESS_REFUSALS, *own]

    def all_timers(self) -> list[Timer]:
        """Its own timers and those that every service needs."""
        timers = [*self.timers, Timer("clear_outworn", in_one_work(clear_outworn), None, 60)]
        if self.asks_with is not None:
            ask, name, gap = self.asks_with, self.name, self.gap
            timers.append(
                Timer(
                    "ask_for_missing_events",
                    in_one_work(lambda work: ask_for_missing_events(work, name, ask, gap)),
                    every_seconds=ASK_SECONDS,
                )
            )
            if self.keeps_roster:
                timers.append(
                    Timer(
                        "ask_for_missing_register",
                        in_one_work(lambda work: ask_for_missing_register(work, name, ask, gap)),
                        every_seconds=ASK_SECONDS,
                    )
                )
        return timers


def create_app(
    service: Service,
    bus: Bus,
    *,
    parts: Iterable[Part] = ALL_PARTS,
    tokens: TokenVerifier | None = None,
    reached: Callable[[str], None] = lambda _point: None,
) -> FastAPI:
    """The application of ``service``. Its lifespan runs the other ``parts`` and stops them in reverse.

    ``tokens`` defaults to the issuer that the suite's settings name.
    """
    suite = service.suite
    database = Database(
        service.settings.database_url.get_secret_value(),
        zone=suite.organ_zone,
        pool_size=service.settings.pool_size,
        application=f"gongyue-{service.name}",
    )
    metrics = Metrics(service.name, database)
    background = Background(service, database, bus, metrics, frozenset(parts), reached)
    keys = httpx.AsyncClient(timeout=5, trust_env=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            async with keys, background:
                yield
        finally:
            await database.close()

    app = FastAPI(
        title=f"Gongyue {service.title}",
        description=service.summary,
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service = service
    app.state.database = database
    app.state.group_commit = GroupCommit(database)
    app.state.metrics = metrics
    app.state.background = background
    app.state.public_url = suite.public_url.rstrip("/")
    app.state.cursor_key = (suite.secret.get_secret_value() or secrets.token_hex(32)).encode()
    app.state.tokens = tokens or TokenVerifier(
        issuer=suite.issuer, jwks_url=suite.jwks_url, client=keys
    )
    if Part.API in parts:
        for router in service.routers:
            app.include_router(router)
        app.include_router(operations_router(service.name))
    app.router.routes.extend(health_routes([app]))
    problems.install(app)
    describe(app, service.all_refusals())
    app.add_middleware(RecordingMiddleware, metrics=metrics, app_for_problems=app)
    return app


class Background:
    """The parts of a service that run beside its API. An asynchronous context manager."""

    def __init__(
        self,
        service: Service,
        database: Database,
        bus: Bus,
        metrics: Metrics,
        parts: frozenset[Part],
        reached: Callable[[str], None],
    ) -> None:
        self._service = service
        self._database = database
        self._bus = bus
        self._metrics = metrics
        self._parts = parts
        self._reached = reached
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def failed(self) -> list[str]:
        """The names of the parts that ended although nobody stopped them."""
        return [task.get_name() for task in self._tasks if task.done()]

    async def __aenter__(self) -> "Background":
        name, parts = self._service.name, self._parts
        if Part.CONSUMER in parts and self._service.reactions:
            handler = Handler(self._database, self._service.reactions)
            ingestor = Ingestor(self._database, handler, self._metrics.duplicates)
            self._start("handler", handler.run())
            self._start("consumer", self._bus.consume(name, bindings_of(name), ingestor))
        if Part.TIMERS in parts:
            for timer in self._service.all_timers():
                self._start(f"timer {timer.name}", run_timer(timer, self._database))
        if Part.RELAY in parts:
            relay = Relay(self._database, self._bus, is_heard=self._is_heard, reached=self._reached)
            self._start("relay", relay.run())
        if Part.WORKERS in parts:
            for worker in self._service.workers:
                self._start(worker.name, worker.run(self._database))
        self._start_wakeups()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in reversed(self._tasks):
            task.cancel()
            await asyncio.wait([task], timeout=10)

    def _start_wakeups(self) -> None:
        here = {topic for topic, part in LOOKS_AFTER.items() if part in self._parts}
        if here != set(LOOKS_AFTER):
            self._start("tell others", self._database.wakeups.tell_others(here))
        if here and Part.API not in self._parts:
            self._start("listen to others", self._database.wakeups.listen(here))

    def _start(self, name: str, part: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.create_task(part, name=name))

    def _is_heard(self, type: str) -> bool:
        return bool(CATALOG[type].listeners & self._service.suite.services)
