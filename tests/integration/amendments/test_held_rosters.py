"""Whoever conducts a ballot holds the roster first, then everything else in one order (A5, M8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from deploy.verify import verify
from services.amendments.domain.ballot import RollPurpose
from services.amendments.usecases.certification import go_on_with_waiting
from shared.contracts.membership import Ending, MemberAcceded, RollCertified
from shared.db.roster import start_over
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    awaiting,
    certified,
    certify,
    closed,
    moment,
    opened,
    path_of,
    read,
    record,
    roll_call,
    vote,
    votes,
    waits,
)
from tests.integration.amendments.proposing import if_match


@asynccontextmanager
async def kept_waiting(house: House, table: str) -> AsyncIterator[None]:
    """Whatever comes to read or write ``table`` waits there."""
    async with house.database.begin() as work:
        await work.db.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


async def read_again(house: House) -> None:
    """The roster is forgotten."""
    async with house.database.begin() as work:
        await start_over(work)


async def test_a_roster_is_not_forgotten_while_a_ballot_opens_on_it(convened: House) -> None:
    """Decisions: "Votes are taken only after watermark and digest agree": with the roll that is then written down."""
    units = await convened.members(4)
    ballot = await awaiting(convened)
    async with kept_waiting(convened, "ballot_electors"):
        opening = asyncio.create_task(certify(convened, ballot, RollPurpose.OPENING))
        await waits(convened, opening)
        forgetting = asyncio.create_task(read_again(convened))
        await waits(convened, forgetting, count=2)
    await asyncio.gather(opening, forgetting)
    assert (await read(convened, ballot))["status"] == "open"
    assert await convened.scalar("SELECT count(*) FROM ballot_electors") == 4
    await convened.tell_again()
    assert (await vote(convened, ballot, units[0])).status_code == 200


async def test_a_roster_is_not_forgotten_while_a_result_is_established_by_it(
    convened: House,
) -> None:
    """The certificate is of one roster: departures, closing roll and names agree, and the record holds."""
    units = await convened.members(4)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:3])
    await polling.advance(convened, 1)
    await convened.end(units[3], Ending.WITHDRAWN)
    await closed(convened, ballot)
    async with kept_waiting(convened, "ended_mandates"):
        closing = asyncio.create_task(certify(convened, ballot, RollPurpose.CLOSE))
        await waits(convened, closing)
        forgetting = asyncio.create_task(read_again(convened))
        await waits(convened, forgetting, count=2)
    await asyncio.gather(closing, forgetting)
    await convened.tell_again()
    assert (await record(convened, ballot))["closing"]["departed"] == [units[3]]
    assert verify(await record(convened, ballot)).faults == []
    assert verify(await roll_call(convened, ballot)).faults == []


async def test_a_roll_heard_with_changes_of_the_register_and_a_timer_do_not_block_each_other(
    convened: House,
) -> None:
    """A batch of events is one transaction: it judged votes, and then takes the roll of a ballot that a timer looks at."""
    await convened.members(3)
    ballot = await opened(convened)
    await closed(convened, ballot)
    roll = certified(convened, ballot["id"], RollPurpose.CLOSE, moment(ballot["closes_at"]))
    convened.register.accede(None)

    async def timer() -> None:
        async with convened.database.begin() as work:
            await go_on_with_waiting(work, ballot["id"])

    async with convened.database.begin() as work:
        for reaction in convened.service.reactions[MemberAcceded]:
            await reaction.handle(work, convened.register.changes)
        looking = asyncio.create_task(timer())
        await waits(convened, looking)
        for reaction in convened.service.reactions[RollCertified]:
            await reaction.handle(work, [roll])
    await looking
    assert (await read(convened, ballot))["status"] == "established"


async def test_a_roll_heard_before_changes_of_the_register_and_an_extension_do_not_block_each_other(
    convened: House,
) -> None:
    """The same with the events the other way round, while the ballot officer lengthens the ballot."""
    await convened.members(3)
    ballot = await opened(convened)
    roll = certified(convened, ballot["id"], RollPurpose.OPENING, None)
    convened.register.accede(None)
    path = f"{path_of(ballot)}/extension"
    body = {"closes_on": "2199-12-31", "reason": "中断。"}
    async with convened.database.begin() as work:
        for reaction in convened.service.reactions[RollCertified]:
            await reaction.handle(work, [roll])
        extending = asyncio.create_task(
            convened.ballot_officer.ask("POST", path, body, headers=if_match(ballot))
        )
        await waits(convened, extending)
        for reaction in convened.service.reactions[MemberAcceded]:
            await reaction.handle(work, convened.register.changes)
    assert (await extending).status_code == 200


async def test_a_roster_that_differs_is_forgotten_while_news_of_the_register_arrives(
    convened: House,
) -> None:
    """Forgetting it takes the roster before the ballot for which that is done, as whoever takes changes in does."""
    await convened.members(3)
    ballot = await opened(convened)
    await closed(convened, ballot)
    await certify(convened, ballot, RollPurpose.CLOSE, digest="0" * 64)
    convened.register.accede(None)
    keep, judge = convened.service.reactions[MemberAcceded]
    async with convened.database.begin() as work:
        await keep.handle(work, convened.register.changes)
        forgetting = asyncio.create_task(convened.run_timer("rebuild_differing_roster"))
        await waits(convened, forgetting)
        await judge.handle(work, convened.register.changes)
    assert await forgetting == 1
    assert await convened.scalar("SELECT watermark FROM roster_state") == 0
