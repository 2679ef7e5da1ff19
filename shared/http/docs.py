"""The documentation pages: a hub, each service's reference, the events, the problems.

They need no token and load nothing from another host. One service alone serves them for itself, a host of several
for all of them.
"""

import hashlib
import importlib.util
import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from shared.contracts.asyncapi import asyncapi, meaning
from shared.contracts.catalog import CATALOG, CatalogEntry
from shared.http.problems import status_of
from shared.kernel.errors import Refusal
from shared.kernel.text import Text

POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
REVALIDATED = "no-cache"
FOREVER = "public, max-age=31536000, immutable"
NO_SUCH_PAGE = "没有此页。There is no such page.\n"

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
_OWN_ASSETS = ("style.css", "reference.js")
_WHEEL_ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon.png")
_FORMATS = {"date": "day", "date-time": "instant"}
_TYPES = {"string": "text", "boolean": "true or false"}
_HEX = re.compile(r"\^([a-z]+_)?\[0-9a-f\]\{(\d+)\}\$")
_CODE = re.compile(r"``(.+?)``")


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """One refusal as a reader meets it; ``services``: the titles of those that answer so."""

    code: str
    status: HTTPStatus
    title: Text
    meaning: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    """One event of the catalogue as a reader meets it; ``fields``: the path and the form of each value of its data."""

    entry: CatalogEntry
    meaning: str
    fields: tuple[tuple[str, str], ...]
    example: str


def docs_routes(apps: Sequence[FastAPI], *, hub_title: str = "Gongyue") -> list[BaseRoute]:
    """The routes of all documentation pages and documents of ``apps``.

    Each app brings ``state.service`` (``name``, ``title``, ``summary``, ``all_refusals()``) and its OpenAPI document,
    which is asked for with the first page and not before.
    """
    pages = _Pages(apps, hub_title)
    return [
        Route("/docs", pages.hub, name="docs"),
        Route("/docs/events", pages.events, name="docs_events"),
        Route("/docs/problems", pages.problems, name="docs_problems"),
        Route("/docs/problems/{code}", pages.problem, name="docs_problem"),
        Route("/docs/assets/{name}", _asset, name="docs_asset"),
        Route("/docs/{service}", pages.reference, name="docs_reference"),
        Route("/openapi/{service}.json", pages.openapi_document, name="openapi"),
        Route("/asyncapi.json", pages.asyncapi_document, name="asyncapi"),
    ]


@cache
def published_examples() -> Mapping[str, Mapping[str, Any]]:
    """One realistic envelope for each event of the catalogue, by type."""
    folder = resources.files("shared.contracts") / "examples"
    return {
        type_: json.loads((folder / f"{type_}.json").read_text(encoding="utf-8"))
        for type_ in CATALOG
    }


class _Pages:
    """The pages about ``apps``. What is unknown is 404, told without repeating it."""

    def __init__(self, apps: Sequence[FastAPI], hub_title: str) -> None:
        self._apps = {app.state.service.name: app for app in apps}
        self._version = apps[0].version
        self._templates = Environment(
            loader=PackageLoader("shared.http", "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"paragraphs": paragraphs, "asset": _asset_url}
        self._templates.globals |= {
            "hub_title": hub_title,
            "services": [app.state.service for app in apps],
        }

    async def hub(self, request: Request) -> Response:
        cards = [
            {
                "service": app.state.service,
                "version": app.version,
                "operations": sum(len(path) for path in app.openapi()["paths"].values()),
            }
            for app in self._apps.values()
        ]
        return self._page(
            request, "hub.html", cards=cards, events=len(CATALOG), problems=len(self._problems())
        )

    async def reference(self, request: Request) -> Response:
        app = self._apps.get(request.path_params["service"])
        if app is None:
            return _no_such_page()
        return self._page(request, "reference.html", service=app.state.service)

    async def events(self, request: Request) -> Response:
        by_publisher: dict[str, list[EventPage]] = {}
        for event in _event_pages():
            by_publisher.setdefault(event.entry.publisher, []).append(event)
        return self._page(request, "events.html", by_publisher=by_publisher)

    async def problems(self, request: Request) -> Response:
        by_status: dict[HTTPStatus, list[ProblemPage]] = {}
        for problem in self._problems():
            by_status.setdefault(problem.status, []).append(problem)
        return self._page(request, "problems.html", by_status=by_status)

    async def problem(self, request: Request) -> Response:
        code = request.path_params["code"]
        found = [problem for problem in self._problems() if problem.code == code]
        if not found:
            return _no_such_page()
        return self._page(request, "problem.html", problems=found)

    async def openapi_document(self, request: Request) -> Response:
        app = self._apps.get(request.path_params["service"])
        if app is None:
            return _no_such_page()
        return _answer(request, _json(app.openapi()), "application/json")

    async def asyncapi_document(self, request: Request) -> Response:
        return _answer(request, self._asyncapi, "application/json")

    @cached_property
    def _asyncapi(self) -> bytes:
        return _json(asyncapi(CATALOG, self._version, published_examples()))

    def _page(self, request: Request, template: str, **shown: object) -> Response:
        page = self._templates.get_template(template).render(path=request.url.path, **shown)
        return _answer(request, page.encode(), "text/html")

    def _problems(self) -> list[ProblemPage]:
        """All refusals by status and code. Two services may mean different things by one code: then both stand here."""
        met: dict[type[Refusal], list[str]] = {}
        for app in self._apps.values():
            for kind in app.state.service.all_refusals():
                met.setdefault(kind, []).append(app.state.service.title)
        pages = [
            ProblemPage(
                kind.code,
                HTTPStatus(status_of(kind)),
                kind.title,
                inspect.cleandoc(kind.__doc__ or ""),
                tuple(services),
            )
            for kind, services in met.items()
        ]
        return sorted(pages, key=lambda page: (page.status, page.code))


def paragraphs(text: str) -> list[list[str]]:
    """A docstring's paragraphs, each cut at its backticks: every second piece is code."""
    return [_CODE.split(paragraph) for paragraph in text.split("\n\n")]


@cache
def _event_pages() -> tuple[EventPage, ...]:
    pages = []
    for type_, entry in CATALOG.items():
        schema = entry.event.model_json_schema(mode="serialization")
        pages.append(
            EventPage(
                entry,
                meaning(entry),
                tuple(_fields(schema, schema.get("$defs", {}))),
                json.dumps(published_examples()[type_], indent=2, ensure_ascii=False),
            )
        )
    return tuple(pages)


def _fields(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, str]]:
    """The path (``entries[].key``) and the form of every value that ``schema`` describes, at any depth."""
    for name, part in schema.get("properties", {}).items():
        is_list = part.get("type") == "array"
        path = f"{above}{name}{'[]' if is_list else ''}"
        yield path, form_of(part, definitions)
        inner = part["items"] if is_list else part
        for alternative in inner.get("anyOf", [inner]):
            yield from _fields(_resolved(alternative, definitions), definitions, f"{path}.")


def form_of(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """The form of a value in a few words, from the JSON schema ``part``; ``definitions`` resolve what it refers to."""
    match _resolved(part, definitions):
        case {"anyOf": alternatives}:
            words = " or ".join(dict.fromkeys(form_of(part, definitions) for part in alternatives))
        case {"enum": values}:
            words = "one of " + ", ".join(map(str, values))
        case {"const": value}:
            words = f"always {value}"
        case {"type": "array", "items": items}:
            words = f"list: {form_of(items, definitions)}"
        case {"type": "integer", "minimum": least}:
            words = f"integer, at least {least}"
        case {"pattern": pattern} if digits := _HEX.fullmatch(pattern):
            words = f"{digits[1]} and " if digits[1] else ""
            words += f"{digits[2]} hex digits"
        case {"properties": _, "title": title}:
            words = title
        case {"format": format_}:
            words = _FORMATS.get(format_, format_)
        case {"type": type_}:
            words = _TYPES.get(type_, type_)
        case _:
            words = "any JSON"
    return words


def _resolved(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    resolved: Mapping[str, Any] = definitions[part["$ref"].rpartition("/")[2]]
    return resolved


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in (*_OWN_ASSETS, *_WHEEL_ASSETS):
        return _no_such_page()
    is_versioned = request.query_params.get("v") == _digest(_asset_bytes(name))
    return _answer(
        request,
        _asset_bytes(name),
        _MEDIA_TYPES[Path(name).suffix],
        cache_control=FOREVER if is_versioned else REVALIDATED,
    )


def _asset_url(name: str) -> str:
    """Where a page finds the asset; the address changes with its content."""
    return f"/docs/assets/{name}?v={_digest(_asset_bytes(name))}"


@cache
def _asset_bytes(name: str) -> bytes:
    if name in _OWN_ASSETS:
        return (resources.files("shared.http") / "pages" / name).read_bytes()
    return (_wheel_folder() / name).read_bytes()


def _wheel_folder() -> Path:
    """The static folder of the wheel that carries Swagger UI; the wheel itself is not imported."""
    spec = importlib.util.find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("fastapi_offline, which carries the assets of the reference")
    return Path(spec.origin).parent / "static"


def _answer(
    request: Request, body: bytes, media_type: str, *, cache_control: str = REVALIDATED
) -> Response:
    etag = f'"{_digest(body)}"'
    headers = {
        "ETag": etag,
        "Cache-Control": cache_control,
        "Content-Security-Policy": POLICY,
    }
    known = request.headers.get("if-none-match", "").split(",")
    if etag in (tag.strip().removeprefix("W/") for tag in known):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _no_such_page() -> Response:
    return PlainTextResponse(NO_SUCH_PAGE, status_code=404)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
