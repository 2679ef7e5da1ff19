"""How ballots are called, opened, voted in and closed in the tests; membership is played, with the made-up register."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.amendments.domain.ballot import RollPurpose
from shared.contracts.membership import MemberAcceded, MemberEnded, RollCertified
from shared.kernel.chain import roll_digest
from shared.kernel.ids import new_id
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import Json, days, propose
from tests.support.eventually import eventually
from tests.support.register import MadeUpRegister

RESULT = "amendments.ballot.result_established.v1"
MICROSECOND = timedelta(microseconds=1)


async def called(house: House, proposal: Json | None = None) -> Json:
    """A ballot on ``proposal``, or on the organ's."""
    proposal = proposal or await propose(house.secretary)
    made: Json = await house.ballot_officer.post(
        f"/v1/proposals/{proposal['id']}/ballot", expect=201
    )
    return made


async def awaiting(house: House, proposal: Json | None = None) -> Json:
    """A ballot whose notice has run: the roll of its opening is asked for."""
    ballot = await called(house, proposal)
    await at(house, ballot["notice_ends_at"])
    assert await house.run_timer("end_due_notices") == 1
    return ballot


async def opened(house: House, proposal: Json | None = None) -> Json:
    """A ballot that is open on all who are members."""
    ballot = await awaiting(house, proposal)
    await certify(house, ballot, RollPurpose.OPENING)
    shown = await read(house, ballot)
    assert shown["status"] == "open", shown
    return shown


async def vote(house: House, ballot: Json, unit: str, choice: str = "for") -> httpx.Response:
    """The unit's representative votes."""
    return await house.as_member(unit).ask("PUT", f"{path_of(ballot)}/vote", {"choice": choice})


async def votes(house: House, ballot: Json, units: Sequence[str], choice: str = "for") -> None:
    """Each of the units votes alike."""
    for answer in await asyncio.gather(*(vote(house, ballot, unit, choice) for unit in units)):
        assert answer.status_code == 200, answer.text


async def closed(house: House, ballot: Json) -> Json:
    """The ballot when its last second is over and the roll of the close has been asked for."""
    await at(house, (await read(house, ballot))["closes_at"])
    assert await house.run_timer("close_due_ballots") == 1
    return await read(house, ballot)


async def established(house: House, ballot: Json) -> Json:
    """The ballot with its result."""
    await closed(house, ballot)
    await certify(house, ballot, RollPurpose.CLOSE)
    shown = await read(house, ballot)
    assert shown["status"] == "established", shown
    return shown


async def result(house: House, ballot: Json) -> Json:
    """The certificate of its result."""
    shown: Json = await house.secretary.get(f"{path_of(ballot)}/result")
    return shown


async def record(house: House, ballot: Json) -> Json:
    """The public record, as anyone gets it."""
    shown: Json = await house.public.get(f"{path_of(ballot)}/record")
    return shown


async def roll_call(house: House, ballot: Json) -> Json:
    """The members' edition of the record."""
    shown: Json = await house.secretary.get(f"{path_of(ballot)}/roll-call")
    return shown


async def read(house: House, ballot: Json) -> Json:
    """The ballot as the ballot officer sees it now."""
    shown: Json = await house.ballot_officer.get(path_of(ballot))
    return shown


async def certify(house: House, ballot: Json, purpose: RollPurpose, **but: Any) -> RollCertified:
    """Membership certifies the roll that was asked for last, ``but`` for what is to be wrong with it."""
    roll = certified(house, ballot["id"], purpose, await _asked(house, ballot, purpose), **but)
    await hand_over(house, roll)
    return roll


async def hand_over(house: House, roll: RollCertified) -> None:
    """The ballot is told of a certified roll."""
    async with house.database.begin() as work:
        for reaction in house.service.reactions[RollCertified]:
            await reaction.handle(work, [roll])


def certified(
    house: House, ballot_id: str, purpose: RollPurpose, instant: datetime | None, **but: Any
) -> RollCertified:
    """What membership certifies, ``but`` for what is to be wrong with it."""
    register = house.register
    at = instant or register.now
    version = version_at(register, at) if instant else register.version
    members = members_of(register, version)
    return RollCertified(
        **{
            "ballot_id": ballot_id,
            "roll_id": new_id("rol"),
            "purpose": purpose.value,
            "instant": at,
            "register_version": version,
            "register_head": register.changes[version - 1].register_head,
            "count": len(members),
            "digest": roll_digest(members),
            "certified_at": register.now,
            **but,
        }
    )


def version_at(register: MadeUpRegister, instant: datetime) -> int:
    """The last version recorded before ``instant``."""
    return max(c.register_version for c in register.changes if c.recorded_at < instant)


def members_of(register: MadeUpRegister, version: int) -> list[str]:
    """Who was a member at a version."""
    members: set[str] = set()
    for change in register.changes[:version]:
        if isinstance(change, MemberAcceded):
            members.add(change.member_id)
        elif isinstance(change, MemberEnded):
            members.discard(change.member_id)
    return sorted(members)


async def at(house: House, instant: str | datetime, *, by: timedelta = timedelta()) -> None:
    """Let procedure time run to an instant, and ``by`` beyond it."""
    when = instant if isinstance(instant, datetime) else moment(instant)
    machine: datetime = await house.scalar("SELECT clock_timestamp()")
    await house.advance(when + by - machine)


def moment(text: str) -> datetime:
    """An instant as the API writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


async def advance(house: House, count: float) -> None:
    """So many days later than now."""
    now: datetime = await house.scalar("SELECT procedure_now()")
    await at(house, now, by=days(1) * count)


async def waits(house: House, *tasks: "asyncio.Task[Any]", count: int = 1) -> None:
    """So many transactions wait for a lock, or one of ``tasks`` is over without having waited."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def probe() -> bool:
        return any(task.done() for task in tasks) or await house.scalar(waiting) >= count

    await eventually(probe)


async def _asked(house: House, ballot: Json, purpose: RollPurpose) -> datetime | None:
    asked = [
        event
        for event in await house.announced("amendments.roll.requested.v1")
        if event["ballot_id"] == ballot["id"] and event["purpose"] == purpose.value
    ]
    instant = asked[-1]["instant"]
    return None if instant is None else moment(instant)


def path_of(ballot: Json) -> str:
    """Where it stands."""
    return f"/v1/ballots/{ballot['id']}"
