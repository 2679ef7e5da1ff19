"""``/v1/test-clock``: procedure time asked for, and advanced by the operator. Only where the test clock is on."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.clock import ClockRefused, TestClock
from shared.http.access import RoleMissing
from shared.http.problems import BodyTooLarge, InvalidRequest, SignInRequired
from shared.http.strict import Body, parse_json
from shared.http.tokens import BadToken, TokenVerifier
from shared.kernel.actor import Role
from shared.kernel.errors import Conflict
from shared.kernel.text import Text

PATH = "/v1/test-clock"
BODY_BYTES = 1024


class ClockNotAdvanced(Conflict):
    """Procedure time never goes back, and goes on only when every event has been published and handled."""

    title = Text("测试时钟未推进", "The test clock was not advanced")


class AdvanceClock(Body):
    """How far procedure time is to go on."""

    days: Annotated[int, Field(ge=0, le=3660)] = 0
    seconds: Annotated[int, Field(ge=0, le=86_400)] = 0


def clock_routes(clock: TestClock, tokens: TokenVerifier) -> list[Route]:
    """The clock's one resource: read by everyone, advanced by the operator."""

    async def read_clock(_: Request) -> Response:
        return JSONResponse({"object": "test_clock", "now": (await clock.now()).isoformat()})

    async def advance_clock(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            actor = await tokens.verify(token if scheme.lower() == "bearer" else "")
        except BadToken:
            raise SignInRequired from None
        if not actor.has(Role.OPERATOR):
            raise RoleMissing
        if int(request.headers.get("content-length", "0")) > BODY_BYTES:
            raise BodyTooLarge
        try:
            asked = AdvanceClock.model_validate(parse_json(await request.body()))
        except ValidationError:
            raise InvalidRequest from None
        step = timedelta(days=asked.days, seconds=asked.seconds)
        try:
            now = await clock.advance_to(await clock.now() + step)
        except ClockRefused:
            raise ClockNotAdvanced from None
        return JSONResponse({"object": "test_clock", "now": now.isoformat()})

    return [
        Route(PATH, read_clock, methods=["GET"]),
        Route(PATH, advance_clock, methods=["POST"]),
    ]
