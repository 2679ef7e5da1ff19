"""One host for every path: the services' apps in one process, told apart by the first segment of the path."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from shared.http import problems
from shared.http.docs import docs_routes
from shared.http.health import health_routes


class Host:
    """Dispatches ``/v1/{first}`` and ``/operations/{service}`` to the service that answers it, the rest to the host's own."""

    def __init__(self, apps: Sequence[FastAPI], own_routes: Sequence[BaseRoute] = ()) -> None:
        self._by_segment: dict[tuple[str, str], ASGIApp] = {}
        for app in apps:
            service = app.state.service
            self._by_segment["operations", service.name] = app
            for path in service.paths:
                if ("v1", path) in self._by_segment:
                    raise ValueError(f"two services answer /v1/{path}")
                self._by_segment["v1", path] = app
        self._own = Starlette(
            routes=[
                Route("/", _to_docs),
                *health_routes(apps),
                *docs_routes(apps),
                *own_routes,
            ],
            lifespan=_lifespan_of(apps),
        )
        self._own.state.public_url = apps[0].state.public_url
        problems.install(self._own)
        self._own.add_exception_handler(Exception, _on_fault)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        first, _, rest = scope["path"].lstrip("/").partition("/")
        app = self._by_segment.get((first, rest.partition("/")[0]), self._own)
        await app(scope, receive, send)


async def _to_docs(_: Request) -> Response:
    return RedirectResponse("/docs")


async def _on_fault(request: Request, fault: Exception) -> Response:
    return problems.problem(request, problems.refusal_for(fault))


def _lifespan_of(apps: Sequence[FastAPI]) -> Lifespan[Starlette]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in apps:
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return lifespan
