"""The public record of a ballot, in its two editions (A5)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.amendments.domain.ballot import CertifiedRoll
from services.amendments.domain.errors import RosterNotReady
from services.amendments.domain.record import (
    Facts,
    called_facts,
    opening_facts,
    record_frame,
    vote_facts,
)
from services.amendments.store import ballots, electors, votes
from shared.db.roster import hold_watermark
from shared.db.work import Database, Work
from shared.kernel.chain import canonical
from shared.kernel.errors import NotFound

READ_TOGETHER = 5_000


@dataclass(frozen=True, slots=True)
class Record:
    """The record of an established result, written piece by piece: it is as long as its roll and all its votes.

    Neither changes any more, so each piece is read in a transaction of its own, and none waits for a slow reader.
    Names are read from the roster, which may be forgotten and read anew meanwhile: then the record breaks off, and
    whoever reads it gets no whole document.
    """

    ballot_id: str
    roll: CertifiedRoll
    frame: Facts
    for_members: bool

    async def pieces(self, database: Database) -> AsyncIterator[bytes]:
        """The record as JSON, in bytes that follow one another."""
        yield canonical(self.frame)[:-1] + b',"roll_call":['
        async for piece in _items(database, self._roll_call, "unit", ""):
            yield piece
        yield b'],"votes":['
        async for piece in _items(database, self._votes, "sequence", 0):
            yield piece
        yield b"]}"

    async def _roll_call(self, work: Work, after: str) -> list[Facts]:
        called = await electors.called_after(work, self.ballot_id, after, READ_TOGETHER)
        names = None
        if self.for_members:
            await _check_named(work, self.roll)
            names = await electors.names(work, self.roll, [one.unit for one in called])
        return [called_facts(one, names) for one in called]

    async def _votes(self, work: Work, after: int) -> list[Facts]:
        links = await votes.links_after(work, self.ballot_id, after, READ_TOGETHER)
        return [vote_facts(link) for link in links]


async def record_of(work: Work, ballot_id: str, *, for_members: bool) -> Record:
    """The record that anyone can recount; refuses with ``NotFound`` until the result is established.

    The members' one is refused with ``RosterNotReady`` while the roster does not reach the opening roll.
    """
    certificate = await ballots.certificate_of(work, ballot_id)
    ballot = await ballots.find_ballot(work, ballot_id)
    if ballot.opening is None:
        raise NotFound
    if for_members:
        await _check_named(work, ballot.opening)
    opening = opening_facts(ballot.id, ballot.subject, ballot.rule, ballot.opening)
    frame = record_frame(opening, certificate, for_members=for_members)
    return Record(ballot.id, ballot.opening, frame, for_members)


async def _check_named(work: Work, roll: CertifiedRoll) -> None:
    """Refuse while the roster does not know what the units of a roll were called; it knows it until this work ends."""
    if (await hold_watermark(work)).version < roll.register_version:
        raise RosterNotReady


async def _items(
    database: Database,
    read: Callable[[Work, Any], Awaitable[Sequence[Facts]]],
    key: str,
    start: str | int,
) -> AsyncIterator[bytes]:
    """The items of a JSON list; ``read`` gives the next of them after one, in the order of what they have at ``key``."""
    after: object = start
    separator = b""
    while True:
        async with database.begin() as work:
            items = await read(work, after)
        if not items:
            return
        yield separator + b",".join(map(canonical, items))
        after, separator = items[-1][key], b","
