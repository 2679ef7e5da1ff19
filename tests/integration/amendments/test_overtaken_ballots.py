"""A question that was left undetermined is determined, or put to a new ballot: never both (A5, A6, A7; edge cases 9, 17)."""

import httpx

from services.amendments.domain.ballot import RollPurpose
from services.amendments.domain.proposal import PUBLICATION_TERM
from shared.contracts.membership import Ending
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    at,
    certify,
    established,
    opened,
    path_of,
    read,
    votes,
)
from tests.integration.amendments.proposing import (
    Json,
    a_draft,
    adopted,
    as_json,
    code_of,
    days,
    if_match,
    promulgate,
    replacing,
)
from tests.integration.amendments.test_annexes import ACCESS, draft
from tests.integration.amendments.test_annexes import path_of as path_of_annex
from tests.integration.amendments.test_rolls import interpreted, undetermined

OVERTAKEN = (409, "ballot_overtaken")


async def determine(house: House, ballot: Json) -> httpx.Response:
    """The ballot officer reads the result by an interpretation of now."""
    await polling.advance(house, 1)
    interpretation = await interpreted(house, "secretary")
    body = {"outcome": "adopted", "interpretation_id": interpretation, "reasons": "依解释。"}
    shown = await read(house, ballot)
    path = f"{path_of(ballot)}/determination"
    return await house.ballot_officer.ask("POST", path, body, headers=if_match(shown))


async def proposal_of(house: House, ballot: Json) -> Json:
    """What the ballot is about, as the secretary sees it."""
    shown: Json = await house.secretary.get(f"/v1/proposals/{ballot['subject_id']}")
    return shown


async def test_a_result_is_not_determined_while_a_new_ballot_runs_on_the_question(
    convened: House,
) -> None:
    """Edge case 9: "not promulgated until an interpretation or a new ballot"."""
    old = await undetermined(convened)
    assert (await read(convened, old))["allowed_actions"] == ["determination"]
    again = await opened(convened, await proposal_of(convened, old))
    assert (await read(convened, old))["allowed_actions"] == []
    listed = await convened.ballot_officer.get("/v1/ballots?status=established")
    assert [shown["allowed_actions"] for shown in listed["items"]] == [[]]
    assert code_of(await determine(convened, old)) == OVERTAKEN
    proposal = await proposal_of(convened, old)
    assert (proposal["status"], proposal["ballot_id"]) == ("in_ballot", again["id"])
    assert (await promulgate(convened, proposal)).status_code == 409
    assert (await read(convened, old))["outcome"] == "undetermined"
    assert (await established(convened, again))["outcome"] == "rejected"


async def test_a_result_is_not_determined_for_a_text_that_nobody_voted_on(convened: House) -> None:
    """Edge case 17: after another amendment it "returns for rebase and a fresh ballot"."""
    old = await undetermined(convened)
    other = await adopted(convened, a_draft(replacing("art_6")))
    assert (await promulgate(convened, other)).status_code == 201
    proposal = await proposal_of(convened, old)
    another = {"draft": a_draft(replacing("art_5", "全然不同的条文。"))}
    rebased = await convened.secretary.ask(
        "POST", f"/v1/proposals/{proposal['id']}/rebase", another, headers=if_match(proposal)
    )
    assert as_json(rebased)["status"] == "supported"
    assert (await read(convened, old))["allowed_actions"] == []
    assert code_of(await determine(convened, old)) == OVERTAKEN
    assert (await proposal_of(convened, old))["status"] == "supported"


async def test_of_an_annex_too_only_the_ballot_it_rests_on_is_determined(convened: House) -> None:
    """Art. 29; the drafting and the second ballot are as of a proposal."""
    units = await convened.members(4, ACCESS)
    annex = await draft(convened, units[0])
    path = f"{path_of_annex(annex)}/ballot"
    old = await convened.ballot_officer.post(path, expect=201)
    await _open(convened, old)
    await votes(convened, old, units[:2])
    await polling.advance(convened, 1)
    await convened.end(units[3], Ending.CANCELLED)
    assert (await established(convened, old))["outcome"] == "undetermined"
    again = await convened.ballot_officer.post(path, expect=201)
    await _open(convened, again)
    assert code_of(await determine(convened, old)) == OVERTAKEN
    shown = await convened.secretary.get(path_of_annex(annex))
    assert (shown["status"], shown["number"]) == ("in_ballot", None)


async def test_the_term_for_a_promulgation_is_that_of_the_rulebook_the_ballot_was_called_by(
    convened: House,
) -> None:
    """Product: "A proceeding that is open keeps the rulebook version under which it opened, and stores it"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    rule = {"key": PUBLICATION_TERM, "value": {"days": 5}}
    amended = await adopted(convened, a_draft(changes=[], rule_changes=[rule]))
    assert (await promulgate(convened, amended)).status_code == 201
    await votes(convened, ballot, units)
    await established(convened, ballot)
    due = (await proposal_of(convened, ballot))["promulgation_due"]
    assert due["basis"] == {"rule": PUBLICATION_TERM, "article": "26", "rulebook_version": 1}
    assert due["on"] == (convened.today + days(30)).isoformat()


async def _open(house: House, ballot: Json) -> None:
    await at(house, ballot["notice_ends_at"])
    await house.run_timer("end_due_notices")
    await certify(house, ballot, RollPurpose.OPENING)
