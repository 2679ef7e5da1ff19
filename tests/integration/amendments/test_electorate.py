"""Whose ballot it is, from its opening to the names in its roll call (A5; edge cases 9 to 15)."""

from datetime import timedelta

import pytest

from deploy.verify import verify
from services.amendments.domain.ballot import RollPurpose
from shared.contracts.catalog import bindings_of
from shared.contracts.membership import Ending
from shared.kernel.actor import Scope, Subject
from shared.kernel.chain import roll_digest
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    at,
    closed,
    established,
    moment,
    opened,
    path_of,
    record,
    result,
    vote,
    votes,
)
from tests.integration.amendments.proposing import code_of
from tests.support.suite import ISSUER


async def test_the_roll_is_published_with_the_opening_and_stays_what_the_record_says(
    convened: House,
) -> None:
    """Edge case 9: "who may vote is fixed at opening"; reliability 6: "the roll … is frozen, hashed and published"."""
    units = await convened.members(5)
    ballot = await opened(convened)
    roll = ballot["opening_roll"]
    assert (roll["count"], roll["digest"]) == (5, roll_digest(units))
    (told,) = await convened.announced("amendments.ballot.opened.v1")
    assert roll["digest"] in str(told)
    await votes(convened, ballot, units)
    await convened.member()
    await convened.end(units[4])
    done = await established(convened, ballot)
    assert done["opening_roll"] == roll
    public = await record(convened, ballot)
    assert public["opening"]["roll"]["digest"] == roll["digest"]
    assert [called["unit"] for called in public["roll_call"]] == sorted(units)


async def test_the_vote_of_a_unit_that_is_cancelled_stays_in_the_official_tally(
    convened: House,
) -> None:
    """Edge case 10: "cancellation that takes effect after opening never removes the unit from the base; a vote already
    cast stays counted in the official tally; if not yet cast it can no longer vote (which counts as no consent)".
    """
    units = await convened.members(6)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:4])
    await polling.advance(convened, 1)
    for unit in (units[0], units[5]):
        await convened.end(unit, Ending.CANCELLED)
        assert (await vote(convened, ballot, unit, "against")).status_code == 404
    await established(convened, ballot)
    shown = await result(convened, ballot)
    official, closing = shown["official"], shown["closing"]
    assert (official["units"], official["consenting"], official["against"]) == (6, 4, 0)
    assert official["reached"]
    assert (closing["units"], closing["consenting"]) == (4, 3)
    assert shown["less_voluntary"] == official
    assert verify(await record(convened, ballot)).faults == []


async def test_an_accused_unit_votes_to_the_last_instant_of_its_membership(convened: House) -> None:
    """Edge case 11: "Accused member: full vote until membership ends; the text knows no suspension"."""
    assert not any(binding.startswith("cases.") for binding in bindings_of("amendments"))
    units = await convened.members(3)
    ballot = await opened(convened)
    assert (await vote(convened, ballot, units[0], "for")).status_code == 200
    await polling.advance(convened, 1)
    assert (await vote(convened, ballot, units[0], "against")).status_code == 200
    await polling.advance(convened, 1 / 1440)
    await convened.end(units[0], Ending.CANCELLED)
    assert (await vote(convened, ballot, units[0], "for")).status_code == 404
    await established(convened, ballot)
    public = await record(convened, ballot)
    assert {c["unit"]: c["choice"] for c in public["roll_call"]}[units[0]] == "against"


async def test_individual_votes_are_named_to_members_after_the_close_and_not_to_the_public(
    convened: House,
) -> None:
    """Edge case 12: "result and individual votes hidden until close, named afterwards to members"."""
    units = await convened.members(2)
    ballot = await opened(convened)
    await votes(convened, ballot, units)
    path, member = f"{path_of(ballot)}/roll-call", convened.as_member(units[1])
    assert (await member.ask("GET", path)).status_code == 404
    await closed(convened, ballot)
    assert (await member.ask("GET", path)).status_code == 404
    await polling.certify(convened, ballot, RollPurpose.CLOSE)
    called = (await member.get(path))["roll_call"]
    assert [(c["unit"], c["choice"]) for c in called] == [(unit, "for") for unit in sorted(units)]
    assert all(c["name"]["zh"].endswith("公司") for c in called)
    assert (await convened.public.ask("GET", path)).status_code == 401
    assert all("name" not in c for c in (await record(convened, ballot))["roll_call"])


async def test_opening_close_and_every_vote_are_recorded_by_the_servers_clock(
    convened: House,
) -> None:
    """Edge case 13: "opening instant included, closing instant excluded, server clock, recorded"."""
    units = await convened.members(2)
    ballot = await opened(convened)
    of_another_clock = {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    answer = await convened.as_member(units[0]).ask(
        "PUT", f"{path_of(ballot)}/vote", {"choice": "for"}, headers=of_another_clock, expect=200
    )
    await established(convened, ballot)
    public = await record(convened, ballot)
    assert moment(public["opening"]["roll"]["instant"]) == moment(ballot["opened_at"])
    assert moment(public["closing"]["closed_at"]) == moment(ballot["closes_at"])
    (cast,) = public["votes"]
    assert moment(cast["acted_at"]) == moment(answer.json()["acted_at"])
    assert moment(ballot["opened_at"]) <= moment(cast["acted_at"]) < moment(ballot["closes_at"])


async def test_a_ballot_whose_outcome_is_certain_runs_its_full_period(convened: House) -> None:
    """Edge case 15: "Early end: only when the outcome cannot change *and* policy allows; default is full period"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units)
    await polling.advance(convened, 1)
    assert await convened.run_timer("close_due_ballots") == 0
    shown = await polling.read(convened, ballot)
    assert (shown["status"], shown["closes_at"]) == ("open", ballot["closes_at"])
    assert shown["allowed_actions"] == ["extension"]
    for act in ("close", "closure", "cancellation", "ending"):
        answer = await convened.ballot_officer.ask("POST", f"{path_of(ballot)}/{act}", {})
        assert answer.status_code == 404
    await at(convened, ballot["closes_at"], by=-timedelta(seconds=30))
    for unit in units:
        assert (await vote(convened, ballot, unit, "against")).status_code == 200
    assert (await established(convened, ballot))["outcome"] == "rejected"


@pytest.mark.parametrize("scope", [Scope.CIRCULARS, Scope.CASES])
async def test_a_mandate_that_does_not_speak_for_its_unit_in_votes_casts_none(
    convened: House, scope: Scope
) -> None:
    """Edge case 31: "Vote by two representatives of one unit: one unit": of those that may vote for it."""
    (unit,) = await convened.members(1)
    convened.register.appoint(unit, Subject(ISSUER, "clerk"), scope)
    await convened.tell()
    ballot = await opened(convened)
    clerk = convened.app.as_("clerk", member=unit)
    answer = await clerk.ask("PUT", f"{path_of(ballot)}/vote", {"choice": "for"})
    assert code_of(answer) == (404, "not_found")
    assert await convened.scalar("SELECT count(*) FROM votes") == 0


async def test_only_a_unit_on_the_roll_is_shown_that_it_may_vote(convened: House) -> None:
    """Edge case 9: "Joiners: no vote"; nor does whoever conducts the ballot, for any unit (P40)."""
    (unit,) = await convened.members(1)
    convened.register.appoint(unit, Subject(ISSUER, "ballot officer"), Scope.VOTE)
    await convened.tell()
    ballot = await opened(convened)
    newcomer = await convened.member()
    officer = convened.app.as_("ballot officer", member=unit)
    for caller, allowed in (
        (convened.as_member(unit), ["vote"]),
        (convened.as_member(newcomer), []),
        (officer, []),
    ):
        assert (await caller.get(path_of(ballot)))["allowed_actions"] == allowed
        (listed,) = (await caller.get("/v1/ballots"))["items"]
        assert listed["allowed_actions"] == allowed
