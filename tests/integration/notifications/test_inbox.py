"""Who is addressed, and what is in whose inbox (N3; edge cases of the Notification section)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.membership import Ending, Sector
from shared.kernel.actor import Role, Scope, Subject
from tests.integration.notifications.conftest import House, code_of, to_members, to_sector
from tests.support.suite import ISSUER


async def test_a_circular_is_in_the_inbox_of_every_member_exactly_once(house: House) -> None:
    units = [await house.member() for _ in range(3)]
    circular = await house.issue()
    for unit in units:
        assert await house.numbers_in(unit) == [circular["number"]]


async def test_a_unit_that_accedes_later_gets_archive_access_and_no_notice(house: House) -> None:
    """Edge case 1: "Audience = members at the moment of issue; a later joiner gets archive access, not a notice"."""
    await house.member()
    circular = await house.issue()
    newcomer = await house.member()
    assert await house.inbox(newcomer) == []
    archive = await house.as_member(newcomer).get("/v1/circulars")
    assert [item["number"] for item in archive["items"]] == [circular["number"]]


async def test_a_unit_that_left_is_still_served_what_was_issued_before(house: House) -> None:
    """Edge case 1: "one who left in between is still served"."""
    unit = await house.member()
    await house.member()
    before = await house.issue()
    await house.end(unit)
    await house.issue()
    assert await house.numbers_in(unit) == [before["number"]]


async def test_a_unit_that_came_back_does_not_get_what_was_issued_while_it_was_away(
    house: House,
) -> None:
    """M5: nothing old revives; what it got before stays."""
    unit = await house.member()
    await house.member()
    before = await house.issue()
    await house.end(unit)
    await house.issue()
    await house.come_back(unit)
    after = await house.issue()
    assert await house.numbers_in(unit) == [after["number"], before["number"]]


async def test_a_reinstated_unit_has_what_was_issued_on_either_side_of_the_gap(
    house: House,
) -> None:
    unit = await house.member()
    await house.member()
    before = await house.issue()
    house.register.end(unit, Ending.CANCELLED)
    await house.tell()
    await house.issue()
    house.register.reinstate(unit)
    await house.tell()
    after = await house.issue()
    assert await house.numbers_in(unit) == [after["number"], before["number"]]


async def test_an_issue_for_a_sector_reaches_who_was_in_it_then(house: House) -> None:
    maker = await house.member(Sector.PRODUCT_MAKER)
    both = await house.member(Sector.VENUE_OPERATOR, Sector.PRODUCT_MAKER)
    other = await house.member(Sector.VENUE_OPERATOR)
    circular = await house.issue(audience=to_sector(Sector.PRODUCT_MAKER))
    house.register.change_particulars(maker, Sector.VENUE_OPERATOR)
    house.register.change_particulars(other, Sector.PRODUCT_MAKER)
    await house.tell()
    assert await house.numbers_in(maker) == [circular["number"]]
    assert await house.numbers_in(both) == [circular["number"]]
    assert await house.numbers_in(other) == []
    later = await house.issue(audience=to_sector(Sector.PRODUCT_MAKER))
    assert await house.numbers_in(other) == [later["number"]]
    assert await house.numbers_in(maker) == [circular["number"]]


async def test_a_circular_to_named_members_is_for_those_alone(house: House) -> None:
    named, other = await house.member(), await house.member()
    circular = await house.issue(audience=to_members(named))
    assert await house.numbers_in(named) == [circular["number"]]
    assert await house.inbox(other) == []


async def test_another_units_notice_does_not_exist(house: House) -> None:
    named, other = await house.member(), await house.member()
    await house.issue(audience=to_members(named))
    (notice,) = await house.inbox(named)
    for path in ("", "/read", "/acknowledgement"):
        answer = await house.as_member(other).ask(
            "POST" if path else "GET", f"/v1/inbox/{notice['id']}{path}"
        )
        assert code_of(answer) == (404, "not_found")


async def test_a_notice_shows_what_its_circular_says_and_what_it_rests_on(house: House) -> None:
    """Edge case 18: "Chinese body authoritative, translation labelled"."""
    unit = await house.member()
    circular = await house.issue(
        acknowledgement_required=True, body={"zh": "请执行。", "en": "Please comply."}
    )
    (item,) = await house.inbox(unit)
    notice = await house.as_member(unit).get(f"/v1/inbox/{item['id']}")
    assert notice["body"] == {"zh": "请执行。", "en": "Please comply.", "authoritative": "zh"}
    assert {k: v for k, v in notice.items() if k != "body"} == item
    assert (item["kind"], item["number"]) == ("circular", circular["number"])
    assert item["link"] == circular["url"]
    assert (item["register_version"], item["register_head"]) == (2, house.register.head)
    assert (item["status"], item["allowed_actions"]) == ("unread", ["read", "acknowledgement"])
    assert item["acknowledge_by"]["rule"] == "circular.acknowledgement_term"
    assert item["mandatory"] is True


async def test_issued_read_and_acknowledged_are_three_facts(house: House) -> None:
    """N3; edge case 12: "Served / delivered / read are three facts"."""
    unit = await house.member()
    await house.issue(acknowledgement_required=True)
    caller = house.as_member(unit)
    (item,) = await house.inbox(unit)
    path = f"/v1/inbox/{item['id']}"
    assert (await caller.get(path))["read_at"] is None, "looking at it is not reading it"
    read = await caller.post(f"{path}/read")
    assert (read["status"], read["acknowledged_at"]) == ("read", None)
    assert read["issued_at"] < read["read_at"]
    done = await caller.post(f"{path}/acknowledgement")
    assert (done["status"], done["read_at"]) == ("acknowledged", read["read_at"])
    assert done["allowed_actions"] == []


async def test_whatever_is_repeated_the_first_acknowledgement_stands(house: House) -> None:
    unit = await house.member()
    house.register.appoint(unit, Subject(ISSUER, "colleague"), Scope.CIRCULARS)
    await house.tell()
    await house.issue(acknowledgement_required=True)
    (item,) = await house.inbox(unit)
    path = f"/v1/inbox/{item['id']}"
    first = await house.as_member(unit).post(f"{path}/acknowledgement")
    await house.advance(timedelta(days=30))
    colleague = house.app.as_("colleague", member=unit)
    assert await colleague.post(f"{path}/acknowledgement") == first
    assert await colleague.post(f"{path}/read") == first
    by = await house.scalar("SELECT acknowledged_by FROM notice_readings")
    assert by == f"{ISSUER} rep of {unit}"
    assert await house.scalar("SELECT count(*) FROM notice_readings") == 1


async def test_a_notice_that_asks_for_no_acknowledgement_takes_none(house: House) -> None:
    unit = await house.member()
    await house.issue()
    (item,) = await house.inbox(unit)
    answer = await house.as_member(unit).ask("POST", f"/v1/inbox/{item['id']}/acknowledgement")
    assert code_of(answer) == (409, "no_acknowledgement_asked")
    assert await house.scalar("SELECT count(*) FROM notice_readings") == 0


async def test_the_inbox_shows_only_the_unread_or_the_unacknowledged_when_asked(
    house: House,
) -> None:
    unit = await house.member()
    caller = house.as_member(unit)
    asking = await house.issue(acknowledgement_required=True)
    plain = await house.issue()
    read, unread = (await house.inbox(unit))[1], (await house.inbox(unit))[0]
    await caller.post(f"/v1/inbox/{read['id']}/read")
    assert unread["number"] == plain["number"]
    assert await house.numbers_in(unit, "?unread=true") == [plain["number"]]
    assert await house.numbers_in(unit, "?unacknowledged=true") == [asking["number"]]
    await caller.post(f"/v1/inbox/{read['id']}/acknowledgement")
    assert await house.numbers_in(unit, "?unacknowledged=true") == []


async def test_the_pages_of_the_inbox_give_every_notice_once_the_latest_first(
    house: House,
) -> None:
    unit = await house.member()
    issued = [(await house.issue())["number"] for _ in range(5)]
    seen: list[str] = []
    query: str | None = "?limit=2"
    while query is not None:
        page: dict[str, Any] = await house.as_member(unit).get(f"/v1/inbox{query}")
        seen += [item["number"] for item in page["items"]]
        query = page["next_cursor"] and f"?limit=2&cursor={page['next_cursor']}"
    assert seen == issued[::-1]


async def test_a_unit_that_left_reads_and_acknowledges_what_it_got_for_two_years(
    house: House,
) -> None:
    """Edge case 3: "inbox stays readable for a policy time" (`inbox.after_exit_term`)."""
    unit = await house.member()
    await house.issue(acknowledgement_required=True)
    await house.end(unit)
    caller = house.as_member(unit)
    await house.advance(timedelta(days=728))
    (item,) = await house.inbox(unit)
    done = await caller.post(f"/v1/inbox/{item['id']}/acknowledgement")
    assert done["status"] == "acknowledged"
    await house.advance(timedelta(days=733))
    assert code_of(await caller.ask("GET", "/v1/inbox")) == (404, "not_found")


async def test_a_unit_that_left_does_not_see_the_archive(house: House) -> None:
    unit = await house.member()
    await house.issue()
    await house.end(unit)
    answer = await house.as_member(unit).ask("GET", "/v1/circulars")
    assert code_of(answer) == (404, "not_found")


async def test_a_removed_representative_sees_nothing_though_the_unit_left(house: House) -> None:
    unit = house.register.accede()
    mandate = house.register.appoint(unit, Subject(ISSUER, f"rep of {unit}"), Scope.CIRCULARS)
    await house.tell()
    await house.issue()
    house.register.remove(unit, mandate)
    await house.end(unit)
    assert (await house.as_member(unit).ask("GET", "/v1/inbox")).status_code == 404


async def test_the_scope_of_a_mandate_decides_who_opens_the_inbox(house: House) -> None:
    with_all = await house.member(scope=Scope.ALL)
    for cases_only in (Scope.CASES, Scope.VOTE):
        unit = await house.member(scope=cases_only)
        assert (await house.as_member(unit).ask("GET", "/v1/inbox")).status_code == 404
    assert await house.inbox(with_all) == []


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.REGISTRAR, Role.OPERATOR])
async def test_an_organ_role_has_no_inbox(house: House, role: Role) -> None:
    unit = await house.member()
    organ = house.app.as_(f"rep of {unit}", role, member=unit)
    assert (await organ.ask("GET", "/v1/inbox")).status_code == 404


async def test_without_a_token_there_is_no_inbox(house: House) -> None:
    assert (await house.app.public.ask("GET", "/v1/inbox")).status_code == 401
