"""Who may vote and conduct a ballot, and what nobody learns before its close (P40)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from deploy.verify import verify
from services.amendments.domain.vote import Choice, Receipt
from services.amendments.usecases.votes import Cast, take_votes
from shared.http.group_commit import GroupCommit
from shared.kernel.actor import Actor, Role, Scope, Subject
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    called,
    established,
    opened,
    path_of,
    record,
    vote,
    votes,
)
from tests.integration.amendments.proposing import Json, code_of, if_match, propose, support
from tests.support.eventually import eventually
from tests.support.suite import ISSUER

CHOICES = ["for", "against", "abstain"]


async def test_who_does_not_wait_for_its_receipt_disturbs_nobody(convened: House) -> None:
    """A caller that goes away while the batch is written: its vote is in or out, the others get their receipts."""
    units = await convened.members(10)
    ballot = await opened(convened)
    commits = GroupCommit(convened.database)
    waiting = [
        asyncio.ensure_future(
            commits.submit(take_votes, ballot["id"], Cast(_representative(unit), Choice.FOR))
        )
        for unit in units
    ]
    await asyncio.sleep(0)
    for gone in waiting[::2]:
        gone.cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(answer, Receipt) for answer in answers[1::2])
    await established(convened, ballot)
    assert verify(await record(convened, ballot)).faults == []


async def test_the_ballot_officer_can_neither_vote_nor_change_a_vote(convened: House) -> None:
    """P40: "the ballot officer can neither vote nor change a vote", with whatever token of the same person."""
    units = await convened.members(2)
    convened.register.appoint(units[0], Subject(ISSUER, "ballot officer"), Scope.VOTE)
    await convened.tell()
    ballot = await opened(convened)
    await vote(convened, ballot, units[0])
    path = f"{path_of(ballot)}/vote"
    body = {"choice": "against"}
    assert code_of(await convened.ballot_officer.ask("PUT", path, body)) == (403, "role_missing")
    in_another_coat = convened.app.as_("ballot officer", member=units[0])
    answers = await asyncio.gather(*(in_another_coat.ask("PUT", path, body) for _ in range(400)))
    assert {code_of(answer) for answer in answers} == {(403, "officer_votes")}
    assert await convened.scalar("SELECT count(*) FROM votes") == 1


async def test_who_proposed_or_supported_it_does_not_call_extend_or_determine(
    convened: House,
) -> None:
    """P40: "same subject via two tokens, two roles …: 0 of 400 attempts succeed"."""
    units = await convened.members(20)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    for name in (f"rep of {units[0]}", f"rep of {units[1]}"):
        same_person = convened.app.as_(name, Role.BALLOT_OFFICER)
        answers = await asyncio.gather(
            *(same_person.ask("POST", f"/v1/proposals/{proposal['id']}/ballot") for _ in range(100))
        )
        assert {code_of(answer) for answer in answers} == {(403, "proposer_conducts")}
    ballot = await opened(convened, proposal)
    same_person = convened.app.as_(f"rep of {units[0]}", Role.BALLOT_OFFICER)
    extension = {"closes_on": "2199-01-01", "reason": "x"}
    answer = await same_person.ask(
        "POST", f"{path_of(ballot)}/extension", extension, headers=if_match(ballot)
    )
    assert code_of(answer) == (403, "proposer_conducts")
    await votes(convened, ballot, units[5:6])
    voter = convened.app.as_(f"rep of {units[5]}", Role.BALLOT_OFFICER)
    answer = await voter.ask(
        "POST", f"{path_of(ballot)}/extension", extension, headers=if_match(ballot)
    )
    assert code_of(answer) == (403, "voter_conducts")


async def test_the_database_itself_knows_four_eyes(convened: House) -> None:
    """Reliability 5.2: "enforced by a check constraint, not only in code"."""
    await convened.members(1)
    ballot = await called(convened)
    with pytest.raises(Exception, match="four_eyes"):
        await convened.scalar(
            "UPDATE ballots SET proposers = proposers || called_by WHERE id = :id RETURNING id",
            id=ballot["id"],
        )


async def test_before_the_close_nothing_tells_how_or_whether_anybody_voted(
    convened: House,
) -> None:
    """Edge case 12: "result and individual votes hidden until close"; also not through ETags, lists, events."""
    units = await convened.members(3)
    ballot = await opened(convened)
    other = convened.as_member(units[2])

    async def everything() -> list[Any]:
        seen: list[Any] = []
        for caller in (convened.ballot_officer, convened.secretary, other):
            one = await caller.ask("GET", path_of(ballot), expect=200)
            listed = await caller.ask("GET", "/v1/ballots", expect=200)
            seen += [one.text, one.headers["etag"], listed.text]
            for part in ("result", "record", "roll-call"):
                seen.append((await caller.ask("GET", f"{path_of(ballot)}/{part}")).status_code)
        return [*seen, await convened.scalar("SELECT count(*) FROM outgoing_events")]

    before = await everything()
    await votes(convened, ballot, units[:2])
    await vote(convened, ballot, units[0], "against")
    assert await everything() == before
    metrics = (await convened.public.ask("GET", "/metrics")).text
    assert "against" not in metrics
    assert (await other.ask("GET", f"{path_of(ballot)}/vote")).status_code == 404


async def test_who_may_not_see_the_ballot_is_not_told_that_it_exists(convened: House) -> None:
    """Decisions, "Who may": 401, 422, 403 where it may be seen, else 404."""
    units = await convened.members(1)
    clerk = await convened.member(scope=Scope.CIRCULARS)
    ballot = await opened(convened)
    path, body = f"{path_of(ballot)}/vote", {"choice": "for"}
    app = convened.app
    answers: dict[str, tuple[int, str]] = {
        name: code_of(await caller.ask("PUT", path, body))
        for name, caller in {
            "public": convened.public,
            "names no member": app.as_("somebody"),
            "secretary": convened.secretary,
            "operator": app.as_("operator", Role.OPERATOR),
            "another scope": convened.as_member(clerk),
            "no mandate": app.as_("somebody", member=units[0]),
        }.items()
    }
    assert answers == {
        "public": (401, "sign_in_required"),
        "names no member": (422, "member_not_named"),
        "secretary": (403, "role_missing"),
        "operator": (404, "not_found"),
        "another scope": (404, "not_found"),
        "no mandate": (404, "not_found"),
    }
    nowhere = f"/v1/ballots/bal_{'0' * 32}/vote"
    unit = convened.as_member(units[0])
    assert code_of(await unit.ask("PUT", nowhere, body)) == (404, "not_found")


def _representative(unit: str) -> Actor:
    return Actor(Subject(ISSUER, f"rep of {unit}"), member_id=unit)


async def _rows(house: House, statement: str, **values: Any) -> Sequence[Json]:
    async with house.database.begin() as work:
        rows = await work.db.execute(text(statement), values)
        return [dict(row._mapping) for row in rows]


async def _someone_waits_for_a_lock(house: House) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await eventually(lambda: house.scalar(waits))
