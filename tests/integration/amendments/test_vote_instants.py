"""Which votes are taken while a clock, or the roster, is not where it was (A5; edge cases 13, 30)."""

from datetime import timedelta

from deploy.verify import verify
from services.amendments.domain.ballot import RollPurpose
from shared.contracts.membership import Ending, MemberAcceded
from shared.db.roster import start_over
from shared.kernel.terms import civil_day, start_of
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    at,
    awaiting,
    certified,
    certify,
    closed,
    established,
    hand_over,
    moment,
    opened,
    path_of,
    read,
    record,
    vote,
    votes,
)
from tests.integration.amendments.proposing import code_of
from tests.support.postgres import ZONE

HOUR = timedelta(hours=1)
STANDING = "SELECT count(*) FROM votes WHERE stands AND member_id = :unit"


async def register_told_up_to(house: House, version: int) -> None:
    """The roster has been forgotten, and the register told again so far."""
    async with house.database.begin() as work:
        await start_over(work)
    async with house.database.begin() as work:
        for reaction in house.service.reactions[MemberAcceded]:
            await reaction.handle(work, house.register.changes[:version])


async def test_no_vote_is_taken_before_the_instant_of_the_opening(convened: House) -> None:
    """Edge case 13: "opening instant included"; membership's clock, which says that instant, was ahead."""
    units = await convened.members(2)
    ballot = await awaiting(convened)
    roll = certified(convened, ballot["id"], RollPurpose.OPENING, None)
    ahead = roll.model_copy(update={"instant": convened.register.now + HOUR})
    await hand_over(convened, ahead)
    shown = await read(convened, ballot)
    assert (shown["status"], moment(shown["opened_at"])) == ("open", ahead.instant)
    own = await convened.as_member(units[0]).get(path_of(ballot))
    assert own["allowed_actions"] == []
    assert code_of(await vote(convened, ballot, units[0])) == (409, "voting_not_open")
    await at(convened, ahead.instant)
    await votes(convened, ballot, units)
    await established(convened, ballot)
    assert verify(await record(convened, ballot)).faults == []


async def test_a_vote_after_a_clock_was_set_back_has_the_instant_of_the_one_before(
    convened: House,
) -> None:
    """The chain is in the order of time, or its record would not hold."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await polling.advance(convened, 2)
    first = (await vote(convened, ballot, units[0])).json()
    await polling.advance(convened, -1)
    second = (await vote(convened, ballot, units[1])).json()
    third = (await vote(convened, ballot, units[0], "against")).json()
    assert first["acted_at"] == second["acted_at"] == third["acted_at"]
    await polling.advance(convened, 2)
    last = (await vote(convened, ballot, units[2])).json()
    assert moment(last["acted_at"]) > moment(first["acted_at"])
    await established(convened, ballot)
    assert verify(await record(convened, ballot)).faults == []


async def test_while_a_roster_is_read_again_no_vote_is_taken_that_it_would_not_judge(
    convened: House,
) -> None:
    """Edge case 30: what was known of mandates when votes were last judged is known before the next one is taken."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await polling.advance(convened, 1)
    convened.register.remove(units[0], convened.mandates[units[0]])
    await convened.tell()
    assert (await vote(convened, ballot, units[0])).status_code == 404
    await register_told_up_to(convened, convened.register.version - 1)
    for unit in units:
        assert code_of(await vote(convened, ballot, unit)) == (409, "roster_not_ready")
    await convened.tell_again()
    assert (await vote(convened, ballot, units[0])).status_code == 404
    assert (await vote(convened, ballot, units[1])).status_code == 200


async def test_while_a_roster_is_read_again_no_result_is_established_by_half_of_it(
    convened: House,
) -> None:
    """An ending that took effect before the close was recorded after it: a vote that it voided does not revive."""
    units = await convened.members(3)
    ballot = await opened(convened)
    last_day = civil_day(moment(ballot["opened_at"]), ZONE) + timedelta(days=3)
    await at(convened, start_of(last_day, ZONE), by=HOUR)
    await votes(convened, ballot, units[:2])
    await closed(convened, ballot)
    await at(convened, ballot["closes_at"], by=HOUR)
    convened.register.end(units[0], Ending.WITHDRAWN, since=last_day)
    await convened.tell()
    assert await convened.scalar(STANDING, unit=units[0]) == 0
    await register_told_up_to(convened, convened.register.version - 1)
    await certify(convened, ballot, RollPurpose.CLOSE)
    shown = await read(convened, ballot)
    assert (shown["status"], shown["waiting_for"]) == ("closed", "roster_behind")
    await convened.tell_again()
    assert await convened.run_timer("go_on_with_waiting_ballots") == 1
    assert await convened.scalar(STANDING, unit=units[0]) == 0
    assert verify(await record(convened, ballot)).faults == []
