"""What happens in amendments is in the inboxes of those whom it concerns, once, numbered, in order (N2)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.contracts import amendments
from shared.contracts import amendments_ballots as ballots
from shared.contracts.amendments import ConventionPromulgated, ProposalSupportedEnough
from shared.contracts.amendments_ballots import (
    BallotExtended,
    BallotOpened,
    BallotReminderDue,
    BallotResultEstablished,
    BallotVoteReplaced,
)
from shared.contracts.base import Envelope, Event, envelope
from shared.kernel.actor import Role
from shared.kernel.ids import new_id
from tests.integration.notifications.conftest import House
from tests.support.announcements import ANNOUNCED, CLOSES_AT, TO_ONE_UNIT, announced
from tests.support.parts import hear
from tests.support.suite import Caller


class Amendments:
    """The service as notifications hears it: every announcement is the next of its aggregate."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._sequences: dict[str, int] = {}

    def next(self, event: Event) -> Envelope:
        """The announcement of an event."""
        sequence = self._sequences[event.aggregate_id] = (
            self._sequences.get(event.aggregate_id, 0) + 1
        )
        return envelope(event, id=new_id("evt"), sequence=sequence, time=self.house.register.now)

    async def announce(self, *events: Event) -> None:
        """Announce events together; what can be handled is."""
        await self.deliver(*map(self.next, events))

    async def deliver(self, *envelopes: Envelope) -> None:
        """Hand announcements over as they are: for what arrives again."""
        await hear(self.house.database, self.house.service.reactions, envelopes)

    async def try_again(self) -> None:
        """Let the pause before the next attempt be over."""
        async with self.house.database.begin() as work:
            await work.db.execute(text("UPDATE incoming_events SET next_attempt_at = now()"))
        await self.deliver()


@pytest.fixture
def publisher(house: House) -> Amendments:
    """Amendments, announcing."""
    return Amendments(house)


async def kinds_in(house: House, unit: str) -> list[str]:
    """The kinds of the notices in a unit's inbox, the latest first."""
    return [item["kind"] for item in await house.inbox(unit)]


async def status_of_events(house: House) -> Any:
    return await house.scalar(
        "SELECT min(status || ' ' || coalesce(last_error, '')) FROM incoming_events"
    )


@pytest.mark.parametrize(
    "type_", [t for t in ANNOUNCED if t not in TO_ONE_UNIT], ids=lambda type_: type_.type
)
async def test_what_concerns_all_is_in_every_members_inbox_and_in_no_later_ones(
    house: House, publisher: Amendments, type_: type[Event]
) -> None:
    """Edge case 1: "a later joiner gets archive access, not a notice"."""
    units = [await house.member() for _ in range(2)]
    event = announced(type_, units[0])
    await publisher.announce(event)
    newcomer = await house.member()
    for unit in units:
        (item,) = await house.inbox(unit)
        whole = await house.as_member(unit).get(f"/v1/inbox/{item['id']}")
        assert whole["title"]["zh"]
        assert whole["body"]["en"]
        assert (whole["audience"], whole["status"]) == ("all", "unread")
        assert whole["link"].startswith("http://suite.test/v1/")
        assert (
            whole["register_head"]
            == house.register.changes[whole["register_version"] - 1].register_head
        )
    assert await house.inbox(newcomer) == []


@pytest.mark.parametrize("type_", TO_ONE_UNIT, ids=lambda type_: type_.type)
async def test_what_concerns_one_unit_is_in_its_inbox_alone(
    house: House, publisher: Amendments, type_: type[Event]
) -> None:
    unit, other = await house.member(), await house.member()
    await publisher.announce(announced(type_, unit))
    (item,) = await house.inbox(unit)
    assert (item["number"], item["mandatory"]) == (None, type_.aggregate == "ballot")
    assert await house.inbox(other) == []
    await house.as_member(other).get(f"/v1/inbox/{item['id']}", expect=404)
    read = await house.as_member(unit).post(f"/v1/inbox/{item['id']}/read")
    assert read["status"] == "read"


async def test_who_has_not_voted_no_officer_can_see(house: House, publisher: Amendments) -> None:
    """events.md: the reminder is "restricted to N, not to officers"."""
    unit = await house.member()
    reminder = announced(BallotReminderDue, unit)
    await publisher.announce(reminder)
    (item,) = await house.inbox(unit)
    officers = (Role.SECRETARY, Role.BALLOT_OFFICER, Role.REGISTRAR, Role.AUTHORITY, Role.OPERATOR)
    for role in officers:
        officer: Caller = house.app.as_(f"somebody as {role}", role)
        for path in ("/v1/inbox", f"/v1/inbox/{item['id']}"):
            answer = await officer.ask("GET", path)
            assert answer.status_code in (403, 404), role
            assert unit not in answer.text


async def test_a_reminder_in_several_announcements_reaches_every_unit_once(
    house: House, publisher: Amendments
) -> None:
    units = sorted([await house.member() for _ in range(4)])
    first = announced(BallotReminderDue, non_voters=_named(units[:2]))
    second = announced(BallotReminderDue, ballot_id=first.ballot_id, non_voters=_named(units[2:]))
    await publisher.announce(first, second, first)
    for unit in units:
        assert await kinds_in(house, unit) == ["ballot_reminder_due"]


@pytest.mark.parametrize("type_", ANNOUNCED, ids=lambda type_: type_.type)
async def test_what_is_announced_twice_is_in_the_inbox_once(
    house: House, publisher: Amendments, type_: type[Event]
) -> None:
    unit = await house.member()
    event = announced(type_, unit)
    first = publisher.next(event)
    await publisher.deliver(first, first)
    await publisher.deliver(first)
    await publisher.announce(event)
    assert len(await house.inbox(unit)) == 1
    assert await house.scalar("SELECT count(*) FROM webhook_messages") == 1


async def test_a_ballot_extended_twice_is_told_twice(house: House, publisher: Amendments) -> None:
    unit = await house.member()
    first = announced(BallotExtended)
    second = first.model_copy(update={"closes_at": CLOSES_AT + timedelta(days=7)})
    await publisher.announce(first, second)
    assert await kinds_in(house, unit) == ["ballot_extended"] * 2


async def test_a_ballot_is_told_in_the_order_in_which_it_went(
    house: House, publisher: Amendments
) -> None:
    unit = await house.member()
    went: list[type[Event]] = [
        ballots.BallotCalled,
        ballots.BallotOpened,
        ballots.BallotReminderDue,
        ballots.BallotVoteReplaced,
        ballots.BallotClosed,
        ballots.BallotResultEstablished,
    ]
    about = {"ballot_id": new_id("bal")}
    events: list[Event] = [announced(type_, unit, **about) for type_ in went]
    envelopes = [publisher.next(event) for event in events]
    await publisher.deliver(*reversed(envelopes))
    assert (await kinds_in(house, unit))[::-1] == [
        "ballot_called",
        "ballot_opened",
        "ballot_reminder_due",
        "vote_replaced",
        "ballot_closed",
        "result_established",
    ]


async def test_results_and_promulgations_are_counted_each_without_a_gap(
    house: House, publisher: Amendments
) -> None:
    """Edge case 4: "gap-free per class (circular, result, register edition, promulgation)"."""
    unit = await house.member()
    year = house.register.now.year
    first = announced(BallotResultEstablished)
    promulgated = announced(ConventionPromulgated)
    await publisher.announce(first, announced(BallotVoteReplaced, unit), promulgated)
    again = ballots.BallotDetermined
    await publisher.announce(announced(again, ballot_id=first.ballot_id), first, promulgated)
    await publisher.announce(announced(ConventionPromulgated, version=4))
    await publisher.announce(announced(amendments.InterpretationIssued))
    await house.issue()
    numbers = [number for number in await house.numbers_in(unit) if number]
    assert numbers[0] == f"C-{year}-001"
    assert sorted(numbers) == [
        f"C-{year}-001",
        "I-000007",
        f"P-{year}-001",
        f"P-{year}-002",
        f"R-{year}-001",
        f"R-{year}-002",
    ]


async def test_a_number_is_not_used_up_by_an_announcement_that_has_to_wait(
    house: House, publisher: Amendments
) -> None:
    await publisher.announce(announced(ConventionPromulgated, occasion="founding", version=1))
    assert await status_of_events(house) == "pending roster_behind"
    assert await house.scalar("SELECT count(*) FROM numbers") == 0
    unit = await house.member()
    await publisher.try_again()
    assert await house.numbers_in(unit) == [f"P-{house.register.now.year}-001"]


@pytest.mark.parametrize("type_", [BallotOpened, ProposalSupportedEnough], ids=lambda t: t.type)
async def test_what_overtakes_the_register_waits_for_it(
    house: House, publisher: Amendments, type_: type[Event]
) -> None:
    """Whoever is on the roll of a ballot is told that it is open, however the events overtake each other."""
    unit = await house.member()
    house.register.accede()
    await publisher.announce(announced(type_, register_version=house.register.version))
    assert await house.inbox(unit) == []
    assert await status_of_events(house) == "pending roster_behind"
    await house.tell()
    await publisher.try_again()
    (item,) = await house.inbox(unit)
    assert item["register_version"] == house.register.version


async def test_an_import_of_the_text_before_the_first_member_holds_nothing_up(
    house: House, publisher: Amendments
) -> None:
    imported = announced(ConventionPromulgated, occasion="import", version=1)
    await publisher.announce(imported)
    assert await status_of_events(house) == "done "
    unit = await house.member()
    await publisher.announce(announced(ConventionPromulgated, convention_id=imported.convention_id))
    assert await house.numbers_in(unit) == [f"P-{house.register.now.year}-001"]


async def test_a_unit_that_left_keeps_what_it_was_told(house: House, publisher: Amendments) -> None:
    """Edge case 1: "one who left in between is still served"."""
    unit = await house.member()
    await publisher.announce(announced(BallotOpened))
    await house.end(unit)
    await publisher.announce(announced(BallotResultEstablished))
    assert await kinds_in(house, unit) == ["ballot_opened"]


def _named(units: list[str]) -> list[dict[str, str]]:
    return [{"member_id": unit} for unit in units]
