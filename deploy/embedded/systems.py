"""Members' own systems, as the demonstration has them: a real HTTP server that takes only what is signed for it."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.serve import server

TOLERANCE_SECONDS = 300
VERIFICATION = "notifications.endpoint.verification_requested.v1"


class NotGenuine(Exception):
    """What came was not signed with the endpoint's secret, or not lately."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """What a system was told, and what it answered."""

    webhook_id: str
    type: str
    data: dict[str, Any]
    status: int


class MembersSystems:
    """A server with one path for each system. An asynchronous context manager.

    ``host``: where it listens; ``name``: under which name the suite reaches it. The first news to a system in
    ``out_of_order`` is answered with 500.
    """

    def __init__(self, *, host: str = "127.0.0.1", name: str = "127.0.0.1") -> None:
        self._host, self._name, self._port = host, name, 0
        self._secrets: dict[str, asyncio.Future[bytes]] = defaultdict(asyncio.Future)
        self.out_of_order: set[str] = set()
        self.told: dict[str, list[Webhook]] = defaultdict(list)
        routes = [Route("/{system}", self._receive, methods=["POST"])]
        self._server = server(Starlette(routes=routes))
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "MembersSystems":
        listener = socket.socket()
        listener.bind((self._host, 0))
        self._port = listener.getsockname()[1]
        self._running = asyncio.create_task(self._server.serve(sockets=[listener]))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        if self._running is not None:
            await self._running

    def url(self, system: str) -> str:
        """Where a system is to be told."""
        return f"http://{self._name}:{self._port}/{system}"

    def trust(self, system: str, secret: str) -> None:
        """Give a system the secret of its endpoint; what came before waits for it."""
        self._secrets[system].set_result(base64.b64decode(secret.removeprefix("whsec_")))

    async def _receive(self, request: Request) -> Response:
        system = request.path_params["system"]
        body = await request.body()
        try:
            check_signature(await self._secrets[system], request.headers, body)
        except NotGenuine:
            return Response(status_code=401)
        news = json.loads(body)
        if news["type"] == VERIFICATION:
            return JSONResponse({"challenge": news["data"]["challenge"]})
        status = 500 if system in self.out_of_order else 204
        self.out_of_order.discard(system)
        webhook_id = request.headers["webhook-id"]
        self.told[system].append(Webhook(webhook_id, news["type"], news["data"], status))
        return Response(status_code=status)


def check_signature(key: bytes, headers: Any, body: bytes) -> None:
    """What every receiver should do first, by the Standard Webhooks specification; refuses with ``NotGenuine``."""
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    now = datetime.now(UTC).timestamp()  # noqa: TID251 - a receiver has its own clock
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotGenuine
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    signatures = headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(expected, signature) for signature in signatures):
        raise NotGenuine
