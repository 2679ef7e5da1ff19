"""A record as long as its roll is read and sent piece by piece, and says the same (A5)."""

import json
import tracemalloc
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from services.amendments.domain.errors import RosterNotReady
from services.amendments.usecases import records
from shared.contracts.base import RegisterChange
from shared.contracts.membership import MemberAcceded
from shared.db.roster import start_over
from shared.db.work import Work
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    established,
    opened,
    path_of,
    record,
    roll_call,
    vote,
    votes,
)
from tests.integration.amendments.proposing import code_of

MADE_UP = 40_000
ENLARGE = (
    "INSERT INTO ballot_electors (ballot_id, member_id, period_id)"
    " SELECT :id, 'mem_' || md5(g::text), 'per_' || md5(g::text) FROM generate_series(1, :count) AS g",
    "INSERT INTO votes (ballot_id, sequence, member_id, choice, acted_at, mandate_id, acted_by, salt, leaf, head, stands)"
    " SELECT :id, 10 + g, 'mem_' || md5(g::text), 'for', now(), 'rep_' || md5(g::text), 'https://issuer.test|x',"
    "  decode(md5(g::text), 'hex'), sha256(g::text::bytea), sha256(g::text::bytea), true"
    " FROM generate_series(1, :count) AS g",
)


@pytest.mark.parametrize("together", [1, 3, 4, 5_000])
async def test_a_record_is_the_same_in_whatever_pieces_it_is_read(
    convened: House, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    units = await convened.members(4)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:3])
    await vote(convened, ballot, units[0], "against")
    await established(convened, ballot)
    whole = await record(convened, ballot), await roll_call(convened, ballot)
    monkeypatch.setattr(records, "READ_TOGETHER", together)
    assert (await record(convened, ballot), await roll_call(convened, ballot)) == whole
    assert [called["unit"] for called in whole[1]["roll_call"]] == sorted(units)
    assert [cast["sequence"] for cast in whole[0]["votes"]] == [1, 2, 3, 4]


async def test_the_members_edition_waits_for_a_roster_that_is_read_anew(convened: House) -> None:
    """The public one names nobody: it is given all the while."""
    units = await convened.members(4)
    ballot = await opened(convened)
    await votes(convened, ballot, units[:3])
    await established(convened, ballot)
    whole = await roll_call(convened, ballot)
    async with convened.database.begin() as work:
        await start_over(work)
    path = f"{path_of(ballot)}/roll-call"
    assert code_of(await convened.secretary.ask("GET", path)) == (409, "roster_not_ready")
    await record(convened, ballot)
    await hand_over(convened, convened.register.changes[:-1])
    assert code_of(await convened.secretary.ask("GET", path)) == (409, "roster_not_ready")
    await convened.tell_again()
    assert await roll_call(convened, ballot) == whole


@pytest.mark.parametrize("reread", [0, 3])
async def test_a_roster_that_is_forgotten_meanwhile_breaks_the_record_off(
    convened: House, monkeypatch: pytest.MonkeyPatch, reread: int
) -> None:
    """Also where it knows a name by then, which the unit bore at another time: never a whole document that is wrong."""
    monkeypatch.setattr(records, "READ_TOGETHER", 1)
    units = sorted(convened.register.accede() for _ in range(3))
    for unit in units:
        convened.register.change_particulars(unit, name="后名")
    await convened.tell()
    ballot = await established(convened, await opened(convened))
    async with convened.database.begin() as work:
        members = await records.record_of(work, ballot["id"], for_members=True)
    pieces = members.pieces(convened.database)
    begun = [await anext(pieces), await anext(pieces)]
    assert units[0].encode() in begun[1]
    async with convened.database.begin() as work:
        await start_over(work)
    await hand_over(convened, convened.register.changes[:reread])
    with pytest.raises(RosterNotReady):
        await anext(pieces)


async def hand_over(house: House, changes: Sequence[RegisterChange]) -> None:
    """Changes of the register are told again, as far as they have come."""
    async with house.database.begin() as work:
        for reaction in house.service.reactions[MemberAcceded]:
            await reaction.handle(work, changes)


async def test_a_record_without_votes_has_none(convened: House) -> None:
    await convened.members(1)
    ballot = await established(convened, await opened(convened))
    assert (await record(convened, ballot))["votes"] == []
    answer = await convened.public.ask("GET", f"{path_of(ballot)}/record")
    assert answer.headers["content-type"] == "application/json"


async def test_the_memory_that_a_record_takes_does_not_grow_with_its_votes(
    convened: House,
) -> None:
    await convened.members(2)
    ballot = await established(convened, await opened(convened))
    async with convened.database.begin() as work:
        await _enlarge(work, ballot["id"])
    async with convened.database.begin() as work:
        long = await records.record_of(work, ballot["id"], for_members=False)
    size, last = 0, b""
    tracemalloc.start()
    try:
        async for piece in long.pieces(convened.database):
            size, last = size + len(piece), piece
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert last == b"]}"
    assert size > 16_000_000
    assert peak < size, json.dumps({"size": size, "peak": peak})


async def _enlarge(work: Work, ballot_id: str) -> None:
    for statement in ENLARGE:
        await work.db.execute(text(statement), {"id": ballot_id, "count": MADE_UP})
