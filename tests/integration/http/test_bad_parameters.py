"""P30: parameters and paths as attackers and careless clients send them (reliability 8.1, items 21 to 25)."""

import csv
import io
import json
from collections.abc import Mapping

import pytest
from sqlalchemy import text

from shared.http.problems import MEDIA_TYPE
from tests.integration.http.canary import CANARY, assert_told
from tests.support.world import Who, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY = "0" * 32

QUERIES: Mapping[str, tuple[str, int]] = {
    "21 limit below one": ("limit=-1", 422),
    "21 limit zero": ("limit=0", 422),
    "21 limit above the most": ("limit=201", 422),
    "21 limit beyond 64 bit": ("limit=99999999999999999999", 422),
    "21 limit of 5,000 digits": ("limit=1" + "0" * 5000, 422),
    "21 limit in words": (f"limit={CANARY}", 422),
    "21 limit with a fraction": ("limit=5.5", 422),
    "21 limit empty": ("limit=", 422),
    "21 limit twice": ("limit=5&limit=6", 422),
    "22 cursor forged": (f"cursor={CANARY}", 400),
    "22 cursor empty": ("cursor=", 422),
    "22 cursor of 3,000 characters": ("cursor=" + "A" * 3000, 422),
    "22 cursor beyond ASCII": ("cursor=%C3%A9%C3%A9%C3%A9%C3%A9", 400),
    "unknown": (f"unknown={CANARY}", 422),
    "unknown and no name": (f"{CANARY}%20%3Cb%3E=1", 422),
    "unknown, a filter in another case": ("Sector=venue_operator", 422),
    "filter outside its list": (f"sector={CANARY}", 422),
    "24 search term of 10 KB": ("q=" + CANARY * 800, 422),
    "24 search term with NUL": (f"q={CANARY}%00", 422),
    "24 search term empty": ("q=", 422),
    "a day that is none": ("as_of=2026-02-30", 422),
    "a day as seconds": ("as_of=1784505600", 422),
    "a day in the year 0": ("as_of=0000-01-01", 422),
    "a day to come": ("as_of=2199-01-01", 422),
    "no UTF-8": ("q=%ff%fe", 200),  # read as U+FFFD, which no name holds
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_parameter_that_is_none_is_refused(
    world: World, log: pytest.LogCaptureFixture, name: str
) -> None:
    query, status = QUERIES[name]
    answer = await world.as_(Who.PUBLIC).ask("GET", f"/v1/members?{query}")
    if status == 200:
        assert answer.json()["items"] == []
    else:
        assert_told(answer, status, log)


@pytest.mark.parametrize(
    "term",
    ["'; DROP TABLE members; --", "%", "_", "\\", ".*", "[a-z]+", "$1", "{{7*7}}", "' OR 1=1"],
)
async def test_a_search_term_is_text_and_nothing_else(world: World, term: str) -> None:
    """Item 24."""
    found = await world.as_(Who.PUBLIC).get("/v1/members", params={"q": term})
    assert found == {"items": [], "next_cursor": None}


async def test_a_cursor_is_good_for_its_caller_list_and_filters_only(
    world: World, log: pytest.LogCaptureFixture
) -> None:
    """Item 22."""
    await world.imported()
    await world.application()
    await world.application()
    public, applicant = world.as_(Who.PUBLIC), world.as_(Who.APPLICANT)
    cursor = (await public.get("/v1/members?limit=1"))["next_cursor"]
    own = (await applicant.get("/v1/applications?limit=1"))["next_cursor"]
    assert (await public.get(f"/v1/members?limit=1&cursor={cursor}"))["items"]
    for caller, path in (
        (public, f"/v1/members?limit=1&cursor={cursor[:-4]}"),
        (public, f"/v1/members?limit=1&cursor={cursor[:20]}"),
        (public, f"/v1/members?limit=1&cursor={cursor[1:]}"),
        (public, f"/v1/members?limit=1&status=ceased&cursor={cursor}"),
        (public, f"/v1/bulletins?limit=1&cursor={cursor}"),
        (world.as_(Who.FULL), f"/v1/members?limit=1&cursor={cursor}"),
        (world.as_(Who.REGISTRAR), f"/v1/applications?limit=1&cursor={own}"),
    ):
        assert_told(await caller.ask("GET", path), 400, log)


PATHS: Mapping[str, int] = {
    f"/v1/members/mem_{NOBODY}": 404,
    f"/v1/members/MEM_{NOBODY}": 422,
    f"/v1/members/mem_{'F' * 32}": 422,
    f"/v1/members/app_{NOBODY}": 422,
    f"/v1/members/{CANARY}": 422,
    f"/v1/members/{CANARY}%00": 422,
    f"/v1/members/mem_{NOBODY}%00": 422,
    f"/v1/members/mem_{NOBODY}%0a": 422,
    "/v1/members/%2e%2e": 422,
    "/v1/members/%2e%2e%2fregister": 404,
    f"/v1/members/..%5c{CANARY}": 422,
    f"/v1/members/{CANARY * 100}": 422,
    f"/v1/members/%ff%fe{CANARY}": 422,
    "/v1/members/": 404,
    "/v1/members//history": 404,
    f"/operations/membership/{CANARY}": 404,
    f"/v1/members/mem_{NOBODY}/{CANARY}": 404,
    "/v1/bulletins/0": 422,
    "/v1/bulletins/2147483648": 422,
    "/v1/bulletins/2147483647": 404,
    f"/v1/bulletins/1{'0' * 5000}": 422,
    f"/v1/bulletins/{CANARY}": 422,
}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:60])
async def test_a_path_that_leads_nowhere_is_told_so(
    world: World, log: pytest.LogCaptureFixture, path: str
) -> None:
    """Item 23."""
    assert_told(await world.as_(Who.REGISTRAR).ask("GET", path), PATHS[path], log)


@pytest.mark.parametrize("path", [f"/{CANARY}", f"/v1/{CANARY}", f"/v1/members;{CANARY}", "/v1"])
async def test_a_path_that_no_service_answers_is_told_so(
    world: World, log: pytest.LogCaptureFixture, path: str
) -> None:
    answer = await world.as_(Who.REGISTRAR).ask("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, MEDIA_TYPE)
    assert CANARY not in answer.text + log.text


async def test_no_cell_of_an_export_is_a_formula(world: World) -> None:
    """Item 25. No such name can be entered; one that stands in an edition is exported inert all the same."""
    number = await world.bulletin()
    names = ["=1+1", "+1", "-1", "@SUM(1)", "\t1", "\r1", '=A1,"x"']
    async with world.database("membership").begin() as work:
        held = {"number": number}
        select = text("SELECT content FROM bulletins WHERE number = :number")
        kept = (await work.db.execute(select, held)).scalar_one()
        movement = kept["movements"][0]
        lines = [{**movement, "legal_name_zh": name} for name in names]
        content = json.dumps({**kept, "movements": lines})
        update = text("UPDATE bulletins SET content = :content WHERE number = :number")
        await work.db.execute(update, {**held, "content": content})
    answer = await world.as_(Who.PUBLIC).ask(
        "GET", f"/v1/bulletins/{number}", headers={"Accept": "text/csv"}, expect=200
    )
    rows = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert [row["legal_name_zh"] for row in rows] == [f"'{name}" for name in names]
