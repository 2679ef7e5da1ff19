"""Where the translation says something else: recorded, and shown beside every version whose text has it (A1)."""

from typing import Any

from services.amendments.domain.changes import RepealProvision, ReplaceProvision
from tests.integration.amendments.house import House
from tests.integration.amendments.keeping import NEW_27, TEXT, amend, bring_in
from tests.support.convention import made_up_text, published

ART_27 = {"provision_id": "art_27", "zh": "三分之二", "en": "two thirds", "note": {"zh": "注"}}


async def record(house: House, body: dict[str, Any], expect: int = 201) -> Any:
    return await house.secretary.post(f"{TEXT}/divergences", body, expect=expect)


async def beside(house: House, query: str = "") -> dict[str, list[int]]:
    """The divergences shown beside the provisions of a text."""
    shown = await house.public.get(f"{TEXT}{query}")
    return {p["id"]: p["divergences"] for p in shown["provisions"] if p["divergences"]}


async def test_an_amendment_without_a_translation_is_recorded_as_diverging(convened: House) -> None:
    await amend(convened, ReplaceProvision("art_27", {"zh": NEW_27["zh"], "en": None}))
    found = (await convened.public.get(f"{TEXT}/divergences"))["items"]
    assert [(d["provision_id"], d["convention_version"]) for d in found] == [
        ("art_9_2", 2),
        ("art_27", 2),
    ]
    await amend(convened, RepealProvision("art_27"))
    found = (await convened.public.get(f"{TEXT}/divergences"))["items"]
    assert [d["settled_by"] for d in found] == [None, "version 3"]


async def test_a_divergence_quotes_words_that_stand_there(convened: House) -> None:
    body = {"provision_id": "art_27", "zh": "提议", "en": "no such words", "note": {"zh": "注"}}
    refused = await convened.secretary.post(f"{TEXT}/divergences", body, expect=422)
    assert (refused["code"], refused["pointers"]) == ("quote_not_found", ["/en"])
    made = await convened.secretary.post(
        f"{TEXT}/divergences", {**body, "en": "propose"}, expect=201
    )
    assert made["note"] == {"zh": "注", "en": None}
    await convened.secretary.post(
        f"{TEXT}/divergences", {**body, "provision_id": "art_77"}, expect=404
    )


async def test_a_version_shows_the_divergences_of_its_own_text(convened: House) -> None:
    """Whatever was settled or promulgated since: a day's reader is told where that day's languages part."""
    await record(convened, ART_27)
    await amend(convened, ReplaceProvision("art_27", NEW_27), days=10)
    (settled,) = (
        d
        for d in (await convened.public.get(f"{TEXT}/divergences"))["items"]
        if d["provision_id"] == "art_27"
    )
    assert (settled["number"], settled["settled_by"]) == (1, "version 2")
    assert await beside(convened) == {"art_9_2": [2], "art_27": [1]}
    assert await beside(convened, "?version=2") == {"art_9_2": [2]}
    article = await convened.public.get(f"{TEXT}/articles/27")
    assert article["provisions"][0]["divergences"] == [1]
    history = await convened.public.get(f"{TEXT}/articles/27/history")
    assert [e["provisions"][0]["divergences"] for e in history["entries"]] == [[1], []]


async def test_an_old_version_still_lacks_the_translation_that_was_mended_since(
    convened: House,
) -> None:
    await amend(convened, ReplaceProvision("art_27", NEW_27))
    body = {
        "provision_id": "art_9_2",
        "language": "en",
        "before": None,
        "text": "the second;",
        "reasons": "补译。",
    }
    await convened.secretary.post(f"{TEXT}/corrections", body, expect=201)
    assert await beside(convened) == {}
    assert await beside(convened, "?version=1") == {"art_9_2": [1]}


async def test_a_divergence_of_the_law_is_recorded_also_when_another_version_is_to_come(
    convened: House,
) -> None:
    await amend(convened, ReplaceProvision("art_27", NEW_27), days=10)
    made = await record(convened, ART_27)
    assert (made["convention_version"], made["status"]) == (1, "open")
    to_come = {**ART_27, "zh": "四分之三", "en": "three quarters"}
    assert (await record(convened, to_come, 422))["code"] == "quote_not_found"


async def test_where_a_text_awaits_its_founding_its_divergences_are_recorded(house: House) -> None:
    assert (await record(house, ART_27, 409))["code"] == "convention_not_imported"
    await bring_in(house, published(made_up_text()), "?awaits_founding=true")
    made = await record(house, ART_27)
    assert (made["number"], made["convention_version"]) == (2, 1)
    assert await beside(house, "?version=1") == {"art_9_2": [1], "art_27": [2]}
