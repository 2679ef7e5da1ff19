"""What other services announce: bulletins become notices by themselves, the rulebook is kept (N2, M7)."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.notifications.domain.errors import RosterBehind
from services.notifications.reactions import when_bulletin_published_give_notice
from shared.contracts.amendments import RulebookInForce
from shared.contracts.base import Envelope, Event, envelope
from shared.contracts.membership import BulletinPublished
from shared.kernel.ids import new_id
from tests.integration.notifications.conftest import House
from tests.support.parts import hear


def _bulletin(house: House, **changes: Any) -> BulletinPublished:
    return BulletinPublished.model_validate(
        {
            "bulletin_id": new_id("bul"),
            "number": 12,
            "erratum_of": None,
            "from_day": date(2026, 2, 1),
            "to_day": date(2026, 2, 28),
            "members_count": 34,
            "joined_count": 2,
            "ceased_count": 1,
            "register_version": house.register.version,
            "register_head": house.register.head,
            **changes,
        }
    )


def _announced(house: House, event: Event, sequence: int = 1) -> Envelope:
    return envelope(event, id=new_id("evt"), sequence=sequence, time=house.register.now)


async def _tell(house: House, *envelopes: Envelope) -> None:
    await hear(house.database, house.service.reactions, envelopes)


async def test_a_bulletin_is_in_every_members_inbox(house: House) -> None:
    units = [await house.member() for _ in range(2)]
    bulletin = _bulletin(house)
    await _tell(house, _announced(house, bulletin))
    newcomer = await house.member()
    for unit in units:
        (item,) = await house.inbox(unit)
        assert (item["kind"], item["category"], item["mandatory"]) == (
            "bulletin",
            "register",
            False,
        )
        assert item["number"] == "B-000012"
        assert item["link"] == "http://suite.test/v1/bulletins/12"
        assert item["register_head"] == bulletin.register_head
    assert await house.inbox(newcomer) == []


async def test_an_erratum_is_a_notice_of_its_own(house: House) -> None:
    unit = await house.member()
    await _tell(house, _announced(house, _bulletin(house)))
    await _tell(house, _announced(house, _bulletin(house, number=13, erratum_of=12)))
    titles = [item["title"]["en"] for item in await house.inbox(unit)]
    assert titles == ["Member bulletin no. 13: erratum to no. 12", "Member bulletin no. 12"]


async def test_a_bulletin_announced_twice_is_in_the_inbox_once(house: House) -> None:
    """Exactly one notice an addressee and announcement, whatever is retried."""
    unit = await house.member()
    announced = _announced(house, _bulletin(house))
    await _tell(house, announced, announced)
    await _tell(house, announced)
    again = announced.model_copy(update={"id": new_id("evt"), "sequence": f"{2:012d}"})
    await _tell(house, again)
    assert await house.numbers_in(unit) == ["B-000012"]


async def test_a_bulletin_that_overtakes_the_register_waits_for_it(house: House) -> None:
    """Events may overtake each other: the audience is that of the bulletin's register version."""
    unit = await house.member()
    house.register.accede()
    ahead = _bulletin(house)
    await _tell(house, _announced(house, ahead))
    assert await house.inbox(unit) == []
    status = "SELECT status || ' ' || last_error FROM incoming_events"
    assert await house.scalar(status) == "pending roster_behind"
    await house.tell()
    async with house.database.begin() as work:
        await work.db.execute(text("UPDATE incoming_events SET next_attempt_at = now()"))
    await _tell(house)
    assert await house.numbers_in(unit) == ["B-000012"]


async def test_the_register_and_the_bulletin_may_arrive_in_one_batch(house: House) -> None:
    unit = house.register.accede()
    changes = house.register.announced(house.register.changes)
    await _tell(house, _announced(house, _bulletin(house)), *changes)
    assert await house.scalar("SELECT count(*) FROM notices") == 1
    assert await house.scalar("SELECT member_id FROM roster_periods") == unit


async def test_a_bulletin_ahead_of_the_roster_changes_nothing(house: House) -> None:
    async with house.database.begin() as work:
        with pytest.raises(RosterBehind):
            await when_bulletin_published_give_notice(work, _bulletin(house, register_version=9))
    assert await house.scalar("SELECT count(*) FROM notices") == 0


async def test_the_rulebook_in_force_decides_the_day_to_acknowledge_by(house: House) -> None:
    """The rulebook: every number that decides something is data, and says what it rests on."""
    unit = await house.member()
    entry = {
        "key": "circular.acknowledgement_term",
        "value": {"months": 0, "days": 3},
        "article": "19",
        "given_by": "house",
    }
    in_force = RulebookInForce.model_validate(
        {
            "rulebook_id": new_id("rbk"),
            "rulebook_version": 2,
            "in_force_at": house.register.now,
            "entries": [entry],
        }
    )
    await _tell(house, _announced(house, in_force))
    await house.issue(acknowledgement_required=True)
    (item,) = await house.inbox(unit)
    async with house.database.begin() as work:
        last_day = work.today + timedelta(days=3)
    assert item["acknowledge_by"] == {
        "on": last_day.isoformat(),
        "rule": "circular.acknowledgement_term",
        "article": "19",
        "rulebook_version": 2,
    }
