"""The outermost layer of every app, pure ASGI: request id, access log, metrics, security headers, last resort."""

import re
import time
from collections.abc import Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.metrics import Metrics
from shared.http.problems import HeadersTooLarge, Unavailable, problem, refusal_for
from shared.http.record import Record
from shared.kernel.errors import Refusal
from shared.kernel.ids import new_id
from shared.logs import get_logger, origin

log = get_logger("gongyue.access")

CLIENT_GONE = 499
HEADER_FIELDS, HEADER_BYTES = 100, 16 * 1024

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


class RecordingMiddleware:
    """Gives each request an id that follows it into logs and events, and records its end once."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, app_for_problems: ASGIApp) -> None:
        self._app = app
        self._metrics = metrics
        self._app_for_problems = app_for_problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        current = given if _REQUEST_ID.match(given) else new_id("req")
        trace = headers.get(b"traceparent", b"").decode("latin-1")
        record = scope["gongyue.record"] = Record()
        started = time.perf_counter()
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                record.status = message["status"]
                extra = [*_SECURITY_HEADERS]
                if not record.unrecorded:
                    extra.append((b"x-request-id", current.encode()))
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        with origin(current, trace if _TRACEPARENT.match(trace) else None):
            try:
                if _is_too_large(scope["headers"]):
                    await self._problem(scope, HeadersTooLarge())(scope, receive, sending)
                else:
                    await self._app(scope, receive, sending)
            except ClientDisconnect:  # nobody is left to be answered, and nothing of ours failed
                record.status = CLIENT_GONE
            except Exception as fault:  # whatever escaped is told as a problem, once
                refusal = refusal_for(fault)
                self._tell(scope["method"], record, fault, refusal)
                if has_begun:
                    raise
                await self._problem(scope, refusal)(scope, receive, sending)
            finally:
                self._note(scope["method"], record, time.perf_counter() - started)

    def _problem(self, scope: Scope, refusal: Refusal) -> ASGIApp:
        return problem(Request({**scope, "app": self._app_for_problems}), refusal)

    def _tell(self, method: str, record: Record, fault: Exception, refusal: Refusal) -> None:
        if record.unrecorded:
            return
        if isinstance(refusal, Unavailable):
            log.warning("unavailable", route=record.route, fault=type(fault).__name__)
        else:
            log.error("request_failed", route=record.route, method=method, exc_info=fault)

    def _note(self, method: str, record: Record, seconds: float) -> None:
        if not record.is_noted:
            return
        self._metrics.request(method, record.route, record.status, seconds)
        log.info(
            "request",
            method=method,
            route=record.route,
            status=record.status,
            milliseconds=round(seconds * 1000, 1),
        )


def _is_too_large(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    size = sum(len(name) + len(value) for name, value in headers)
    return len(headers) > HEADER_FIELDS or size > HEADER_BYTES
