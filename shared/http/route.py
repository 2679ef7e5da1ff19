"""The one route class: reads the body strictly, opens the work, checks access, keeps the answer, commits, then answers."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutinefunction
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from shared.db.work import Work
from shared.http.access import Access
from shared.http.idempotency import claim
from shared.http.problems import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeUnsupported,
    SignInRequired,
)
from shared.http.record import Record
from shared.http.strict import parse_json
from shared.http.tokens import BadToken
from shared.kernel.actor import PUBLIC, Actor
from shared.logs import forget_origin

BODY_BYTES = 1024 * 1024
BODY_SECONDS = 15
READING = frozenset({"GET", "HEAD"})


class StrictRequest(Request):
    """A request whose body is bounded in size and time and whose JSON is read strictly."""

    body_limit = BODY_BYTES

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            announced = self.headers.get("content-length", "0")
            if not announced.isdigit() or int(announced[:20]) > self.body_limit:
                raise BodyTooLarge
            chunks, size = [], 0
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    async for chunk in self.stream():
                        size += len(chunk)
                        if size > self.body_limit:
                            raise BodyTooLarge
                        chunks.append(chunk)
            except TimeoutError:
                raise BodyTooSlow from None
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


def _route_settings(route: APIRoute) -> tuple[Access, frozenset[str]]:
    """The route's declared access (required) and its query parameters."""
    declared = [d.dependency for d in route.dependencies if isinstance(d.dependency, _Declared)]
    if len(declared) != 1:
        raise TypeError(f"{route.name}: a route declares its access exactly once")
    _refuse_threads(route.dependant, route.name)
    return declared[0].access, frozenset(_query_parameters(route.dependant))


def _refuse_threads(dependant: Dependant, route: str) -> None:
    """A plain function would be run in a thread, at many times the cost of what it does here."""
    for inner in dependant.dependencies:
        call = inner.call
        if not iscoroutinefunction(call) and not iscoroutinefunction(
            getattr(call, "__call__", None)  # noqa: B004 - the method of an instance is meant
        ):
            raise TypeError(f"{route}: its dependency {call!r} is not asynchronous")
        _refuse_threads(inner, route)


def _query_parameters(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _query_parameters(inner)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read: what handles it, who may, who calls, with what body, and what is recorded of it."""

    handle: Callable[[Request], Coroutine[Any, Any, Response]]
    access: Access
    actor: Actor
    body: bytes
    record: Record


class WorkRoute(APIRoute):
    """A route whose handler runs inside one transaction, committed before the answer leaves."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        allowed, _ = _route_settings(self)
        self.openapi_extra = {**(self.openapi_extra or {}), "x-access": allowed.described()}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        access, known_parameters = _route_settings(self)
        raw_body: RawBody | None = next(
            (d.dependency for d in self.dependencies if isinstance(d.dependency, RawBody)), None
        )

        async def answer(request: Request) -> Response:
            record: Record = request.scope["gongyue.record"]
            record.route = self.path_format
            record.uncounted = self.name in request.app.state.service.uncounted
            if self.name in request.app.state.service.unrecorded:
                record.unrecorded = True
                forget_origin()
            request = StrictRequest(request.scope, request.receive)
            if raw_body is not None:
                request.body_limit = raw_body.limit
            _refuse_unknown_parameters(request, known_parameters)
            actor = request.state.actor = await _authenticate(request)
            body = b"" if request.method in READING else await request.body()
            _check_media_type(request, body, raw_body)
            if body and raw_body is None:
                await request.json()  # read by FastAPI, what it raises would become a plain 400
            return await self.answer(request, Call(handle, access, actor, body, record))

        return answer

    async def answer(self, request: Request, call: "Call") -> Response:
        """Run the handler in one transaction, with its idempotency row."""
        actor = call.actor
        async with request.app.state.database.begin() as work:
            request.state.work = work
            may_act = partial(request.app.state.service.may_act, work)
            await call.access.check(request, actor, may_act)
            held = None
            if not call.record.unrecorded:
                held = await claim(request, work, actor, call.body)
            if held is not None and held.answer is not None:
                return held.answer
            response = await call.handle(request)
            if held is not None:
                await held.keep(work, response)
        return response


class _Declared:
    """Carries a route's access in its list of dependencies; ``WorkRoute`` checks it."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __call__(self) -> None:
        """Nothing: the check needs the work, which the route opens."""


class RawBody:
    """Declares a route that reads its body as bytes: media types and size."""

    def __init__(self, *media_types: str, limit: int) -> None:
        self.media_types = media_types
        self.limit = limit

    async def __call__(self) -> None:
        """Nothing: ``WorkRoute`` reads the declaration."""


def access(allowed: Access) -> Any:
    """The declaration that every route carries in ``dependencies``: who may call it."""
    return Depends(_Declared(allowed))


async def _work(request: Request) -> Work:
    work: Work = request.state.work
    return work


async def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


async def _public_url(request: Request) -> str:
    url: str = request.app.state.public_url
    return url


CurrentWork = Annotated[Work, Depends(_work)]
CurrentActor = Annotated[Actor, Depends(_actor)]
PublicUrl = Annotated[str, Depends(_public_url)]


async def _authenticate(request: Request) -> Actor:
    header = request.headers.get("authorization")
    if header is None:
        return PUBLIC
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or len(request.headers.getlist("authorization")) != 1:
        raise SignInRequired
    try:
        actor: Actor = await request.app.state.tokens.verify(token.strip())
    except BadToken:
        raise SignInRequired from None
    return actor


def _refuse_unknown_parameters(request: Request, known: frozenset[str]) -> None:
    seen: set[str] = set()
    errors = []
    for name, value in request.query_params.multi_items():
        if name not in known:
            errors.append({"type": "unknown_parameter", "loc": ("query", name[:80])})
        elif name in seen:
            errors.append({"type": "repeated_parameter", "loc": ("query", name)})
        elif "\0" in value:
            errors.append({"type": "character_out_of_range", "loc": ("query", name)})
        seen.add(name)
    if errors:
        raise RequestValidationError(errors)


def _check_media_type(request: Request, body: bytes, raw_body: RawBody | None) -> None:
    if not body:
        return
    if "content-encoding" in request.headers:
        raise MediaTypeUnsupported
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if raw_body is not None:
        if media_type.strip().lower() not in raw_body.media_types:
            raise MediaTypeUnsupported
        return
    charset = parameters.strip().lower().replace('"', "")
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise MediaTypeUnsupported
