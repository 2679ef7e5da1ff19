"""Who sees which circulars: drafts are the secretary's, what was issued is the members' (N1, N3)."""

import pytest

from shared.contracts.membership import Sector
from shared.kernel.actor import Role, Scope
from tests.integration.notifications.conftest import (
    House,
    a_circular,
    code_of,
    if_match,
    path_of,
    to_members,
    to_sector,
)


async def test_a_member_reads_what_was_issued_to_all_to_any_sector_or_to_itself(
    house: House,
) -> None:
    unit, other = await house.member(), await house.member()
    to_all = await house.issue()
    sector = await house.issue(audience=to_sector(Sector.VENUE_OPERATOR))
    mine = await house.issue(audience=to_members(unit, other))
    theirs = await house.issue(audience=to_members(other))
    await house.draft()
    listed = (await house.as_member(unit).get("/v1/circulars"))["items"]
    assert [item["id"] for item in listed] == [mine["id"], sector["id"], to_all["id"]]
    hidden = await house.as_member(unit).ask("GET", path_of(theirs))
    assert code_of(hidden) == (404, "not_found")


async def test_a_draft_is_invisible_to_members_until_it_is_issued(house: House) -> None:
    unit = await house.member()
    draft = await house.draft()
    scheduled = await house.act(draft, "/scheduling", {"issue_at": "2100-01-01T00:00:00Z"})
    for stage in (draft, scheduled):
        assert (await house.as_member(unit).ask("GET", path_of(stage))).status_code == 404
    assert (await house.as_member(unit).get("/v1/circulars?status=scheduled"))["items"] == []
    await house.act(scheduled, "/issue")
    assert (await house.as_member(unit).get(path_of(draft)))["status"] == "issued"


async def test_a_member_is_not_shown_what_concerns_the_writers(house: House) -> None:
    """A unit named beside others does not learn from the archive who they are."""
    unit, other = await house.member(), await house.member()
    issued = await house.issue(audience=to_members(unit, other))
    await house.act(issued, "/correction", expect=201)
    answer = await house.as_member(unit).ask("GET", path_of(issued), expect=200)
    shown = answer.json()
    assert shown["audience"] == {"kind": "members", "sector": None, "members": None}
    assert (shown["ordered_by"], shown["correction_id"], shown["allowed_actions"]) == (
        None,
        None,
        [],
    )
    assert answer.headers["ETag"] == '"3-reader"'
    assert other not in answer.text


async def test_the_archive_is_in_the_order_of_issue(house: House) -> None:
    unit = await house.member()
    early, late = await house.draft(), await house.draft()
    await house.act(late, "/issue")
    await house.act(early, "/issue")
    listed = (await house.as_member(unit).get("/v1/circulars"))["items"]
    assert [item["id"] for item in listed] == [early["id"], late["id"]]


async def test_the_secretary_lists_circulars_by_status(house: House) -> None:
    await house.member()
    draft, issued = await house.draft(), await house.issue()
    for status, expected in (("draft", draft), ("issued", issued)):
        listed = await house.secretary.get(f"/v1/circulars?status={status}")
        assert listed["items"] == [expected]
    assert len((await house.secretary.get("/v1/circulars"))["items"]) == 2
    assert (await house.secretary.ask("GET", "/v1/circulars?status=lost")).status_code == 422


async def test_pages_of_circulars_join_without_gap_or_repetition(house: House) -> None:
    await house.member()
    drafts = [(await house.draft())["id"] for _ in range(3)]
    issued = [(await house.issue())["id"] for _ in range(2)]
    seen: list[str] = []
    query: str | None = "?limit=2"
    while query is not None:
        page = await house.secretary.get(f"/v1/circulars{query}")
        seen += [item["id"] for item in page["items"]]
        query = page["next_cursor"] and f"?limit=2&cursor={page['next_cursor']}"
    assert seen == [*issued[::-1], *drafts[::-1]]


@pytest.mark.parametrize(
    "role", sorted({Role.REGISTRAR, Role.CASE_OFFICER, Role.AUTHORITY, Role.OPERATOR})
)
async def test_for_other_organ_roles_there_are_no_circulars(house: House, role: Role) -> None:
    await house.member()
    issued = await house.issue()
    officer = house.app.as_("officer", role)
    for method, path in (
        ("GET", "/v1/circulars"),
        ("POST", "/v1/circulars"),
        ("GET", path_of(issued)),
        ("GET", f"{path_of(issued)}/acknowledgements"),
        ("POST", f"{path_of(issued)}/correction"),
    ):
        answer = await officer.ask(method, path, headers=if_match(issued))
        assert code_of(answer) == (404, "not_found"), (method, path)


async def test_an_applicant_is_asked_for_its_member_and_told_nothing(house: House) -> None:
    """Decisions: claim `member` is 422 where needed and absent; with a claim but no mandate, 404."""
    await house.member()
    issued = await house.issue()
    applicant = house.app.as_("applicant")
    assert (await applicant.ask("GET", path_of(issued))).status_code == 422
    pretender = house.app.as_("applicant", member="mem_" + "1" * 32)
    assert (await pretender.ask("GET", path_of(issued))).status_code == 404
    assert (await house.app.public.ask("GET", path_of(issued))).status_code == 401


async def test_a_representative_may_not_write(house: House) -> None:
    """403 where the collection is visible to the caller; the acts on one circular do not exist for it."""
    unit = await house.member()
    draft = await house.draft()
    caller = house.as_member(unit)
    refused = await caller.ask("POST", "/v1/circulars", a_circular())
    assert code_of(refused) == (403, "role_missing")
    for method, path in (
        ("GET", f"{path_of(draft)}/preview"),
        ("GET", f"{path_of(draft)}/acknowledgements"),
        ("POST", f"{path_of(draft)}/issue"),
        ("POST", f"{path_of(draft)}/discarding"),
    ):
        answer = await caller.ask(method, path, headers=if_match(draft))
        assert code_of(answer) == (404, "not_found")
    assert await house.secretary.get(path_of(draft)) == draft


async def test_a_mandate_for_something_else_does_not_open_the_archive(house: House) -> None:
    unit = await house.member(scope=Scope.VOTE)
    assert (await house.as_member(unit).ask("GET", "/v1/circulars")).status_code == 404
