"""Ballots from call to result over HTTP, on real PostgreSQL (A5; edge cases 9, 10, 13, 14, 16, 19)."""

import asyncio
from datetime import timedelta

import pytest

from deploy.verify import verify
from services.amendments.domain.ballot import RollPurpose
from shared.contracts.membership import Ending
from shared.kernel.actor import Role
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    MICROSECOND,
    RESULT,
    at,
    called,
    certify,
    closed,
    established,
    moment,
    opened,
    path_of,
    read,
    record,
    result,
    roll_call,
    vote,
    votes,
)
from tests.integration.amendments.proposing import (
    a_draft,
    code_of,
    if_match,
    propose,
    replacing,
)
from tests.support.suite import SUITE


async def test_a_ballot_runs_from_its_call_to_a_record_that_anyone_recounts(
    convened: House,
) -> None:
    """A5, P39: notice, certified roll, votes, close, result, certificate and public record."""
    units = await convened.members(9)
    ballot = await opened(convened)
    assert ballot["needed"] == {"needed": 6, "of": 9}
    assert ballot["basis"] == {"rule": "amendment.adoption", "article": "27", "rulebook_version": 1}
    await votes(convened, ballot, units[:6])
    await votes(convened, ballot, units[6:8], "against")
    done = await established(convened, ballot)
    assert done["outcome"] == "adopted"
    shown = await result(convened, ballot)
    assert shown["official"] == {
        "units": 9,
        "consenting": 6,
        "against": 2,
        "abstaining": 0,
        "needed": 6,
        "reached": True,
    }
    assert shown["official"] == shown["closing"] == shown["less_voluntary"]
    for edition in (await record(convened, ballot), await roll_call(convened, ballot)):
        verdict = verify(edition, seal=shown["seal"])
        assert verdict.faults == []
        assert (verdict.consenting, verdict.units, verdict.outcome) == (6, 9, "adopted")
    (told,) = await convened.announced(RESULT)
    assert (told["outcome"], told["seal"]) == ("adopted", shown["seal"])
    proposal = await convened.secretary.get(f"/v1/proposals/{ballot['subject_id']}")
    assert (proposal["status"], proposal["ballot_id"]) == ("adopted", ballot["id"])


async def test_one_vote_too_few_is_rejected(convened: House) -> None:
    """Art. 27: at least two thirds of all member units, not of those who vote."""
    units = await convened.members(9)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:5])
    assert (await established(convened, ballot))["outcome"] == "rejected"


async def test_nobody_votes_and_it_is_rejected(convened: House) -> None:
    """Edge case 16: "Nobody votes: rejected."."""
    await convened.members(3)
    ballot = await established(convened, await opened(convened))
    assert ballot["outcome"] == "rejected"
    assert verify(await record(convened, ballot)).faults == []


async def test_without_members_no_ballot_is_called(convened: House) -> None:
    """Reading the text: "N = 0 is refused; 0 of 0 adopts nothing"."""
    proposal = await propose(convened.secretary)
    answer = await convened.ballot_officer.ask("POST", f"/v1/proposals/{proposal['id']}/ballot")
    assert code_of(answer) == (409, "nobody_to_vote")


async def test_before_the_opening_no_vote_is_taken(convened: House) -> None:
    """A5: from the opening on; during the notice and while the roll is awaited there is none."""
    (unit,) = await convened.members(1)
    ballot = await called(convened)
    assert code_of(await vote(convened, ballot, unit)) == (409, "voting_not_open")
    await at(convened, ballot["notice_ends_at"])
    await convened.run_timer("end_due_notices")
    assert code_of(await vote(convened, ballot, unit)) == (409, "voting_not_open")


async def test_the_notice_ends_when_its_term_has_run_and_not_before(convened: House) -> None:
    """Rulebook `ballot.notice_term`."""
    await convened.members(1)
    ballot = await called(convened)
    await at(convened, ballot["notice_ends_at"], by=-timedelta(seconds=30))
    assert await convened.run_timer("end_due_notices") == 0
    await at(convened, ballot["notice_ends_at"])
    assert await convened.run_timer("end_due_notices") == 1
    assert (await read(convened, ballot))["waiting_for"] == "certification"


async def test_from_the_closing_second_on_it_is_closed_whatever_timers_did(
    convened: House,
) -> None:
    """A5: "from the closing second on votes are refused and the ballot shows closed, whatever process … is down"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:1])
    await at(convened, ballot["closes_at"])
    assert code_of(await vote(convened, ballot, units[1])) == (409, "voting_closed")
    shown = await convened.as_member(units[0]).get(path_of(ballot))
    assert (shown["status"], shown["allowed_actions"]) == ("closed", [])
    listed = await convened.secretary.get("/v1/ballots?status=closed")
    assert [item["id"] for item in listed["items"]] == [ballot["id"]]
    assert (await convened.secretary.get("/v1/ballots?status=open"))["items"] == []
    assert await convened.scalar("SELECT status FROM ballots") == "open"


async def test_an_extension_is_for_all_and_for_a_reason(convened: House) -> None:
    """Edge case 14: "extension is an act with reason, applies to all, notified; never shortens"."""
    (unit,) = await convened.members(1)
    ballot = await opened(convened)
    closes_at = moment(ballot["closes_at"])
    last_day = closes_at.astimezone(SUITE.organ_zone).date() - timedelta(days=1)

    async def extend(days: int) -> tuple[int, str | None]:
        body = {"closes_on": str(last_day + timedelta(days=days)), "reason": "机房中断。"}
        answer = await convened.ballot_officer.ask(
            "POST", f"{path_of(ballot)}/extension", body, headers=if_match(ballot)
        )
        return answer.status_code, answer.json().get("code")

    assert await extend(0) == (422, "extension_not_longer")
    assert await extend(-1) == (422, "extension_not_longer")
    assert await extend(2) == (200, None)
    assert await extend(3) == (412, "outdated")
    ballot = await read(convened, ballot)
    assert moment(ballot["closes_at"]) == closes_at + timedelta(days=2)
    (told,) = await convened.announced("amendments.ballot.extended.v1")
    assert told["reason"] == "机房中断。"
    await at(convened, closes_at)
    assert await convened.run_timer("close_due_ballots") == 0
    assert (await vote(convened, ballot, unit)).status_code == 200
    await at(convened, ballot["closes_at"])
    assert await extend(9) == (409, "not_allowed_now")
    done = await established(convened, ballot)
    assert verify(await record(convened, done)).faults == []


async def test_a_departure_that_would_flip_the_outcome_needs_determination(
    convened: House,
) -> None:
    """Edge case 9: "15 units, 10 yes, a yes-voter leaves: 10/15 passes, 9/14 fails"."""
    units = await convened.members(15)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:10])
    await polling.advance(convened, 3)
    await convened.end(units[0])
    done = await established(convened, ballot)
    assert done["outcome"] == "undetermined"
    shown = await result(convened, ballot)
    assert (shown["official"]["consenting"], shown["official"]["units"]) == (10, 15)
    assert (shown["closing"]["consenting"], shown["closing"]["units"]) == (9, 14)
    assert shown["tallied"] == "undetermined"
    public = await record(convened, ballot)
    assert verify(public).faults == []
    assert public["closing"]["departed"] == [units[0]]
    proposal = await convened.secretary.get(f"/v1/proposals/{ballot['subject_id']}")
    assert proposal["status"] == "undetermined"


async def test_cancelling_a_unit_during_the_ballot_gains_no_majority_and_is_told(
    convened: House,
) -> None:
    """Edge case 10: "cancellation … after opening never removes the unit from the base … Authority and members see a notice"."""
    units = await convened.members(4)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:2])
    await polling.advance(convened, 1)
    await convened.end(units[3], Ending.CANCELLED)
    answer = await vote(convened, ballot, units[3], "against")
    assert answer.status_code == 404
    authority = convened.app.as_("authority", Role.AUTHORITY)
    for reader in (authority, convened.as_member(units[0])):
        assert (await reader.get(path_of(ballot)))["cancelled_units"] == [units[3]]
    (told,) = await convened.announced("amendments.ballot.member_cancelled.v1")
    assert told["member_id"] == units[3]
    await established(convened, ballot)
    shown = await result(convened, ballot)
    assert (shown["official"]["units"], shown["official"]["reached"]) == (4, False)
    assert (shown["closing"]["units"], shown["closing"]["reached"]) == (3, True)
    assert (shown["less_voluntary"]["units"], shown["tallied"]) == (4, "undetermined")
    assert "cancelled" not in str(await record(convened, ballot))


async def test_who_joins_or_comes_back_during_the_ballot_is_in_no_tally(convened: House) -> None:
    """Edge case 9: "Joiners: no vote, not in the base"; M5: "nothing old revives (votes, supports, …)"."""
    units = await convened.members(6)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:5])
    await polling.advance(convened, 1)
    newcomer = await convened.member()
    assert code_of(await vote(convened, ballot, newcomer)) == (403, "not_on_the_roll")
    await convened.end(units[5])
    convened.register.accede(units[5])
    await convened.appoint(units[5])
    assert code_of(await vote(convened, ballot, units[5])) == (403, "not_on_the_roll")
    await established(convened, ballot)
    shown = await result(convened, ballot)
    assert (shown["official"]["units"], shown["closing"]["units"]) == (6, 5)
    public = await record(convened, ballot)
    assert verify(public).faults == []
    assert public["closing"]["joined"] == sorted([newcomer, units[5]])


async def test_of_two_merged_units_that_both_voted_the_successors_vote_counts_afterwards(
    convened: House,
) -> None:
    """Decisions: "If both merged units voted, only the successor's counts there"."""
    units = await convened.members(9)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:7])
    await polling.advance(convened, 1)
    await convened.end(units[0], Ending.MERGED)
    await established(convened, ballot)
    shown = await result(convened, ballot)
    assert (shown["official"]["consenting"], shown["closing"]["consenting"]) == (7, 6)
    assert (shown["less_voluntary"]["consenting"], shown["less_voluntary"]["units"]) == (6, 8)


async def test_an_organ_proposal_withdrawn_in_time_takes_its_ballot_with_it(
    convened: House,
) -> None:
    """Edge case 7: "organ may withdraw it until the ballot opens, then never"."""
    await convened.members(3)
    proposal = await propose(convened.secretary)
    ballot = await called(convened, proposal)
    seen = await convened.secretary.get(f"/v1/proposals/{proposal['id']}")
    await convened.secretary.post(
        f"/v1/proposals/{proposal['id']}/retraction", headers=if_match(seen)
    )
    assert (await read(convened, ballot))["status"] == "cancelled"
    await at(convened, ballot["notice_ends_at"])
    assert await convened.run_timer("end_due_notices") == 0


async def test_amending_art_27_binds_the_next_ballot_and_not_the_running_one(
    convened: House,
) -> None:
    """Edge case 19: "running ballots keep the rule they started with; new rule from promulgation"."""
    units = await convened.members(12)
    to_three_quarters = a_draft(
        replacing("art_27", "经四分之三以上同意，可以修改本公约。"),
        rule_changes=[
            {
                "key": "amendment.adoption",
                "value": {"numerator": 3, "denominator": 4, "inclusive": True, "of": "members"},
            }
        ],
    )
    first = await opened(convened, await propose(convened.secretary, to_three_quarters))
    await votes(convened, first, units[:8])
    other = {"kind": "replace", "id": "art_6", "texts": {"zh": "另一条。", "en": None}}
    second = await called(convened, await propose(convened.secretary, a_draft(other)))
    first = await established(convened, first)
    assert first["outcome"] == "adopted"
    await convened.second_secretary.post(
        "/v1/promulgations", {"proposal_id": first["subject_id"]}, expect=201
    )
    await convened.run_timer("end_due_notices")
    await certify(convened, second, RollPurpose.OPENING)
    await votes(convened, second, units[:8])
    assert (await established(convened, second))["outcome"] == "adopted"
    third = await opened(convened, await propose(convened.secretary, a_draft(other), base=2))
    assert (third["needed"], third["basis"]["rulebook_version"]) == ({"needed": 9, "of": 12}, 2)
    await votes(convened, third, units[:8])
    assert (await established(convened, third))["outcome"] == "rejected"


async def test_those_who_have_not_voted_are_reminded_once(convened: House) -> None:
    """N2; events.md: "non-voters … restricted to N, not to officers"."""
    units = await convened.members(4)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:1])
    half = moment(ballot["opened_at"])
    half += (moment(ballot["closes_at"]) - half) / 2
    await at(convened, half, by=-timedelta(minutes=1))
    assert await convened.run_timer("remind_due_ballots") == 0
    await convened.end(units[3])
    await at(convened, half)
    assert await convened.run_timer("remind_due_ballots") == 1
    (told,) = await convened.announced("amendments.ballot.reminder_due.v1")
    assert [unit["member_id"] for unit in told["non_voters"]] == sorted(units[1:3])
    await at(convened, half, by=timedelta(days=5))
    assert await convened.run_timer("remind_due_ballots") == 0


async def test_two_processes_whose_timers_run_at_once_establish_one_result(
    convened: House,
) -> None:
    """A5: "with several replicas: timers in two processes at once establish exactly one result"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:2])
    await at(convened, ballot["closes_at"])
    assert sum(await _twice(convened, "close_due_ballots")) == 1
    roll = polling.certified(convened, ballot["id"], RollPurpose.CLOSE, moment(ballot["closes_at"]))
    await asyncio.gather(*(polling.hand_over(convened, roll) for _ in range(4)))
    await _twice(convened, "go_on_with_waiting_ballots")
    assert len(await convened.announced(RESULT)) == 1
    assert (await read(convened, ballot))["outcome"] == "adopted"


async def _twice(house: House, timer: str) -> list[int]:
    return await asyncio.gather(*(house.run_timer(timer) for _ in range(2)))


@pytest.mark.parametrize("early", [MICROSECOND, timedelta(milliseconds=1)])
async def test_the_last_instant_before_the_close_is_in(convened: House, early: timedelta) -> None:
    """Edge case 13: "opening instant included, closing instant excluded, server clock"."""
    (unit,) = await convened.members(1)
    ballot = await opened(convened)
    await _stand_still(convened, moment(ballot["closes_at"]) - early)
    answer = await vote(convened, ballot, unit)
    assert answer.status_code == 200
    assert moment(answer.json()["acted_at"]) == moment(ballot["closes_at"]) - early
    await _stand_still(convened, moment(ballot["closes_at"]))
    assert code_of(await vote(convened, ballot, unit, "against")) == (409, "voting_closed")


async def test_the_opening_instant_is_in(convened: House) -> None:
    """Edge case 13, as above."""
    (unit,) = await convened.members(1)
    ballot = await opened(convened)
    await _stand_still(convened, moment(ballot["opened_at"]))
    answer = await vote(convened, ballot, unit)
    assert (answer.status_code, answer.json()["acted_at"]) == (200, ballot["opened_at"])


async def _stand_still(house: House, instant: object) -> None:
    """Procedure time is this instant, and stays it."""
    async with house.database.begin() as work:
        await work.db.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION procedure_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$ SELECT CAST('{instant}' AS timestamptz) $$"
        )


async def test_closed_until_the_roll_of_the_close_is_certified_and_the_roster_has_reached_it(
    convened: House,
) -> None:
    """A5: "the result is established when membership has certified the roll as of the close"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units)
    await polling.advance(convened, 1)
    convened.register.end(units[2])
    shown = await closed(convened, ballot)
    assert (shown["status"], shown["waiting_for"]) == ("closed", "certification")
    assert (await convened.secretary.ask("GET", f"{path_of(ballot)}/result")).status_code == 404
    assert (await convened.public.ask("GET", f"{path_of(ballot)}/record")).status_code == 404
    await certify(convened, ballot, RollPurpose.CLOSE)
    shown = await read(convened, ballot)
    assert (shown["status"], shown["waiting_for"]) == ("closed", "roster_behind")
    await convened.tell()
    assert await convened.run_timer("go_on_with_waiting_ballots") == 1
    assert (await read(convened, ballot))["status"] == "established"
    assert (await result(convened, ballot))["closing"]["units"] == 2
