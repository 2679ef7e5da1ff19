"""Who has acknowledged a circular, and who has not (N3)."""

from typing import Any

from shared.contracts.membership import Sector
from shared.db.roster import enter_changes
from tests.integration.notifications.conftest import (
    House,
    code_of,
    path_of,
    to_members,
    to_sector,
)
from tests.support.register import tampered


async def _listed(house: House, circular: dict[str, Any], query: str = "") -> dict[str, Any]:
    listed: dict[str, Any] = await house.secretary.get(
        f"{path_of(circular)}/acknowledgements{query}"
    )
    return listed


async def _acknowledge(house: House, unit: str) -> dict[str, Any]:
    (notice, *_) = await house.inbox(unit)
    done: dict[str, Any] = await house.as_member(unit).post(
        f"/v1/inbox/{notice['id']}/acknowledgement"
    )
    return done


def _ids(listed: dict[str, Any]) -> list[str]:
    return [item["member_id"] for item in listed["items"]]


async def test_the_list_tells_who_has_and_who_has_not(house: House) -> None:
    """N3: "a notice that needs acknowledgement shows who has and has not"."""
    done, read, silent = [await house.member() for _ in range(3)]
    circular = await house.issue(acknowledgement_required=True)
    acknowledged = await _acknowledge(house, done)
    (notice,) = await house.inbox(read)
    await house.as_member(read).post(f"/v1/inbox/{notice['id']}/read")
    listed = await _listed(house, circular)
    assert (listed["addressed"], listed["acknowledged"], listed["outstanding"]) == (3, 1, 2)
    assert (listed["number"], listed["acknowledge_by"]["article"]) == (circular["number"], "19")
    assert _ids(listed) == [done, read, silent]
    first, second, third = listed["items"]
    assert first["acknowledged_at"] == acknowledged["acknowledged_at"]
    assert (second["read_at"] is None, second["acknowledged_at"]) == (False, None)
    assert (third["read_at"], third["acknowledged_at"]) == (None, None)
    assert _ids(await _listed(house, circular, "?status=outstanding")) == [read, silent]
    assert _ids(await _listed(house, circular, "?status=acknowledged")) == [done]


async def test_the_counts_are_of_all_addressees_whatever_page_is_shown(house: House) -> None:
    units = [await house.member() for _ in range(3)]
    circular = await house.issue(acknowledgement_required=True)
    page = await _listed(house, circular, "?limit=2")
    assert (page["addressed"], _ids(page)) == (3, units[:2])
    rest = await _listed(house, circular, f"?limit=2&cursor={page['next_cursor']}")
    assert (rest["addressed"], _ids(rest), rest["next_cursor"]) == (3, units[2:], None)


async def test_addressees_stay_those_of_the_issue_by_the_names_of_then(house: House) -> None:
    """Edge case 1: the audience is that of the moment of issue, whoever comes, goes or is renamed later."""
    stays, leaves = await house.member(), await house.member()
    circular = await house.issue(acknowledgement_required=True)
    before = await _listed(house, circular)
    house.register.change_particulars(stays, name="更名")
    await house.end(leaves)
    await house.member()
    assert await _listed(house, circular) == before
    assert before["items"][0]["legal_name_zh"].startswith("示例")


async def test_a_unit_that_left_can_still_acknowledge_and_is_counted(house: House) -> None:
    unit = await house.member()
    circular = await house.issue(acknowledgement_required=True)
    await house.end(unit)
    await _acknowledge(house, unit)
    assert (await _listed(house, circular))["outstanding"] == 0


async def test_a_sector_and_named_members_are_listed_as_they_were_addressed(house: House) -> None:
    maker = await house.member(Sector.PRODUCT_MAKER)
    venue = await house.member(Sector.VENUE_OPERATOR)
    to_makers = await house.issue(audience=to_sector(Sector.PRODUCT_MAKER))
    to_venue = await house.issue(audience=to_members(venue))
    assert _ids(await _listed(house, to_makers)) == [maker]
    assert _ids(await _listed(house, to_venue)) == [venue]


async def test_what_asks_for_no_acknowledgement_shows_who_has_read_it(house: House) -> None:
    unit = await house.member()
    circular = await house.issue()
    (notice,) = await house.inbox(unit)
    await house.as_member(unit).post(f"/v1/inbox/{notice['id']}/read")
    listed = await _listed(house, circular)
    assert listed["acknowledge_by"] is None
    assert listed["items"][0]["read_at"] is not None


async def test_a_draft_has_no_addressees_yet(house: House) -> None:
    draft = await house.draft()
    answer = await house.secretary.ask("GET", f"{path_of(draft)}/acknowledgements")
    assert code_of(answer) == (409, "not_issued_yet")


async def test_while_the_roster_is_read_again_nobody_is_counted_out(house: House) -> None:
    await house.member()
    circular = await house.issue(acknowledgement_required=True)
    house.register.accede()
    async with house.database.begin() as work:
        await enter_changes(work, [tampered(house.register.changes[-1])])
    answer = await house.secretary.ask("GET", f"{path_of(circular)}/acknowledgements")
    assert code_of(answer) == (409, "roster_not_ready")
    async with house.database.begin() as work:
        await enter_changes(work, house.register.changes)
    assert (await _listed(house, circular))["addressed"] == 1
