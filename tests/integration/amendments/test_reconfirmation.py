"""Whose support a change of the draft undid is told, so that it can confirm it (A4, edge case 6)."""

import pytest

from services.amendments.usecases import proposals as usecases
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import (
    a_draft,
    adopted,
    as_json,
    edit,
    if_match,
    path_of,
    promulgate,
    propose,
    read,
    replacing,
    support,
    unsupport,
)

DRAFT_CHANGED = "amendments.proposal.draft_changed.v1"


async def test_those_whose_support_an_edit_undid_are_told(
    convened: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edge case 6; whoever left or took its support back is not asked, nor is the leader, who wrote the draft."""
    monkeypatch.setattr(usecases, "ASKED_TOGETHER", 2)
    units = await convened.members(70)
    leader = convened.as_member(units[0])
    proposal = await propose(leader)
    for unit in units[1:6]:
        await support(convened, unit, proposal)
    await unsupport(convened, units[1], proposal)
    await convened.end(units[2])
    edited = as_json(await edit(leader, proposal, a_draft(replacing("art_6"))))
    told = await convened.announced(DRAFT_CHANGED)
    assert {e["draft_digest"] for e in told} == {edited["draft_digest"]}
    assert {e["support_until"] for e in told} == {proposal["support"]["until"]["on"]}
    asked = [[unit["member_id"] for unit in event["supporters"]] for event in told]
    assert asked == [sorted(units[3:6])[:2], sorted(units[3:6])[2:]]
    await support(convened, units[3], edited)
    await edit(leader, edited, a_draft(replacing("art_7")))
    assert len(await convened.announced(DRAFT_CHANGED)) == 4


async def test_where_nobody_has_to_confirm_nobody_is_told(convened: House) -> None:
    units = await convened.members(11)
    leader = convened.as_member(units[0])
    proposal = await propose(leader, a_draft(replacing(zh="经成员单位同竟。")))
    edited = as_json(await edit(leader, proposal, a_draft(replacing("art_6", "经成员单位同竟。"))))
    await support(convened, units[1], edited)
    organs = await propose(convened.secretary)
    assert (await edit(convened.secretary, organs, a_draft(replacing("art_7")))).status_code == 200
    assert await convened.announced(DRAFT_CHANGED) == []


async def test_a_rebase_to_another_draft_asks_its_supporters_again(convened: House) -> None:
    units = await convened.members(20)
    leader = convened.as_member(units[0])
    proposal = await propose(leader)
    await support(convened, units[1], proposal)
    other = await adopted(convened, a_draft(replacing("art_7")))
    assert (await promulgate(convened, other)).status_code == 201
    path, seen = f"{path_of(proposal)}/rebase", await read(leader, proposal)
    body = {"draft": a_draft(replacing("art_6"))}
    await leader.ask("POST", path, body, headers=if_match(seen), expect=200)
    (told,) = await convened.announced(DRAFT_CHANGED)
    assert [unit["member_id"] for unit in told["supporters"]] == [units[1]]
