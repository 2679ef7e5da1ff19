"""A membership is over from the instant at which its ending took effect, whenever that was recorded or heard of (A5, M3)."""

from datetime import date, timedelta

import pytest

from deploy.verify import verify
from shared.contracts.base import Event
from shared.contracts.membership import (
    Ending,
    MemberEnded,
    MemberEndingAnnounced,
    MemberEndingRetracted,
)
from shared.db.roster import start_over
from shared.kernel.terms import civil_day, start_of
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    at,
    established,
    moment,
    opened,
    record,
    vote,
)
from tests.integration.amendments.proposing import Json
from tests.support.postgres import ZONE

HOUR = timedelta(hours=1)
NOTICED = (Ending.WITHDRAWN, Ending.MERGED, Ending.DISSOLVED)


async def choices(house: House, unit: str) -> list[tuple[str, bool, bool]]:
    """Every vote of the unit, the first one first: what it says, whether it stands, whether it is void."""
    kept = "SELECT json_agg(json_build_array(choice, stands, is_void) ORDER BY sequence) FROM votes"
    found = await house.scalar(f"{kept} WHERE member_id = :unit", unit=unit) or []
    return [tuple(one) for one in found]


def day_in(ballot: Json, count: int) -> date:
    """The civil day so many days after the opening."""
    return civil_day(moment(ballot["opened_at"]), ZONE) + timedelta(days=count)


@pytest.mark.parametrize("ending", NOTICED)
@pytest.mark.parametrize("news_first", [True, False])
async def test_a_vote_after_an_announced_ending_took_effect_counts_in_no_order_of_arrival(
    convened: House, ending: Ending, news_first: bool
) -> None:
    """Edge cases 10, 30. Membership was down from the day of the ending on, and recorded it two days later."""
    unit, *others = await convened.members(4)
    ballot = await opened(convened)
    last_day = day_in(ballot, 3)
    await at(convened, start_of(last_day, ZONE), by=-HOUR)
    assert (await vote(convened, ballot, unit, "for")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=HOUR)
    assert (await vote(convened, ballot, unit, "against")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=50 * HOUR)
    convened.register.end(unit, ending, since=last_day)
    if news_first:
        await convened.tell()
    answer = await vote(convened, ballot, unit, "abstain")
    assert answer.status_code == (404 if news_first else 200)
    await convened.tell()
    found = await choices(convened, unit)
    assert found[0] == ("for", True, False)
    assert all(later[1:] == (False, True) for later in found[1:])
    assert (await vote(convened, ballot, others[0], "for")).status_code == 200
    await established(convened, ballot)
    official = (await record(convened, ballot))["closing"]["official"]
    assert (official["for"], official["against"], official["abstain"]) == (2, 0, 0)
    assert verify(await record(convened, ballot)).faults == []


async def announce(house: House, event: Event) -> None:
    """Membership tells what is to come."""
    async with house.database.begin() as work:
        for reaction in house.service.reactions[type(event)]:
            await reaction.handle(work, [event])


@pytest.mark.parametrize("news_first", [True, False])
async def test_what_was_announced_for_a_day_is_over_as_it_begins_though_recorded_in_its_course(
    convened: House, news_first: bool
) -> None:
    """Decisions: "An ending on a later day takes effect at 00:00 of that day"; membership was down until nine."""
    unit, _ = await convened.members(2)
    ballot = await opened(convened)
    last_day = day_in(ballot, 3)
    coming = MemberEndingAnnounced(member_id=unit, ending=Ending.WITHDRAWN, effective_on=last_day)
    await announce(convened, coming)
    await announce(convened, coming)
    await at(convened, start_of(last_day, ZONE), by=-HOUR)
    assert (await vote(convened, ballot, unit, "for")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=HOUR)
    assert (await vote(convened, ballot, unit, "against")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=9 * HOUR)
    convened.register.end(unit)
    if news_first:
        await convened.tell()
    answer = await vote(convened, ballot, unit, "abstain")
    assert answer.status_code == (404 if news_first else 200)
    await convened.tell()
    found = await choices(convened, unit)
    assert found[0] == ("for", True, False)
    assert {later[1:] for later in found[1:]} == {(False, True)}


async def test_both_are_known_in_time_where_announcement_and_ending_are_heard_together(
    convened: House,
) -> None:
    """After an outage of the broker; also when the whole register is told again."""
    unit, _ = await convened.members(2)
    ballot = await opened(convened)
    last_day = day_in(ballot, 3)
    await at(convened, start_of(last_day, ZONE), by=HOUR)
    assert (await vote(convened, ballot, unit, "for")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=9 * HOUR)
    convened.register.end(unit)
    coming = MemberEndingAnnounced(member_id=unit, ending=Ending.WITHDRAWN, effective_on=last_day)
    keep, judge = convened.service.reactions[MemberEnded]
    async with convened.database.begin() as work:
        await keep.handle(work, [coming, convened.register.changes[-1]])
        await judge.handle(work, convened.register.changes[-1:])
    assert await choices(convened, unit) == [("for", False, True)]
    async with convened.database.begin() as work:
        await start_over(work)
    await convened.tell_again()
    assert await choices(convened, unit) == [("for", False, True)]


async def test_an_ending_that_was_taken_back_dates_no_other(convened: House) -> None:
    """Edge case 6: "revocable until then"; the unit withdraws at once on the same day instead."""
    unit, _ = await convened.members(2)
    ballot = await opened(convened)
    last_day = day_in(ballot, 3)
    for event in (
        MemberEndingAnnounced(member_id=unit, ending=Ending.WITHDRAWN, effective_on=last_day),
        MemberEndingRetracted(member_id=unit, effective_on=last_day),
    ):
        await announce(convened, event)
    await at(convened, start_of(last_day, ZONE), by=HOUR)
    assert (await vote(convened, ballot, unit, "for")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=9 * HOUR)
    convened.register.end(unit)
    await convened.tell()
    assert await choices(convened, unit) == [("for", True, False)]


async def test_what_ends_at_once_ends_as_it_is_recorded(convened: House) -> None:
    """Edge case 6: "Withdrawal: effective on receipt"; a vote of the same morning stands."""
    unit, _ = await convened.members(2)
    ballot = await opened(convened)
    await at(convened, start_of(day_in(ballot, 2), ZONE), by=9 * HOUR)
    assert (await vote(convened, ballot, unit, "for")).status_code == 200
    await at(convened, start_of(day_in(ballot, 2), ZONE), by=15 * HOUR)
    convened.register.end(unit)
    assert (await vote(convened, ballot, unit, "against")).status_code == 200
    await convened.tell()
    assert await choices(convened, unit) == [("for", True, False), ("against", False, True)]


async def test_a_cancellation_voids_no_vote_of_the_day_on_which_it_took_effect(
    convened: House,
) -> None:
    """Edge case 10: "a vote already cast stays counted". The instant is not told; by the end of its day it is over."""
    unit, _ = await convened.members(2)
    ballot = await opened(convened)
    last_day = day_in(ballot, 2)
    await at(convened, start_of(last_day, ZONE), by=9 * HOUR)
    assert (await vote(convened, ballot, unit, "for")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=25 * HOUR)
    assert (await vote(convened, ballot, unit, "against")).status_code == 200
    await at(convened, start_of(last_day, ZONE), by=30 * HOUR)
    convened.register.end(unit, Ending.CANCELLED, since=last_day)
    await convened.tell()
    assert await choices(convened, unit) == [("for", True, False), ("against", False, True)]
