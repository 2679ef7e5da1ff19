"""Members that own endpoints on this machine, while what delivers to them runs."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from shared.contracts.base import Envelope, Event, envelope
from shared.db.wakeups import Topic
from shared.kernel.ids import new_id
from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.conftest import deliverer
from tests.support.eventually import eventually
from tests.support.parts import hear
from tests.support.receiving import Received, Receiver, Reply, confirming, receiving
from tests.support.suite import Caller

VERIFICATION = "notifications.endpoint.verification_requested.v1"
CIRCULAR = "notifications.circular.issued.v1"

IDLE = """
SELECT NOT EXISTS (SELECT FROM webhook_messages WHERE NOT is_expanded)
   AND NOT EXISTS (SELECT FROM webhook_queues WHERE due_at <= clock_timestamp() OR running <> '{}')
"""
DUE_NOW = (
    "UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp() WHERE status = 'pending'",
    "UPDATE webhook_queues SET due_at = clock_timestamp(), held_until = NULL WHERE running = '{}'",
)


def said(request: Received) -> dict[str, Any]:
    """What a webhook tells."""
    body: dict[str, Any] = json.loads(request.body)
    return body


def as_json(request: Received) -> Reply:
    """What ``confirming`` does, in the other form."""
    if said(request)["type"] == VERIFICATION:
        return Reply(200, json.dumps({"challenge": said(request)["data"]["challenge"]}).encode())
    return Reply()


def answering(status: int) -> Callable[[Received], Reply]:
    """A receiver that gives challenges back and answers everything else with ``status``."""

    def behave(request: Received) -> Reply:
        return confirming(request) if said(request)["type"] == VERIFICATION else Reply(status)

    return behave


class Owners:
    """The house, its members' receiver (each path is a system of its own), and what came in there."""

    def __init__(self, house: House, receiver: Receiver) -> None:
        self.house = house
        self.receiver = receiver
        self._announced: Counter[str] = Counter()

    def of(self, unit: str) -> Caller:
        """The unit's representative."""
        return self.house.as_member(unit)

    async def register(self, unit: str, path: str = "hook", *event_types: str) -> dict[str, Any]:
        """A new endpoint of the unit, as the answer shows it; its check begins."""
        body = {"target_url": self.receiver.url(path), "event_types": list(event_types)}
        made: dict[str, Any] = await self.of(unit).post("/v1/webhook-endpoints", body, expect=201)
        return made

    async def endpoint(self, unit: str, path: str = "hook", *event_types: str) -> dict[str, Any]:
        """A new endpoint that has shown that it answers; with its secret."""
        made = await self.register(unit, path, *event_types)
        return made | await self.until(unit, made, status="active")

    async def see(self, unit: str, endpoint: dict[str, Any]) -> dict[str, Any]:
        """The endpoint as it is now."""
        seen: dict[str, Any] = await self.of(unit).get(path_of(endpoint))
        return seen

    async def until(self, unit: str, endpoint: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """The endpoint as soon as it shows ``fields``."""

        async def is_so() -> bool:
            seen = await self.see(unit, endpoint)
            return {name: seen[name] for name in fields} == fields

        await eventually(is_so)
        return await self.see(unit, endpoint)

    async def test_event(self, unit: str, endpoint: dict[str, Any]) -> str:
        """Send a test event; its webhook id."""
        sent = await self.of(unit).post(
            f"{path_of(endpoint)}/test-event", {"type": CIRCULAR}, expect=202
        )
        return str(sent["webhook_id"])

    async def log(self, unit: str, endpoint: dict[str, Any], query: str = "") -> list[Any]:
        """The first page of the endpoint's deliveries."""
        page = await self.of(unit).get(f"{path_of(endpoint)}/deliveries{query}")
        return list(page["items"])

    def requests(self, path: str = "hook") -> list[Received]:
        """What came in at a path besides ownership checks, in order."""
        return [
            request
            for request in self.receiver.by_path()[path]
            if said(request)["type"] != VERIFICATION
        ]

    def told(self, path: str = "hook") -> list[str]:
        """The types of that."""
        return [said(request)["type"] for request in self.requests(path)]

    def checks(self, path: str = "hook") -> list[Received]:
        """The ownership checks that came in at a path."""
        return [
            request
            for request in self.receiver.by_path()[path]
            if said(request)["type"] == VERIFICATION
        ]

    async def idle(self) -> None:
        """Wait until everything that is due has been attempted."""

        async def is_idle() -> bool:
            return bool(await self.house.scalar(IDLE))

        await eventually(is_idle)

    async def make_due(self) -> None:
        """Let the pauses before all next attempts be over, and wait for what comes of it."""
        async with self.house.database.begin() as work:
            for statement in DUE_NOW:
                await work.db.execute(text(statement))
        self.house.database.wakeups.wake({Topic.DELIVERIES})
        await self.idle()

    async def register_says(self) -> None:
        """Hand over what happened in the made-up register since last time, as membership announces it."""
        known: int = await self.house.scalar("SELECT watermark FROM roster_state")
        await self.announce(*self.house.register.changes[known:])

    async def announce(self, *events: Event) -> None:
        """Take events in, each the next of its aggregate, and react to them."""
        envelopes = [self._next(event) for event in events]
        await hear(self.house.database, self.house.service.reactions, envelopes)

    def _next(self, event: Event) -> Envelope:
        self._announced[event.aggregate_id] += 1
        sequence, now = self._announced[event.aggregate_id], self.house.register.now
        return envelope(event, id=new_id("evt"), sequence=sequence, time=now)


@asynccontextmanager
async def owners_of(
    house: House, behave: Callable[[Received], Reply] = confirming
) -> AsyncIterator[Owners]:
    """Receivers that answer as ``behave`` says, and what delivers to them, until the block ends."""
    async with receiving(behave) as receiver:
        running = asyncio.create_task(deliverer(house).run())
        try:
            yield Owners(house, receiver)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def path_of(resource: dict[str, Any]) -> str:
    """Where an endpoint or a delivery is, on this host."""
    return str(resource["url"]).removeprefix("http://suite.test")
