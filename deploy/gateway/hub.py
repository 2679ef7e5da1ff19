"""What concerns all services of a deployment: one documentation for all of them, and whether all are ready.

The hub holds no secret and no data. It knows the services by their declarations and asks their containers over HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.gateway.upstreams import ROLES, address
from shared.http import problems
from shared.http.docs import docs_routes
from shared.messaging.memory import MemoryBus
from shared.service import Part, Service, create_app

ASK_SECONDS = 5


def create_hub(
    services: Sequence[Service], transport: httpx.AsyncBaseTransport | None = None
) -> Starlette:
    """The hub of ``services``; ``transport``: how their containers are reached, by default the network."""
    http = httpx.AsyncClient(transport=transport, timeout=ASK_SECONDS, trust_env=False)

    async def to_docs(_: Request) -> Response:
        return RedirectResponse("/docs")

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        asked = [(service.name, role) for service in services for role in ROLES]
        answers = await asyncio.gather(*(_is_ready(http, *container) for container in asked))
        states: dict[str, dict[str, str]] = {service.name: {} for service in services}
        for (name, role), ready in zip(asked, answers, strict=True):
            states[name][role] = "ok" if ready else "unavailable"
        return JSONResponse(
            {"status": "ok" if all(answers) else "unavailable", "services": states},
            status_code=200 if all(answers) else 503,
        )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with http:
            yield

    apps = [create_app(service, MemoryBus(), parts={Part.API}) for service in services]
    hub = Starlette(
        routes=[
            Route("/", to_docs),
            Route("/livez", livez),
            Route("/readyz", readyz),
            *docs_routes(apps),
        ],
        lifespan=lifespan,
    )
    hub.state.public_url = services[0].suite.public_url.rstrip("/")
    problems.install(hub)
    return hub


async def _is_ready(http: httpx.AsyncClient, service: str, role: str) -> bool:
    try:
        answer = await http.get(f"http://{address(service, role)}/readyz")
    except httpx.HTTPError:
        return False
    return answer.is_success
