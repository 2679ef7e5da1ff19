"""Drafting, previewing, scheduling, correcting and discarding circulars over HTTP (N1, Art. 19)."""

import asyncio
from typing import Any

import pytest

from shared.contracts.membership import Sector
from tests.integration.notifications.conftest import (
    House,
    a_circular,
    code_of,
    if_match,
    path_of,
    to_members,
    to_sector,
)

NOBODY = "mem_" + "0" * 32


async def test_a_draft_is_created_where_its_location_says(house: House) -> None:
    answer = await house.secretary.ask("POST", "/v1/circulars", a_circular(), expect=201)
    draft = answer.json()
    assert answer.headers["Location"] == draft["url"]
    assert answer.headers["ETag"] == '"1-writer"'
    assert (draft["object"], draft["status"], draft["version"], draft["number"]) == (
        "circular",
        "draft",
        1,
        None,
    )
    assert draft["allowed_actions"] == ["draft", "scheduling", "issue", "discarding"]
    assert await house.secretary.get(path_of(draft)) == draft


async def test_a_draft_can_be_replaced_as_a_whole(house: House) -> None:
    draft = await house.draft()
    audience = to_sector(Sector.PRODUCT_MAKER)
    answer = await house.secretary.ask(
        "PUT",
        f"{path_of(draft)}/draft",
        a_circular(title={"zh": "新标题"}, audience=audience),
        headers=if_match(draft),
        expect=200,
    )
    edited = answer.json()
    assert edited["title"] == {"zh": "新标题", "en": None, "authoritative": "zh"}
    assert edited["audience"] == {**audience, "members": None}
    assert (edited["version"], answer.headers["ETag"]) == (2, '"2-writer"')


@pytest.mark.parametrize(
    ("method", "act"),
    [
        ("PUT", "/draft"),
        ("POST", "/scheduling"),
        ("POST", "/unscheduling"),
        ("POST", "/issue"),
        ("POST", "/correction"),
        ("POST", "/discarding"),
    ],
)
async def test_every_act_needs_the_version_that_was_seen(
    house: House, method: str, act: str
) -> None:
    """Decisions: where two officers could race, 428 without `If-Match` and 412 with a stale one."""
    draft = await house.draft()
    body = {"/draft": a_circular(), "/scheduling": {"issue_at": "2100-01-01T00:00:00Z"}}.get(act)
    path = path_of(draft) + act
    assert code_of(await house.secretary.ask(method, path, body))[0] == 428
    stale = {"If-Match": '"7-writer"'}
    assert code_of(await house.secretary.ask(method, path, body, headers=stale))[0] == 412
    assert await house.secretary.get(path_of(draft)) == draft


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": {"en": "No Chinese"}}, "/title/zh"),
        ({"title": {"zh": "两行\n标题"}}, "/title/zh"),
        ({"body": {"zh": ""}}, "/body/zh"),
        ({"category": "advertisement"}, "/category"),
        ({"audience": {"kind": "everyone"}}, "/audience"),
        ({"audience": {"kind": "sector", "sector": "fishing"}}, "/audience/sector/sector"),
        ({"audience": {"kind": "members", "members": []}}, "/audience/members/members"),
        ({"audience": to_members(NOBODY, NOBODY)}, "/audience/members/members"),
        ({"audience": {"kind": "all", "members": [NOBODY]}}, "/audience/all/members"),
        ({"acknowledgement_required": "yes"}, "/acknowledgement_required"),
        ({"number": "C-2026-001"}, "/number"),
    ],
)
async def test_a_draft_that_says_something_impossible_is_refused_at_its_place(
    house: House, changes: dict[str, Any], pointer: str
) -> None:
    answer = await house.secretary.ask("POST", "/v1/circulars", a_circular(**changes), expect=422)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_preview_shows_the_notice_and_counts_whom_it_would_reach(house: House) -> None:
    for sector in (Sector.PRODUCT_MAKER, Sector.PRODUCT_MAKER, Sector.VENUE_OPERATOR):
        await house.member(sector)
    gone = await house.member(Sector.PRODUCT_MAKER)
    await house.end(gone)
    everyone = await house.draft(acknowledgement_required=True)
    makers = await house.draft(audience=to_sector(Sector.PRODUCT_MAKER))
    named = await house.draft(audience=to_members(gone, NOBODY))
    preview = await house.secretary.get(f"{path_of(everyone)}/preview")
    assert preview["title"] == everyone["title"]
    assert preview["acknowledge_by"]["article"] == "19"
    assert (preview["reach"], preview["register_version"]) == (3, house.register.version)
    assert (await house.secretary.get(f"{path_of(makers)}/preview"))["reach"] == 2
    assert (await house.secretary.get(f"{path_of(named)}/preview"))["reach"] == 0
    assert (await house.secretary.get(path_of(everyone))) == everyone, "a preview changes nothing"


async def test_a_scheduled_circular_can_be_made_a_draft_again_and_not_be_edited_before(
    house: House,
) -> None:
    draft = await house.draft()
    scheduled = await house.act(draft, "/scheduling", {"issue_at": "2100-01-01T08:00:00+08:00"})
    assert (scheduled["status"], scheduled["issue_at"]) == ("scheduled", "2100-01-01T00:00:00Z")
    assert scheduled["ordered_by"] == "secretary"
    refused = await house.secretary.ask(
        "PUT", f"{path_of(draft)}/draft", a_circular(), headers=if_match(scheduled)
    )
    assert code_of(refused) == (409, "not_allowed_now")
    assert refused.json()["allowed_actions"] == ["scheduling", "unscheduling", "issue"]
    again = await house.act(scheduled, "/unscheduling")
    assert (again["status"], again["issue_at"], again["ordered_by"]) == ("draft", None, None)


async def test_a_circular_is_not_scheduled_for_the_past(house: House) -> None:
    answer = await house.secretary.ask(
        "POST",
        f"{path_of(draft := await house.draft())}/scheduling",
        {"issue_at": "2020-01-01T00:00:00Z"},
        headers=if_match(draft),
    )
    assert code_of(answer) == (422, "issue_time_not_ahead")


async def test_an_issued_circular_is_never_edited_scheduled_or_discarded(house: House) -> None:
    """Edge case 8: "Recall: impossible"."""
    await house.member()
    issued = await house.issue()
    assert issued["allowed_actions"] == ["correction"]
    for act in ("/unscheduling", "/issue", "/discarding"):
        refused = await house.secretary.ask("POST", path_of(issued) + act, headers=if_match(issued))
        assert code_of(refused) == (409, "not_allowed_now")
    assert await house.secretary.get(path_of(issued)) == issued


async def test_a_correction_is_a_circular_of_its_own_that_names_the_number_it_corrects(
    house: House,
) -> None:
    """Edge case 8: "corrigendum with reference to the original number"."""
    unit = await house.member()
    wrong = await house.issue()
    correction = await house.act(wrong, "/correction", expect=201)
    assert (correction["status"], correction["corrects"]) == ("draft", wrong["id"])
    assert correction["body"] == wrong["body"]
    open_ = await house.secretary.get(path_of(wrong))
    assert (open_["correction_id"], open_["corrected_by"]) == (correction["id"], None)
    issued = await house.act(correction, "/issue")
    right = await house.secretary.get(path_of(wrong))
    assert right["corrected_by"] == issued["id"]
    assert (right["number"], right["body"]) == (wrong["number"], wrong["body"])
    assert (right["status"], right["allowed_actions"]) == ("issued", [])
    titles = [item["title"]["zh"] for item in await house.inbox(unit)]
    assert titles == [f"更正{wrong['number']}：{wrong['title']['zh']}", wrong["title"]["zh"]]


async def test_there_is_one_open_correction_at_a_time_and_a_discarded_one_makes_room(
    house: House,
) -> None:
    await house.member()
    issued = await house.issue()
    first = await house.act(issued, "/correction", expect=201)
    issued = await house.secretary.get(path_of(issued))
    refused = await house.secretary.ask(
        "POST", f"{path_of(issued)}/correction", headers=if_match(issued)
    )
    assert code_of(refused) == (409, "correction_open")
    assert refused.json()["correction_id"] == first["id"]
    discarded = await house.act(first, "/discarding")
    assert (discarded["status"], discarded["allowed_actions"]) == ("discarded", [])
    issued = await house.secretary.get(path_of(issued))
    second = await house.act(issued, "/correction", expect=201)
    assert second["corrects"] == issued["id"]


async def test_a_corrected_circular_is_corrected_in_its_successor(house: House) -> None:
    await house.member()
    issued = await house.issue()
    successor = await house.act(await house.act(issued, "/correction", expect=201), "/issue")
    corrected = await house.secretary.get(path_of(issued))
    refused = await house.secretary.ask(
        "POST", f"{path_of(issued)}/correction", headers=if_match(corrected)
    )
    assert code_of(refused) == (409, "already_corrected")
    assert refused.json()["corrected_by"] == successor["id"]
    assert (await house.act(successor, "/correction", expect=201))["corrects"] == successor["id"]


async def test_a_correction_keeps_the_kind_of_audience(house: House) -> None:
    await house.member()
    correction = await house.act(await house.issue(), "/correction", expect=201)
    refused = await house.secretary.ask(
        "PUT",
        f"{path_of(correction)}/draft",
        a_circular(audience=to_sector(Sector.PRODUCT_MAKER)),
        headers=if_match(correction),
    )
    assert code_of(refused) == (409, "audience_kind_fixed")


async def test_a_repeated_request_drafts_one_circular(house: House) -> None:
    headers = {"Idempotency-Key": "draft-1"}
    first, second = [
        await house.secretary.ask("POST", "/v1/circulars", a_circular(), headers=headers)
        for _ in range(2)
    ]
    assert first.json() == second.json()
    assert second.headers["Location"] == first.headers["Location"]
    assert (await house.secretary.get("/v1/circulars"))["items"] == [first.json()]


async def test_a_correction_and_what_it_corrects_may_be_acted_on_at_once(house: House) -> None:
    """Whoever comes first wins; nobody waits for somebody who waits for him."""
    await house.member()
    issued = await house.issue()
    correction = await house.act(issued, "/correction", expect=201)
    issued = await house.secretary.get(path_of(issued))
    answers = await asyncio.gather(
        *(
            house.secretary.ask("POST", path_of(circular) + act, headers=if_match(circular))
            for circular, act in [
                (correction, "/issue"),
                (issued, "/issue"),
                (issued, "/correction"),
            ]
            * 3
        )
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 412}
