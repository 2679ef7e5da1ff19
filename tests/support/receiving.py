"""Members' own systems, thousands at once: one real HTTP server on loopback where each path is a system of its own."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from httptools import HttpRequestParser


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in; ``at`` in seconds of the loop's clock."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def webhook_id(self) -> str:
        """What a receiver tells repetitions by."""
        return self.headers["webhook-id"]

    def is_signed_with(self, key: bytes) -> bool:
        """Whether one of its signatures was made with ``key``."""
        signed = f"{self.webhook_id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a system answers. ``after``: seconds; None: never. ``cut``: it hangs up without answering.

    ``retry_after``: the header of that name.
    """

    status: int = 204
    body: bytes = b""
    after: float | None = 0
    cut: bool = False
    retry_after: str | None = None


def confirming(request: Received) -> Reply:
    """What a good system does: it gives the challenge of an ownership check back, and takes the rest."""
    challenge = json.loads(request.body)["data"].get("challenge")
    return Reply() if challenge is None else Reply(200, challenge.encode())


@dataclass(slots=True)
class Receiver:
    """What came in, and how many requests each system had open at once at most."""

    behave: Callable[[Received], Reply]
    address: str = ""
    received: list[Received] = field(default_factory=list)
    open: Counter[str] = field(default_factory=Counter)
    most_open: Counter[str] = field(default_factory=Counter)

    def url(self, path: str) -> str:
        """Where the system at ``path`` is."""
        return f"http://{self.address}/{path}"

    def by_path(self) -> dict[str, list[Received]]:
        """What came in, system by system."""
        systems: dict[str, list[Received]] = defaultdict(list)
        for request in self.received:
            systems[request.path].append(request)
        return systems


@asynccontextmanager
async def receiving(
    behave: Callable[[Received], Reply] = lambda _request: Reply(),
) -> AsyncIterator[Receiver]:
    """Systems that answer as ``behave`` says, until the block ends."""
    receiver = Receiver(behave)
    loop = asyncio.get_running_loop()
    open_connections: set[asyncio.Transport] = set()
    server = await loop.create_server(
        lambda: _Connection(receiver, open_connections), "127.0.0.1", 0, backlog=4096
    )
    host, port = server.sockets[0].getsockname()
    receiver.address = f"{host}:{port}"
    try:
        yield receiver
    finally:
        server.close()
        for transport in list(open_connections):
            transport.abort()


class _Connection(asyncio.Protocol):
    _transport: asyncio.Transport

    def __init__(self, receiver: Receiver, connections: set[asyncio.Transport]) -> None:
        self._receiver = receiver
        self._connections = connections
        self._parser = HttpRequestParser(self)
        self._path, self._headers, self._body = "", dict[str, str](), b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self._transport)
        self._finish()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._headers, self._body = {}, b""

    def on_url(self, url: bytes) -> None:
        self._path = url.decode().removeprefix("/")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        loop = asyncio.get_running_loop()
        request = Received(self._path, self._headers, self._body, loop.time())
        receiver = self._receiver
        receiver.received.append(request)
        receiver.open[self._path] += 1
        self._is_open = True
        receiver.most_open[self._path] = max(
            receiver.most_open[self._path], receiver.open[self._path]
        )
        reply = receiver.behave(request)
        if reply.after == 0:
            self._answer(reply)
        elif reply.after is not None:
            loop.call_later(reply.after, self._answer, reply)

    def _answer(self, reply: Reply) -> None:
        self._finish()
        if reply.cut:
            self._transport.abort()
        elif not self._transport.is_closing():
            lines = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {len(reply.body)}"]
            if reply.retry_after is not None:
                lines.append(f"Retry-After: {reply.retry_after}")
            head = "\r\n".join([*lines, "", ""])
            self._transport.write(head.encode() + reply.body)

    def _finish(self) -> None:
        if self._is_open:
            self._is_open = False
            self._receiver.open[self._path] -= 1
