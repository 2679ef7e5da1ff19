"""One service in a process of its own, on RabbitMQ: what ``python -m services.<name>`` runs."""

import argparse
from collections.abc import Callable, Sequence

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from shared import logs
from shared.http.docs import docs_routes
from shared.messaging.rabbit import RabbitBus
from shared.service import ALL_PARTS, Part, Service, create_app

GRACE_SECONDS = 30
KEEP_ALIVE_SECONDS = 75
"""Longer than clients and gateways keep an idle connection, so that it is they who close it."""


def main(declare: Callable[[], Service], arguments: Sequence[str] | None = None) -> None:
    """Serve the declared service until SIGTERM. ``--parts`` chooses what this process runs of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--parts", default=",".join(ALL_PARTS), help=",".join(Part))
    options = parser.parse_args(arguments)
    service = declare()
    logs.configure(json=service.suite.log_json)
    parts = frozenset(Part(part) for part in options.parts.split(","))
    server(standalone(service, parts), host=options.host, port=options.port).run()


def standalone(service: Service, parts: frozenset[Part] = ALL_PARTS) -> FastAPI:
    """The service's app on RabbitMQ, with its own documentation pages."""
    bus = RabbitBus(service.suite.broker_url.get_secret_value())
    app = create_app(service, bus, parts=parts)
    app.router.routes.extend(docs_routes([app]))
    return app


def server(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """A server for ``app`` with the fast loop and parser: hard dependencies, never silently replaced."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
    )
