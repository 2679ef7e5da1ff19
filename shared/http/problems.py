"""Problem details (RFC 9457): the one place where a refusal becomes a status. Never an echo, never exception text."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.http.strict import UnreadableBody
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooOften
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.text import Language, Text
from shared.kernel.versions import Outdated
from shared.logs import get_logger, request_id

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 50

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SignInRequired(Refusal):
    """The request shows no good bearer token. What was wrong with it is not said."""

    title = Text("需要有效的访问令牌", "A good access token is needed")


class PreconditionRequired(Refusal):
    """Two people could race for this act: send the ``ETag`` of what you saw as ``If-Match``."""

    title = Text("请附 If-Match", "If-Match is needed")


class StillRunning(Refusal):
    """The first request with this ``Idempotency-Key`` has not finished yet."""

    title = Text("首次请求尚在处理", "The first request is still running")


class KeyUsedDifferently(Refusal):
    """This ``Idempotency-Key`` came before with another body: keys are for repeating one request exactly."""

    title = Text("幂等键已用于不同内容", "The key was used for something else")


class KeyMalformed(Refusal):
    """An ``Idempotency-Key`` is 1 to 255 visible ASCII characters."""

    title = Text("幂等键格式不符", "The key is malformed")


class CursorInvalid(Refusal):
    """The page cursor is not one that we gave to this caller for this list."""

    title = Text("分页游标无效", "The cursor is not valid")


class BodyTooLarge(Refusal):
    """The body is larger than this resource takes."""

    title = Text("请求体过大", "The body is too large")


class HeadersTooLarge(Refusal):
    """The header is larger than any request of ours needs: at most 100 fields, 16 KiB in all."""

    title = Text("请求头过大", "The header is too large")


class BodyTooSlow(Refusal):
    """The body did not arrive in time."""

    title = Text("请求体接收超时", "The body came too slowly")


class MediaTypeUnsupported(Refusal):
    """The body is not in a media type (and character set, UTF-8) that this resource takes."""

    title = Text("不支持的媒体类型", "Unsupported media type")


class NotAcceptable(Refusal):
    """The resource is served in none of the media types that ``Accept`` names; ``media_types`` lists those it has."""

    title = Text("没有可接受的格式", "Not in an acceptable media type")


class BodyUnreadable(Refusal):
    """The body is not well-formed: not UTF-8, not JSON, a key twice, too deep, or a number or character out of range."""

    title = Text("请求体无法读取", "The body cannot be read")


class InvalidRequest(Refusal):
    """A field, a parameter or the body does not have the documented form; ``errors`` points at each place."""

    title = Text("请求内容不合要求", "The request is not valid")


class MethodNotAllowed(Refusal):
    """The resource exists, but not for this method."""

    title = Text("不支持此方法", "The method is not allowed")


class Unavailable(Refusal):
    """A part that is needed (most often the database) does not answer. Nothing was done; try again later."""

    title = Text("服务暂不可用", "Temporarily unavailable")


class InternalFault(Refusal):
    """A fault of ours. Nothing was done; it is recorded under the request id."""

    title = Text("内部错误", "A fault of ours")


STATUS: Mapping[type[Refusal], int] = {
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Invalid: 422,
    TooOften: 429,
    SignInRequired: 401,
    PreconditionRequired: 428,
    Outdated: 412,
    StillRunning: 409,
    KeyUsedDifferently: 422,
    KeyMalformed: 400,
    CursorInvalid: 400,
    BodyTooLarge: 413,
    HeadersTooLarge: 431,
    BodyTooSlow: 408,
    MediaTypeUnsupported: 415,
    BodyUnreadable: 400,
    InvalidRequest: 422,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    Unavailable: 503,
    InternalFault: 500,
}

FLOOR_REFUSALS: Sequence[type[Refusal]] = (*STATUS, NotAllowedNow)

_HEADERS: Mapping[type[Refusal], Mapping[str, str]] = {
    SignInRequired: {"WWW-Authenticate": 'Bearer realm="gongyue"'},
    StillRunning: {"Retry-After": "1"},
    Unavailable: {"Retry-After": "5"},
}


def status_of(refusal: type[Refusal]) -> int:
    """The HTTP status of a refusal's kind."""
    return next(STATUS[kind] for kind in refusal.__mro__ if kind in STATUS)


def language_of(accept_language: str) -> Language:
    """``zh`` or ``en``, whichever ``Accept-Language`` names first; English where it names neither."""
    for part in accept_language.split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "en"


def problem(
    request: Request, refusal: Refusal, errors: Sequence[Mapping[str, Any]] = ()
) -> Response:
    """The answer that tells ``refusal``: its page, title (in the caller's language), status, code, facts."""
    kind = type(refusal)
    language = language_of(request.headers.get("accept-language", ""))
    body: dict[str, Any] = {
        **refusal.facts,
        "type": f"{request.app.state.public_url}/docs/problems/{refusal.code}",
        "title": refusal.title.in_language(language),
        "status": status_of(kind),
        "detail": (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " "),
        "code": refusal.code,
    }
    if errors:
        body["errors"] = list(errors)
    if (current := request_id.get()) is not None:
        body["request_id"] = current
    headers = {
        "Content-Language": "zh-CN" if language == "zh" else "en",
        "Vary": "Accept-Language",
    }
    headers |= next((_HEADERS[k] for k in kind.__mro__ if k in _HEADERS), {})
    if isinstance(refusal, TooOften):
        headers["Retry-After"] = str(refusal.retry_after)
    if status_of(kind) in (401, 403, 404):
        headers["Cache-Control"] = "no-store"
    return JSONResponse(body, status_code=body["status"], media_type=MEDIA_TYPE, headers=headers)


def refusal_for(fault: BaseException) -> Refusal:
    """What a fault of the machine looks like from outside: unavailable where it passes, else an internal fault."""
    if isinstance(fault, PoolTimeout | ConnectionError | TimeoutError):
        return Unavailable()
    if isinstance(fault, DBAPIError):
        state = getattr(fault.orig, "sqlstate", None) or ""
        if fault.connection_invalidated or state[:2] in ("08", "40", "53", "55", "57"):
            return Unavailable()
    return InternalFault()


def install(app: Starlette) -> None:
    """Answer every refusal and every framework error of ``app`` as a problem; no path is redirected to another."""
    app.router.redirect_slashes = False  # it would lead to wherever the Host header says

    async def on_refusal(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, Refusal)
        return problem(request, refusal)

    async def on_unreadable(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, UnreadableBody)
        return problem(
            request,
            InvalidRequest() if fault.is_well_formed else BodyUnreadable(),
            [{"pointer": fault.pointer, "code": fault.code}],
        )

    async def on_invalid(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, RequestValidationError)
        errors = fault.errors()[:MOST_ERRORS]
        return problem(request, InvalidRequest(), [_pointed(error) for error in errors])

    async def on_http(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        kind = {404: NotFound, 405: MethodNotAllowed, 415: MediaTypeUnsupported}.get(
            fault.status_code, InvalidRequest
        )
        response = problem(request, kind())
        for name in ("Allow",):
            if fault.headers and name in fault.headers:
                response.headers[name] = fault.headers[name]
        return response

    app.add_exception_handler(Refusal, on_refusal)
    app.add_exception_handler(UnreadableBody, on_unreadable)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _pointed(error: Mapping[str, Any]) -> dict[str, str]:
    """Where an error is. The path stops before a name that none of our fields could have: it would be an echo."""
    place, *path = error["loc"]
    known = list(takewhile(lambda part: _NAME.fullmatch(str(part)), path))
    if place == "body":
        where = {"pointer": "".join(f"/{part}" for part in known)}
    else:
        where = {"parameter": str(known[0]) if known else str(place)}
    return {**where, "code": str(error["type"])}
