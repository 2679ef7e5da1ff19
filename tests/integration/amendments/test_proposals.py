"""Proposals of the organ; who sees and does what; collisions, rebase, and what becomes of a ballot (A4)."""

from typing import Any

import pytest

from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.usecases.balloting import (
    ballot_subject,
    note_ballot_outcome,
)
from shared.kernel.actor import Role, Scope
from shared.kernel.errors import Conflict
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import (
    THREE_QUARTERS,
    a_draft,
    adopted,
    as_json,
    code_of,
    decided,
    edit,
    if_match,
    opened,
    path_of,
    promulgate,
    propose,
    read,
    replacing,
    support,
)


async def test_the_organ_needs_nobodys_support(convened: House) -> None:
    """Edge case 7: "Organ proposal: no supports needed, proposer kind stored"."""
    unit = await convened.member()
    proposal = await propose(convened.secretary)
    assert (proposal["status"], proposal["proposer"]) == ("supported", "organ")
    assert proposal["support"] is None
    answer = await convened.as_member(unit).ask(
        "PUT", f"{path_of(proposal)}/supports", {"draft_digest": proposal["draft_digest"]}
    )
    assert code_of(answer) == (409, "not_allowed_now")
    (told,) = await convened.announced("amendments.proposal.submitted.v1")
    assert (told["proposer"], told["touched"], told["support_until"]) == ("organ", ["art_5"], None)


async def test_the_organ_withdraws_until_the_ballot_opens_and_never_after(convened: House) -> None:
    """Edge case 7: "organ may withdraw it until the ballot opens, then never"; the called ballot goes with it."""
    await convened.member()
    first = await propose(convened.secretary)
    called = await convened.ballot_officer.post(f"{path_of(first)}/ballot", expect=201)
    seen = await read(convened.secretary, first)
    assert (seen["status"], seen["ballot_id"]) == ("called", called["id"])
    assert "retraction" in seen["allowed_actions"]
    gone = await convened.secretary.post(f"{path_of(first)}/retraction")
    assert gone["status"] == "retracted"
    ballot = await convened.ballot_officer.get(f"/v1/ballots/{called['id']}")
    assert ballot["status"] == "cancelled"
    second = await propose(convened.secretary)
    await opened(convened, second)
    answer = await convened.secretary.ask("POST", f"{path_of(second)}/retraction")
    assert code_of(answer) == (409, "not_allowed_now")


async def test_the_organ_edits_until_the_ballot_is_called(convened: House) -> None:
    proposal = await propose(convened.secretary)
    edited = as_json(await edit(convened.secretary, proposal, a_draft(replacing("art_6"))))
    assert edited["touched"] == ["art_6"]
    await opened(convened, edited)
    seen = await read(convened.secretary, edited)
    assert code_of(await edit(convened.secretary, seen, a_draft())) == (409, "not_allowed_now")


async def test_a_proposal_starts_from_the_latest_version(convened: House) -> None:
    answer = await convened.secretary.ask("POST", "/v1/proposals", {"base_version": 9, **a_draft()})
    assert code_of(answer) == (409, "base_outdated")
    assert as_json(answer)["latest_version"] == 1


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (a_draft(replacing("art_99")), "unknown"),
        (a_draft(replacing(), replacing()), "twice"),
        (a_draft(changes=[]), "nothing changed"),
        (a_draft(rule_changes=[{"key": "amendment.luck", "value": THREE_QUARTERS}]), "unknown"),
        (a_draft(rule_changes=[{"key": "amendment.adoption", "value": {"days": 3}}]), "value"),
    ],
)
async def test_a_draft_fits_the_text_that_it_is_to_change(
    convened: House, draft: dict[str, Any], reason: str
) -> None:
    answer = await convened.secretary.ask("POST", "/v1/proposals", {"base_version": 1, **draft})
    assert code_of(answer) == (422, "changes_not_applicable")
    assert as_json(answer)["reason"] == reason


async def test_before_there_is_a_convention_nothing_is_amended(house: House) -> None:
    """Art. 27: "during the period of validity of this Convention"."""
    answer = await house.secretary.ask("POST", "/v1/proposals", {"base_version": 1, **a_draft()})
    assert code_of(answer) == (409, "convention_not_imported")


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.SECRETARY, 200),
        (Role.BALLOT_OFFICER, 200),
        (Role.AUTHORITY, 200),
        (Role.REGISTRAR, 404),
        (Role.CASE_OFFICER, 404),
        (Role.MEDIATOR, 404),
        (Role.OPERATOR, 404),
    ],
)
async def test_members_and_who_runs_votes_see_proposals(
    convened: House, role: Role, status: int
) -> None:
    """Reliability 5.1: motions are read by units, ballot officer, secretary and authority; others do not know of them."""
    proposal = await propose(convened.secretary)
    caller = convened.app.as_("officer", role)
    for path in ("/v1/proposals", path_of(proposal), f"{path_of(proposal)}/collisions"):
        assert (await caller.ask("GET", path)).status_code == status
    assert (await convened.public.ask("GET", "/v1/proposals")).status_code == 401


async def test_a_representative_needs_the_scope_vote(convened: House) -> None:
    unit = await convened.member(scope=Scope.CIRCULARS)
    assert (await convened.as_member(unit).ask("GET", "/v1/proposals")).status_code == 404


async def test_each_caller_is_offered_what_it_can_do(convened: House) -> None:
    units = await convened.members(25)
    proposal = await propose(convened.as_member(units[0]))
    leader = proposal["allowed_actions"]
    assert leader == ["draft", "typo_correction", "support_retraction", "retraction"]
    assert (await read(convened.as_member(units[1]), proposal))["allowed_actions"] == ["support"]
    assert (await read(convened.ballot_officer, proposal))["allowed_actions"] == []
    for unit in units[1:3]:
        await support(convened, unit, proposal)
    assert (await read(convened.ballot_officer, proposal))["allowed_actions"] == ["ballot"]
    passed = await adopted(convened)
    assert "promulgation" not in passed["allowed_actions"]
    seen = await read(convened.second_secretary, passed)
    assert seen["allowed_actions"] == ["promulgation"]


async def test_colliding_proposals_are_shown_on_both(convened: House) -> None:
    """Edge case 17: "Two proposals on the same provision: collision shown at drafting"."""
    units = await convened.members(30)
    ours = await propose(convened.as_member(units[0]), a_draft(replacing("art_9_3")))
    theirs = await propose(convened.as_member(units[1]), a_draft({"kind": "repeal", "id": "art_9"}))
    other = await propose(convened.secretary, a_draft(replacing("art_10")))
    rule = {"key": "amendment.adoption", "value": THREE_QUARTERS}
    rules = [await propose(convened.secretary, a_draft(rule_changes=[rule])) for _ in range(2)]
    assert await _collisions(convened, ours) == {theirs["id"]: ["art_9_3"]}
    assert await _collisions(convened, theirs) == {ours["id"]: ["art_9_3"]}
    assert await _collisions(convened, other) == {}
    assert await _collisions(convened, rules[0]) == {
        rules[1]["id"]: ["amendment.adoption", "art_5"]
    }
    await convened.secretary.post(f"{path_of(rules[1])}/retraction")
    assert await _collisions(convened, rules[0]) == {}


async def test_the_same_again_after_a_rejection_is_allowed_and_linked(convened: House) -> None:
    """Edge case 20: "Proposal identical to one rejected last week: allowed (text has no bar); linked"."""
    rejected = await decided(convened, await propose(convened.secretary), BallotOutcome.REJECTED)
    assert rejected["repeats"] is None
    titled = a_draft(title={"zh": "再次修改第五条", "en": None})
    again = await propose(convened.secretary, titled)
    assert (again["repeats"], again["status"]) == (rejected["id"], "supported")
    assert (await propose(convened.secretary, a_draft(replacing("art_6"))))["repeats"] is None


async def test_after_another_was_promulgated_a_proposal_is_rebased(convened: House) -> None:
    """Edge case 17: "the second adopted needs its base to match, otherwise promulgation is refused and it returns for
    rebase and a fresh ballot"; edge case 18: "ballot finishes on its base".
    """
    first = await adopted(convened, a_draft(replacing("art_5")))
    second = await propose(convened.secretary, a_draft(replacing("art_5", "第二种条文。")))
    ballot = await opened(convened, second)
    assert (await promulgate(convened, first)).status_code == 201
    async with convened.database.begin() as work:
        await note_ballot_outcome(work, ballot, BallotOutcome.ADOPTED)
    seen = await read(convened.second_secretary, second)
    assert (seen["status"], seen["needs_rebase"], seen["allowed_actions"]) == (
        "adopted",
        True,
        ["rebase"],
    )
    refused = await promulgate(convened, second)
    assert code_of(refused) == (409, "base_no_longer_matches")
    assert as_json(refused)["latest_version"] == 2
    rebased = await _rebase(convened, seen)
    assert (rebased["status"], rebased["base_version"], rebased["ballot_id"]) == (
        "supported",
        2,
        None,
    )
    passed = await decided(convened, rebased, BallotOutcome.ADOPTED)
    assert (await promulgate(convened, passed)).status_code == 201
    (told,) = await convened.announced("amendments.proposal.rebased.v1")
    assert told["base_version"] == 2


async def test_what_nothing_of_has_changed_keeps_its_supports_through_a_rebase(
    convened: House,
) -> None:
    """Brief: "supports must be reconfirmed if the draft hash changes"."""
    units = await convened.members(15)
    proposal = await propose(convened.as_member(units[0]), a_draft(replacing("art_6")))
    latched = await support(convened, units[1], proposal)
    await promulgate(convened, await adopted(convened, a_draft(replacing("art_5"))))
    seen = await read(convened.as_member(units[0]), proposal)
    rebased = await _rebase(convened, seen, unit=units[0])
    assert rebased["draft_digest"] == latched["draft_digest"]
    assert (rebased["status"], rebased["support"]["latch"]) == (
        "supported",
        latched["support"]["latch"],
    )


async def test_what_is_another_draft_after_a_rebase_gathers_support_anew(convened: House) -> None:
    """Decided: Art. 27 wants one tenth behind *this* amendment; where what it would replace has changed, it is another."""
    units = await convened.members(15)
    proposal = await propose(convened.as_member(units[0]), a_draft(replacing("art_5")))
    await support(convened, units[1], proposal)
    other = a_draft(replacing("art_5", "别的条文。"))
    await promulgate(convened, await adopted(convened, other))
    seen = await read(convened.as_member(units[0]), proposal)
    rebased = await _rebase(convened, seen, unit=units[0])
    assert (rebased["status"], rebased["support"]["reached"]) == ("gathering", 1)
    assert rebased["support"]["latch"] is None
    assert (await support(convened, units[1], rebased))["status"] == "supported"


async def test_what_is_based_on_the_latest_version_is_not_rebased(convened: House) -> None:
    proposal = await propose(convened.secretary)
    answer = await convened.secretary.ask(
        "POST", f"{path_of(proposal)}/rebase", {}, headers=if_match(proposal)
    )
    assert code_of(answer) == (409, "nothing_to_rebase")


async def test_a_ballot_is_called_on_the_latest_text_only(convened: House) -> None:
    waiting = await propose(convened.secretary, a_draft(replacing("art_6")))
    await promulgate(convened, await adopted(convened))
    with pytest.raises(Conflict, match="base_outdated"):
        async with convened.database.begin() as work:
            await ballot_subject(work, SubjectKind.PROPOSAL, waiting["id"])


async def test_a_ballot_knows_who_proposed_and_who_supported(convened: House) -> None:
    """P40: the ballot officer is none of them."""
    units = await convened.members(15)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    async with convened.database.begin() as work:
        subject = await ballot_subject(work, SubjectKind.PROPOSAL, proposal["id"])
    assert {s.sub for s in subject.proposers} == {f"rep of {unit}" for unit in units[:2]}
    assert subject.rule_key == "amendment.adoption"
    assert subject.draft_digest == proposal["draft_digest"]


async def test_an_undetermined_one_is_voted_on_again_or_determined(convened: House) -> None:
    """Edge case 9: "not promulgated until an interpretation or a new ballot"."""
    proposal = await decided(
        convened, await propose(convened.secretary), BallotOutcome.UNDETERMINED
    )
    assert code_of(await promulgate(convened, proposal)) == (409, "not_allowed_now")
    passed = await decided(convened, proposal, BallotOutcome.ADOPTED)
    assert passed["status"] == "adopted"
    another = await propose(convened.secretary)
    ballot = await opened(convened, another)
    for outcome in (BallotOutcome.UNDETERMINED, BallotOutcome.REJECTED):
        async with convened.database.begin() as work:
            await note_ballot_outcome(work, ballot, outcome)
    assert (await read(convened.secretary, another))["status"] == "rejected"


async def _collisions(house: House, proposal: dict[str, Any]) -> dict[str, list[str]]:
    page = await house.secretary.get(f"{path_of(proposal)}/collisions")
    return {item["proposal"]["id"]: item["touched_by_both"] for item in page["items"]}


async def _rebase(house: House, proposal: dict[str, Any], unit: str | None = None) -> Any:
    caller = house.secretary if unit is None else house.as_member(unit)
    return await caller.post(f"{path_of(proposal)}/rebase", {}, headers=if_match(proposal))
