"""Notifications with everything running: told over the bus, asking over the bus, documented."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.kernel.actor import Role, Scope, Subject
from shared.messaging.bus import Message
from shared.messaging.memory import MemoryBus
from shared.service import Service
from tests.integration.notifications.conftest import TO_ALL, a_circular
from tests.support.announcements import ANNOUNCED
from tests.support.eventually import eventually
from tests.support.register import MadeUpRegister
from tests.support.suite import ISSUER, RunningApp, running


class Running:
    def __init__(self, app: RunningApp, bus: MemoryBus, register: MadeUpRegister) -> None:
        self.app, self.bus, self.register = app, bus, register


@pytest.fixture
async def all_parts(service: Service) -> AsyncIterator[Running]:
    """The service with its API, relay, consumer and timers."""
    bus = MemoryBus()
    async with running(service, bus) as app:
        async with app.database.begin() as work:
            now = work.now
        yield Running(app, bus, MadeUpRegister(now))


async def test_from_the_register_to_an_acknowledgement(all_parts: Running) -> None:
    """N1, N3: told of a member over the bus, the secretary issues, the member acknowledges."""
    app, register = all_parts.app, all_parts.register
    unit = register.accede()
    register.appoint(unit, Subject(ISSUER, "clerk"), Scope.CIRCULARS)
    await all_parts.bus.publish(
        [Message(e.id, e.type, e.to_json()) for e in register.announced(register.changes)]
    )
    clerk = app.as_("clerk", member=unit)

    async def may_open() -> bool:
        return (await clerk.ask("GET", "/v1/inbox")).status_code == 200

    await eventually(may_open)
    secretary = app.as_("secretary", Role.SECRETARY)
    draft = await secretary.post(
        "/v1/circulars", a_circular(acknowledgement_required=True, audience=TO_ALL), expect=201
    )
    path = f"/v1/circulars/{draft['id']}"
    await secretary.post(f"{path}/issue", headers={"If-Match": '"1-writer"'})
    (item,) = (await clerk.get("/v1/inbox"))["items"]
    await clerk.post(f"/v1/inbox/{item['id']}/acknowledgement")
    listed = await secretary.get(f"{path}/acknowledgements")
    assert (listed["addressed"], listed["acknowledged"], listed["outstanding"]) == (1, 1, 0)


async def test_every_operation_is_documented(all_parts: Running) -> None:
    """API conventions: operationId, summary, description, tag, problems, who may call, and an example of each body."""
    document: dict[str, Any] = all_parts.app.app.openapi()
    operations = [
        operation
        for path, methods in document["paths"].items()
        if path.startswith("/v1/")
        for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) == 26
    for operation in operations:
        name = operation["operationId"]
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        assert operation["x-access"], name
        for schema in _bodies(operation):
            model = document["components"]["schemas"][schema]
            items = model.get("properties", {}).get("items")
            shown = items["items"]["$ref"].rpartition("/")[2] if items else schema
            assert "examples" in model or "examples" in document["components"]["schemas"][shown], (
                name,
                schema,
            )


def _bodies(operation: dict[str, Any]) -> list[str]:
    answers = [a for status, a in operation["responses"].items() if status.startswith("2")]
    return [
        body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for body in [*answers, *([operation["requestBody"]] if "requestBody" in operation else [])]
        if "content" in body
    ]


async def test_the_declaration_says_what_the_service_hears(service: Service) -> None:
    assert {event.type for event in service.reactions} == {
        "membership.member.acceded.v1",
        "membership.member.ended.v1",
        "membership.member.ending_announced.v1",
        "membership.member.ending_retracted.v1",
        "membership.member.particulars_changed.v1",
        "membership.representative.appointed.v1",
        "membership.representative.removed.v1",
        "membership.bulletin.published.v1",
        "amendments.rulebook.in_force.v1",
        *(type_.type for type_ in ANNOUNCED),
    }
