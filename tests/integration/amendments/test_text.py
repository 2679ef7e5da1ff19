"""The text over HTTP: import, versions, articles, redlines, divergences, corrections (A1, A2)."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.amendments.domain.changes import RepealProvision, ReplaceProvision
from tests.integration.amendments.house import House
from tests.integration.amendments.keeping import (
    NEW_27,
    PLAIN,
    TEXT,
    amend,
    bring_in,
    wording_of,
)
from tests.support.convention import made_up_text, published

AS_FOUND = Path(__file__).parents[4] / "shared" / "data" / "convention.txt"


@pytest.mark.skipif(not AS_FOUND.exists(), reason="../shared/data/convention.txt is absent")
async def test_the_convention_is_imported_exactly_as_it_was_found(house: House) -> None:
    page = AS_FOUND.read_bytes()
    made = await bring_in(house, page, "?valid_on=2002-03-26&title_zh=中国互联网行业自律公约")
    assert (made["chapters"], made["articles"], made["items"]) == (4, 31, 4)
    assert made["left_out"] == [
        {"first_line": 3, "last_line": 3, "where": "before"},
        {"first_line": 122, "last_line": 140, "where": "after"},
    ]
    shown = await house.public.get(TEXT)
    assert shown["titles"]["zh"] == "中国互联网行业自律公约"
    assert (shown["is_summary"], shown["is_in_force"]) == (False, True)
    missing = next(p for p in shown["provisions"] if p["id"] == "art_9_2")
    assert (missing["citation"], missing["texts"]["en"], missing["divergences"]) == (
        "9(2)",
        None,
        [1],
    )
    assert missing["is_translated"] is False
    (divergence,) = (await house.public.get(f"{TEXT}/divergences"))["items"]
    assert (divergence["kind"], divergence["found_by"]) == ("not_translated", "import")
    recorded = await house.secretary.post(
        f"{TEXT}/divergences",
        {
            "provision_id": "art_27",
            "zh": "执行机构或本公约十分之一以上",
            "en": "and more than ten per cent",
            "note": {
                "zh": "中文为“或”、“以上”\uff08含本数\uff09。",
                "en": "Either; the number included.",
            },
        },
        expect=201,
    )
    assert (recorded["number"], recorded["found_by"]) == (2, "officer")
    article = await house.public.get(f"{TEXT}/articles/27")
    assert article["provisions"][0]["divergences"] == [2]


async def test_an_import_happens_once_and_what_cannot_be_read_changes_nothing(house: House) -> None:
    page = published(made_up_text())
    broken = page.replace("第三十条", "第三十二条")
    refused = await bring_in(house, broken, expect=422)
    assert (refused["code"], refused["reason"]) == ("published_text_unreadable", "gap")
    assert broken.split("\n")[refused["line"] - 1].startswith("第三十二条")
    not_utf8 = await bring_in(house, "第一章 总则\n第一条".encode("gb18030"), expect=422)
    assert (not_utf8["reason"], not_utf8["line"]) == ("encoding", 1)
    assert (await house.public.get(TEXT))["is_summary"]
    made = await bring_in(house, page)
    assert made["version"]["in_force_on"] == house.today.isoformat()
    assert (await bring_in(house, page, expect=409))["code"] == "convention_imported"
    assert [
        e["occasion"] for e in await house.announced("amendments.convention.promulgated.v1")
    ] == ["import"]


async def test_of_many_imports_at_once_one_makes_the_first_version(house: House) -> None:
    page = published(made_up_text()).encode()
    answers = await asyncio.gather(
        *(
            house.secretary.ask("POST", f"{TEXT}/imports", content=page, headers=PLAIN)
            for _ in range(8)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert len((await house.public.get(f"{TEXT}/versions"))["items"]) == 1
    assert len(await house.announced("amendments.rulebook.in_force.v1")) == 1


async def test_the_page_is_text_of_a_bounded_size(house: House) -> None:
    async def bring(content: bytes, headers: dict[str, str], expect: int) -> Any:
        return (
            await house.secretary.ask(
                "POST", f"{TEXT}/imports", content=content, headers=headers, expect=expect
            )
        ).json()

    await bring(b"{}", {"Content-Type": "application/json"}, 415)
    await bring(b"x" * (2 * 1024 * 1024 + 1), PLAIN, 413)
    assert (await bring(b"x" * 600_000, PLAIN, 422))["reason"] == "too large"
    page = published(made_up_text()).replace("第三条", "第三条\0")
    assert (await bring(page.encode(), PLAIN, 422))["reason"] == "characters"


async def test_only_the_secretary_keeps_the_text(convened: House) -> None:
    unit = await convened.member()
    for caller in (convened.as_member(unit), convened.ballot_officer):
        for path in ("corrections", "divergences"):
            body = (
                {
                    "provision_id": "art_1",
                    "language": "en",
                    "before": None,
                    "text": "x",
                    "reasons": "y",
                }
                if path == "corrections"
                else {
                    "provision_id": "art_1",
                    "zh": "一",
                    "en": "x",
                    "note": {"zh": "注"},
                }
            )
            await caller.ask("POST", f"{TEXT}/{path}", body, expect=403)
    await convened.public.ask("POST", f"{TEXT}/corrections", {}, expect=401)


async def test_dates_of_an_import_fit_together(house: House) -> None:
    page = published(made_up_text())
    for query in (
        "?valid_on=2002-03-26&in_force_on=2002-03-25",
        "?valid_on=2002-03-26&awaits_founding=true",
    ):
        assert (await bring_in(house, page, query, 422))["code"] == "dates_out_of_order"
    made = await bring_in(house, page, "?valid_on=2002-03-26&in_force_on=2002-04-01")
    assert (made["version"]["valid_on"], made["version"]["in_force_on"]) == (
        "2002-03-26",
        "2002-04-01",
    )


async def test_without_an_imported_text_readers_get_our_summary_marked_as_such(
    house: House,
) -> None:
    shown = await house.public.get(TEXT)
    assert (shown["is_summary"], shown["is_in_force"], shown["version"]["version"]) == (
        True,
        False,
        0,
    )
    assert len([p for p in shown["provisions"] if p["kind"] == "article"]) == 31
    article = await house.public.get(f"{TEXT}/articles/9")
    assert article["is_summary"]
    assert [p["citation"] for p in article["provisions"]] == ["9", "9(1)", "9(2)", "9(3)", "9(4)"]
    markdown = await house.public.ask("GET", TEXT, headers={"Accept": "text/markdown"}, expect=200)
    assert "摘要" in markdown.text
    correction = {
        "provision_id": "art_1",
        "language": "en",
        "before": None,
        "text": "x",
        "reasons": "y",
    }
    await house.secretary.post(f"{TEXT}/corrections", correction, expect=404)


async def test_the_text_of_a_day_is_the_law_of_that_day(house: House) -> None:
    """Edge case 29: "Asked for "text on 31 Dec 2001": 404 "not yet in force", not the first version. Future date:
    current text plus known future amendments, labelled".
    """
    await bring_in(house, published(made_up_text()), "?valid_on=2002-03-26")
    answer = await house.public.get(f"{TEXT}?on=2001-12-31", expect=404)
    assert answer["code"] == "not_yet_in_force"
    await amend(house, ReplaceProvision("art_27", NEW_27), days=10)
    today = await house.public.get(TEXT)
    assert (today["version"]["version"], today["is_expected"]) == (1, False)
    assert [v["version"] for v in today["to_come"]] == [2]
    soon = house.today + timedelta(days=9)
    assert (await house.public.get(f"{TEXT}?on={soon}"))["version"]["version"] == 1
    later = await house.public.get(f"{TEXT}?on={soon + timedelta(days=1)}")
    assert (later["version"]["version"], later["is_expected"], later["is_in_force"]) == (
        2,
        True,
        False,
    )
    assert [v["in_force_on"] for v in later["to_come"]] == [str(soon + timedelta(days=1))]
    await house.advance(timedelta(days=10))
    assert (await house.public.get(TEXT))["version"]["version"] == 2
    assert (await house.public.get(f"{TEXT}?on={soon}"))["version"]["version"] == 1
    versions = (await house.public.get(f"{TEXT}/versions"))["items"]
    assert [v["version"] for v in versions] == [2, 1]
    asked = await house.public.get(f"{TEXT}?on={soon}&version=1", expect=422)
    assert asked["code"] == "day_or_version"
    assert (await house.public.get(f"{TEXT}?version=3", expect=404))["code"] == "version_unknown"


async def test_a_provision_may_apply_from_a_later_day_and_says_so(convened: House) -> None:
    """Edge case 22: "Partial or later application date: per provision, as data"."""
    day = convened.today + timedelta(days=60)
    await amend(convened, ReplaceProvision("art_27", NEW_27), applies_from={"art_27": day})
    shown = await convened.public.get(TEXT)
    applies = {p["id"]: p["applies_from"] for p in shown["provisions"] if p["applies_from"]}
    assert applies == {"art_27": day.isoformat()}


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_redline_between_two_versions_makes_the_new_text_of_the_old(
    convened: House, language: str
) -> None:
    await amend(convened, ReplaceProvision("art_27", NEW_27), RepealProvision("art_9_4"))
    path = f"{TEXT}/redline?from=1&to=2&lang={language}"
    changed = (await convened.public.get(path))["provisions"]
    assert [(p["id"], p["standing"]) for p in changed] == [
        ("art_9_4", "repealed"),
        ("art_27", "changed"),
    ]
    whole = (await convened.public.get(f"{path}&only_changed=false"))["provisions"]
    old = await convened.public.get(f"{TEXT}?version=1")
    new = await convened.public.get(f"{TEXT}?version=2")
    assert len(whole) == len(new["provisions"])
    for part in whole:
        assert "".join(o["old"] for o in part["opcodes"]) == (
            wording_of(old, part["id"])[language] or ""
        )
        assert "".join(o["new"] for o in part["opcodes"]) == (
            wording_of(new, part["id"])[language] or ""
        )
    runs = [(o["old"], o["new"]) for o in changed[1]["opcodes"] if o["kind"] != "equal"]
    expected = {"zh": [("三", "四"), ("二", "三")], "en": [("two thirds", "three quarters")]}
    assert runs == expected[language]
    await convened.public.get(f"{TEXT}/redline?from=1&to=3", expect=404)


async def test_the_history_of_an_article_names_every_version_that_changed_it(
    convened: House,
) -> None:
    await amend(convened, ReplaceProvision("art_27", NEW_27))
    await amend(convened, RepealProvision("art_9_4"))
    history = await convened.public.get(f"{TEXT}/articles/27/history")
    assert [e["version"]["version"] for e in history["entries"]] == [1, 2]
    assert history["entries"][1]["provisions"][0]["texts"] == NEW_27
    items = await convened.public.get(f"{TEXT}/articles/9/history")
    assert [e["version"]["version"] for e in items["entries"]] == [1, 3]
    assert items["entries"][1]["provisions"][4]["is_repealed"]
    assert (await convened.public.get(f"{TEXT}/articles/32", expect=404))["code"] == (
        "provision_unknown"
    )
    await convened.public.get(f"{TEXT}/articles/nine", expect=422)


async def test_the_text_is_served_in_the_media_type_asked_for(convened: House) -> None:
    async def ask(accept: str, query: str = "", expect: int = 200) -> Any:
        return await convened.public.ask(
            "GET", TEXT + query, headers={"Accept": accept}, expect=expect
        )

    markdown = await ask("text/markdown", "?lang=en")
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert (markdown.headers["content-language"], markdown.headers["vary"]) == ("en", "Accept")
    assert "**Article 27** One tenth propose" in markdown.text
    xml = await ask("application/akn+xml, */*;q=0.1")
    assert xml.headers["content-type"] == "application/akn+xml"
    assert xml.content.startswith(b"<?xml")
    assert (await ask("application/*;q=0.9, text/html")).json()["object"] == "convention"
    refused = await ask("text/html", expect=406)
    assert refused.json()["code"] == "not_acceptable"
    assert "text/markdown" in refused.json()["media_types"]


async def test_the_rulebook_names_the_basis_of_every_number(convened: House) -> None:
    rulebook = await convened.public.get("/v1/rulebook")
    assert (rulebook["version"], rulebook["is_in_force"]) == (1, True)
    rules = {rule["key"]: rule for rule in rulebook["entries"]}
    assert rules["amendment.adoption"] == {
        "key": "amendment.adoption",
        "value": {"numerator": 2, "denominator": 3, "inclusive": True, "of": "members"},
        "article": "27",
        "given_by": "text",
    }
    assert rules["ballot.voting_term"]["value"] == {"months": 0, "days": 30}
    assert {rule["given_by"] for rule in rules.values()} == {"text", "house"}
    assert (await convened.public.get("/v1/rulebook?version=1")) == rulebook
    assert (await convened.public.get("/v1/rulebook?version=9", expect=404))["code"] == (
        "version_unknown"
    )
