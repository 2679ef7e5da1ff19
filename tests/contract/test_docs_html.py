"""The documentation pages as a browser, a screen reader and a cache meet them."""

import re
import subprocess
import sys
from itertools import pairwise

import httpx
import pytest

from tests.contract.site import PAGES, page_at

HEALTH = {"/livez", "/readyz", "/metrics"}

each_page = pytest.mark.parametrize("path", PAGES)


@each_page
async def test_a_page_loads_nothing_from_another_host(host: httpx.AsyncClient, path: str) -> None:
    page = await page_at(host, path)
    loaded = page.attributes("src") + page.attributes("href", "link")
    assert any("style.css" in url for url in loaded)
    for url in loaded:
        assert url.startswith("/docs/assets/")
        assert (await host.get(url)).status_code == 200
    for name in ("style.css", "reference.js"):
        asset = (await host.get(f"/docs/assets/{name}")).text
        assert not re.search(r"https?:|url\(|@import|import\(", asset)


@each_page
async def test_a_page_needs_no_inline_script_and_says_so(
    host: httpx.AsyncClient, path: str
) -> None:
    assert (await host.get(path)).headers["content-security-policy"] == (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
    )
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
    assert all(after <= before + 1 for before, after in pairwise(levels))


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
