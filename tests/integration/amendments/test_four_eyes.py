"""One person in many coats: who has a part in what is put to the vote conducts, determines and promulgates nothing (P40)."""

import asyncio

import httpx
import pytest

from services.amendments.domain.subject import BallotOutcome
from shared.contracts.membership import Ending
from shared.kernel.actor import Role, Scope, Subject
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import established, opened, path_of, read, votes
from tests.integration.amendments.proposing import (
    Json,
    a_draft,
    adopted,
    attempted,
    code_of,
    decided,
    edit,
    if_match,
    promulgate,
    propose,
    replacing,
    support,
)
from tests.integration.amendments.proposing import path_of as proposal_path
from tests.integration.amendments.test_annexes import ACCESS, an_annex, draft
from tests.support.suite import ISSUER

COATS = ((Role.BALLOT_OFFICER,), (Role.SECRETARY, Role.BALLOT_OFFICER))


async def test_who_proposed_or_voted_does_not_extend_in_any_coat(convened: House) -> None:
    """P40: "same subject via two tokens, two roles, …, concurrent approve: 0 of 400 attempts succeed"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:1])
    people = {"secretary": "proposer_conducts", f"rep of {units[0]}": "voter_conducts"}
    for name, refusal in people.items():
        coats = [convened.app.as_(name, *roles) for roles in COATS]
        body = {"closes_on": "2199-01-01", "reason": "再等等。"}
        told = await attempted(coats, f"{path_of(ballot)}/extension", body, if_match(ballot))
        assert told == {(403, refusal)}
    assert (await read(convened, ballot))["extensions"] == []


async def test_who_proposed_voted_or_interpreted_does_not_determine_in_any_coat(
    convened: House,
) -> None:
    """P40; edge case 26: "Interpreter is party to the matter: recusal rules apply"."""
    units = await convened.members(4)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:2])
    await polling.advance(convened, 1)
    await convened.end(units[3], Ending.CANCELLED)
    done = await established(convened, ballot)
    assert done["outcome"] == "undetermined"
    interpretation = await convened.second_secretary.post(
        "/v1/interpretations",
        {
            "provision_id": "art_27",
            "text": {"zh": "以开始时的名册为准。"},
            "reasons": {"zh": "第三十条。"},
        },
        expect=201,
    )
    body = {
        "outcome": "adopted",
        "interpretation_id": interpretation["id"],
        "reasons": "依解释。",
    }
    people = {
        "secretary": "proposer_conducts",
        f"rep of {units[0]}": "voter_conducts",
        "second secretary": "interpreter_determines",
    }
    for name, refusal in people.items():
        coats = [convened.app.as_(name, *roles) for roles in COATS]
        path = f"{path_of(ballot)}/determination"
        assert await attempted(coats, path, body, if_match(done)) == {(403, refusal)}
    assert (await read(convened, ballot))["outcome"] == "undetermined"


async def test_of_many_determinations_at_once_one_counts(convened: House) -> None:
    """P40: "concurrent approve"; what was read once is not read again."""
    units = await convened.members(4)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:2])
    await polling.advance(convened, 1)
    await convened.end(units[3], Ending.CANCELLED)
    done = await established(convened, ballot)
    made = await convened.second_secretary.post(
        "/v1/interpretations",
        {"provision_id": "art_27", "text": {"zh": "一。"}, "reasons": {"zh": "二。"}},
        expect=201,
    )
    path, headers = f"{path_of(ballot)}/determination", if_match(done)
    answers = await asyncio.gather(
        *(
            convened.ballot_officer.ask(
                "POST",
                path,
                {"outcome": outcome, "interpretation_id": made["id"], "reasons": "依解释。"},
                headers=headers,
            )
            for outcome in ("adopted", "rejected") * 6
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 11
    (first,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert (await read(convened, ballot))["outcome"] == first["outcome"]
    assert len(await convened.announced("amendments.ballot.determined.v1")) == 1


async def test_who_promulgates_was_not_of_the_coalition_also_after_its_mandate_ended(
    convened: House,
) -> None:
    """P40; Art. 27: the tenth of the members propose together, and whoever signed for one of them proposed."""
    units = await convened.members(10)
    proposal = await propose(convened.as_member(units[0]))
    passed = await decided(convened, proposal, BallotOutcome.ADOPTED)
    convened.register.remove(units[0], convened.mandates[units[0]])
    await convened.tell()
    coats = [
        convened.app.as_(f"rep of {units[0]}", *roles) for roles in (COATS[1], (Role.SECRETARY,))
    ]
    body = {"proposal_id": passed["id"]}
    told = await attempted(coats, "/v1/promulgations", body, {})
    assert told == {(403, "proposer_is_promulgator")}
    assert (await promulgate(convened, passed)).status_code == 201


@pytest.mark.parametrize("rewriting", ["an edit", "a typing error mended", "a rebase"])
async def test_who_changed_the_draft_neither_calls_its_ballot_nor_promulgates_it(
    convened: House, rewriting: str
) -> None:
    """P40: what is put to the vote is also the proposal of whoever wrote it anew for the organ."""
    await convened.members(3)
    proposal = await propose(convened.secretary, a_draft(replacing(zh="经成员单位同竟。")))
    match rewriting:
        case "an edit":
            answer = await edit(convened.second_secretary, proposal, a_draft(replacing("art_6")))
        case "a typing error mended":
            body = {"place": "art_5", "language": "zh", "wrong": "同竟", "right": "同意"}
            answer = await act_on(convened, proposal, "typo-corrections", body)
        case _:
            other = await adopted(convened, a_draft(replacing("art_7")))
            assert (await promulgate(convened, other)).status_code == 201
            other_draft = {"draft": a_draft(replacing("art_6"))}
            answer = await act_on(convened, proposal, "rebase", other_draft)
    assert answer.status_code == 200, answer.text
    path = proposal_path(proposal)
    for coat in COATS:
        caller = convened.app.as_("second secretary", *coat)
        assert "ballot" not in (await caller.get(path))["allowed_actions"]
        assert code_of(await caller.ask("POST", f"{path}/ballot")) == (403, "proposer_conducts")
    passed = await decided(convened, proposal, BallotOutcome.ADOPTED)
    assert code_of(await promulgate(convened, passed)) == (403, "proposer_is_promulgator")
    seen = await convened.second_secretary.get(path)
    assert "promulgation" not in seen["allowed_actions"]
    third = convened.app.as_("third secretary", Role.SECRETARY)
    assert "promulgation" in (await third.get(path))["allowed_actions"]
    await third.post("/v1/promulgations", {"proposal_id": passed["id"]}, expect=201)


async def test_who_puts_the_same_draft_on_a_later_version_has_written_nothing(
    convened: House,
) -> None:
    await convened.members(3)
    proposal = await propose(convened.secretary)
    other = await adopted(convened, a_draft(replacing("art_7")))
    assert (await promulgate(convened, other)).status_code == 201
    assert (await act_on(convened, proposal, "rebase", {})).status_code == 200
    officer = convened.app.as_("second secretary", Role.BALLOT_OFFICER)
    assert (await officer.ask("POST", f"{proposal_path(proposal)}/ballot")).status_code == 201


async def test_who_edited_an_annex_does_not_call_its_ballot(convened: House) -> None:
    """P40, for another representative of the unit that drafted it."""
    unit = await convened.member(ACCESS)
    convened.register.appoint(unit, Subject(ISSUER, "another rep"), Scope.VOTE)
    await convened.tell()
    annex = await draft(convened, unit)
    body = {name: value for name, value in an_annex("art_10").items() if name != "sector"}
    answer = await convened.app.as_("another rep", member=unit).ask(
        "PUT", f"/v1/annexes/{annex['id']}/draft", body, headers=if_match(annex)
    )
    assert answer.status_code == 200, answer.text
    for name in ("another rep", f"rep of {unit}"):
        officer = convened.app.as_(name, Role.BALLOT_OFFICER)
        assert "ballot" not in (await officer.get(f"/v1/annexes/{annex['id']}"))["allowed_actions"]
        refused = await officer.ask("POST", f"/v1/annexes/{annex['id']}/ballot")
        assert code_of(refused) == (403, "proposer_conducts")


async def test_a_supporter_in_the_officers_coat_is_offered_no_ballot(convened: House) -> None:
    """P40; what a caller is offered is what it may do."""
    units = await convened.members(20)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    officer = convened.app.as_(f"rep of {units[1]}", Role.BALLOT_OFFICER)
    path = proposal_path(proposal)
    assert "ballot" not in (await officer.get(path))["allowed_actions"]
    assert code_of(await officer.ask("POST", f"{path}/ballot")) == (403, "proposer_conducts")
    assert "ballot" in (await convened.ballot_officer.get(path))["allowed_actions"]


async def act_on(house: House, proposal: Json, act: str, body: Json) -> httpx.Response:
    """What the second secretary does to the proposal as it stands."""
    path = proposal_path(proposal)
    seen = await house.second_secretary.get(path)
    return await house.second_secretary.ask("POST", f"{path}/{act}", body, headers=if_match(seen))
