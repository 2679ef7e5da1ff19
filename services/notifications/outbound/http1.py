"""HTTP/1.1 from the asking side: one request, one answer, and again, on one connection (RFC 9112; P21).

Nothing that a receiver sends makes us hold more than a few tens of kilobytes or wait beyond the deadline, and nothing
is ever decompressed or followed. The status decides as soon as the header section is whole: whatever then happens to
the body (it is cut, it drips until the deadline, it is no good) costs the connection and changes nothing else.
"""

import asyncio
import ssl
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from services.notifications.domain.attempt import Answer, AttemptOutcome

HEADER_BYTES = 32 * 1024
BODY_BYTES = 16 * 1024
FRAMED_BODY_BYTES = 2 * BODY_BYTES
"""A body with its chunk sizes and trailers: without this, a chunk size that never ends would be read for ever."""

RETRY_AFTER_BYTES = 64


class UnusableAnswer(Exception):
    """What came is no answer to a request of ours."""


class Wire(asyncio.Protocol):
    """An open connection to one receiver. ``shown``: whether its answers may be shown to anyone."""

    _transport: asyncio.Transport
    _deadline: asyncio.TimerHandle

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._parser = HttpResponseParser(self)
        self._waiting: asyncio.Future[Answer | None] | None = None
        self._forget()

    @property
    def is_free(self) -> bool:
        """Whether another request may be sent on it."""
        return self._waiting is None and not self._transport.is_closing()

    def exchange(self, request: bytes, deadline: float) -> asyncio.Future[Answer | None]:
        """Send ``request`` and get what came of it by ``deadline`` (of the loop's clock).

        None: the connection ended before a byte of an answer came.
        """
        loop = asyncio.get_running_loop()
        self._forget()
        self._waiting = waiting = loop.create_future()
        self._deadline = loop.call_at(deadline, self._expire)
        if self._transport.is_closing():
            self._end(None)
        else:
            self._transport.write(request)
        return waiting

    def close(self) -> None:
        """End the connection at once, answered or not."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin on ``transport``; called once more with the encrypted one where there is TLS."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None:
            self.close()
            return
        try:
            self._read(data)
        except (HttpParserError, HttpParserUpgrade, UnusableAnswer):
            self._end(Answer(AttemptOutcome.MALFORMED))
            return
        if self._is_whole:
            self._end(None, keeps=self._keeps)
        elif len(self._body) == BODY_BYTES or self._received > HEADER_BYTES + FRAMED_BODY_BYTES:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._received:
            self._end(Answer(AttemptOutcome.MALFORMED))
        elif isinstance(exc, ssl.SSLError):
            self._end(Answer(AttemptOutcome.TLS_FAILED))
        else:
            self._end(None)

    def _read(self, data: bytes) -> None:
        head = data if self._status else data[: HEADER_BYTES - self._received]
        self._received += len(data)
        self._parser.feed_data(head)
        if len(head) < len(data):
            if not self._status:
                raise UnusableAnswer("the header section does not end")
            self._parser.feed_data(data[len(head) :])

    def _expire(self) -> None:
        self._end(Answer(AttemptOutcome.TIMED_OUT))

    def _end(self, without_status: Answer | None, *, keeps: bool = False) -> None:
        """Hand over the answer as far as it came; ``without_status`` where it has no status yet."""
        waiting = self._waiting
        if waiting is None:
            return
        self._waiting = None
        self._deadline.cancel()
        if not keeps:
            self.close()
        if not waiting.done():
            waiting.set_result(
                Answer.of(self._status, self._retry_after, self._body, shown=self._shown)
                if self._status
                else without_status
            )

    def _forget(self) -> None:
        self._received = 0
        self._status = 0  # none yet
        self._retry_after: str | None = None
        self._body = b""
        self._is_whole = False
        self._keeps = False

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._is_whole:
            raise UnusableAnswer("a second answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 11 and not self._status and name.lower() == b"retry-after":
            self._retry_after = value[:RETRY_AFTER_BYTES].decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._parser.get_http_version() not in {"1.1", "1.0"} or not 100 <= status <= 599:
            raise UnusableAnswer("no answer of HTTP/1")
        if status < 200:  # an interim answer: the header section goes on, within its bounds
            self._retry_after = None
        else:
            self._status = status
            self._keeps = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._body += body[: BODY_BYTES - len(self._body)]

    def on_message_complete(self) -> None:
        self._is_whole = self._status > 0
