"""What membership does when others tell it something: founding, the rulebook, requests for replay."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from shared.contracts.amendments import (
    ConventionFounded,
    InitiatingUnit,
    RatioValue,
    RulebookEntry,
    RulebookInForce,
    TermValue,
)
from shared.contracts.base import Envelope
from shared.contracts.membership import MemberAcceded, Sector
from shared.contracts.notifications import NotificationsReplayRequested
from shared.db.roster import ROSTER_EVENTS, enter_changes, may_act, watermark
from shared.db.work import Database
from shared.kernel.actor import Scope, Subject
from shared.kernel.ids import new_id
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from shared.kernel.terms import Term
from shared.messaging.handler import Reaction, Reactions
from tests.integration.membership.office import DAY, Office, Unit, if_match
from tests.support.eventually import eventually
from tests.support.parts import hear
from tests.support.suite import ISSUER

ROSTER: Reactions = {event: [Reaction(enter_changes, at_once=True)] for event in ROSTER_EVENTS}


def founded(valid_on: str, *units: Unit) -> ConventionFounded:
    """The convention became valid, signed by these units."""
    return ConventionFounded.model_validate(
        {
            "convention_id": new_id("cnv"),
            "valid_on": valid_on,
            "initiating_units": [
                InitiatingUnit(
                    legal_name_zh=unit.name,
                    legal_name_en=f"Unit {unit.number} Ltd.",
                    identifier=f" {unit.identifier.lower()} ",
                    sectors=[Sector.ACCESS_SERVICE],
                    legal_representative="张磊",
                    subject_issuer=ISSUER,
                    subject_sub=unit.chair,
                    contact_email="a@unit.example",
                )
                for unit in units
            ],
        }
    )


def in_force(instant: datetime, version: int, **days: int) -> RulebookInForce:
    """The whole rulebook, in which these terms (``__`` for a dot) have so many days."""
    changed = {key.replace("__", "."): TermValue(months=0, days=n) for key, n in days.items()}
    return RulebookInForce(
        rulebook_id="rbk_" + "0" * 32,
        rulebook_version=version,
        in_force_at=instant,
        entries=[
            RulebookEntry(
                key=entry.key,
                value=changed.get(entry.key) or _travelling(entry.value),
                article=entry.article,
                given_by=entry.given_by,
            )
            for entry in REFERENCE_RULEBOOK.entries.values()
        ],
    )


def _travelling(value: Ratio | Term) -> RatioValue | TermValue:
    if isinstance(value, Term):
        return TermValue(months=value.months, days=value.days)
    return RatioValue(
        numerator=value.numerator,
        denominator=value.denominator,
        inclusive=value.inclusive,
        of=value.of,
    )


async def test_initiating_units_are_members_without_application(office: Office) -> None:
    """Edge case 19, Art. 26: "members from the first promulgation without application"."""
    today = await office.today()
    units = [office.unit(), office.unit()]
    valid_on = today - 3 * DAY
    await office.tell(office.amendments, founded(valid_on.isoformat(), *units))
    members = await office.pages(office.public, "/v1/members")
    assert [m["identifier"] for m in members] == [unit.identifier for unit in units]
    assert {m["member_since"] for m in members} == {valid_on.isoformat()}
    told = await office.announced(MemberAcceded)
    assert {(e.data["basis"], e.data["application_id"]) for e in told} == {("founding", None)}
    chair = office.app.as_(units[0].chair, member=members[0]["id"])
    await chair.get(f"/v1/members/{members[0]['id']}/representatives")
    then = await office.public.get(f"/v1/register?as_of={valid_on}")
    assert then["members_count"] == 2


async def test_a_founding_told_twice_changes_nothing(office: Office) -> None:
    """Edge case 19: a unit that is a member stays it; an application it had open falls away."""
    today = (await office.today()).isoformat()
    member, applying = await office.member(), office.unit()
    application = await office.apply(applying)
    founding = founded(today, member, applying)
    for _ in range(2):
        (told,) = await office.tell(office.amendments, founding)
        assert await office.status_of(told) == ("done", None)
    assert (await office.public.get("/v1/register"))["members_count"] == 2
    seen = await office.liaison(applying).get(f"/v1/applications/{application['id']}")
    assert seen["status"] == "retracted"
    assert len(await office.announced(MemberAcceded)) == 2


async def test_a_founding_with_an_impossible_unit_is_refused_whole(office: Office) -> None:
    today = (await office.today()).isoformat()
    founding = founded(today, office.unit(), office.unit())
    wrong = founding.initiating_units[1].model_copy(update={"identifier": "91110108"})
    broken = founding.model_copy(update={"initiating_units": [founding.initiating_units[0], wrong]})
    (told,) = await office.tell(office.amendments, broken)
    assert await office.status_of(told) == ("refused", "identifier_not_valid")
    assert (await office.public.get("/v1/register"))["register_version"] == 0


async def test_the_terms_are_those_of_the_rulebook_in_force(office: Office) -> None:
    """The rulebook: an open application keeps the version under which it was submitted."""
    before = await office.apply(office.unit())
    unit = await office.member()
    rulebook = in_force(
        await office.now(), 2, application__review_term=10, withdrawal__notice_term=7
    )
    await office.tell(office.amendments, rulebook)
    after = await office.apply(office.unit())
    today = await office.today()
    assert after["review_due_on"] == (today + 10 * DAY).isoformat()
    assert after["review_basis"]["rulebook_version"] == 2
    kept = await office.registrar.get(f"/v1/applications/{before['id']}")
    assert kept["review_due_on"] == (today + 30 * DAY).isoformat()
    assert kept["review_basis"]["rulebook_version"] == 1
    told = await office.withdraw(unit, today, expect=422)
    assert told["earliest_on"] == (today + 7 * DAY).isoformat()
    notice = await office.withdraw(unit)
    (announced,) = notice["details"]["announced_endings"]
    assert announced["effective_on"] == (today + 7 * DAY).isoformat()


async def test_a_rulebook_announced_for_later_does_not_count_yet(office: Office) -> None:
    rulebook = in_force(await office.now() + 5 * DAY, 2, application__review_term=10)
    await office.tell(office.amendments, rulebook)
    assert (await office.apply(office.unit()))["review_basis"]["rulebook_version"] == 1
    await office.advance(6 * DAY)
    assert (await office.apply(office.unit()))["review_basis"]["rulebook_version"] == 2


async def replayed(office: Office, **asked: object) -> list[Envelope]:
    """What notifications hears, alone, when it asks for a replay."""
    request = NotificationsReplayRequested.model_validate(
        {"replay_id": new_id("rpl"), "publisher": "membership", "asker": "notifications", **asked}
    )
    await office.clock.settle()
    async with office.notifications.listening():
        office.notifications.heard.clear()
        await office.tell(office.notifications, request)
        await eventually(lambda: office.scalar("SELECT count(*) = 0 FROM outgoing_replays"))
    return list(office.notifications.heard)


async def busy(office: Office) -> Unit:
    """A register with changes and other announcements of the same member between them."""
    unit, other = await office.member(), await office.member()
    await office.withdraw(unit, await office.today() + 9 * DAY)
    await office.chair(unit).ask("DELETE", f"{unit.path}/withdrawal", expect=200)
    seen = await office.read(unit)
    await office.chair(unit).ask(
        "PATCH", unit.path, {"legal_name_zh": "新名"}, headers=if_match(seen), expect=200
    )
    await office.withdraw(other)
    return unit


async def test_the_register_is_announced_again_to_whoever_asks(
    office: Office, floor: Callable[[], Awaitable[Database]]
) -> None:
    """Events: replay serves a new service; from any version on, in order, and a roster built from it is whole."""
    await busy(office)
    await office.execute("DELETE FROM outgoing_events")
    heard = await replayed(office, register_from=1)
    assert [e.data["register_version"] for e in heard] == list(range(1, 7))
    follows: dict[str, int] = {}
    for event in heard:
        assert event.follows is not None
        assert int(event.follows) == follows.get(event.partitionkey, 0)
        follows[event.partitionkey] = int(event.sequence)
    assert max(follows.values()) > sum(e.partitionkey == heard[0].partitionkey for e in heard)
    listener = await floor()
    await take_in(listener, heard[::-1])
    async with listener.begin() as work:
        reached = await watermark(work)
    register = await office.public.get("/v1/register")
    assert reached.version == register["register_version"]
    assert reached.head == register["register_head"]


async def take_in(listener: Database, heard: Sequence[Envelope]) -> None:
    """A service with a roster takes in what it heard, in that order."""
    await hear(listener, ROSTER, heard)


async def test_a_successor_from_a_later_day_is_known_elsewhere_as_such(
    office: Office, floor: Callable[[], Awaitable[Database]]
) -> None:
    """M9: until the successor's day the former legal representative acts, in every service."""
    unit = await office.member()
    successor = {
        "kind": "legal_representative",
        "name": "王强",
        "subject": {"sub": "successor"},
        "scopes": ["all"],
        "valid_from": (await office.now() + 3 * DAY).isoformat(timespec="seconds"),
    }
    await office.chair(unit).post(f"{unit.path}/representatives", successor, expect=201)
    listener = await floor()
    await take_in(listener, await office.announced(*ROSTER_EVENTS))
    for span, expected in ((0 * DAY, (True, False)), (4 * DAY, (False, True))):
        async with listener.begin() as work:
            work.now = await office.now() + span
            former, later = [
                await may_act(work, Subject(ISSUER, sub), unit.member_id, Scope.VOTE)
                for sub in (unit.chair, "successor")
            ]
        assert (former, later) == expected


async def test_a_replay_from_a_later_version_follows_on_what_the_asker_has(
    office: Office,
) -> None:
    unit = await busy(office)
    whole = await replayed(office, register_from=1)
    (changed,) = [e for e in whole if "particulars_changed" in e.type]
    heard = await replayed(office, register_from=int(changed.data["register_version"]))
    assert [e.id for e in heard] == [e.id for e in whole[-2:]]
    before = [e for e in whole if e.partitionkey == unit.member_id and e.id != changed.id]
    assert heard[0].follows == before[-1].sequence


async def test_one_aggregates_announcements_are_told_again_from_a_sequence_on(
    office: Office,
) -> None:
    """Events: "publisher, aggregate or register version, from"; also what is no change of the register."""
    unit = await busy(office)
    heard = await replayed(office, missing=unit.member_id, sequence_from=3)
    assert [e.type.split(".", 1)[1] for e in heard] == [
        "member.ending_announced.v1",
        "member.ending_retracted.v1",
        "member.particulars_changed.v1",
    ]
    assert [(int(e.sequence), int(e.follows or 0)) for e in heard] == [(3, 2), (4, 3), (5, 4)]


async def test_a_request_to_another_publisher_is_not_answered(office: Office) -> None:
    await office.member()
    assert await replayed(office, publisher="cases", register_from=1) == []
