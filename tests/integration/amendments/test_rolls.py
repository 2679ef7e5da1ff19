"""A ballot waits for its certified roll and says why (A5, M8; decisions, "Register, roster, roll")."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.amendments.domain.ballot import RollPurpose
from services.amendments.domain.errors import RollOfNoBallot
from services.amendments.domain.interpretation import Interpretation
from services.amendments.store.interpretations import save_interpretation
from shared.contracts.membership import Ending
from shared.kernel.actor import Subject
from shared.kernel.ids import new_id
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    at,
    awaiting,
    certified,
    certify,
    established,
    hand_over,
    opened,
    path_of,
    read,
    vote,
    votes,
)
from tests.integration.amendments.proposing import Json, code_of, if_match
from tests.support.suite import ISSUER

ASKED = "amendments.roll.requested.v1"


async def a_minute_passes(house: House, column: str) -> None:
    """Machine time, for one of the instants that a ballot keeps of it."""
    async with house.database.begin() as work:
        await work.db.execute(
            text(f"UPDATE ballots SET {column} = {column} - interval '61 seconds'")
        )


async def test_it_opens_when_the_roster_has_reached_the_certified_version(convened: House) -> None:
    """Decisions: "Votes are taken only after watermark and digest agree"."""
    units = await convened.members(2)
    ballot = await awaiting(convened)
    convened.register.accede()
    await certify(convened, ballot, RollPurpose.OPENING)
    shown = await read(convened, ballot)
    assert (shown["status"], shown["waiting_for"]) == ("awaiting_roll", "roster_behind")
    assert await convened.run_timer("go_on_with_waiting_ballots") == 0
    await convened.tell()
    assert await convened.run_timer("go_on_with_waiting_ballots") == 1
    shown = await read(convened, ballot)
    assert (shown["status"], shown["needed"]["of"]) == ("open", 3)
    assert (await vote(convened, ballot, units[0])).status_code == 200


async def test_an_unanswered_request_is_repeated(convened: House) -> None:
    """Decisions: "An unanswered or mismatched request is repeated"; not sooner than after a minute."""
    await convened.members(1)
    ballot = await awaiting(convened)
    await convened.run_timer("go_on_with_waiting_ballots")
    assert len(await convened.announced(ASKED)) == 1
    await a_minute_passes(convened, "asked_at")
    await convened.run_timer("go_on_with_waiting_ballots")
    await convened.run_timer("go_on_with_waiting_ballots")
    asked = await convened.announced(ASKED)
    assert [(e["ballot_id"], e["purpose"], e["instant"]) for e in asked] == [
        (ballot["id"], "opening", None)
    ] * 2
    assert (await read(convened, ballot))["waiting_for"] == "certification"


async def test_a_roll_of_a_ballot_that_is_not_here_is_refused_and_not_waited_for(
    convened: House,
) -> None:
    """A ballot is kept before its roll is asked for: no later event can bring it."""
    await convened.members(1)
    roll = certified(convened, new_id("bal"), RollPurpose.OPENING, None)
    with pytest.raises(RollOfNoBallot):
        await hand_over(convened, roll)


async def test_a_roster_that_differs_is_read_again_from_the_beginning(convened: House) -> None:
    """Decisions: "a mismatch rebuilds the roster by replay"."""
    units = await convened.members(3)
    ballot = await awaiting(convened)
    async with convened.database.begin() as work:
        await work.db.execute(
            text("DELETE FROM roster_periods WHERE member_id = :unit"), {"unit": units[2]}
        )
    await certify(convened, ballot, RollPurpose.OPENING)
    shown = await read(convened, ballot)
    assert (shown["status"], shown["waiting_for"]) == ("awaiting_roll", "roster_differs")
    assert await convened.scalar("SELECT watermark FROM roster_state") == 6
    assert await convened.run_timer("rebuild_differing_roster") == 1
    assert await convened.scalar("SELECT watermark FROM roster_state") == 0
    assert await convened.run_timer("ask_for_missing_register") >= 1
    (asked,) = await convened.announced("amendments.replay.requested.v1")
    assert (asked["publisher"], asked["register_from"]) == ("membership", 1)
    assert await convened.run_timer("go_on_with_waiting_ballots") == 0
    assert (await read(convened, ballot))["waiting_for"] == "roster_behind"
    await convened.tell_again()
    assert await convened.run_timer("go_on_with_waiting_ballots") == 1
    assert (await read(convened, ballot))["status"] == "open"


async def test_a_roster_that_still_differs_is_not_read_again_before_a_minute_has_passed(
    convened: House,
) -> None:
    """A roll that membership certified wrongly must not keep the roster from everybody else."""
    await convened.members(3)
    ballot = await awaiting(convened)
    await certify(convened, ballot, RollPurpose.OPENING, digest="0" * 64)
    assert await convened.run_timer("rebuild_differing_roster") == 1
    await convened.tell_again()
    await convened.run_timer("go_on_with_waiting_ballots")
    assert (await read(convened, ballot))["waiting_for"] == "roster_differs"
    assert await convened.run_timer("rebuild_differing_roster") == 0
    await a_minute_passes(convened, "rebuilt_at")
    assert await convened.run_timer("rebuild_differing_roster") == 1


async def test_a_roll_certified_twice_opens_the_ballot_once(convened: House) -> None:
    """Everything is idempotent where events may repeat."""
    await convened.members(2)
    ballot = await awaiting(convened)
    first = await certify(convened, ballot, RollPurpose.OPENING)
    await convened.members(1)
    await hand_over(convened, first)
    await certify(convened, ballot, RollPurpose.OPENING)
    shown = await read(convened, ballot)
    assert shown["opening_roll"]["count"] == 2
    assert len(await convened.announced("amendments.ballot.opened.v1")) == 1


async def test_a_roll_that_comes_when_the_term_is_over_opens_nothing(convened: House) -> None:
    """Nobody could vote: the ballot is cancelled, and another may be called."""
    await convened.members(2)
    ballot = await awaiting(convened)
    roll = certified(convened, ballot["id"], RollPurpose.OPENING, None)
    await polling.advance(convened, 60)
    await hand_over(convened, roll)
    assert (await read(convened, ballot))["status"] == "cancelled"
    proposal = await convened.secretary.get(f"/v1/proposals/{ballot['subject_id']}")
    assert proposal["status"] == "supported"
    assert (await opened(convened, proposal))["status"] == "open"


async def undetermined(house: House) -> Json:
    """Edge case 9: 4 units, 2 agree, one that did not is cancelled."""
    units = await house.members(4)
    ballot = await opened(house)
    await votes(house, ballot, units[:2])
    await polling.advance(house, 1)
    await house.end(units[3], Ending.CANCELLED)
    done = await established(house, ballot)
    assert done["outcome"] == "undetermined"
    return done


async def interpreted(house: House, by: str) -> str:
    """The organ interprets Art. 27 now; the interpretation's id."""
    async with house.database.begin() as work:
        made = Interpretation(
            id=new_id("itp"),
            number=1,
            provision_id="art_27",
            convention_version=1,
            text={"zh": "以开始时的名册为准。", "en": None},
            reasons={"zh": "第三十条。", "en": None},
            effective_on=work.today,
            in_own_case=False,
            issued_by=Subject(ISSUER, by),
            issued_at=work.now,
            updated_at=work.now,
        )
        await save_interpretation(work, made)
        return made.id


async def test_an_undetermined_result_is_read_by_an_interpretation(convened: House) -> None:
    """Edge case 9: "not promulgated until an interpretation or a new ballot"."""
    ballot = await undetermined(convened)
    path = f"{path_of(ballot)}/determination"
    answer = await convened.second_secretary.ask(
        "POST", "/v1/promulgations", {"proposal_id": ballot["subject_id"]}
    )
    assert answer.status_code == 409
    await polling.advance(convened, 1)
    interpretation = await interpreted(convened, "secretary")
    body = {"outcome": "rejected", "interpretation_id": interpretation, "reasons": "依解释。"}
    officer = convened.ballot_officer
    assert code_of(await officer.ask("POST", path, body)) == (428, "precondition_required")
    shown = await officer.post(path, body, headers=if_match(ballot))
    assert (shown["outcome"], shown["allowed_actions"]) == ("rejected", [])
    result = await polling.result(convened, ballot)
    assert (result["tallied"], result["outcome"]) == ("undetermined", "rejected")
    assert result["determination"]["interpretation_id"] == interpretation
    (told,) = await convened.announced("amendments.ballot.determined.v1")
    assert told["outcome"] == "rejected"
    proposal = await convened.secretary.get(f"/v1/proposals/{ballot['subject_id']}")
    assert proposal["status"] == "rejected"


async def test_who_interpreted_does_not_determine_and_nothing_old_is_relied_on(
    convened: House,
) -> None:
    """P40; an interpretation never reaches back."""
    early = await interpreted(convened, "secretary")
    ballot = await undetermined(convened)
    path = f"{path_of(ballot)}/determination"
    body = {"outcome": "adopted", "interpretation_id": early, "reasons": "依解释。"}
    officer, tag = convened.ballot_officer, if_match(ballot)
    answer = await officer.ask("POST", path, body, headers=tag)
    assert code_of(answer) == (409, "interpretation_not_after_result")
    answer = await officer.ask(
        "POST", path, {**body, "interpretation_id": f"itp_{'0' * 32}"}, headers=tag
    )
    assert answer.status_code == 404


async def test_an_undetermined_question_may_be_put_to_a_new_ballot(convened: House) -> None:
    """Edge case 9, the other way."""
    ballot = await undetermined(convened)
    again = await opened(
        convened, await convened.secretary.get(f"/v1/proposals/{ballot['subject_id']}")
    )
    assert (again["id"] != ballot["id"], again["needed"]) == (True, {"needed": 2, "of": 3})


async def test_closing_is_asked_for_as_of_the_closing_instant(convened: House) -> None:
    """Decisions: "the result is established when the roll is certified as of `closes_at`"; later departures do not count."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:2])
    await at(convened, ballot["closes_at"], by=timedelta(hours=2))
    await convened.end(units[0])
    await convened.run_timer("close_due_ballots")
    asked = (await convened.announced(ASKED))[-1]
    assert (asked["purpose"], polling.moment(asked["instant"])) == (
        "close",
        polling.moment(ballot["closes_at"]),
    )
    await certify(convened, ballot, RollPurpose.CLOSE)
    result = await polling.result(convened, ballot)
    assert (result["closing"]["units"], result["closing"]["consenting"]) == (3, 2)
