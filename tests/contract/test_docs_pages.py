"""What the documentation pages say, and what they keep to themselves."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

import shared.http
import shared.kernel
from shared.contracts.catalog import CATALOG
from shared.http.docs import NO_SUCH_PAGE, form_of, published_examples
from shared.http.problems import status_of
from shared.kernel import errors
from shared.kernel.errors import Conflict, Refusal
from shared.service import Service
from tests.contract.site import HOSTILE, MEMBERSHIP, REFUSALS, Page, host_of, page_at, service_app

HEALTH = {"/livez", "/readyz", "/metrics"}


def refusals_of(room: Any) -> Iterator[type[Refusal]]:
    """Every refusal that a module of the package ``room`` defines."""
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Refusal) and value is not Refusal:
                yield value


async def test_the_hub_has_a_card_for_each_service(host: httpx.AsyncClient) -> None:
    page = await page_at(host, "/docs")
    links = page.attributes("href", "a")
    for name in ("membership", "cases"):
        assert f"/docs/{name}" in links
        assert f"/openapi/{name}.json" in links
    assert {"/docs/events", "/asyncapi.json", "/docs/problems", *HEALTH} <= set(links)
    assert page.words.count("2 operations, release 1.2.3") == 2


async def test_a_service_alone_serves_the_pages_for_itself() -> None:
    async with host_of([MEMBERSHIP], title="Membership alone") as alone:
        page = await page_at(alone, "/docs")
        assert "Membership alone" in page.words
        assert "Cases" not in page.words
        assert (await alone.get("/docs/cases")).status_code == 404


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_every_refusal_has_a_page_that_explains_it(
    host: httpx.AsyncClient, refusal: type[Refusal]
) -> None:
    page = await page_at(host, f"/docs/problems/{refusal.code}")
    words = " ".join(page.words.split())
    assert refusal.title.zh in words
    assert refusal.title.en in words
    assert refusal.code in words
    assert f" {status_of(refusal)} " in words
    assert f"/docs/problems/{refusal.code}" in (await host.get("/docs/problems")).text


def test_every_refusal_of_the_floor_is_among_those_with_a_page() -> None:
    service = cast("Service", SimpleNamespace(refusals=[errors]))
    paged = {refusal.code for refusal in Service.all_refusals(service)}
    met = {r.code for room in (shared.kernel, shared.http) for r in refusals_of(room)}
    assert met - paged == set()


async def test_a_problem_page_shows_the_docstring_with_its_code_and_paragraphs(
    host: httpx.AsyncClient,
) -> None:
    html = (await host.get("/docs/problems/period_too_short")).text
    assert "<p>A period has at least one day; <code>least_days</code> says so.</p>" in html
    assert "<p>What was &lt;b&gt;bold&lt;/b&gt; stays text.</p>" in html


async def test_a_problem_page_says_which_services_refuse_so(host: httpx.AsyncClient) -> None:
    assert "Membership, Cases" in (await page_at(host, "/docs/problems/not_found")).words
    own = (await host.get("/docs/problems/period_too_short")).text
    assert "<dd>Membership</dd>" in own


async def test_two_meanings_of_one_code_stand_on_one_page() -> None:
    other = type("PeriodTooShort", (Conflict,), {"__doc__": "In cases it means another thing."})
    async with host_of([MEMBERSHIP, service_app("cases", other)]) as host:
        words = (await page_at(host, "/docs/problems/period_too_short")).words
    assert "at least one day" in words
    assert "another thing" in words


@pytest.mark.parametrize(
    "path",
    [
        "/docs/problems/no-such-code-9137",
        "/docs/problems/%3Cscript%3E9137",
        "/docs/service9137",
        "/openapi/service9137.json",
        "/docs/assets/redoc.standalone.js",
        "/docs/assets/..%2fdocs.py",
        "/docs/assets/hub.html",
    ],
)
async def test_what_is_unknown_is_404_as_plain_text_without_an_echo(
    host: httpx.AsyncClient, path: str
) -> None:
    response = await host.get(path)
    assert response.status_code == 404
    assert "9137" not in response.text
    assert "script" not in response.text
    assert response.headers["content-type"].startswith("text/plain")
    if "%2f" not in path:
        assert response.text == NO_SUCH_PAGE


async def test_hostile_text_of_a_service_stays_text(host: httpx.AsyncClient) -> None:
    html = (await host.get("/docs")).text
    assert HOSTILE not in html
    page = Page(html)
    assert HOSTILE in page.words
    assert not [tag for tag, _ in page.tags if tag == "script"]


async def test_the_events_page_tells_everything_about_every_event(host: httpx.AsyncClient) -> None:
    html = (await host.get("/docs/events")).text
    page = Page(html)
    ids = page.attributes("id")
    for type_, entry in CATALOG.items():
        assert type_ in ids
        section = html.partition(f'aria-labelledby="{type_}"')[2].partition("</section>")[0]
        for field in entry.event.model_fields:
            assert re.search(rf"<dt><code>{field}(\[\])?</code></dt>", section), field
        assert f"<dd>{entry.event.classification.value}</dd>" in section
        assert ", ".join(sorted(entry.listeners)) in section
        assert ("not announced" in section) is not entry.publisher_present


async def test_the_fields_of_an_event_are_told_in_words(host: httpx.AsyncClient) -> None:
    html = (await host.get("/docs/events")).text
    rulebook = html.partition('aria-labelledby="amendments.rulebook.in_force.v1"')[2]
    section = rulebook.partition("</section>")[0]
    rows = dict(re.findall(r"<dt><code>(.+?)</code></dt><dd>(.*?)</dd>", section))
    assert rows["rulebook_version"] == "integer, at least 1"
    assert rows["in_force_at"] == "instant"
    assert rows["entries[]"] == "list: RulebookEntry"
    assert rows["entries[].value"] == "RatioValue or TermValue"
    assert rows["entries[].value.inclusive"] == "true or false"
    assert rows["entries[].given_by"] == "one of text, house"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "string", "const": "opening"}, "always opening"),
        ({"type": "integer", "enum": [1, 2]}, "one of 1, 2"),
        ({"type": "string", "pattern": "^mem_[0-9a-f]{32}$"}, "mem_ and 32 hex digits"),
        ({"type": "string", "pattern": "^C-"}, "text"),
        ({"type": "string", "format": "uri"}, "uri"),
        ({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "day or null"),
        ({"type": "array", "items": {"$ref": "#/$defs/Unit"}}, "list: Unit"),
        ({"type": "object", "title": "Data", "additionalProperties": True}, "object"),
        ({}, "any JSON"),
    ],
)
def test_the_form_of_a_value_is_told_in_a_few_words(part: dict[str, Any], words: str) -> None:
    unit = {"type": "object", "title": "Unit", "properties": {"name": {"type": "string"}}}
    assert form_of(part, {"Unit": unit}) == words


async def test_the_documents_are_json_and_the_events_complete(host: httpx.AsyncClient) -> None:
    openapi = await host.get("/openapi/membership.json")
    assert openapi.headers["content-type"] == "application/json"
    assert openapi.json() == MEMBERSHIP.openapi()
    asyncapi = (await host.get("/asyncapi.json")).json()
    assert list(asyncapi["channels"]) == list(CATALOG) == list(published_examples())
    assert asyncapi["info"]["version"] == "1.2.3"
