"""Units that ask for the ballot before it is open, and go on asking: the first vote is behind the opening (A5, P39)."""

import asyncio

import pytest

from deploy.verify import verify
from services.amendments.domain.ballot import RollPurpose
from services.amendments.domain.errors import VotingNotOpen
from services.amendments.domain.vote import Choice, Receipt
from services.amendments.store.votes import hold_polling
from services.amendments.usecases.votes import Cast, take_votes
from shared.http.group_commit import GroupCommit
from shared.kernel.actor import Actor, Subject
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    awaiting,
    certify,
    established,
    read,
    record,
    votes,
    waits,
)
from tests.support.eventually import eventually
from tests.support.suite import ISSUER

PROCESSES = 4


async def test_a_ballot_does_not_open_while_a_vote_is_looked_at(convened: House) -> None:
    """Decisions: "one serial chain a ballot"; a vote is taken under the chain that the opening began, or not at all."""
    units = await convened.members(3)
    ballot = await awaiting(convened)
    async with convened.database.begin() as work:
        await hold_polling(work, ballot["id"])
        opening = asyncio.create_task(certify(convened, ballot, RollPurpose.OPENING))
        await waits(convened, opening)
        (answer,) = await take_votes(work, ballot["id"], [_cast(units[0])])
    assert isinstance(answer, VotingNotOpen)
    await opening
    await votes(convened, ballot, units)
    await established(convened, ballot)
    verdict = verify(await record(convened, ballot))
    assert (verdict.faults, verdict.votes) == ([], 3)


@pytest.mark.parametrize("units", [1, 2, 12])
async def test_votes_that_race_the_opening_are_behind_it_in_one_chain(
    convened: House, units: int
) -> None:
    """P39, at the other end: whoever polls until the ballot is open gets its receipt, and the record holds."""
    members = await convened.members(units)
    ballot = await awaiting(convened)
    processes = [GroupCommit(convened.database) for _ in range(PROCESSES)]
    refused: list[VotingNotOpen] = []

    async def polls(number: int) -> Receipt:
        unit, process = members[number % units], processes[number % PROCESSES]
        while True:
            try:
                receipt: Receipt = await process.submit(take_votes, ballot["id"], _cast(unit))
            except VotingNotOpen as refusal:
                refused.append(refusal)
            else:
                return receipt

    polling = [asyncio.create_task(polls(number)) for number in range(max(units, PROCESSES))]
    await eventually(lambda: _has_asked(refused))
    await certify(convened, ballot, RollPurpose.OPENING)
    receipts = await asyncio.gather(*polling)
    assert {receipt.sequence for receipt in receipts} == set(range(1, units + 1))
    assert (await read(convened, ballot))["status"] == "open"
    await established(convened, ballot)
    verdict = verify(await record(convened, ballot))
    assert (verdict.faults, verdict.votes) == ([], units)


def _cast(unit: str) -> Cast:
    return Cast(Actor(Subject(ISSUER, f"rep of {unit}"), member_id=unit), Choice.FOR)


async def _has_asked(refused: list[VotingNotOpen]) -> bool:
    return len(refused) > 2 * PROCESSES
