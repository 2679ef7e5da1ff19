"""Several processes of amendments on one database: one ballot, one chain, one result (A5, P39)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import cycle, pairwise

import httpx
import pytest
from sqlalchemy import text

from deploy.verify import verify
from services.amendments.domain.ballot import RollPurpose
from shared.messaging.memory import MemoryBus
from shared.service import Part, Service
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    RESULT,
    at,
    established,
    moment,
    opened,
    path_of,
    record,
)
from tests.integration.amendments.proposing import Json, code_of
from tests.support.suite import RunningApp, running, token

REPLICAS = 3
CHOICES = ("for", "against", "abstain")


@pytest.fixture
async def replicas(convened: House, service: Service) -> AsyncIterator[list[RunningApp]]:
    """The house and two more processes' worth of its API, each with pool and group commits of its own."""
    async with (
        running(service, MemoryBus(), parts={Part.API}) as second,
        running(service, MemoryBus(), parts={Part.API}) as third,
    ):
        yield [convened.app, second, third]


async def vote_at(replica: RunningApp, ballot: Json, unit: str, choice: str) -> httpx.Response:
    """A unit's representative votes by one of the replicas."""
    headers = {"Authorization": f"Bearer {token(f'rep of {unit}', member=unit)}"}
    path = f"{path_of(ballot)}/vote"
    return await replica.http.put(path, json={"choice": choice}, headers=headers)


async def test_of_fifty_votes_by_several_replicas_at_once_the_last_counts_and_all_are_kept(
    convened: House, replicas: list[RunningApp]
) -> None:
    """Reliability 8.6: 78: "double cast × 50 at once"; edge case 12: "last one counts, all kept"."""
    units = await convened.members(2)
    ballot = await opened(convened)
    turns = zip(range(50), cycle(replicas), cycle(CHOICES), strict=False)
    answers = await asyncio.gather(
        *(vote_at(replica, ballot, units[0], choice) for _, replica, choice in turns)
    )
    assert {answer.status_code for answer in answers} == {200}
    receipts = [answer.json() for answer in answers]
    await established(convened, ballot)
    public = await record(convened, ballot)
    assert verify(public, receipts=receipts).faults == []
    assert {r["sequence"] for r in receipts} == {v["sequence"] for v in public["votes"]}
    assert all(a["choice"] != b["choice"] for a, b in pairwise(public["votes"]))
    called = {c["unit"]: c["choice"] for c in public["roll_call"]}
    assert called == {units[0]: public["votes"][-1]["choice"], units[1]: None}


async def test_at_the_close_a_vote_is_in_or_out_whichever_replica_takes_it(
    convened: House, replicas: list[RunningApp]
) -> None:
    """P39: "ballots racing the close: accepted ⇔ commit before close"; by database time, while every replica closes."""
    units = await convened.members(20)
    ballot = await opened(convened)
    closes_at = moment(ballot["closes_at"])
    await at(convened, closes_at, by=-timedelta(milliseconds=900))
    is_over = asyncio.Event()

    async def close() -> int:
        count = 0
        while not is_over.is_set():
            count += await convened.run_timer("close_due_ballots")
            await asyncio.sleep(0)
        return count

    async def race(number: int) -> list[httpx.Response]:
        turns = zip(range(12), cycle(replicas[number % REPLICAS :] + replicas), strict=False)
        return [
            await vote_at(replica, ballot, units[number], CHOICES[turn % 3])
            for turn, replica in turns
        ]

    closing = [asyncio.create_task(close()) for _ in replicas]
    races = await asyncio.gather(*(race(number) for number in range(20)))
    last = await vote_at(replicas[0], ballot, units[0], "for")
    while last.status_code == 200:
        last = await vote_at(replicas[0], ballot, units[0], "against")
    is_over.set()
    assert sum([await task for task in closing]) == 1
    answers = [answer for own in races for answer in own]
    taken = [answer.json() for answer in answers if answer.status_code == 200]
    refused = {code_of(answer) for answer in (*answers, last) if answer.status_code != 200}
    assert taken
    assert refused == {(409, "voting_closed")}
    for own in races:
        statuses = [answer.status_code for answer in own]
        assert statuses == sorted(statuses)
    await polling.certify(convened, ballot, RollPurpose.CLOSE)
    public = await record(convened, ballot)
    assert verify(public, receipts=taken).faults == []
    assert all(moment(vote["acted_at"]) < closes_at for vote in public["votes"])


async def test_replicas_whose_timers_and_readers_run_at_once_establish_one_result(
    convened: House, replicas: list[RunningApp]
) -> None:
    """A5: whatever is told twice, opened, closed and established happen once."""
    units = await convened.members(3)
    ballot = await polling.called(convened)
    await at(convened, ballot["notice_ends_at"])
    assert sum(await _at_once(convened, "end_due_notices")) == 1
    opening = polling.certified(convened, ballot["id"], RollPurpose.OPENING, None)
    await asyncio.gather(*(polling.hand_over(convened, opening) for _ in replicas))
    shown = await polling.read(convened, ballot)
    for replica, unit in zip(replicas, units, strict=True):
        assert (await vote_at(replica, shown, unit, "for")).status_code == 200
    await at(convened, shown["closes_at"])
    for replica in replicas:
        headers = {"Authorization": f"Bearer {token(f'rep of {units[0]}', member=units[0])}"}
        seen = (await replica.http.get(path_of(ballot), headers=headers)).json()
        assert seen["status"] == "closed"
        late = await vote_at(replica, ballot, units[0], "against")
        assert code_of(late) == (409, "voting_closed")
    assert sum(await _at_once(convened, "close_due_ballots")) == 1
    close = polling.certified(convened, ballot["id"], RollPurpose.CLOSE, moment(shown["closes_at"]))
    await asyncio.gather(
        *(polling.hand_over(convened, close) for _ in replicas),
        *(convened.run_timer("go_on_with_waiting_ballots") for _ in replicas),
    )
    assert len(await convened.announced(RESULT)) == 1
    assert len(await convened.announced("amendments.ballot.opened.v1")) == 1
    async with convened.database.begin() as work:
        statement = text("SELECT count(*) FROM ballots WHERE status = 'established'")
        assert await work.db.scalar(statement) == 1


async def _at_once(house: House, timer: str) -> list[int]:
    return await asyncio.gather(*(house.run_timer(timer) for _ in range(REPLICAS)))
