"""The roll of a ballot: who is a member, as of which register version, with a digest (M8)."""

from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.amendments import RollRequested
from shared.contracts.membership import RollCertified
from shared.kernel.actor import TOKEN_ROLES, Role
from shared.kernel.chain import roll_digest
from shared.kernel.ids import new_id
from shared.kernel.terms import start_of
from tests.integration.membership.office import DAY, Json, Office, Unit
from tests.support.postgres import ZONE

HOUR = timedelta(hours=1)


def request(
    purpose: Literal["opening", "close"] = "opening",
    instant: datetime | None = None,
    ballot_id: str | None = None,
) -> RollRequested:
    """A ballot asks for its roll."""
    return RollRequested(
        request_id=new_id("rrq"),
        ballot_id=ballot_id or new_id("bal"),
        purpose=purpose,
        instant=instant,
    )


async def certified(office: Office) -> Json:
    """The roll that was announced last."""
    return (await office.announced(RollCertified))[-1].data


def digest_of(*units: Unit) -> str:
    """The digest that a roll of these units must have."""
    return roll_digest(unit.member_id for unit in units)


async def test_the_roll_at_the_opening_names_everyone_who_is_a_member(office: Office) -> None:
    """M8: register version, count, digest; recomputed from the public register."""
    units = [await office.member() for _ in range(3)]
    await office.withdraw(units.pop())
    asked = request()
    await office.tell(office.amendments, asked)
    roll = await certified(office)
    assert (roll["ballot_id"], roll["purpose"]) == (asked.ballot_id, "opening")
    assert (roll["count"], roll["digest"]) == (2, digest_of(*units))
    listed = await office.pages(office.public, "/v1/members")
    assert roll["digest"] == roll_digest(member["id"] for member in listed)
    register = await office.public.get("/v1/register")
    assert roll["register_version"] == register["register_version"]
    assert roll["register_head"] == register["register_head"]
    assert roll["instant"] == roll["certified_at"]


async def test_a_roll_asked_for_twice_says_the_same(office: Office) -> None:
    """M8: "an unanswered … request is repeated"; the first answer stands whatever happened since."""
    await office.member()
    asked = request()
    await office.tell(office.amendments, asked)
    first = await certified(office)
    await office.member()
    await office.tell(office.amendments, asked)
    assert len(await office.announced(RollCertified)) == 2
    assert await certified(office) == first


async def test_the_roll_at_the_close_is_that_of_its_instant(office: Office) -> None:
    """M8: an ending that took effect before the instant counts although it was applied after it."""
    leaving, staying = await office.member(), await office.member()
    day = await office.today() + 5 * DAY
    await office.withdraw(leaving, day)
    opens = request()
    await office.tell(office.amendments, opens)
    assert (await certified(office))["count"] == 2
    await office.skip(8 * DAY)
    instant = start_of(day, ZONE) + 12 * HOUR
    closes = request("close", instant, opens.ballot_id)
    await office.tell(office.amendments, closes)
    roll = await certified(office)
    assert datetime.fromisoformat(roll["instant"]) == instant
    assert (roll["count"], roll["digest"]) == (1, digest_of(staying))
    assert datetime.fromisoformat(roll["certified_at"]) > instant


async def test_what_happens_after_the_instant_is_not_on_the_roll(office: Office) -> None:
    """M8: neither a unit that joined after the close nor the leaving of one that left after it."""
    leaving, staying = await office.member(), await office.member()
    instant = await office.now() + HOUR
    await office.advance(2 * HOUR)
    await office.withdraw(leaving)
    await office.member()
    asked = request("close", instant)
    await office.tell(office.amendments, asked)
    roll = await certified(office)
    assert (roll["count"], roll["digest"]) == (2, digest_of(leaving, staying))
    assert roll["register_version"] == 4
    assert roll["register_version"] < (await office.public.get("/v1/register"))["register_version"]


async def test_an_ending_at_the_very_instant_comes_after_it(office: Office) -> None:
    """Edge case 13 of amendments: the closing instant is excluded; what begins with it is not before it."""
    leaving = await office.member()
    day = await office.today() + 2 * DAY
    await office.withdraw(leaving, day)
    await office.skip(3 * DAY)
    await office.tell(office.amendments, request("close", start_of(day, ZONE)))
    assert (await certified(office))["count"] == 1
    just_after = start_of(day, ZONE) + timedelta(microseconds=1)
    await office.tell(office.amendments, request("close", just_after))
    assert (await certified(office))["count"] == 0


async def test_an_instant_that_has_not_come_is_certified_when_it_has(office: Office) -> None:
    """M8: "no vote is counted on a stale … roll": who will be a member then is not known yet."""
    unit = await office.member()
    instant = await office.now() + DAY
    (told,) = await office.tell(office.amendments, request("close", instant))
    assert await office.status_of(told) == ("pending", "instant_not_reached")
    assert await office.announced(RollCertified) == []
    await office.skip(DAY)
    await office.tried_again(told)
    assert (await certified(office))["digest"] == digest_of(unit)


async def test_the_electorate_of_nobody_is_certified_as_such(office: Office) -> None:
    await office.tell(office.amendments, request())
    roll = await certified(office)
    assert (roll["count"], roll["register_version"]) == (0, 0)
    assert roll["digest"] == roll_digest([])


async def test_a_certified_roll_is_read_by_those_who_run_ballots(office: Office) -> None:
    """M8: what was certified for which ballot; for all others it does not exist."""
    await office.member()
    await office.tell(office.amendments, request())
    roll = await certified(office)
    path = f"/v1/rolls/{roll['roll_id']}"
    officers = {Role.REGISTRAR, Role.BALLOT_OFFICER, Role.SECRETARY, Role.AUTHORITY}
    for role in sorted(officers):
        shown = await office.app.as_("officer", role).get(path)
        assert {name: shown[name] for name in ("digest", "count", "ballot_id", "instant")} == {
            name: roll[name] for name in ("digest", "count", "ballot_id", "instant")
        }
    for role in sorted(TOKEN_ROLES - officers):
        await office.app.as_("officer", role).get(path, expect=404)
    await office.public.get(path, expect=401)
    unknown = f"/v1/rolls/{new_id('rol')}"
    await office.app.as_("officer", Role.BALLOT_OFFICER).get(unknown, expect=404)
