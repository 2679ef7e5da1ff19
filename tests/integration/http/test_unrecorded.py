"""A route that declares itself unrecorded leaves no trace (what Art. 24 will need): and the others do leave one.

One that is uncounted leaves its trace where it acted, but nobody can count how often it was asked (Art. 27: votes).
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import APIRouter
from pydantic import SecretStr
from sqlalchemy import func, select

from services.membership.service import membership
from services.membership.settings import MembershipSettings
from shared.db.mailboxes import idempotency_keys, outgoing_events
from shared.http.access import PUBLIC_ACCESS
from shared.http.openapi import operation_id
from shared.http.route import CurrentWork, WorkRoute, access
from shared.messaging.memory import MemoryBus
from shared.service import Part
from tests.support.events import an_event
from tests.support.postgres import TestPostgres
from tests.support.suite import SUITE, RunningApp, running

HEADERS = {
    "Idempotency-Key": "trace-of-a-key",
    "X-Request-ID": "trace-of-a-request",
    "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
}
router = APIRouter(
    prefix="/v1",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
    dependencies=[access(PUBLIC_ACCESS)],
)


@router.post("/claims/in-confidence")
async def tell_in_confidence(work: CurrentWork) -> dict[str, str]:
    await work.announce(an_event())
    return {"told": "yes"}


@router.post("/claims/openly")
async def tell_openly(work: CurrentWork) -> dict[str, str]:
    await work.announce(an_event())
    return {"told": "yes"}


@router.post("/claims/uncounted")
async def tell_uncounted(fails: bool = False) -> dict[str, str]:
    if fails:
        raise RuntimeError
    return {"told": "yes"}


@pytest.fixture
async def app(postgres: TestPostgres) -> AsyncIterator[RunningApp]:
    url = await asyncio.to_thread(postgres.floor)
    service = replace(
        membership(MembershipSettings(database_url=SecretStr(url)), SUITE),
        routers=[router],
        timers=(),
        unrecorded=frozenset({"tell_in_confidence"}),
        uncounted=frozenset({"tell_uncounted"}),
    )
    async with running(service, MemoryBus(), parts=[Part.API]) as app:
        yield app


@pytest.mark.parametrize(("how", "is_traced"), [("in-confidence", False), ("openly", True)])
async def test_only_a_recorded_route_leaves_a_trace(
    app: RunningApp, caplog: pytest.LogCaptureFixture, how: str, is_traced: bool
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await app.public.ask("POST", f"/v1/claims/{how}", headers=HEADERS, expect=200)
    assert ("x-request-id" in answer.headers) is is_traced
    assert ("claims" in caplog.text) is is_traced
    assert (f"claims/{how}".encode() in await app.app.state.metrics.exposition()) is is_traced
    async with app.database.begin() as work:
        keys = await work.db.scalar(select(func.count()).select_from(idempotency_keys))
        [body] = (await work.db.scalars(select(outgoing_events.c.body))).all()
    assert bool(keys) is is_traced
    envelope = json.loads(body)
    assert ("requestid" in envelope) is is_traced
    assert ("traceparent" in envelope) is is_traced


async def test_how_often_an_uncounted_route_was_asked_is_told_nowhere_unless_it_fails(
    app: RunningApp, caplog: pytest.LogCaptureFixture
) -> None:
    path = "/v1/claims/uncounted"
    with caplog.at_level(logging.INFO):
        answer = await app.public.ask("POST", path, headers=HEADERS, expect=200)
        await app.public.ask("POST", f"{path}?fails=perhaps", expect=422)
    assert answer.headers["x-request-id"] == HEADERS["X-Request-ID"]
    assert "uncounted" not in caplog.text
    assert path.encode() not in await app.app.state.metrics.exposition()
    with caplog.at_level(logging.INFO):
        await app.public.ask("POST", f"{path}?fails=true", expect=500)
    assert "request_failed" in caplog.text
    exposition = (await app.app.state.metrics.exposition()).decode()
    assert f'{{method="POST",route="{path}",service="membership",status="500"}} 1.0' in exposition


async def test_a_request_id_follows_into_the_event_and_a_made_one_where_none_is_good(
    app: RunningApp,
) -> None:
    """The id of the request stands on the event that it caused; one that is no id is replaced."""
    await app.public.post("/v1/claims/openly", headers={"X-Request-ID": "a good one?"})
    await app.public.post("/v1/claims/openly", headers={"X-Request-ID": "good-1"})
    async with app.database.begin() as work:
        bodies = (
            await work.db.scalars(
                select(outgoing_events.c.body).order_by(outgoing_events.c.position)
            )
        ).all()
    made, given = (json.loads(body)["requestid"] for body in bodies)
    assert made.startswith("req_")
    assert given == "good-1"
