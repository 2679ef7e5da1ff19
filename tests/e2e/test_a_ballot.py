"""A ballot among processes that are stopped, killed and started again (A5)."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any

import httpx
import pytest
from rich.console import Console

from deploy.embedded.caller import Caller
from deploy.embedded.demo import Demo
from deploy.embedded.member_list import invented_member_list
from deploy.embedded.published import published
from deploy.embedded.systems import MembersSystems
from deploy.verify import verify
from shared.kernel.actor import Role
from tests.support.broker import RabbitNode
from tests.support.eventually import eventually
from tests.support.postgres import TestPostgres
from tests.support.topologies import SeparateSuite, Suite, embedded, separate

MEMBERS = 12
NOTICE_DAYS, VOTING_DAYS = 16, 31
CHOICES = ("for", "against", "abstain")


@dataclass(frozen=True, slots=True)
class Polls:
    """A suite with members and a convention, and the people of a ballot."""

    suite: Suite
    units: Sequence[str]

    def officer(self, name: str, role: Role) -> Caller:
        """One of the organ's."""
        return Caller(self.suite.http, self.suite.issuer, f"dev:{name}", role)

    def unit(self, member_id: str) -> Caller:
        """A member's representative."""
        return Caller(self.suite.http, self.suite.issuer, f"dev:{member_id}", member=member_id)

    async def vote(self, member_id: str, path: str, choice: str) -> httpx.Response:
        """What becomes of a vote, whatever that is."""
        token = self.suite.issuer.token(sub=f"dev:{member_id}", roles=(), member=member_id)
        return await self.suite.http.put(
            f"{path}/vote", json={"choice": choice}, headers={"Authorization": f"Bearer {token}"}
        )

    async def opened(self) -> str:
        """The path of a ballot that is open."""
        secretary = self.officer("secretary", Role.SECRETARY)
        page = published(await secretary.get("/v1/convention"))
        await secretary.send_text("/v1/convention/imports", page)
        change = {"kind": "replace", "id": "art_5", "texts": {"zh": "新的条文。"}}
        proposal = await secretary.post(
            "/v1/proposals",
            {
                "base_version": 1,
                "changes": [change],
                "title": {"zh": "修改第五条"},
                "reasons": {"zh": "更为清楚。"},
            },
        )
        officer = self.officer("ballot-officer", Role.BALLOT_OFFICER)
        ballot = await officer.post(f"/v1/proposals/{proposal['id']}/ballot")
        path = f"/v1/ballots/{ballot['id']}"
        await self.suite.advance(NOTICE_DAYS)
        assert (await officer.get(path))["status"] == "open"
        return path

    async def record(self, path: str) -> Any:
        """The public record, once there is one."""
        answer = await self.suite.http.get(f"{path}/record")
        return json.loads(answer.content) if answer.status_code == 200 else None


@asynccontextmanager
async def polls(suite: Suite) -> AsyncIterator[Polls]:
    """The suite with its members taken over."""
    demo = Demo(
        suite.http,
        suite.issuer,
        suite.advance,
        MembersSystems(),
        Console(file=StringIO()),
        member_list=invented_member_list(MEMBERS),
    )
    await demo.take_over_the_members()
    page = (await suite.http.get("/v1/members")).json()
    yield Polls(suite, [member["id"] for member in page["items"]])


@asynccontextmanager
async def in_topology(
    name: str, postgres: TestPostgres, request: pytest.FixtureRequest
) -> AsyncIterator[Polls]:
    """The polls in one process, or in one process a service over RabbitMQ."""
    if name == "embedded":
        async with embedded(postgres) as suite, polls(suite) as held:
            yield held
    else:
        async with (
            separate(postgres, request.getfixturevalue("rabbit")) as suite,
            polls(suite) as held,
        ):
            yield held


@pytest.mark.parametrize(
    "topology", ["embedded", pytest.param("separate", marks=pytest.mark.rabbit)]
)
async def test_fifty_votes_of_one_unit_at_once_are_kept_and_the_last_one_counts(
    topology: str, postgres: TestPostgres, request: pytest.FixtureRequest
) -> None:
    """P39, reliability 8.6: 78: "double cast × 50 at once", over real connections in either topology."""
    async with in_topology(topology, postgres, request) as held:
        path = await held.opened()
        unit, *others = held.units
        answers = await asyncio.gather(
            *(held.vote(unit, path, CHOICES[n % 3]) for n in range(50)),
            *(held.vote(other, path, "for") for other in others),
        )
        assert {answer.status_code for answer in answers} == {200}
        await held.suite.advance(VOTING_DAYS)
        record = await eventually(lambda: held.record(path))
        receipts = [answer.json() for answer in answers]
        assert verify(record, receipts=receipts).faults == []
        own = [vote for vote in record["votes"] if vote["unit"] == unit]
        assert {v["sequence"] for v in own} == {
            r["sequence"] for r in receipts if r["unit"] == unit
        }
        called = {c["unit"]: c["choice"] for c in record["roll_call"]}
        assert called == {**dict.fromkeys(others, "for"), unit: own[-1]["choice"]}
        assert (await held.vote(unit, path, "for")).status_code == 409


@pytest.mark.rabbit
@pytest.mark.parametrize("down", ["membership", "broker"])
async def test_a_ballot_is_closed_whoever_is_down_and_its_result_comes_once_all_are_back(
    down: str, postgres: TestPostgres, breakable_rabbit: RabbitNode
) -> None:
    """A5: "From the closing second on votes are refused and the ballot shows closed, whatever process or broker is down;
    the result is established when membership has certified the roll as of the close".
    """
    async with separate(postgres, breakable_rabbit) as suite, polls(suite) as held:
        path = await held.opened()
        for unit in held.units[:6]:
            assert (await held.vote(unit, path, "for")).status_code == 200
        await suite.kill("amendments")
        receipts = [(await held.vote(unit, path, "for")).json() for unit in held.units[:9]]
        if down == "broker":
            await asyncio.to_thread(breakable_rabbit.kill)
        else:
            await suite.stop("membership")
        await _let_time_pass(suite, VOTING_DAYS)
        officer = held.officer("ballot-officer", Role.BALLOT_OFFICER)
        for _ in range(2):
            late = await held.vote(held.units[10], path, "for")
            assert (late.status_code, late.json()["code"]) == (409, "voting_closed")
            assert (await officer.get(path))["status"] == "closed"
            assert await held.record(path) is None
            if down != "broker":
                await suite.kill("amendments")
        if down == "broker":
            await asyncio.to_thread(breakable_rabbit.start)
        else:
            await suite.kill("membership")
        record = await eventually(lambda: held.record(path), within=90)
        assert verify(record, receipts=receipts).faults == []
        assert (record["closing"]["outcome"], len(record["votes"])) == ("adopted", 9)
        async with suite.databases["amendments"].begin() as work:
            told = await work.db.exec_driver_sql(
                "SELECT count(*) FROM outgoing_events"
                " WHERE type = 'amendments.ballot.result_established.v1'"
            )
            assert told.scalar_one() == 1


async def _let_time_pass(suite: SeparateSuite, days: int) -> None:
    """Procedure time runs on in every database, while nobody there does anything about it."""
    for database in suite.databases.values():
        async with database.begin() as work:
            await work.db.exec_driver_sql(
                f"UPDATE test_clock SET advance = advance + interval '{days} days'"
            )
