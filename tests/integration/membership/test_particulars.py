"""Particulars with validity: the register of a past day shows the name of that day (M10)."""

from typing import Any

import httpx
import pytest

from shared.contracts.membership import MemberParticularsChanged
from tests.integration.membership.office import DAY, Office, Unit, facts, if_match


async def change(office: Office, unit: Unit, **changes: Any) -> httpx.Response:
    """The unit's chair changes its particulars, at the version at hand."""
    chair = office.chair(unit)
    seen = await chair.get(unit.path)
    return await chair.ask("PATCH", unit.path, changes, headers=if_match(seen))


async def test_the_register_of_a_day_shows_the_name_of_that_day(office: Office) -> None:
    """Edge case 13: "attribute with validity; register as-of shows the name of that day"."""
    unit = await office.member(office.unit("旧名有限公司"))
    joined_on = await office.today()
    await office.advance(10 * DAY)
    renamed_on = joined_on + 6 * DAY
    answer = await change(
        office, unit, legal_name_zh="新名有限公司", valid_from=renamed_on.isoformat()
    )
    assert answer.json()["legal_name_zh"] == "新名有限公司"
    for day, name in (
        (joined_on, "旧名有限公司"),
        (renamed_on - DAY, "旧名有限公司"),
        (renamed_on, "新名有限公司"),
        (await office.today(), "新名有限公司"),
    ):
        (shown,) = await office.pages(office.public, f"/v1/members?as_of={day}")
        assert shown["legal_name_zh"] == name
    found = await office.pages(office.public, f"/v1/members?as_of={joined_on}&q=旧名")
    assert [m["id"] for m in found] == [unit.member_id]
    assert await office.pages(office.public, "/v1/members?q=旧名") == []
    history = await office.public.get(f"{unit.path}/history")
    assert [(n["valid_from"], n["legal_name_zh"]) for n in history["names"]] == [
        (joined_on.isoformat(), "旧名有限公司"),
        (renamed_on.isoformat(), "新名有限公司"),
    ]


async def test_a_change_is_announced_with_its_whole_public_row(office: Office) -> None:
    unit = await office.member()
    await change(office, unit, sectors=["venue_operator", "access_service"])
    (told,) = await office.announced(MemberParticularsChanged)
    assert told.data["sectors"] == ["access_service", "venue_operator"]
    assert (told.data["legal_name_zh"], told.data["identifier"]) == (unit.name, unit.identifier)
    assert told.data["register_version"] == 3
    assert "contact_email" not in told.data
    movements = await office.pages(office.public, "/v1/register/movements")
    assert [m["kind"] for m in movements] == ["joined", "particulars_changed"]


async def test_two_changes_on_one_day_leave_the_later_one(office: Office) -> None:
    unit = await office.member(office.unit("甲公司"))
    for name in ("乙公司", "丙公司"):
        assert (await change(office, unit, legal_name_zh=name)).status_code == 200
    shown = await office.pages(office.public, f"/v1/members?as_of={await office.today()}")
    assert [m["legal_name_zh"] for m in shown] == ["丙公司"]


async def test_a_change_says_from_which_day_it_can_be_valid(office: Office) -> None:
    unit = await office.member()
    today = await office.today()
    future = await change(office, unit, legal_name_zh="新名", valid_from=(today + DAY).isoformat())
    assert facts(future.json(), "latest_on") == ("day_in_the_future", today.isoformat())
    behind = await change(office, unit, legal_name_zh="新名", valid_from=(today - DAY).isoformat())
    assert behind.status_code == 409
    assert facts(behind.json(), "earliest_on") == ("particulars_back_dated", today.isoformat())
    nothing = await change(office, unit, legal_name_zh=unit.name)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_changed")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("legal_name_zh", None),
        ("legal_name_en", ""),
        ("sectors", None),
        ("sectors", []),
        ("sectors", ["bakery"]),
        ("legal_representative", None),
        ("contact_email", None),
        ("contact_email", "nobody"),
        ("unreachable", None),
        ("member_since", "2001-01-01"),
    ],
)
async def test_a_field_takes_only_what_it_can_be(office: Office, field: str, value: Any) -> None:
    unit = await office.member()
    answer = await change(office, unit, **{field: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{field}")


async def test_what_may_be_empty_can_be_emptied(office: Office) -> None:
    unit = await office.member()
    await change(office, unit, group="示例集团", contact_phone="+86 10 1234 5678")
    answer = await change(office, unit, group=None, contact_phone=None)
    assert answer.json()["group"] is None
    assert answer.json()["details"]["contact_phone"] is None


async def test_a_name_that_a_spreadsheet_would_run_is_not_taken(office: Office) -> None:
    unit = await office.member()
    answer = await change(office, unit, legal_name_en="=HYPERLINK(1)")
    assert answer.status_code == 422
    assert facts(answer.json(), "problems") == (
        "particulars_not_valid",
        [{"field": "legal_name_en", "problem": "starts like a spreadsheet formula"}],
    )


async def test_two_people_changing_at_once_do_not_overwrite_each_other(office: Office) -> None:
    unit = await office.member()
    chair = office.chair(unit)
    seen = await chair.get(unit.path)
    body = {"legal_name_zh": "新名"}
    assert (await chair.ask("PATCH", unit.path, body)).status_code == 428
    await chair.ask("PATCH", unit.path, body, headers=if_match(seen), expect=200)
    stale = await office.registrar.ask("PATCH", unit.path, body, headers=if_match(seen))
    assert (stale.status_code, stale.json()["code"]) == (412, "outdated")


async def test_a_unit_that_ceased_changes_nothing(office: Office) -> None:
    unit = await office.member()
    await office.withdraw(unit)
    seen = await office.read(unit)
    answer = await office.registrar.ask(
        "PATCH", unit.path, {"legal_name_zh": "新名"}, headers=if_match(seen)
    )
    assert facts(answer.json(), "ended_by") == ("not_member", "withdrawn")
