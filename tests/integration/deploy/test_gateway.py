"""The hub behind the gateway: one documentation for all services, and whether all of them are ready."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from deploy.declared import services
from deploy.gateway.hub import create_hub
from deploy.gateway.upstreams import ROLES, address, upstreams

DECLARED = services()
CONTAINERS = [address(service.name, role) for service in DECLARED for role in ROLES]


@asynccontextmanager
async def hub(*, down: str = "", not_ready: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A hub among containers that are ready, but for those that are named."""

    def container(request: httpx.Request) -> httpx.Response:
        asked = request.url.netloc.decode()
        assert asked in CONTAINERS
        assert request.url.path == "/readyz"
        if asked == down:
            raise httpx.ConnectError("nobody listens there")
        return httpx.Response(503 if asked == not_ready else 200)

    app = create_hub(DECLARED, httpx.MockTransport(container))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://suite.test") as http,
    ):
        yield http


async def test_the_suite_is_ready_when_every_container_is() -> None:
    async with hub() as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["services"] == {
        service.name: {"api": "ok", "worker": "ok"} for service in DECLARED
    }


@pytest.mark.parametrize("container", CONTAINERS)
async def test_the_suite_is_not_ready_while_one_container_is_down(container: str) -> None:
    service, role = container.partition(":")[0].split("-")
    for state in ("down", "not_ready"):
        async with hub(**{state: container}) as http:
            answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["services"][service][role] == "unavailable"


async def test_the_hub_is_alive_although_no_service_is() -> None:
    async with hub(down=CONTAINERS[0]) as http:
        assert (await http.get("/livez")).status_code == 200


async def test_one_documentation_tells_of_all_services() -> None:
    async with hub() as http:
        page = (await http.get("/docs")).text
        documents = [await http.get(f"/openapi/{service.name}.json") for service in DECLARED]
    for service, document in zip(DECLARED, documents, strict=True):
        assert service.title in page
        paths = {path.split("/")[2] for path in document.json()["paths"] if path.startswith("/v1/")}
        assert paths <= set(service.paths)


async def test_every_refusal_of_every_service_has_its_page() -> None:
    codes = {kind.code for service in DECLARED for kind in service.all_refusals()}
    async with hub() as http:
        missing = [c for c in codes if (await http.get(f"/docs/problems/{c}")).status_code != 200]
    assert missing == []


async def test_what_nobody_answers_is_a_problem_and_no_redirect() -> None:
    async with hub() as http:
        answer = await http.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_path_leads_to_one_container_only() -> None:
    rows = [line.split() for line in upstreams(DECLARED).splitlines() if line.startswith("    ")]
    paths = [path for path, _ in rows]
    assert len(set(paths)) == len(paths)
    assert {upstream.rstrip(";") for path, upstream in rows if path != "default"} == {
        address(service.name, "api") for service in DECLARED
    }
