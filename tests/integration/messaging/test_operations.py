"""Operators see events that got stuck, try them again or set them aside; an event's origin follows it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from services.membership.service import membership
from services.membership.settings import MembershipSettings
from shared import logs
from shared.contracts.base import envelope
from shared.contracts.membership import ApplicationSubmitted
from shared.db.mailboxes import incoming_events
from shared.db.work import Work
from shared.kernel.actor import Role
from shared.kernel.errors import Conflict
from shared.kernel.ids import new_id
from shared.messaging.handler import Handler, each
from shared.messaging.ingestor import Ingestor
from shared.messaging.memory import MemoryBus
from shared.service import Part
from tests.support.events import an_event
from tests.support.postgres import TestPostgres
from tests.support.suite import SUITE, RunningApp, running


@pytest.fixture
async def app(postgres: TestPostgres) -> AsyncIterator[RunningApp]:
    url = await asyncio.to_thread(postgres.floor)
    service = replace(membership(MembershipSettings(database_url=SecretStr(url)), SUITE), timers=())
    async with running(service, MemoryBus(), parts=[Part.API]) as app:
        yield app


class Listener:
    """Takes in made-up announcements and reacts as it is told to."""

    def __init__(self, app: RunningApp) -> None:
        self._app = app
        self.refuses = True
        self.origins: list[str | None] = []
        self._handler = Handler(app.database, {ApplicationSubmitted: [each(self._react)]})
        self._ingestor = Ingestor(app.database, self._handler)

    async def _react(self, _work: Work, _event: ApplicationSubmitted) -> None:
        if self.refuses:
            raise Conflict
        self.origins.append(logs.request_id.get())

    async def hear(self, aggregate: str, sequence: int) -> str:
        async with self._app.database.begin() as work:
            told = envelope(
                an_event(aggregate),
                id=new_id("evt"),
                sequence=sequence,
                time=work.now,
                requestid="req-7",
            )
        await self._ingestor.ingest([told.to_json()])
        return told.id

    async def handle(self) -> None:
        while await self._handler.handle_waiting():
            pass


async def test_a_refused_event_is_listed_and_has_its_effect_when_tried_again(
    app: RunningApp,
) -> None:
    operator, listener = app.as_("operator", Role.OPERATOR), Listener(app)
    event_id = await listener.hear("app_1", 1)
    await listener.handle()
    page = await operator.get(
        "/operations/membership/incoming-events", params={"status": "refused"}
    )
    assert [(e["id"], e["last_error"]) for e in page["items"]] == [(event_id, "conflict")]
    assert "data" not in page["items"][0]
    listener.refuses = False
    await operator.post(f"/operations/membership/incoming-events/{event_id}/retry")
    await listener.handle()
    assert listener.origins == ["req-7"]
    assert await _status(app, event_id) == "done"


async def test_a_dead_event_set_aside_lets_its_aggregate_go_on(app: RunningApp) -> None:
    operator, listener = app.as_("operator", Role.OPERATOR), Listener(app)
    dead = await listener.hear("app_1", 1)
    async with app.database.begin() as work:
        await work.db.execute(text("UPDATE incoming_events SET status = 'dead'"))
    listener.refuses = False
    after = await listener.hear("app_1", 2)
    await listener.handle()
    assert await _status(app, after) == "pending"
    await operator.post(f"/operations/membership/incoming-events/{dead}/discarding")
    await listener.handle()
    assert (await _status(app, dead), await _status(app, after)) == ("discarded", "done")


async def test_what_is_not_stuck_cannot_be_settled(app: RunningApp) -> None:
    operator, listener = app.as_("operator", Role.OPERATOR), Listener(app)
    listener.refuses = False
    event_id = await listener.hear("app_1", 1)
    await listener.handle()
    path = f"/operations/membership/incoming-events/{event_id}"
    await operator.post(f"{path}/retry", expect=404)
    await operator.post(f"{path}/discarding", expect=404)
    assert await _status(app, event_id) == "done"


async def test_events_that_are_not_published_are_listed(app: RunningApp) -> None:
    operator = app.as_("operator", Role.OPERATOR)
    async with app.database.begin() as work:
        await work.announce(an_event("app_9"))
    page = await operator.get("/operations/membership/outgoing-events")
    assert [(e["aggregate_id"], e["sequence"]) for e in page["items"]] == [("app_9", 1)]


async def _status(app: RunningApp, event_id: str) -> str:
    async with app.database.begin() as work:
        status = await work.db.scalar(
            select(incoming_events.c.status).where(incoming_events.c.event_id == event_id)
        )
    return str(status)
