"""Someone who speaks to the suite over HTTP: the demonstration's people."""

from collections.abc import Mapping
from typing import Any

import httpx

from deploy.issuer import DevelopmentIssuer
from shared.kernel.actor import Role


class StoryBroken(Exception):
    """The suite did otherwise than the story goes."""


class Caller:
    """An HTTP client with the token of one subject; a fresh token for every request."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        issuer: DevelopmentIssuer,
        sub: str,
        *roles: Role,
        member: str | None = None,
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._sub, self._roles, self._member = sub, roles, member

    async def get(self, path: str, **parameters: str) -> Any:
        """What stands at ``path``."""
        return await self._ask("GET", path, params=parameters)

    async def post(self, path: str, json: Any = None, *, etag: str | None = None) -> Any:
        """Do what ``path`` names."""
        headers = {} if etag is None else {"If-Match": etag}
        return await self._ask("POST", path, json=json, headers=headers)

    async def put(self, path: str, json: Any, *, etag: str | None = None) -> Any:
        """Replace what stands at ``path``."""
        headers = {} if etag is None else {"If-Match": etag}
        return await self._ask("PUT", path, json=json, headers=headers)

    async def send_text(self, path: str, text: bytes) -> Any:
        """Hand in a plain text."""
        return await self._ask("POST", path, content=text, headers={"Content-Type": "text/plain"})

    async def send_file(self, path: str, file: bytes, **parameters: str) -> Any:
        """Hand in a CSV file."""
        headers = {"Content-Type": "text/csv"}
        return await self._ask("POST", path, content=file, headers=headers, params=parameters)

    async def etag(self, path: str) -> str:
        """The version of what stands at ``path``."""
        answer = await self._http.get(path, headers=self._signed({}))
        return answer.headers["etag"]

    async def pages(self, path: str, **parameters: str) -> list[Any]:
        """Every item of a list, page after page."""
        items: list[Any] = []
        page = await self.get(path, limit="200", **parameters)
        items += page["items"]
        while page["next_cursor"]:
            page = await self.get(path, limit="200", cursor=page["next_cursor"], **parameters)
            items += page["items"]
        return items

    def _signed(self, headers: Mapping[str, str]) -> dict[str, str]:
        token = self._issuer.token(sub=self._sub, roles=self._roles, member=self._member)
        return {**headers, "Authorization": f"Bearer {token}"}

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Any:
        answer = await self._http.request(
            method, path, headers=self._signed(headers or {}), **options
        )
        if answer.is_error:
            raise StoryBroken(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()
