"""One unit, one vote, whatever races (A5; edge cases 11, 12, 13, 30, 31; P39, P40)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from deploy.verify import verify
from services.amendments.api.schemas.votes import ReceiptOut
from services.amendments.domain.ballot import RollPurpose
from services.amendments.domain.errors import VotingClosed
from services.amendments.domain.vote import Choice, Receipt
from services.amendments.usecases.votes import Cast, take_votes
from shared.contracts.membership import Ending
from shared.http.group_commit import GroupCommit
from shared.kernel.actor import Actor, Scope, Subject
from shared.kernel.errors import NotFound, Refusal
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    at,
    called,
    established,
    moment,
    opened,
    path_of,
    record,
    result,
    vote,
    votes,
)
from tests.integration.amendments.proposing import Json, code_of
from tests.support.eventually import eventually
from tests.support.suite import ISSUER

CHOICES = ["for", "against", "abstain"]


async def test_a_vote_can_be_changed_until_the_close_and_all_are_kept(convened: House) -> None:
    """Edge case 12: "Re-vote until close, last one counts, all kept"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    receipts = [
        (await vote(convened, ballot, units[0], choice)).json()
        for choice in ("against", "for", "abstain", "for")
    ]
    assert [receipt["sequence"] for receipt in receipts] == [1, 2, 3, 4]
    own = await convened.as_member(units[0]).get(f"{path_of(ballot)}/vote")
    assert [(v["sequence"], v["choice"], v["stands"]) for v in own["items"]] == [
        (4, "for", True),
        (3, "abstain", False),
        (2, "for", False),
        (1, "against", False),
    ]
    await votes(convened, ballot, units[1:2])
    await established(convened, ballot)
    assert (await result(convened, ballot))["official"]["consenting"] == 2
    verdict = verify(await record(convened, ballot), receipts=receipts)
    assert (verdict.faults, verdict.votes, verdict.receipts) == ([], 5, 4)


async def test_a_vote_equal_to_the_present_one_gets_the_same_receipt_and_adds_nothing(
    convened: House,
) -> None:
    """Decisions: "a vote equal to the unit's current one returns the same receipt and adds no row"."""
    (unit,) = await convened.members(1)
    ballot = await opened(convened)
    first = (await vote(convened, ballot, unit)).json()
    assert (await vote(convened, ballot, unit)).json() == first
    assert await convened.scalar("SELECT count(*) FROM votes") == 1


async def test_of_fifty_votes_of_one_unit_at_once_the_last_counts_and_all_are_kept(
    convened: House,
) -> None:
    """Issue: "one unit one vote whatever races (50 concurrent votes of one unit: the last one counts, all kept)"."""
    units = await convened.members(2)
    ballot = await opened(convened)
    cycle = [CHOICES[n % 3] for n in range(50)]
    answers = await asyncio.gather(*(vote(convened, ballot, units[0], c) for c in cycle))
    receipts = sorted((a.json() for a in answers), key=lambda r: int(r["sequence"]))
    assert {a.status_code for a in answers} == {200}
    rows = await _rows(convened, "SELECT sequence, choice, stands FROM votes ORDER BY sequence")
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    assert {r["sequence"] for r in receipts} == {row["sequence"] for row in rows}
    assert [row["sequence"] for row in rows if row["stands"]] == [len(rows)]
    assert all(a["choice"] != b["choice"] for a, b in pairwise(rows))
    await established(convened, ballot)
    public = await record(convened, ballot)
    assert verify(public, receipts=receipts).faults == []
    called_out = {called["unit"]: called["choice"] for called in public["roll_call"]}
    assert called_out == {units[0]: rows[-1]["choice"], units[1]: None}


async def test_several_processes_vote_on_one_ballot_and_the_chain_is_one(convened: House) -> None:
    """Brief: "several processes may do it at the same time (head row lock)"."""
    units = await convened.members(60)
    ballot = await opened(convened)
    processes = [GroupCommit(convened.database) for _ in range(3)]
    receipts = await asyncio.gather(
        *(
            processes[n % 3].submit(
                take_votes, ballot["id"], Cast(_representative(unit), Choice(CHOICES[round_ % 3]))
            )
            for round_ in range(4)
            for n, unit in enumerate(units)
        )
    )
    assert len({receipt.sequence for receipt in receipts}) == 240
    await established(convened, ballot)
    verdict = verify(
        await record(convened, ballot),
        receipts=[
            ReceiptOut.of(receipt, unit).model_dump(mode="json")
            for receipt, unit in zip(receipts, units * 4, strict=True)
        ],
    )
    assert (verdict.faults, verdict.receipts) == ([], 240)


async def test_votes_that_race_the_close_are_in_or_out_and_never_both(convened: House) -> None:
    """P39: "1,000 ballots racing the close: accepted ⇔ … before close" by database time."""
    units = await convened.members(50)
    ballot = await opened(convened)
    closes_at = moment(ballot["closes_at"])
    await at(convened, closes_at, by=-timedelta(milliseconds=700))
    processes = [GroupCommit(convened.database) for _ in range(2)]
    stop = asyncio.Event()

    async def close() -> int:
        count = 0
        while not stop.is_set():
            count += await convened.run_timer("close_due_ballots")
            await asyncio.sleep(0)
        return count

    closing = asyncio.create_task(close())
    outcomes: list[Receipt | Refusal] = []

    async def race(number: int) -> None:
        for round_ in range(20):
            cast = Cast(_representative(units[number]), Choice(CHOICES[round_ % 3]))
            process = processes[(number + round_) % 2]
            try:
                outcomes.append(await process.submit(take_votes, ballot["id"], cast))
            except Refusal as refusal:
                outcomes.append(refusal)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(race(number) for number in range(50)))
    stop.set()
    assert await closing == 1
    assert len(outcomes) == 1000
    taken = {o.sequence: o for o in outcomes if isinstance(o, Receipt)}
    refused = [o for o in outcomes if isinstance(o, Refusal)]
    assert {type(o) for o in refused} == {VotingClosed}
    assert taken
    rows = await _rows(convened, "SELECT sequence, acted_at FROM votes ORDER BY sequence")
    assert {row["sequence"] for row in rows} == set(taken)
    assert all(row["acted_at"] < closes_at for row in rows)
    await polling.certify(convened, ballot, RollPurpose.CLOSE)
    assert verify(await record(convened, ballot)).votes == len(taken)


async def test_a_vote_whose_transaction_began_before_the_close_but_got_the_chain_after_is_out(
    convened: House,
) -> None:
    """Decisions: a vote's instant is read after taking the chain's head; an old transaction gains nothing."""
    (unit,) = await convened.members(1)
    ballot = await opened(convened)
    await at(convened, ballot["closes_at"], by=-timedelta(seconds=2))
    async with convened.database.begin() as holder:
        await holder.db.execute(text("SELECT FROM vote_chains FOR UPDATE"))
        waiting = asyncio.create_task(vote(convened, ballot, unit))
        await _someone_waits_for_a_lock(convened)
        await at(convened, ballot["closes_at"])
    assert code_of(await waiting) == (409, "voting_closed")


async def test_two_representatives_of_one_unit_cast_one_vote_and_the_unit_is_told(
    convened: House,
) -> None:
    """Edge case 31: "one unit, last valid vote counts, both notified"."""
    units = await convened.members(2)
    convened.register.appoint(units[0], Subject(ISSUER, "second"), Scope.ALL)
    await convened.tell()
    second = convened.app.as_("second", member=units[0])
    ballot = await opened(convened)
    await vote(convened, ballot, units[0])
    await second.ask("PUT", f"{path_of(ballot)}/vote", {"choice": "against"}, expect=200)
    (told,) = await convened.announced("amendments.ballot.vote_replaced.v1")
    assert (told["ballot_id"], told["member_id"]) == (ballot["id"], units[0])
    await established(convened, ballot)
    official = (await result(convened, ballot))["official"]
    assert (official["consenting"], official["against"]) == (0, 1)


async def test_a_mandate_that_has_expired_casts_no_vote(convened: House) -> None:
    """Edge case 30: "Mandate expired when the vote was cast: invalid, unit is told at once and may re-vote"."""
    (unit,) = await convened.members(1)
    ballot = await called(convened)
    ends = moment(ballot["notice_ends_at"]) + timedelta(days=1)
    convened.register.appoint(unit, Subject(ISSUER, "for a time"), Scope.VOTE, until=ends)
    await convened.tell()
    await at(convened, ballot["notice_ends_at"])
    await convened.run_timer("end_due_notices")
    await polling.certify(convened, ballot, RollPurpose.OPENING)
    caller = convened.app.as_("for a time", member=unit)
    assert (
        await caller.ask("PUT", f"{path_of(ballot)}/vote", {"choice": "for"})
    ).status_code == 200
    await at(convened, ends)
    answer = await caller.ask("PUT", f"{path_of(ballot)}/vote", {"choice": "against"})
    assert answer.status_code == 404
    assert (await vote(convened, ballot, unit, "against")).status_code == 200


async def test_a_vote_under_a_mandate_removed_before_is_void_when_the_news_arrives(
    convened: House,
) -> None:
    """Decisions, mandates: "acts with `acted_at` at or after it are void, the unit is told, its last valid act stands"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units)
    await polling.advance(convened, 1)
    convened.register.remove(units[0], convened.mandates[units[0]])
    late = [(await vote(convened, ballot, units[0], c)).json() for c in ("against", "abstain")]
    await convened.tell()
    (told,) = await convened.announced("amendments.ballot.vote_voided.v1")
    assert told["member_id"] == units[0]
    rows = await _rows(
        convened,
        "SELECT sequence, stands, is_void FROM votes WHERE member_id = :unit ORDER BY sequence",
        unit=units[0],
    )
    assert [(row["stands"], row["is_void"]) for row in rows] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    convened.register.appoint(units[0], Subject(ISSUER, "new"), Scope.VOTE)
    await convened.tell()
    again = convened.app.as_("new", member=units[0])
    await again.ask("PUT", f"{path_of(ballot)}/vote", {"choice": "against"}, expect=200)
    await established(convened, ballot)
    official = (await result(convened, ballot))["official"]
    assert (official["consenting"], official["against"]) == (2, 1)
    verdict = verify(await record(convened, ballot), receipts=late)
    assert (verdict.faults, verdict.receipts) == ([], 2)


async def test_a_unit_that_left_keeps_the_vote_it_cast_and_what_it_cast_afterwards_is_void(
    convened: House,
) -> None:
    """Edge case 9: "Units gone: keep the cast vote on record"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units)
    await polling.advance(convened, 1)
    convened.register.end(units[0])
    assert (await vote(convened, ballot, units[0], "against")).status_code == 200
    await convened.tell()
    assert (await vote(convened, ballot, units[0], "abstain")).status_code == 404
    await established(convened, ballot)
    shown = await result(convened, ballot)
    assert (shown["official"]["consenting"], shown["official"]["against"]) == (3, 0)
    assert (shown["closing"]["consenting"], shown["closing"]["units"]) == (2, 2)
    assert verify(await record(convened, ballot)).faults == []


async def test_a_unit_whose_cancellation_is_annulled_votes_on_as_if_it_had_never_ceased(
    convened: House,
) -> None:
    """C7: "never ceased"; edge case 11: "full vote until membership ends"."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await votes(convened, ballot, units)
    await polling.advance(convened, 1)
    convened.register.end(units[0], Ending.CANCELLED)
    await vote(convened, ballot, units[0], "against")
    await convened.tell()
    convened.register.reinstate(units[0])
    await convened.tell()
    rows = await _rows(
        convened, "SELECT choice FROM votes WHERE stands AND member_id = :unit", unit=units[0]
    )
    assert [row["choice"] for row in rows] == ["against"]
    assert (await vote(convened, ballot, units[0], "abstain")).status_code == 200
    await established(convened, ballot)
    shown = await result(convened, ballot)
    assert shown["closing"] == shown["official"]
    assert shown["official"]["abstaining"] == 1
    assert verify(await record(convened, ballot)).faults == []


@pytest.mark.parametrize("body", [{"choice": "yes"}, {"choice": None}, {}, {"choice": 1}, []])
async def test_an_unknown_choice_is_not_acceptable(convened: House, body: Any) -> None:
    """Brief: unknown choice 422."""
    (unit,) = await convened.members(1)
    ballot = await opened(convened)
    caller = convened.as_member(unit)
    answer = await caller.ask("PUT", f"{path_of(ballot)}/vote", body)
    assert code_of(answer) == (422, "invalid_request")


async def test_one_bad_vote_fails_alone(convened: House) -> None:
    """Performance H: "one bad row must fail alone"."""
    units = await convened.members(4)
    ballot = await opened(convened)
    newcomer = await convened.member()
    stranger = "mem_" + "0" * 32
    answers = await asyncio.gather(
        *(vote(convened, ballot, unit) for unit in (units[0], newcomer, units[1], stranger))
    )
    assert [answer.status_code for answer in answers] == [200, 403, 200, 404]
    assert await convened.scalar("SELECT count(*) FROM votes") == 2


async def test_a_vote_that_the_database_refuses_fails_alone(convened: House) -> None:
    """The same for what no rule of ours foresaw: the batch is written one by one."""
    units = await convened.members(4)
    ballot = await opened(convened)
    async with convened.database.begin() as work:
        await work.db.execute(text(f"ALTER TABLE votes ADD CHECK (member_id <> '{units[1]}')"))
    answers = await asyncio.gather(*(vote(convened, ballot, unit) for unit in units))
    assert [answer.status_code for answer in answers] == [200, 500, 200, 200]
    await established(convened, ballot)
    assert verify(await record(convened, ballot)).votes == 3


async def test_where_too_much_waits_the_next_vote_is_turned_away(
    convened: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Performance H: "bounded queue with 503"."""
    units = await convened.members(5)
    ballot = await opened(convened)
    monkeypatch.setattr("shared.http.group_commit.MOST_WAITING", 3)
    answers = await asyncio.gather(*(vote(convened, ballot, unit) for unit in units))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {code_of(answer) for answer in refused} == {(503, "unavailable")}
    assert refused[0].headers["Retry-After"]
    assert await convened.scalar("SELECT count(*) FROM votes") == 5 - len(refused) > 0


async def test_while_the_roster_is_read_again_no_vote_is_judged_by_half_of_it(
    convened: House,
) -> None:
    """Decisions: "nothing reads the roster above its watermark"."""
    (unit,) = await convened.members(1)
    ballot = await opened(convened)
    async with convened.database.begin() as work:
        await work.db.execute(text("UPDATE roster_state SET watermark = 1"))
    assert code_of(await vote(convened, ballot, unit)) == (409, "roster_not_ready")


async def test_a_batch_for_a_ballot_that_does_not_exist_is_refused_vote_by_vote(
    convened: House,
) -> None:
    """The batch never fails as a whole because of what it is asked for."""
    units = await convened.members(3)
    async with convened.database.begin() as work:
        casts = [Cast(_representative(unit), Choice.FOR) for unit in units]
        answers = await take_votes(work, "bal_" + "0" * 32, casts)
    assert [type(answer) for answer in answers] == [NotFound] * 3


def _representative(unit: str) -> Actor:
    return Actor(Subject(ISSUER, f"rep of {unit}"), member_id=unit)


async def _rows(house: House, statement: str, **values: Any) -> Sequence[Json]:
    async with house.database.begin() as work:
        rows = await work.db.execute(text(statement), values)
        return [dict(row._mapping) for row in rows]


async def _someone_waits_for_a_lock(house: House) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await eventually(lambda: house.scalar(waits))
