"""What was adopted is promulgated: by someone else, on the base that was voted on, in its term (A6)."""

import asyncio
from datetime import timedelta

from services.amendments.domain.subject import BallotOutcome
from shared.kernel.actor import Role
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import (
    THREE_QUARTERS,
    a_draft,
    adopted,
    as_json,
    attempted,
    code_of,
    days,
    decided,
    promulgate,
    propose,
    read,
    replacing,
)


async def test_an_adopted_amendment_becomes_the_next_version_at_once(convened: House) -> None:
    """A6: "a new version and rulebook in force at once"; Art. 31: from promulgation."""
    rule = {"key": "amendment.adoption", "value": THREE_QUARTERS}
    proposal = await adopted(convened, a_draft(replacing("art_27"), rule_changes=[rule]))
    made = as_json(await promulgate(convened, proposal))
    today = convened.today.isoformat()
    assert (made["convention_version"], made["valid_on"], made["in_force_on"]) == (2, today, today)
    assert made["is_late"] is False
    assert made["due_basis"]["rule"] == "promulgation.publication_term"
    shown = await read(convened.secretary, proposal)
    assert (shown["status"], shown["promulgated_version"]) == ("promulgated", 2)
    told = (await convened.announced("amendments.convention.promulgated.v1"))[-1]
    assert (told["version"], told["source"], told["changed"]) == (2, proposal["id"], ["art_27"])
    rules = (await convened.announced("amendments.rulebook.in_force.v1"))[-1]
    (adoption,) = (e for e in rules["entries"] if e["key"] == "amendment.adoption")
    assert rules["rulebook_version"] == 2
    assert adoption["value"] == THREE_QUARTERS


async def test_a_rule_alone_can_be_amended(convened: House) -> None:
    rule = {"key": "ballot.voting_term", "value": {"days": 20, "months": 0}}
    proposal = await adopted(convened, a_draft(changes=[], rule_changes=[rule]))
    assert as_json(await promulgate(convened, proposal))["convention_version"] == 2


async def test_it_takes_force_on_a_named_day_and_never_in_the_past(convened: House) -> None:
    """A6: "or on a named day"; edge case 22: "Partial or later application date: per provision, as data"."""
    proposal = await adopted(convened, a_draft(replacing("art_5"), replacing("art_6")))
    past = (convened.today - timedelta(days=1)).isoformat()
    assert code_of(await promulgate(convened, proposal, in_force_on=past)) == (409, "back_dated")
    named, later = ((convened.today + timedelta(days=n)).isoformat() for n in (40, 70))
    made = await promulgate(convened, proposal, in_force_on=named, applies_from={"art_6": later})
    assert as_json(made)["in_force_on"] == named
    shown = await convened.public.get("/v1/convention?version=2")
    applies = {p["id"]: p["applies_from"] for p in shown["provisions"] if p["applies_from"]}
    assert applies == {"art_6": later}


async def test_what_was_not_adopted_is_not_promulgated(convened: House) -> None:
    proposal = await propose(convened.secretary)
    assert code_of(await promulgate(convened, proposal)) == (409, "not_allowed_now")
    unknown = await promulgate(convened, {"id": "prp_" + "0" * 32})
    assert unknown.status_code == 404


async def test_who_proposed_does_not_promulgate_under_any_hat(convened: House) -> None:
    """P40: "same subject via two tokens, two roles …, concurrent approve: 0 of 400 attempts succeed"."""
    proposal = await adopted(convened)
    hats = [
        convened.secretary,
        convened.app.as_("secretary", Role.SECRETARY),
        convened.app.as_("secretary", Role.SECRETARY, Role.BALLOT_OFFICER),
    ]
    told = await attempted(hats, "/v1/promulgations", {"proposal_id": proposal["id"]})
    assert told == {(403, "proposer_is_promulgator")}
    assert (await promulgate(convened, proposal)).status_code == 201


async def test_who_supported_it_for_a_unit_does_not_promulgate_it(convened: House) -> None:
    """P40, for a coalition's: its supporters propose together (Art. 27)."""
    unit = await convened.member()
    proposal = await propose(convened.as_member(unit))
    await decided(convened, proposal, BallotOutcome.ADOPTED)
    supporter = convened.app.as_(f"rep of {unit}", Role.SECRETARY)
    refused = await supporter.ask("POST", "/v1/promulgations", {"proposal_id": proposal["id"]})
    assert code_of(refused) == (403, "proposer_is_promulgator")


async def test_two_secretaries_promulgate_it_once(convened: House) -> None:
    proposal = await adopted(convened)
    answers = await asyncio.gather(*(promulgate(convened, proposal) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert len((await convened.public.get("/v1/promulgations"))["items"]) == 1


async def test_of_two_adopted_on_one_base_the_second_is_refused(convened: House) -> None:
    """Edge case 17, with both promulgated at the same moment."""
    pair = [await adopted(convened, a_draft(replacing(i))) for i in ("art_5", "art_6")]
    answers = await asyncio.gather(*(promulgate(convened, proposal) for proposal in pair))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (refused,) = (answer for answer in answers if answer.status_code == 409)
    assert code_of(refused) == (409, "base_no_longer_matches")


async def test_late_is_late_from_day_31_and_the_adoption_stands(convened: House) -> None:
    """Edge case 21: "Adopted, then not promulgated within 30 days: late flag and notice to members; adoption stands"."""
    proposal = await adopted(convened)
    due = proposal["promulgation_due"]["on"]
    assert due == (convened.today + timedelta(days=30)).isoformat()
    await convened.advance(days(30))
    assert (await read(convened.secretary, proposal))["promulgation_overdue"] is False
    assert await convened.run_timer("note_overdue_promulgations") == 0
    await convened.advance(days(31))
    seen = await read(convened.secretary, proposal)
    assert (seen["status"], seen["promulgation_overdue"]) == ("adopted", True)
    assert await convened.run_timer("note_overdue_promulgations") == 1
    (told,) = await convened.announced("amendments.proposal.promulgation_overdue.v1")
    assert (told["due_on"], told["basis"]["rule"]) == (due, "promulgation.publication_term")
    made = as_json(await promulgate(convened, proposal))
    assert (made["is_late"], made["due_on"]) == (True, due)
    assert (await read(convened.secretary, proposal))["promulgation_overdue"] is True


async def test_a_late_promulgation_is_told_though_no_timer_ran(convened: House) -> None:
    """Edge case 21: "late flag and notice to members": once, whoever notices first."""
    proposal = await adopted(convened)
    await convened.advance(days(31))
    assert as_json(await promulgate(convened, proposal))["is_late"] is True
    assert await convened.run_timer("note_overdue_promulgations") == 0
    (told,) = await convened.announced("amendments.proposal.promulgation_overdue.v1")
    assert told["proposal_id"] == proposal["id"]


async def test_a_promulgation_puts_off_only_what_it_changes(convened: House) -> None:
    proposal = await adopted(convened, a_draft(replacing("art_5")))
    later = (convened.today + timedelta(days=70)).isoformat()
    refused = await promulgate(convened, proposal, applies_from={"art_23": later})
    assert code_of(refused) == (422, "not_put_off")
    never = (convened.today + timedelta(days=3_660)).isoformat()
    assert code_of(await promulgate(convened, proposal, in_force_on=never)) == (
        422,
        "in_force_too_late",
    )


async def test_no_corrigendum_touches_what_the_members_are_asked_about(convened: House) -> None:
    """Edge cases 18 and 28: "Base text changes while a ballot runs: ballot finishes on its base"."""
    await adopted(convened, a_draft(replacing("art_5")))
    shown = await convened.public.get("/v1/convention/articles/5")
    before = shown["provisions"][0]["texts"]["zh"]
    body = {
        "provision_id": "art_5",
        "language": "zh",
        "before": before,
        "text": before.removesuffix("。") + "、。",
        "reasons": "笔误。",
    }
    answer = await convened.secretary.ask("POST", "/v1/convention/corrections", body)
    assert code_of(answer) == (409, "before_the_members")


async def test_everyone_sees_what_was_promulgated(convened: House) -> None:
    made = as_json(await promulgate(convened, await adopted(convened)))
    assert await convened.public.get(f"/v1/promulgations/{made['id']}") == made
    assert "secretary" not in str(made)
