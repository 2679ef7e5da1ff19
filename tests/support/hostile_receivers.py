"""A zoo of webhook receivers on this machine: good ones, slow ones, and such as mean harm.

    async with receiver_zoo() as zoo:
        url = zoo.url("status/503")

The first word of the path chooses the behaviour, one of ``ANSWERS`` and ``SCRIPTS``, and what follows it is its
argument. One more, ``slow_tls``, accepts and never shakes hands. With ``tls`` the others speak TLS. What they were sent
is in ``zoo.received``.
"""

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

LOOPBACK = "127.0.0.1"
DRIP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Received:
    """One request as a receiver got it; header names in lower case."""

    behaviour: str
    argument: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Zoo:
    """The receivers while they are open. ``connections``: how many were ever accepted."""

    scheme: str
    port: int = 0
    mute_port: int = 0
    connections: int = 0
    received: list[Received] = field(default_factory=list)
    _visits: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, behaviour: str, host: str = LOOPBACK) -> str:
        """Where a receiver behaves like that, for instance ``ok``, ``status/503`` or ``late/14``."""
        if behaviour == "slow_tls":
            return f"https://{host}:{self.mute_port}/slow_tls"
        assert behaviour.partition("/")[0] in SCRIPTS.keys() | ANSWERS.keys(), behaviour
        return f"{self.scheme}://{host}:{self.port}/{behaviour}"

    def requests(self, behaviour: str) -> list[Received]:
        """What the receivers of that behaviour were sent."""
        return [request for request in self.received if request.behaviour == behaviour]

    async def leave(self) -> None:
        """End every connection."""
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection, and answer on it for as long as its receiver keeps it."""
        self._begin(self._answer(reader, writer), writer)

    def ignore(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection and never say a word on it."""
        self._begin(asyncio.Event().wait(), writer)

    def _begin(self, serving: Awaitable[object], writer: asyncio.StreamWriter) -> None:
        async def visit() -> None:
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    await serving
                writer.close()
            except asyncio.CancelledError:
                writer.transport.abort()

        self.connections += 1
        task = asyncio.get_running_loop().create_task(visit())
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await _read(reader)
            self.received.append(request)
            if request.behaviour in SCRIPTS:
                return await SCRIPTS[request.behaviour].play(writer)
            await ANSWERS[request.behaviour](Turn(self, request, writer))


@asynccontextmanager
async def receiver_zoo(tls: ssl.SSLContext | None = None) -> AsyncIterator[Zoo]:
    """All receivers, on two free ports of this machine."""
    zoo = Zoo("https" if tls else "http")
    async with (
        await asyncio.start_server(zoo.receive, LOOPBACK, 0, ssl=tls, backlog=1024) as main,
        await asyncio.start_server(zoo.ignore, LOOPBACK, 0, backlog=1024) as mute,
    ):
        zoo.port, zoo.mute_port = (server.sockets[0].getsockname()[1] for server in (main, mute))
        try:
            yield zoo
        finally:
            await zoo.leave()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    path = head[0].split(" ")[1].partition("?")[0]
    behaviour, _, argument = path.removeprefix("/").partition("/")
    return Received(behaviour, unquote(argument), headers, body)


@dataclass(frozen=True, slots=True)
class Script:
    """What a receiver sends whatever it is asked: ``opening``, then ``again`` for ever; without that it closes."""

    opening: bytes = b""
    again: bytes = b""
    every_seconds: float = 0

    async def play(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self.opening)
        await writer.drain()
        while self.again:
            writer.write(self.again)
            await writer.drain()
            await asyncio.sleep(self.every_seconds)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TEN_GIGABYTES = b"Content-Length: 10000000000\r\n\r\n"
PIECE = b"x" * 16 * 1024
ZEROS_ZIPPED = gzip.compress(bytes(1000**2)) * 200

SCRIPTS = {
    "until_closed": Script(OK + b"\r\nuntil the end"),
    "hangs_up": Script(OK + b"Content-Length: 0\r\n\r\n"),
    "closes": Script(),
    "closes_midway": Script(OK + b"Content-Le"),
    "closes_early": Script(OK + b"Content-Length: 100\r\n\r\nonly this"),
    "http09": Script(b"<html>hello</html>\r\n"),
    "garbage": Script(again=bytes(range(256)) * 64),
    "two_answers": Script((OK + b"Content-Length: 0\r\n\r\n") * 2, b"HTTP", every_seconds=1),
    "interim": Script(
        b"HTTP/1.1 103 Early\r\nRetry-After: 9\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n"
    ),
    "switching": Script(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", PIECE),
    "drip": Script(OK + TEN_GIGABYTES, b"x", DRIP_SECONDS),
    "drip_failure": Script(b"HTTP/1.1 500 No\r\n" + TEN_GIGABYTES, b"x", DRIP_SECONDS),
    "drip_headers": Script(OK + b"X-Drip: ", b"x", DRIP_SECONDS),
    "endless_headers": Script(OK, b"X-Endless: yes\r\n" * 1000),
    "endless_header": Script(OK + b"X-Endless: ", PIECE),
    "endless_interim": Script(again=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless_body": Script(CHUNKED, b"%x\r\n%b\r\n" % (len(PIECE), PIECE)),
    "endless_chunk_size": Script(CHUNKED + b"1;", PIECE),
    "ten_gigabytes": Script(OK + TEN_GIGABYTES, PIECE),
    "gzip_bomb": Script(
        OK
        + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZEROS_ZIPPED)
        + ZEROS_ZIPPED
    ),
}
"""The bomb is 200 kilobytes that would become 200 megabytes."""


class Turn(NamedTuple):
    """A request that is to be answered, and kept the connection for."""

    zoo: Zoo
    request: Received
    writer: asyncio.StreamWriter

    async def answer(self, status: int, body: bytes = b"", *headers: str) -> None:
        """Send a whole answer."""
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
        self.writer.write("\r\n".join(lines).encode("latin-1") + body)
        await self.writer.drain()


async def ok(turn: Turn) -> None:
    """200 and a small body."""
    await turn.answer(200, b'{"ok":true}')


async def status(turn: Turn) -> None:
    """The status that is asked for: ``status/410``."""
    code = int(turn.request.argument)
    await turn.answer(code, b"" if code in {204, 304} else b"because")


async def late(turn: Turn) -> None:
    """200 after some seconds: ``late/14``."""
    await asyncio.sleep(float(turn.request.argument))
    await turn.answer(200)


async def retry_after(turn: Turn) -> None:
    """429 with this ``Retry-After``: ``retry_after/120``, percent-encoded where it needs to be."""
    await turn.answer(429, b"", f"Retry-After: {turn.request.argument}")


async def redirect(turn: Turn) -> None:
    """A redirect to the receiver that answers well: ``redirect/308``."""
    await turn.answer(int(turn.request.argument), b"", f"Location: {turn.zoo.url('ok')}")


async def echo(turn: Turn) -> None:
    """200 with the request, headers and body, as the answer."""
    said = {"headers": dict(turn.request.headers), "body": turn.request.body.decode()}
    await turn.answer(200, json.dumps(said).encode())


async def never(_: Turn) -> None:
    """No answer, and no end."""
    await asyncio.Event().wait()


ANSWERS = {
    answer.__name__: answer for answer in (ok, status, late, retry_after, redirect, echo, never)
}
