"""Founding the convention over HTTP (A3, Art. 26)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from stdnum.cn import uscc

from tests.integration.amendments.house import House
from tests.support.convention import made_up_text, published
from tests.support.suite import Caller

FOUNDING = "/v1/founding"
PLAIN = {"Content-Type": "text/plain"}
FOUNDED = "amendments.convention.founded.v1"


def a_unit(place: int, **changes: Any) -> dict[str, Any]:
    body = f"91110108{place:09d}"
    return {
        "legal_name_zh": f"示例{place}公司",
        "legal_name_en": f"Unit {place} Ltd.",
        "identifier": body + uscc.calc_check_digit(body),
        "sectors": ["access_service"],
        "legal_representative": "张磊",
        "legal_representative_subject": {"sub": f"legal {place}"},
        "contact_email": "office@unit.example",
        **changes,
    }


async def bring_in(house: House, query: str = "?awaits_founding=true") -> None:
    page = published(made_up_text()).encode()
    path = f"/v1/convention/imports{query}"
    await house.secretary.ask("POST", path, content=page, headers=PLAIN, expect=201)


async def name_units(house: House, *units: dict[str, Any], expect: int = 201) -> Any:
    return await house.secretary.post(FOUNDING, {"units": list(units)}, expect=expect)


def legal(house: House, place: int) -> Caller:
    return house.app.as_(f"legal {place}")


async def test_with_the_last_signature_the_convention_is_valid_and_its_units_are_announced_once(
    house: House,
) -> None:
    await bring_in(house)
    named = await name_units(house, a_unit(1), a_unit(2, entrusted_subject={"sub": "agent"}))
    assert (named["status"], named["allowed_actions"]) == ("named", ["signature"])
    assert named["publish_by"] is None
    signed = await legal(house, 1).post(f"{FOUNDING}/signatures")
    assert [unit["signed_at"] is not None for unit in signed["units"]] == [True, False]
    assert (await legal(house, 1).post(f"{FOUNDING}/signatures", expect=409))["code"] == (
        "signed_already"
    )
    assert await house.announced(FOUNDED) == []
    valid = await house.app.as_("agent").post(f"{FOUNDING}/signatures")
    assert (valid["status"], valid["valid_on"]) == ("valid", house.today.isoformat())
    assert valid["publish_by"] == (house.today + timedelta(days=30)).isoformat()
    assert valid["publish_basis"] == {
        "rule": "founding.publication_term",
        "article": "26",
        "rulebook_version": 1,
    }
    (event,) = await house.announced(FOUNDED)
    assert [unit["subject_sub"] for unit in event["initiating_units"]] == ["legal 1", "legal 2"]
    assert event["initiating_units"][0]["identifier"] == a_unit(1)["identifier"]
    await house.app.as_("agent").post(f"{FOUNDING}/signatures", expect=409)


async def test_whoever_represents_no_named_unit_is_told_nothing(house: House) -> None:
    await house.app.as_("somebody").post(f"{FOUNDING}/signatures", expect=404)
    await house.public.get(FOUNDING, expect=404)
    await bring_in(house)
    await name_units(house, a_unit(1))
    answer = await house.app.as_("somebody").post(f"{FOUNDING}/signatures", expect=404)
    assert answer["code"] == "not_found"
    await house.public.ask("POST", f"{FOUNDING}/signatures", expect=401)
    assert "legal 1" not in str(await house.public.get(FOUNDING))


@pytest.mark.parametrize(("day", "is_late"), [(30, False), (31, True)])
async def test_publication_on_day_30_is_in_time_on_day_31_late_and_not_void(
    house: House, day: int, is_late: bool
) -> None:
    await bring_in(house)
    await name_units(house, a_unit(1))
    await house.secretary.post(f"{FOUNDING}/publication", expect=409)
    valid = await legal(house, 1).post(f"{FOUNDING}/signatures")
    assert (await house.public.get("/v1/convention", expect=404))["code"] == "not_yet_in_force"
    await house.advance(timedelta(days=day))
    assert (await house.public.get(FOUNDING))["is_late"] is is_late
    done = await house.secretary.post(f"{FOUNDING}/publication")
    assert (done["status"], done["is_late"]) == ("published", is_late)
    shown = await house.public.get("/v1/convention")
    assert shown["version"]["valid_on"] == valid["valid_on"]
    assert shown["version"]["in_force_on"] == house.today.isoformat()
    assert shown["digest"] == done["text_digest"]
    (told,) = await house.announced("amendments.convention.promulgated.v1")
    assert (told["occasion"], told["version"]) == ("founding", 1)
    await house.secretary.post(f"{FOUNDING}/publication", expect=409)


async def test_a_text_that_was_valid_when_it_came_is_not_founded_and_none_is_founded_twice(
    house: House,
) -> None:
    assert (await name_units(house, a_unit(1), expect=409))["code"] == "convention_not_imported"
    await bring_in(house)
    await name_units(house, a_unit(1), a_unit(2))
    await legal(house, 1).post(f"{FOUNDING}/signatures")
    assert (await name_units(house, a_unit(2), expect=409))["code"] == "founding_begun"


async def test_a_mistaken_name_is_put_right_until_anyone_has_signed(house: House) -> None:
    await bring_in(house)
    mistaken = a_unit(2, legal_representative_subject={"sub": "nobody"})
    first = await name_units(house, a_unit(1), mistaken)
    named = await name_units(house, a_unit(2), a_unit(3))
    assert named["version"] == first["version"] + 1
    names = [unit["legal_name_zh"] for unit in named["units"]]
    assert names == [a_unit(place)["legal_name_zh"] for place in (2, 3)]
    await legal(house, 1).post(f"{FOUNDING}/signatures", expect=404)
    await legal(house, 2).post(f"{FOUNDING}/signatures")
    valid = await legal(house, 3).post(f"{FOUNDING}/signatures")
    assert valid["status"] == "valid"


async def test_a_convention_in_force_has_nothing_left_to_found(convened: House) -> None:
    assert (await name_units(convened, a_unit(1), expect=409))["code"] == "already_valid"


async def test_units_are_named_as_the_register_will_take_them_and_each_once(house: House) -> None:
    await bring_in(house)
    wrong = a_unit(1, identifier="911101080000000010")
    refused = await name_units(house, a_unit(2), wrong, expect=422)
    assert (refused["code"], refused["pointers"]) == (
        "unit_not_acceptable",
        ["/units/1/identifier"],
    )
    twice = a_unit(2, identifier=f" {a_unit(2)['identifier'].lower()} ")
    assert (await name_units(house, a_unit(2), twice, expect=422))["code"] == "units_not_distinct"
    await name_units(house, expect=422)
    assert (await house.ballot_officer.post(FOUNDING, {"units": [a_unit(1)]}, expect=403))[
        "code"
    ] == "role_missing"


async def test_signatures_at_the_same_moment_make_it_valid_once(house: House) -> None:
    await bring_in(house)
    count = 12
    await name_units(house, *(a_unit(place) for place in range(count)))
    await asyncio.gather(
        *(legal(house, place).post(f"{FOUNDING}/signatures") for place in range(count))
    )
    assert (await house.public.get(FOUNDING))["status"] == "valid"
    assert len(await house.announced(FOUNDED)) == 1
