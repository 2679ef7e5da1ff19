"""The documentation pages as a browser, a screen reader and an attacker meet them."""

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette

from shared.contracts.catalog import CATALOG
from shared.http.docs import NO_SUCH_PAGE, POLICY, docs_routes, published_examples
from shared.http.problems import FLOOR_REFUSALS, status_of
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
PAGES = [
    "/docs",
    "/docs/membership",
    "/docs/cases",
    "/docs/events",
    "/docs/problems",
    *(f"/docs/problems/{refusal.code}" for refusal in (*FLOOR_REFUSALS, PeriodTooShort)),
]
HEALTH = {"/livez", "/readyz", "/metrics"}

each_page = pytest.mark.parametrize("path", PAGES)


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


@pytest.fixture
async def host() -> AsyncIterator[httpx.AsyncClient]:
    """A host that serves the pages of two services."""
    app = Starlette(routes=docs_routes([MEMBERSHIP, CASES]))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
        yield client


async def page_at(host: httpx.AsyncClient, path: str) -> Page:
    """The page at ``path``, which answers 200 as HTML."""
    response = await host.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Page(response.text)


@each_page
async def test_a_page_loads_nothing_from_another_host(host: httpx.AsyncClient, path: str) -> None:
    page = await page_at(host, path)
    loaded = page.attributes("src") + page.attributes("href", "link")
    assert any("style.css" in url for url in loaded)
    for url in loaded:
        assert url.startswith("/docs/assets/")
        assert (await host.get(url)).status_code == 200
    for name in ("style.css", "reference.js"):
        assert "//" not in (await host.get(f"/docs/assets/{name}")).text.replace("\n//", "")


@each_page
async def test_a_page_needs_no_inline_script_and_says_so(
    host: httpx.AsyncClient, path: str
) -> None:
    assert (await host.get(path)).headers["content-security-policy"] == POLICY
    page = await page_at(host, path)
    assert all("src" in attributes for tag, attributes in page.tags if tag == "script")
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]
    assert not page.attributes("style")


@each_page
async def test_chinese_is_marked_as_chinese_and_nothing_else_is(
    host: httpx.AsyncClient, path: str
) -> None:
    page = await page_at(host, path)
    assert page.attributes("lang", "html") == ["en"]
    for language, text in page.text:
        has_han = bool(re.search(r"[\u4e00-\u9fff]", text))
        if has_han and '"specversion"' not in text:
            assert language == "zh-CN", text
        if language == "zh-CN":
            assert has_han, text


@each_page
async def test_headings_begin_at_one_and_skip_no_level(host: httpx.AsyncClient, path: str) -> None:
    page = await page_at(host, path)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


@each_page
async def test_every_link_of_a_page_leads_somewhere(host: httpx.AsyncClient, path: str) -> None:
    page = await page_at(host, path)
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    for link in page.attributes("href", "a"):
        if link.startswith("#"):
            assert link[1:] in ids
        elif link not in HEALTH:
            assert (await host.get(link)).status_code == 200, link


@each_page
async def test_the_header_marks_where_the_reader_is(host: httpx.AsyncClient, path: str) -> None:
    page = await page_at(host, path)
    here = [a["href"] for _, a in page.tags if a.get("aria-current") == "page"]
    links = page.attributes("href", "a")
    assert here == ([path] if path in links and path != "/docs" else [])


async def test_the_hub_has_a_card_for_each_service(host: httpx.AsyncClient) -> None:
    page = await page_at(host, "/docs")
    links = page.attributes("href", "a")
    for name in ("membership", "cases"):
        assert f"/docs/{name}" in links
        assert f"/openapi/{name}.json" in links
    assert {"/docs/events", "/asyncapi.json", "/docs/problems", *HEALTH} <= set(links)
    assert page.words.count("2 operations, release 1.2.3") == 2


async def test_a_service_alone_serves_the_pages_for_itself() -> None:
    app = Starlette(routes=docs_routes([MEMBERSHIP], hub_title="Membership alone"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://alone") as alone:
        page = await page_at(alone, "/docs")
        assert "Membership alone" in page.words
        assert "Cases" not in page.words
        assert (await alone.get("/docs/cases")).status_code == 404


@pytest.mark.parametrize("refusal", [*FLOOR_REFUSALS, PeriodTooShort])
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
    apps = [MEMBERSHIP, service_app("cases", other)]
    transport = httpx.ASGITransport(Starlette(routes=docs_routes(apps)))
    async with httpx.AsyncClient(transport=transport, base_url="http://host") as host:
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


async def test_the_documents_are_json_and_the_events_complete(host: httpx.AsyncClient) -> None:
    openapi = await host.get("/openapi/membership.json")
    assert openapi.headers["content-type"] == "application/json"
    assert openapi.json() == MEMBERSHIP.openapi()
    asyncapi = (await host.get("/asyncapi.json")).json()
    assert list(asyncapi["channels"]) == list(CATALOG) == list(published_examples())
    assert asyncapi["info"]["version"] == "1.2.3"


@pytest.mark.parametrize("path", ["/docs", "/docs/events", "/asyncapi.json", "/docs/membership"])
async def test_an_unchanged_page_is_not_sent_twice(host: httpx.AsyncClient, path: str) -> None:
    first = await host.get(path)
    assert first.headers["cache-control"] == "no-cache"
    again = await host.get(path, headers={"if-none-match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert (await host.get(path, headers={"if-none-match": '"x"'})).status_code == 200


async def test_an_asset_is_kept_for_ever_under_the_address_that_names_its_content(
    host: httpx.AsyncClient,
) -> None:
    [script, _] = (await page_at(host, "/docs/membership")).attributes("src", "script")
    assert "immutable" in (await host.get(script)).headers["cache-control"]
    bare, _, _ = script.partition("?")
    for address in (bare, f"{bare}?v=0"):
        assert (await host.get(address)).headers["cache-control"] == "no-cache"


def test_the_wheel_that_carries_swagger_ui_is_not_imported() -> None:
    program = (
        "import sys; from shared.http.docs import docs_routes, _asset_bytes;"
        "assert _asset_bytes('swagger-ui.css'); print('fastapi_offline' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"


async def test_every_text_colour_stands_out_from_every_ground(host: httpx.AsyncClient) -> None:
    css = (await host.get("/docs/assets/style.css")).text
    palettes = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    for palette in palettes:
        colour = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", palette))
        for text in ("ink", "quiet", "accent"):
            for ground in ("paper", "card"):
                assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours by WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_an_example_is_the_committed_one() -> None:
    type_ = "membership.member.acceded.v1"
    example: Any = published_examples()[type_]
    assert example["type"] == type_
    assert json.loads(json.dumps(example)) == example
