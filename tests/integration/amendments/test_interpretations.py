"""Interpretations over HTTP (A8, Art. 30)."""

import asyncio
from datetime import timedelta
from typing import Any

from services.amendments.domain.changes import ReplaceProvision
from tests.integration.amendments.house import House
from tests.integration.amendments.keeping import amend

PATH = "/v1/interpretations"
ISSUED, SUPERSEDED = (
    "amendments.interpretation.issued.v1",
    "amendments.interpretation.superseded.v1",
)


def a_reading(**changes: Any) -> dict[str, Any]:
    return {
        "provision_id": "art_27",
        "text": {"zh": "“以上”含本数。", "en": "The number itself is included."},
        "reasons": {"zh": "依法律用语通例。"},
        **changes,
    }


async def interpret(house: House, expect: int = 201, **changes: Any) -> Any:
    return await house.secretary.post(PATH, a_reading(**changes), expect=expect)


async def beside(house: House, provision_id: str) -> list[dict[str, Any]]:
    shown = await house.public.get("/v1/convention")
    found = next(p for p in shown["provisions"] if p["id"] == provision_id)
    standing: list[dict[str, Any]] = found["interpretations"]
    return standing


async def test_an_interpretation_is_a_numbered_act_shown_beside_the_text(convened: House) -> None:
    made = await interpret(convened)
    assert (made["number"], made["convention_version"], made["citation"]) == (1, 1, "27")
    assert made["effective_on"] == convened.today.isoformat()
    assert [i["number"] for i in await beside(convened, "art_27")] == [1]
    assert await convened.public.get(f"{PATH}/{made['id']}") == made
    (event,) = await convened.announced(ISSUED)
    assert (event["interpretation_id"], event["provision"]) == (made["id"], "art_27")


async def test_an_interpretation_never_reaches_back(convened: House) -> None:
    """Edge case 25: "Interpretation contradicts the text, or reaches back: refused if back-dated; otherwise published
    and open to Art. 24; superseded on amendment of the provision".
    """
    yesterday = convened.today - timedelta(days=1)
    refused = await interpret(convened, 409, effective_on=yesterday.isoformat())
    assert (refused["code"], refused["earliest_on"]) == ("back_dated", convened.today.isoformat())
    tomorrow = convened.today + timedelta(days=1)
    made = await interpret(convened, effective_on=tomorrow.isoformat())
    assert (made["number"], made["effective_on"]) == (1, tomorrow.isoformat())


async def test_an_interpretation_that_contradicts_the_text_is_published_for_all_to_see(
    convened: House,
) -> None:
    """Edge case 25: "Interpretation contradicts the text …: refused if back-dated; otherwise published and open to
    Art. 24": everybody reads it, beside the words that it contradicts.
    """
    made = await interpret(convened, text={"zh": "“三分之二”指一人同意即可。"})
    assert await convened.public.get(f"{PATH}/{made['id']}") == made
    assert (await convened.public.get(PATH))["items"] == [made]
    (shown,) = (await convened.public.get("/v1/convention/articles/27"))["provisions"]
    assert [i["id"] for i in shown["interpretations"]] == [made["id"]]
    assert shown["texts"]["zh"] == next(
        p["texts"]["zh"]
        for p in (await convened.public.get("/v1/convention?version=1"))["provisions"]
        if p["id"] == "art_27"
    )
    assert (await convened.public.get("/v1/convention"))["version"]["version"] == 1


async def test_an_interpretation_is_flagged_when_its_provision_is_amended(convened: House) -> None:
    """Edge case 25: "... superseded on amendment of the provision": flagged, and never erased."""
    of_27, of_9 = await interpret(convened), await interpret(convened, provision_id="art_9")
    of_1 = await interpret(convened, provision_id="art_1")
    await amend(
        convened,
        ReplaceProvision("art_27", {"zh": "新的规定。", "en": None}),
        ReplaceProvision("art_9_3", {"zh": "新的一项;", "en": None}),
    )
    stale = {i["number"]: i["stale_since"] for i in (await convened.public.get(PATH))["items"]}
    assert stale == {of_27["number"]: 2, of_9["number"]: 2, of_1["number"]: None}
    assert (await beside(convened, "art_27"))[0]["stale_since"] == 2
    assert (await interpret(convened))["convention_version"] == 2


async def test_a_later_interpretation_takes_the_place_of_an_earlier_one_which_stays(
    convened: House,
) -> None:
    first = await interpret(convened)
    other = await interpret(convened, provision_id="art_1")
    refused = await interpret(convened, 422, supersedes=other["id"])
    assert refused["code"] == "interpretation_elsewhere"
    second = await interpret(convened, supersedes=first["id"], text={"zh": "另一种解释。"})
    assert second["number"] == 3
    kept = await convened.public.get(f"{PATH}/{first['id']}")
    assert (kept["status"], kept["superseded_by"]) == ("superseded", second["id"])
    assert kept["text"] == first["text"]
    assert [i["id"] for i in await beside(convened, "art_27")] == [second["id"]]
    (event,) = await convened.announced(SUPERSEDED)
    assert event["superseded_by"] == second["id"]
    assert (await interpret(convened, 409, supersedes=first["id"]))["code"] == "not_allowed_now"
    await interpret(convened, 404, supersedes="itp_" + "0" * 32)
    listed = await convened.public.get(f"{PATH}?provision=art_27&status=superseded")
    assert [i["id"] for i in listed["items"]] == [first["id"]]


async def test_an_interpretation_holds_until_the_one_that_takes_its_place_takes_effect(
    convened: House,
) -> None:
    first = await interpret(convened)
    later = (convened.today + timedelta(days=30)).isoformat()
    second = await interpret(convened, supersedes=first["id"], effective_on=later)
    assert [i["id"] for i in await beside(convened, "art_27")] == [first["id"], second["id"]]
    await convened.advance(timedelta(days=30))
    assert [i["id"] for i in await beside(convened, "art_27")] == [second["id"]]


async def test_the_organ_interpreting_in_its_own_case_is_flagged(convened: House) -> None:
    """Edge case 26: "Interpreter is party to the matter: recusal rules apply; organ interpreting in its own case is
    flagged".
    """
    made = await interpret(convened, in_own_case=True)
    assert made["in_own_case"]
    assert (await convened.announced(ISSUED))[0]["in_own_case"]


async def test_numbers_have_no_gap_when_many_are_issued_at_once_or_some_are_refused(
    convened: House,
) -> None:
    made = await asyncio.gather(
        *(interpret(convened) for _ in range(6)),
        *(interpret(convened, 404, provision_id="art_99") for _ in range(3)),
    )
    assert sorted(i["number"] for i in made if "number" in i) == list(range(1, 7))


async def test_nothing_is_interpreted_but_a_text_in_force_and_by_nobody_but_the_secretary(
    house: House,
) -> None:
    assert (await interpret(house, 404))["code"] == "not_yet_in_force"
    await house.give_convention()
    await house.ballot_officer.post(PATH, a_reading(), expect=403)
    await house.public.post(PATH, a_reading(), expect=401)
