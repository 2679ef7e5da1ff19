"""The suite on a real server, and HTTP as bytes on a socket: also what no client library would send."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from starlette.types import ASGIApp

from shared.serve import server

READ_SECONDS = 20


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Listening:
    """A server on a free port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of one's own."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, *pieces: bytes, pause: float = 0) -> Answer | None:
        """Send ``pieces`` on a connection of their own; what came back first, None where it was closed unanswered."""
        reader, writer = await self.connect()
        try:
            with suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
            async with asyncio.timeout(READ_SECONDS):
                return await read_answer(reader)
        finally:
            writer.close()


async def read_answer(reader: asyncio.StreamReader) -> Answer | None:
    """The next answer on a connection; None where it ends before a whole one has come."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Answer(int(head[0].split()[1]), headers, body)


def as_bytes(
    method: str,
    path: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: bytes | None = None,
) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: suite.test"]
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines += [f"{name}: {value}" for name, value in pairs]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[Listening]:
    """``app``, whose lifespan runs already, on the server that the services run on."""
    running = server(app)
    running.config.lifespan = "off"
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.wait([task], timeout=0.01)
        assert not task.done(), "the server did not start"
    try:
        yield Listening(running.servers[0].sockets[0].getsockname()[1])
    finally:
        running.should_exit = True
        await task
