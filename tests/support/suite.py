"""A service's real app in the test's process, spoken to over HTTP with real tokens."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from deploy.issuer import DevelopmentIssuer
from shared.db.work import Database
from shared.http.tokens import TokenVerifier
from shared.kernel.actor import Role
from shared.messaging.bus import Bus
from shared.service import ALL_PARTS, Part, Service, create_app
from shared.settings import SuiteSettings

ISSUER = "https://issuer.test"
SUITE = SuiteSettings(
    issuer=ISSUER,
    public_url="http://suite.test",
    secret=SecretStr("0123456789abcdef0123456789abcdef"),
    test_clock=True,
)
issuer = DevelopmentIssuer(None, issuer=ISSUER, environment="development")


def token(sub: str, *roles: Role, member: str | None = None) -> str:
    """An access token of the tests' issuer."""
    return issuer.token(sub=sub, roles=roles, member=member)


class Caller:
    """An HTTP client that acts as one subject; answers are checked against the expected status at once."""

    def __init__(self, http: httpx.AsyncClient, bearer: str | None = None) -> None:
        self._http = http
        self._headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}

    async def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        expect: int | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request; where ``expect`` is given, any other status fails the test with the answer's text."""
        if json is not None:
            options["json"] = json
        answer = await self._http.request(
            method, path, headers={**self._headers, **(headers or {})}, **options
        )
        if expect is not None:
            assert answer.status_code == expect, (
                f"{method} {path}: {answer.status_code} {answer.text}"
            )
        return answer

    async def get(self, path: str, expect: int = 200, **options: Any) -> Any:
        """GET and decode."""
        return (await self.ask("GET", path, expect=expect, **options)).json()

    async def post(self, path: str, json: Any = None, expect: int = 200, **options: Any) -> Any:
        """POST and decode."""
        return (await self.ask("POST", path, json, expect=expect, **options)).json()


class RunningApp:
    """A service that runs in the test."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.app = app
        self.http = http
        self.public = Caller(http)

    @property
    def database(self) -> Database:
        """Its database."""
        database: Database = self.app.state.database
        return database

    def as_(self, sub: str, *roles: Role, member: str | None = None) -> Caller:
        """A caller with a token."""
        return Caller(self.http, token(sub, *roles, member=member))


@asynccontextmanager
async def running(
    service: Service, bus: Bus, *, parts: Collection[Part] = ALL_PARTS
) -> AsyncIterator[RunningApp]:
    """``service``'s app with its parts running until the block ends."""
    keys = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=issuer.app()), base_url="http://keys.test"
    )
    tokens = TokenVerifier(
        issuer=ISSUER, jwks_url="http://keys.test/.well-known/jwks.json", client=keys
    )
    app = create_app(service, bus, parts=parts, tokens=tokens)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(keys)
        await stack.enter_async_context(app.router.lifespan_context(app))
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
                base_url="http://suite.test",
                timeout=30,
            )
        )
        yield RunningApp(app, http)
