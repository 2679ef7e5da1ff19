"""P32: every route, for every caller, is decided by one table; what the table does not allow is refused."""

import re
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from shared.http.access import Access
from shared.http.operations import operations_router
from tests.integration.http.authority import AUTHORITY
from tests.support.requests import REQUESTS, Operation
from tests.support.world import Request, Who, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

ID = re.compile(r"(?<=_)[0-9a-f]{32}")
OF_A_MEMBER = [
    operation
    for operation in REQUESTS
    if AUTHORITY[operation[1]][Who.STRANGER] == 422 and AUTHORITY[operation[1]][Who.LEFT] == 403
]
LEAVING = ("withdraw", "retract_withdrawal")  # who left is told which ending came first (M4)
HIDDEN = [operation for operation in REQUESTS if 404 in AUTHORITY[operation[1]].values()]


async def differences(world: World, operation: Operation) -> list[str]:
    """Every cell in which the answer is another than the table's."""
    fresh, expected = REQUESTS[operation], AUTHORITY[operation[1]]
    shared, found = await fresh(world), []
    for who in Who:
        acts = expected[who] < 400 and shared.method != "GET"
        request = await fresh(world) if acts else shared
        answer = await world.send(request, who)
        if answer.status_code != expected[who]:
            found.append(
                f"{operation[1]} by {who}: expected {expected[who]}, got {answer.status_code}"
                f" for {request.method} {request.path}: {answer.text[:300]}"
            )
    return found


def documented(world: World) -> set[Operation]:
    """Every operation of the OpenAPI documents."""
    return {
        (service, operation["operationId"])
        for service, app in world.apps.items()
        for path in app.openapi()["paths"].values()
        for operation in path.values()
    }


async def test_every_operation_has_a_row_and_a_request(world: World) -> None:
    operations = documented(world)
    assert set(REQUESTS) == operations
    assert set(AUTHORITY) == {name for _, name in operations}


async def test_no_route_is_undocumented(world: World) -> None:
    for service, app in world.apps.items():
        routers = [*app.state.service.routers, operations_router(service)]
        declared = {(service, route.name) for router in routers for route in router.routes}
        assert len(declared) > 10
        assert declared == {known for known in documented(world) if known[0] == service}
        plain = {route.path for route in app.routes if isinstance(route, Route)}
        assert plain == {"/livez", "/readyz", "/metrics"}


@pytest.mark.parametrize("operation", REQUESTS, ids=".".join)
async def test_everyone_is_answered_as_the_table_says(world: World, operation: Operation) -> None:
    found = await differences(world, operation)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("operation", OF_A_MEMBER, ids=".".join)
async def test_whoever_acted_for_a_unit_that_left_acts_for_it_no_more(
    world: World, operation: Operation
) -> None:
    request = await REQUESTS[operation](world)
    path = request.path.replace(request.own or world.own, world.left)
    answer = await world.send(
        Request(request.method, path, Who.LEFT, request.json, headers=request.headers)
    )
    told = (409, "not_member") if operation[1] in LEAVING else (403, "no_mandate")
    assert (answer.status_code, answer.json()["code"]) == told


async def test_a_mandate_of_another_unit_is_not_reached_through_the_own(world: World) -> None:
    registrar, full = world.as_(Who.REGISTRAR), world.as_(Who.FULL)
    (foreign,) = (await registrar.get(f"/v1/members/{world.other}/representatives"))["items"]
    path = f"/v1/members/{world.own}/representatives/{foreign['id']}"
    assert (await full.ask("GET", path)).status_code == 404
    assert (await full.ask("POST", f"{path}/removal")).status_code == 404


@pytest.mark.parametrize("operation", HIDDEN, ids=".".join)
async def test_what_may_not_be_seen_is_told_from_what_does_not_exist_by_nothing(
    world: World, operation: Operation
) -> None:
    """Reliability 5.2, rule 2: the same body and headers as "never existed"."""
    request = await REQUESTS[operation](world)
    elsewhere, ids = ID.subn("f" * 32, request.path)
    if not ids:
        elsewhere = request.path.partition("?")[0] + "/nothing/here"
    unknown = Request(
        request.method, elsewhere, request.by, request.json, request.content, request.headers
    )
    for who, status in AUTHORITY[operation[1]].items():
        if status == 404:
            hidden, absent = await world.send(request, who), await world.send(unknown, who)
            assert said(hidden) == said(absent), who


async def test_an_open_door_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a build in which routes let everyone in."""

    async def let_in(*_: object) -> None:
        return None

    monkeypatch.setattr(Access, "check", let_in)
    for operation in (("notifications", "issue_circular"), ("membership", "read_import")):
        assert await differences(world, operation)


def said(answer: httpx.Response) -> tuple[Any, ...]:
    """All that an answer says, but for its request id."""
    id = answer.headers["x-request-id"].encode()
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, headers, answer.content.replace(id, b"")
