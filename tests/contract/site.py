"""A small host of two services, and its pages as a program reads them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from types import SimpleNamespace

import httpx
from fastapi import FastAPI
from starlette.applications import Starlette

from shared.http.docs import docs_routes
from shared.http.problems import FLOOR_REFUSALS
from shared.kernel.errors import Conflict, Refusal
from shared.kernel.text import Text

HOSTILE = """<script>alert("x")</script>' onload="alert(1)"""


class PeriodTooShort(Conflict):
    """A period has at least one day; ``least_days`` says so.

    What was <b>bold</b> stays text.
    """

    title = Text("期间过短", "The period is too short")


def service_app(name: str, *refusals: type[Refusal], summary: str = "Keeps one thing.") -> FastAPI:
    """An app as a service makes it, with two operations; only what the pages ask for."""
    app = FastAPI(title=name.title(), version="1.2.3", docs_url=None, redoc_url=None)
    app.state.service = SimpleNamespace(
        name=name,
        title=name.title(),
        summary=summary,
        all_refusals=lambda: [*FLOOR_REFUSALS, *refusals],
    )

    @app.get(f"/v1/{name}-things")
    async def list_things() -> list[str]:
        return []

    @app.post(f"/v1/{name}-things")
    async def make_thing() -> str:
        return name

    return app


MEMBERSHIP = service_app("membership", PeriodTooShort)
CASES = service_app("cases", summary=HOSTILE)
REFUSALS: list[type[Refusal]] = [*FLOOR_REFUSALS, PeriodTooShort]
PAGES = [
    "/docs",
    "/docs/membership",
    "/docs/cases",
    "/docs/events",
    "/docs/problems",
    *(f"/docs/problems/{refusal.code}" for refusal in REFUSALS),
]


@asynccontextmanager
async def host_of(
    apps: Sequence[FastAPI], *, title: str = "Gongyue"
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a host that serves the pages of ``apps``."""
    transport = httpx.ASGITransport(Starlette(routes=docs_routes(apps, hub_title=title)))
    async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
        yield client


class Page(HTMLParser):
    """What a page consists of: its tags with attributes, its headings, its text by language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[tuple[str | None, str]] = []
        self._languages: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "img", "input"):
            inherited = self._languages[-1] if self._languages else None
            self._languages.append(dict(attrs).get("lang") or inherited)

    def handle_endtag(self, tag: str) -> None:
        self._languages.pop()

    def handle_data(self, data: str) -> None:
        self.text.append((self._languages[-1] if self._languages else None, data))

    def attributes(self, name: str, *tags: str) -> list[str]:
        """The values of attribute ``name``, of all tags or of ``tags`` only."""
        return [
            value
            for tag, attributes in self.tags
            if (not tags or tag in tags) and (value := attributes.get(name)) is not None
        ]

    @property
    def words(self) -> str:
        """All text."""
        return " ".join(data for _, data in self.text)


async def page_at(host: httpx.AsyncClient, path: str) -> Page:
    """The page at ``path``, which answers 200 as HTML."""
    response = await host.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Page(response.text)
