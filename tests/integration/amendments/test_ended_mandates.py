"""Which votes are void when it is heard late that a mandate, or a membership, had ended (A5; edge cases 10, 30; M9)."""

from deploy.verify import verify
from services.amendments.domain.ballot import RollPurpose
from shared.contracts.membership import Ending
from shared.kernel.actor import Scope, Subject
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    certify,
    closed,
    established,
    opened,
    read,
    record,
    vote,
)
from tests.integration.amendments.proposing import Json
from tests.support.suite import ISSUER

VOIDED = "amendments.ballot.vote_voided.v1"


async def own_votes(house: House, ballot: Json, unit: str) -> list[tuple[str, bool, bool]]:
    """Every vote of a unit, the first one first: what it says, whether it stands, whether it is void."""
    kept = "SELECT json_agg(json_build_array(choice, stands, is_void) ORDER BY sequence) FROM votes"
    found = await house.scalar(f"{kept} WHERE member_id = :unit", unit=unit)
    return [tuple(one) for one in found]


async def appoint(house: House, unit: str, scope: Scope = Scope.VOTE) -> str:
    """The unit's representative gets a second mandate."""
    made: str = house.register.appoint(unit, Subject(ISSUER, f"rep of {unit}"), scope)
    await house.tell()
    return made


async def test_a_vote_is_good_where_another_mandate_of_whoever_cast_it_was_valid_then(
    convened: House,
) -> None:
    """Edge case 30: "Mandate expired when the vote was cast": of two, it is the other that lets it vote."""
    unit, _ = await convened.members(2)
    await appoint(convened, unit)
    ballot = await opened(convened)
    await polling.advance(convened, 1)
    used = (await vote(convened, ballot, unit, "against")).json()["mandate_id"]
    await polling.advance(convened, 0.01)
    convened.register.remove(unit, used)
    await polling.advance(convened, 0.01)
    assert (await vote(convened, ballot, unit, "for")).json()["mandate_id"] == used
    await convened.tell()
    assert await own_votes(convened, ballot, unit) == [
        ("against", False, False),
        ("for", True, False),
    ]
    assert await convened.announced(VOIDED) == []
    await established(convened, ballot)
    assert verify(await record(convened, ballot)).faults == []


async def test_a_vote_is_void_where_the_other_mandate_says_nothing_of_votes(
    convened: House,
) -> None:
    """M9: a mandate has scopes; one for circulars casts no vote, before the news or after it."""
    unit, _ = await convened.members(2)
    await appoint(convened, unit, Scope.CIRCULARS)
    ballot = await opened(convened)
    await polling.advance(convened, 1)
    convened.register.remove(unit, convened.mandates[unit])
    await vote(convened, ballot, unit)
    await convened.tell()
    assert await own_votes(convened, ballot, unit) == [("for", False, True)]


async def test_when_the_other_mandate_ends_too_what_was_cast_since_is_void(
    convened: House,
) -> None:
    """The record names one end of a mandate: from the first vote on that neither of the two let it cast."""
    unit, _ = await convened.members(2)
    other = await appoint(convened, unit)
    ballot = await opened(convened)
    await polling.advance(convened, 1)
    used = (await vote(convened, ballot, unit, "abstain")).json()["mandate_id"]
    unused = ({other, convened.mandates[unit]} - {used}).pop()
    for mandate, choice in ((used, "against"), (unused, "for")):
        await polling.advance(convened, 0.01)
        convened.register.remove(unit, mandate)
        await polling.advance(convened, 0.01)
        assert (await vote(convened, ballot, unit, choice)).json()["mandate_id"] == used
    await convened.tell()
    assert await own_votes(convened, ballot, unit) == [
        ("abstain", False, False),
        ("against", True, False),
        ("for", False, True),
    ]
    assert len(await convened.announced(VOIDED)) == 1
    await established(convened, ballot)
    assert verify(await record(convened, ballot)).faults == []


async def test_no_mandate_outlives_the_membership_it_was_given_in(convened: House) -> None:
    """Edge case 9: what a unit that had left cast afterwards is void, whichever of its mandates it was cast under."""
    unit, _ = await convened.members(2)
    await appoint(convened, unit)
    ballot = await opened(convened)
    await polling.advance(convened, 1)
    used = (await vote(convened, ballot, unit, "against")).json()["mandate_id"]
    await polling.advance(convened, 0.01)
    convened.register.end(unit)
    convened.register.remove(unit, used)
    await polling.advance(convened, 0.01)
    await vote(convened, ballot, unit, "for")
    await convened.tell()
    assert await own_votes(convened, ballot, unit) == [
        ("against", True, False),
        ("for", False, True),
    ]


async def test_only_a_cancellation_before_the_close_fell_into_the_ballot(convened: House) -> None:
    """Edge case 10: "Member expelled during a running ballot"; after its close the ballot ran no more."""
    units = await convened.members(3)
    ballot = await opened(convened)
    await polling.advance(convened, 1)
    await convened.end(units[1], Ending.CANCELLED)
    await closed(convened, ballot)
    await polling.advance(convened, 1)
    await convened.end(units[2], Ending.CANCELLED)
    await certify(convened, ballot, RollPurpose.CLOSE)
    assert (await read(convened, ballot))["cancelled_units"] == [units[1]]
    told = await convened.announced("amendments.ballot.member_cancelled.v1")
    assert [event["member_id"] for event in told] == [units[1]]
    assert (await record(convened, ballot))["closing"]["departed"] == [units[1]]
