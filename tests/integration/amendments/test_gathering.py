"""A coalition gathers support until one tenth of the present members stand behind its draft (A4, Art. 27)."""

import pytest

from shared.contracts.membership import MemberAcceded
from shared.db.roster import start_over
from shared.kernel.chain import roll_digest
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import (
    a_draft,
    as_json,
    code_of,
    days,
    edit,
    if_match,
    path_of,
    propose,
    read,
    replacing,
    support,
    unsupport,
)


@pytest.mark.parametrize("members", range(1, 26))
async def test_the_initiative_is_latched_at_exactly_one_tenth(
    convened: House, members: int
) -> None:
    """Edge case 1: "Threshold sizes 1-25 … integers only"."""
    units = await convened.members(members)
    needed = -(-members // 10)
    proposal = await propose(convened.as_member(units[0]))
    for supporters, unit in enumerate(units[1:needed], start=1):
        assert (proposal["status"], proposal["support"]["reached"]) == ("gathering", supporters)
        proposal = await support(convened, unit, proposal)
    latch = proposal["support"]["latch"]
    assert proposal["status"] == "supported"
    assert (latch["reached"], latch["needed"], latch["of"]) == (needed, needed, members)
    assert latch["basis"] == {
        "rule": "amendment.initiative",
        "article": "27",
        "rulebook_version": 1,
    }


async def test_without_a_member_there_is_nobody_to_propose(convened: House) -> None:
    """Edge case 1: "N = 0 refused"."""
    nobody = convened.as_member("mem_" + "0" * 32)
    answer = await nobody.ask("POST", "/v1/proposals", {"base_version": 1, **a_draft()})
    assert answer.status_code == 404


async def test_more_members_need_more_support_and_fewer_need_less(convened: House) -> None:
    """Edge case 2: "Membership grows from 10 to 11 while one support exists: required rises to 2; the test runs at every
    support *and* at every register version that the roster's watermark passes, until latched".
    """
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    assert (proposal["status"], proposal["support"]["needed"]) == ("gathering", 2)
    await convened.end(units[1])
    shown = await read(convened.secretary, proposal)
    assert shown["status"] == "supported"
    assert shown["support"]["latch"]["reached"] == shown["support"]["latch"]["needed"] == 1
    assert shown["support"]["latch"]["of"] == 10
    assert shown["support"]["latch"]["register_version"] == convened.register.version
    (told,) = await convened.announced("amendments.proposal.supported_enough.v1")
    assert (told["reached"], told["needed"], told["of"]) == (1, 1, 10)


@pytest.mark.parametrize(("members", "before", "after"), [(10, 1, 2), (20, 2, 3)])
async def test_a_unit_that_joins_makes_one_more_support_necessary(
    convened: House, members: int, before: int, after: int
) -> None:
    """Edge case 2: "Membership grows from 10 to 11 while one support exists: required rises to 2"; from 20 to 21: to 3."""
    units = await convened.members(members)
    first = await propose(convened.as_member(units[0]))
    assert (first["support"]["needed"], first["status"] == "supported") == (before, before == 1)
    await convened.member()
    proposal = await propose(convened.as_member(units[1])) if before == 1 else first
    shown = await read(convened.secretary, proposal)
    assert (shown["status"], shown["support"]["reached"]) == ("gathering", 1)
    assert (shown["support"]["needed"], shown["support"]["of"]) == (after, members + 1)
    for unit in units[2 : after + 1]:
        assert shown["status"] == "gathering"
        shown = await support(convened, unit, proposal)
    assert (shown["status"], shown["support"]["latch"]["needed"]) == ("supported", after)


async def test_a_ratio_reached_between_two_changes_of_one_batch_is_seen(convened: House) -> None:
    """Decisions: "tested only at the watermark, once for each version it passes"."""
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    convened.register.end(units[1])
    left = convened.register.version
    for _ in range(5):
        convened.register.accede()
    await convened.tell()
    latch = (await read(convened.secretary, proposal))["support"]["latch"]
    assert (latch["register_version"], latch["of"]) == (left, 10)
    assert latch["roll_digest"] == roll_digest([units[0], *units[2:]])


async def test_what_was_tested_is_not_tested_again_by_later_supports(convened: House) -> None:
    """Decisions: "once for each version": a support given later does not count at a version that has passed."""
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    await unsupport(convened, units[0], proposal)
    await convened.end(units[1])
    await convened.members(1)
    shown = await support(convened, units[2], proposal)
    assert shown["status"] == "gathering"
    assert shown["support"]["reached"] == 1
    await convened.members(1)
    assert (await read(convened.secretary, proposal))["status"] == "gathering"


async def test_what_was_reached_stays_reached(convened: House) -> None:
    """Edge case 3: "Latch: once reached it stays reached, recorded with roll hash and time"."""
    units = await convened.members(10)
    proposal = await propose(convened.as_member(units[0]))
    latch = proposal["support"]["latch"]
    assert latch["roll_digest"] == roll_digest(units)
    assert latch["at"] == proposal["updated_at"]
    await convened.members(30)
    await convened.end(units[0])
    shown = await read(convened.secretary, proposal)
    assert shown["status"] == "supported"
    assert shown["support"]["latch"] == latch


async def test_a_supporter_that_leaves_before_the_latch_no_longer_counts(convened: House) -> None:
    """Edge case 4: "Supporter leaves before the latch: support "lapsed" …; after: no effect"."""
    units = await convened.members(30)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    await convened.end(units[1])
    listed = await convened.secretary.get(f"{path_of(proposal)}/supports")
    gone = listed["items"][1]
    assert (gone["member_id"], gone["status"], gone["lapse_reason"]) == (units[1], "lapsed", "left")
    shown = await read(convened.secretary, proposal)
    assert (shown["status"], shown["support"]["reached"]) == ("gathering", 1)


async def test_a_supporter_that_leaves_after_the_latch_changes_nothing(convened: House) -> None:
    """Edge case 4: "Supporter leaves before the latch: …; after: no effect"."""
    units = await convened.members(20)
    proposal = await propose(convened.as_member(units[0]))
    latched = await support(convened, units[1], proposal)
    for unit in units[:2]:
        await convened.end(unit)
    shown = await read(convened.secretary, proposal)
    assert (shown["status"], shown["support"]["latch"]) == (
        "supported",
        latched["support"]["latch"],
    )
    listed = await convened.secretary.get(f"{path_of(proposal)}/supports")
    assert [item["status"] for item in listed["items"]] == ["active"] * 2
    called = await convened.ballot_officer.ask("POST", f"{path_of(proposal)}/ballot")
    assert called.status_code == 201


async def test_a_unit_that_comes_back_has_to_support_anew(convened: House) -> None:
    """M5: "nothing old revives (votes, supports, inbox rights)"; also where it left and came back in one batch."""
    units = await convened.members(30)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    convened.register.end(units[1])
    convened.register.accede(units[1])
    await convened.appoint(units[1])
    shown = await read(convened.as_member(units[1]), proposal)
    assert (shown["support"]["reached"], shown["support"]["own"]) == (1, "lapsed")
    again = await support(convened, units[1], proposal)
    assert (again["support"]["reached"], again["support"]["own"]) == (2, "active")


async def test_a_support_goes_freely_before_the_latch_and_never_after(convened: House) -> None:
    """Edge case 5: "Supporter retracts: free before the latch, impossible after"."""
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    answer = await unsupport(convened, units[0], proposal)
    assert (answer.status_code, as_json(answer)["support"]["own"]) == (200, "retracted")
    await support(convened, units[0], proposal)
    latched = await support(convened, units[1], proposal)
    assert latched["status"] == "supported"
    assert "support_retraction" not in latched["allowed_actions"]
    assert code_of(await unsupport(convened, units[1], proposal)) == (409, "not_allowed_now")


async def test_who_does_not_support_it_has_nothing_to_take_back(convened: House) -> None:
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    assert code_of(await unsupport(convened, units[1], proposal)) == (403, "not_supporting")


async def test_a_support_said_twice_is_one_support(convened: House) -> None:
    units = await convened.members(30)
    proposal = await propose(convened.as_member(units[0]))
    first = await support(convened, units[1], proposal)
    second = await support(convened, units[1], proposal)
    assert first == second
    assert second["support"]["reached"] == 2


async def test_an_edited_draft_must_be_supported_anew(convened: House) -> None:
    """Edge case 6: "Draft edited: all supports need reconfirmation of the new hash"."""
    units = await convened.members(30)
    leader = convened.as_member(units[0])
    proposal = await propose(leader)
    await support(convened, units[1], proposal)
    edited = as_json(await edit(leader, proposal, a_draft(replacing(zh="又一种条文。"))))
    assert edited["draft_digest"] != proposal["draft_digest"]
    assert edited["support"]["reached"] == 1
    seen = await read(convened.as_member(units[1]), proposal)
    assert (seen["support"]["own"], seen["support"]["own_is_confirmed"]) == ("active", False)
    stale = await convened.as_member(units[1]).ask(
        "PUT", f"{path_of(proposal)}/supports", {"draft_digest": proposal["draft_digest"]}
    )
    assert code_of(stale) == (409, "draft_changed_since")
    assert (await support(convened, units[1], edited))["support"]["reached"] == 2


async def test_a_draft_is_edited_by_who_has_seen_it(convened: House) -> None:
    """Brief: If-Match, 428 without it; only the leading supporter."""
    units = await convened.members(30)
    leader = convened.as_member(units[0])
    proposal = await propose(leader)
    path = f"{path_of(proposal)}/draft"
    assert (await leader.ask("PUT", path, a_draft())).status_code == 428
    stale = await leader.ask("PUT", path, a_draft(), headers={"If-Match": '"9-x"'})
    assert code_of(stale) == (412, "outdated")
    other = await edit(convened.as_member(units[1]), proposal, a_draft())
    assert code_of(other) == (403, "not_the_proposer")


async def test_a_typing_error_is_mended_in_sight_and_the_supports_stay(convened: House) -> None:
    """Edge case 6: "pure typo fix has its own command and is shown"."""
    units = await convened.members(30)
    leader = convened.as_member(units[0])
    proposal = await propose(leader, a_draft(replacing(zh="经成员单位同竟，不得例外。")))
    await support(convened, units[1], proposal)
    path, header = f"{path_of(proposal)}/typo-corrections", if_match(proposal)

    async def refused(wrong: str, right: str, header: dict[str, str]) -> str:
        body = {"place": "art_5", "language": "zh", "wrong": wrong, "right": right}
        answer = await leader.ask("POST", path, body, headers=header)
        assert code_of(answer) == (422, "not_mere_typo")
        reason: str = as_json(answer)["reason"]
        return reason

    assert await refused("不得", "可以", header) == "meaning"
    assert await refused("全体", "全员", header) == "occurrences"
    assert await refused("同竟", "同竟", header) == "nothing changed"
    typo = {"place": "art_5", "language": "zh", "wrong": "同竟", "right": "同意"}
    mended = await leader.post(path, typo, headers=header)
    assert mended["draft"]["changes"][0]["texts"]["zh"] == "经成员单位同意，不得例外。"
    assert mended["support"]["reached"] == 2
    (shown,) = mended["corrections"]
    assert (shown["wrong"], shown["right"]) == ("同竟", "同意")
    assert await refused("例外", "列外", if_match(mended)) == "mended before"


async def test_a_latched_draft_stays_as_it_is(convened: House) -> None:
    """Decided: what one tenth of the members propose is exactly this draft; they can only withdraw it together."""
    units = await convened.members(10)
    leader = convened.as_member(units[0])
    proposal = await propose(leader)
    assert "draft" not in proposal["allowed_actions"]
    assert code_of(await edit(leader, proposal, a_draft())) == (409, "draft_latched")


async def test_the_others_carry_on_without_the_first_signer(convened: House) -> None:
    """Edge case 8: "Members' proposal, first signer wants out: others carry on"; the next one leads."""
    units = await convened.members(25)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    await unsupport(convened, units[0], proposal)
    shown = await read(convened.as_member(units[1]), proposal)
    assert (shown["status"], shown["support"]["led_by"]) == ("gathering", units[1])
    edited = await edit(convened.as_member(units[1]), shown, a_draft(replacing("art_6")))
    assert edited.status_code == 200
    await support(convened, units[2], as_json(edited))
    assert (await support(convened, units[3], as_json(edited)))["status"] == "supported"


async def test_a_leader_that_edits_its_draft_goes_on_leading(convened: House) -> None:
    units = await convened.members(30)
    leader = convened.as_member(units[0])
    proposal = await propose(leader)
    await support(convened, units[1], proposal)
    edited = as_json(await edit(leader, proposal, a_draft(replacing("art_6"))))
    await support(convened, units[1], edited)
    assert (await read(leader, proposal))["support"]["led_by"] == units[0]


async def test_after_the_latch_only_all_supporters_together_withdraw_it(convened: House) -> None:
    """Edge case 8: "after the latch only all supporters together can withdraw it"."""
    units = await convened.members(15)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    path = f"{path_of(proposal)}/retraction"
    assert (await convened.as_member(units[0]).post(path))["status"] == "supported"
    outsider = await convened.as_member(units[2]).ask("POST", path)
    assert code_of(outsider) == (403, "not_supporting")
    listed = await convened.secretary.get(f"{path_of(proposal)}/supports")
    assert [item["withdraws_at"] is None for item in listed["items"]] == [False, True]
    assert (await convened.as_member(units[1]).post(path))["status"] == "retracted"
    assert len(await convened.announced("amendments.proposal.retracted.v1")) == 1


async def test_a_supporter_that_has_left_keeps_nobody_from_withdrawing(convened: House) -> None:
    """Edge case 8, decided: "all supporters together" are those that are still members."""
    units = await convened.members(15)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    await convened.end(units[1])
    withdrawn = await convened.as_member(units[0]).post(f"{path_of(proposal)}/retraction")
    assert withdrawn["status"] == "retracted"


async def test_a_supporter_of_an_earlier_draft_keeps_nobody_from_withdrawing(
    convened: House,
) -> None:
    """Edge cases 6 and 8: while its support is not confirmed, it is not among those who stand behind the draft."""
    units = await convened.members(30)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    edited = as_json(
        await edit(convened.as_member(units[0]), proposal, a_draft(replacing("art_6")))
    )
    path = f"{path_of(proposal)}/retraction"
    await support(convened, units[2], edited)
    assert (await convened.as_member(units[0]).post(path))["status"] == "gathering"
    assert (await convened.as_member(units[2]).post(path))["status"] == "retracted"


async def test_who_finds_too_little_support_in_time_has_lapsed_timer_or_not(
    convened: House,
) -> None:
    """Brief: "shown as lapsed from the first second after it whether the timer ran or not"."""
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    until = proposal["support"]["until"]
    assert until["basis"]["rule"] == "proposal.support_term"
    await convened.advance(days(90))
    assert (await read(convened.secretary, proposal))["status"] == "gathering"
    await convened.advance(days(91))
    shown = await read(convened.secretary, proposal)
    assert (shown["status"], shown["allowed_actions"]) == ("lapsed", [])
    listed = await convened.secretary.get("/v1/proposals?status=lapsed")
    assert [item["id"] for item in listed["items"]] == [proposal["id"]]
    late = await convened.as_member(units[1]).ask(
        "PUT", f"{path_of(proposal)}/supports", {"draft_digest": proposal["draft_digest"]}
    )
    assert code_of(late) == (409, "not_allowed_now")
    await convened.end(units[2])
    assert (await read(convened.secretary, proposal))["status"] == "lapsed"
    assert await convened.run_timer("let_proposals_lapse") == 1
    (told,) = await convened.announced("amendments.proposal.lapsed.v1")
    assert (told["lapsed_at"], told["basis"]["article"]) == (until["ends_at"], "27")


async def test_a_support_by_a_mandate_that_turns_out_to_be_over_is_void(convened: House) -> None:
    """M9: "what slipped through elsewhere before the news came is void, and said so"."""
    units = await convened.members(30)
    proposal = await propose(convened.as_member(units[0]))
    removed_before = convened.register.now - days(1)
    await support(convened, units[1], proposal)
    convened.register.now = removed_before
    convened.register.remove(units[1], convened.mandates[units[1]])
    await convened.tell()
    listed = await convened.secretary.get(f"{path_of(proposal)}/supports")
    assert (listed["items"][1]["status"], listed["items"][1]["lapse_reason"]) == (
        "lapsed",
        "mandate",
    )
    assert (await read(convened.secretary, proposal))["support"]["reached"] == 1


async def test_a_support_stands_while_the_register_is_read_anew(convened: House) -> None:
    """Then a mandate of earlier times is known before the one that the support was given under."""
    units = await convened.members(30)
    proposal = await propose(convened.as_member(units[0]))
    convened.register.remove(units[1], convened.mandates[units[1]])
    await convened.advance(days(2))
    await convened.appoint(units[1])
    await support(convened, units[1], proposal)
    async with convened.database.begin() as work:
        await start_over(work)
    for change in convened.register.changes:
        async with convened.database.begin() as work:
            for reaction in convened.service.reactions[MemberAcceded]:
                await reaction.handle(work, [change])
    assert (await read(convened.secretary, proposal))["support"]["reached"] == 2
