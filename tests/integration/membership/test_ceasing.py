"""Merging into another member, ceasing to exist, and what the register and others learn of it (M10)."""

import asyncio
from datetime import timedelta

import pytest

from shared.contracts.base import RegisterChange
from shared.contracts.membership import (
    MemberCancellationMoot,
    MemberEnded,
    MemberEndingAnnounced,
    MemberEndingRetracted,
)
from shared.db.roster import ROSTER_EVENTS, enter_changes, members_at
from shared.db.work import Database
from shared.kernel.actor import TOKEN_ROLES, Role
from shared.kernel.ids import new_id
from shared.kernel.terms import start_of
from tests.integration.membership.office import (
    DAY,
    Json,
    Office,
    Unit,
    cancellation_of,
    facts,
    if_match,
)
from tests.support.postgres import ZONE, TestPostgres


async def two(office: Office) -> tuple[Unit, Unit]:
    """A unit that is to merge, and the member that it is to go on in."""
    return await office.member(office.unit("甲公司")), await office.member(office.unit("乙公司"))


async def merge(
    office: Office, unit: Unit, successor: Unit, days: int = 0, *, expect: int = 200
) -> Json:
    """The registrar enters a merger that counts from some days from now."""
    return await office.cease(
        unit,
        "merger",
        successor_member_id=successor.member_id,
        effective_on=str(await office.today() + days * DAY),
        expect=expect,
    )


async def endings(office: Office) -> list[tuple[str, str]]:
    """Which units ended, and how, in the order of register versions."""
    ended = await office.announced(MemberEnded)
    return [(told.data["member_id"], told.data["ending"]) for told in ended]


async def settled(office: Office, unit: Unit) -> list[tuple[str, str]]:
    """What became of a unit's endings that do not stand."""
    record = (await office.read(unit))["details"]["settled_endings"]
    return [(ending["kind"], ending["outcome"]) for ending in record]


async def test_a_merged_unit_ceases_and_its_successor_is_named(office: Office) -> None:
    """Edge case 14: "one period ends "merged into X"", in one register version: the ending's."""
    unit, successor = await two(office)
    before = (await office.public.get("/v1/register"))["register_version"]
    shown = await merge(office, unit, successor)
    assert (shown["status"], shown["ceased_on"]) == ("ceased", str(await office.today()))
    (ended,) = await office.announced(MemberEnded)
    assert (ended.data["ending"], ended.data["successor_member_id"]) == (
        "merged",
        successor.member_id,
    )
    register = await office.public.get("/v1/register")
    assert (register["members_count"], register["register_version"]) == (1, before + 1)


async def test_the_history_of_both_shows_the_merger_to_those_concerned_alone(
    office: Office,
) -> None:
    """M6, M10: "the public register shows that a unit ceased, never why"; the evidence is the registrar's."""
    unit, successor = await two(office)
    await merge(office, unit, successor)
    path, into = f"{unit.path}/history", f"{successor.path}/history"
    (period,) = (await office.registrar.get(path))["periods"]
    assert (period["ending"], period["successor_member_id"], period["evidence"]) == (
        "merged",
        successor.member_id,
        "2026-118",
    )
    for caller in (office.registrar, office.chair(successor)):
        (taken,) = (await caller.get(into))["took_over"]
        assert (taken["member_id"], taken["legal_name_zh"]) == (unit.member_id, "甲公司")
        assert taken["on"] == str(await office.today())
    for caller in (office.public, office.chair(unit)):
        assert (await caller.get(into))["took_over"] is None
    public = await office.public.get(path)
    assert set(public["periods"][0]) == {"id", "opened_on", "ended_on"}
    everything = [
        (await office.public.ask("GET", public_path)).text
        for public_path in (unit.path, path, "/v1/register/movements", "/v1/members?status=ceased")
    ]
    assert not [text for text in everything if "merge" in text or "2026-118" in text]


async def test_the_evidence_is_shown_to_the_registrar_and_not_to_the_unit(office: Office) -> None:
    """M10: "kept for the registrar only"."""
    unit, successor = await two(office)
    await merge(office, unit, successor, days=3)
    for caller, evidence in ((office.registrar, "2026-118"), (office.chair(unit), None)):
        (announced,) = (await caller.get(unit.path))["details"]["announced_endings"]
        assert (announced["kind"], announced["successor_member_id"]) == (
            "merged",
            successor.member_id,
        )
        assert announced["evidence"] == evidence


async def test_a_merged_unit_is_represented_by_nobody_and_may_apply_again(office: Office) -> None:
    """M5, M9: its mandates end with its period; an application for its identifier meets the normal rules."""
    unit, successor = await two(office)
    await merge(office, unit, successor)
    body = {"kind": "machine", "name": "r", "subject": {"sub": "r"}, "scopes": ["circulars"]}
    await office.chair(unit).post(f"{unit.path}/representatives", body, expect=403)
    application = await office.apply(unit)
    assert (application["kind"], application["status"]) == ("return", "submitted")
    again = await office.member_from(unit, application)
    assert again.member_id == unit.member_id
    assert (await office.public.get("/v1/register"))["members_count"] == 2


async def test_a_merger_on_a_later_day_takes_effect_as_that_day_begins(office: Office) -> None:
    """Decisions: "an ending on a later day takes effect at 00:00 of that day in the organ's zone"."""
    unit, successor = await two(office)
    day = await office.today() + 3 * DAY
    shown = await merge(office, unit, successor, days=3)
    assert {"merger", "merger-retraction", "dissolution"} <= set(shown["allowed_actions"])
    (announced,) = await office.announced(MemberEndingAnnounced)
    assert (announced.data["ending"], announced.data["effective_on"]) == ("merged", str(day))
    await office.clock.advance_to(start_of(day, ZONE))
    assert await endings(office) == [(unit.member_id, "merged")]
    for as_of, count in ((day - DAY, 2), (day, 1)):
        register = await office.public.get(f"/v1/register?as_of={as_of}")
        assert register["members_count"] == count


@pytest.mark.parametrize("act", ["merger", "dissolution"])
async def test_what_was_announced_is_taken_back_until_it_takes_effect(
    office: Office, act: str
) -> None:
    """M10: "before it takes effect (`DELETE` on the same path by the registrar)"."""
    unit, successor = await two(office)
    body: Json = {"effective_on": str(await office.today() + 3 * DAY)}
    if act == "merger":
        body["successor_member_id"] = successor.member_id
    await office.cease(unit, act, **body)
    taken_back = await office.take_back(unit, act)
    assert taken_back["details"]["announced_endings"] == []
    assert f"{act}-retraction" not in taken_back["allowed_actions"]
    assert len(await office.announced(MemberEndingRetracted)) == 1
    await office.advance(5 * DAY)
    assert await endings(office) == []
    none = await office.take_back(unit, act, expect=409)
    assert none["code"] == f"no_{act}_pending"


async def test_a_dissolved_unit_leaves_today_and_the_true_day_is_kept(office: Office) -> None:
    """Edge case 16: "ends "ceased to exist" with evidence; leaves the denominator from that date"."""
    unit, _ = await two(office)
    true_day = await office.today() - 40 * DAY
    shown = await office.cease(unit, "dissolution", dissolved_on=str(true_day))
    (period,) = shown["details"]["periods"]
    assert (period["ending"], period["dissolved_on"]) == ("dissolved", str(true_day))
    (ended,) = await office.announced(MemberEnded)
    assert (ended.data["ending"], ended.data["effective_on"]) == (
        "dissolved",
        str(await office.today()),
    )
    as_of_then = await office.public.get(f"/v1/register?as_of={await office.today() - DAY}")
    assert as_of_then["members_count"] == 0
    public = await office.public.get(unit.path)
    assert (public["status"], public["details"]) == ("ceased", None)


async def test_movements_and_the_bulletin_say_that_the_units_ceased_and_no_more(
    office: Office,
) -> None:
    """M6, M7."""
    unit, successor = await two(office)
    third = await office.member()
    await merge(office, unit, successor, days=2)
    await office.cease(third, "dissolution")
    await office.advance(32 * DAY)
    bulletin = (await office.public.get("/v1/bulletins"))["items"][-1]
    assert (bulletin["members_count"], bulletin["ceased_count"]) == (1, 2)
    lines = (await office.public.get(f"/v1/bulletins/{bulletin['number']}"))["movements"]
    ceased = [line["member_id"] for line in lines if line["kind"] == "ceased"]
    assert ceased == [third.member_id, unit.member_id]
    moved = await office.pages(office.public, "/v1/register/movements")
    assert [one["kind"] for one in moved] == ["joined"] * 3 + ["ceased"] * 2


async def test_what_cannot_be_entered_is_refused(office: Office) -> None:
    """M10: "refuse merging into itself, into a non-member"; nothing is back-dated."""
    unit, successor = await two(office)
    assert (await merge(office, unit, unit, expect=422))["code"] == "merges_into_itself"
    past = await merge(office, unit, successor, days=-1, expect=422)
    assert facts(past, "earliest_on") == ("ending_day_too_early", str(await office.today()))
    unknown = Unit(99, "未知公司", new_id("mem"))
    for nobody in (unknown, await office.member()):
        if nobody is not unknown:
            await office.withdraw(nobody)
        told = await merge(office, unit, nobody, expect=409)
        assert told["code"] == "successor_not_member"
    late = str(await office.today() + DAY)
    told = await office.cease(unit, "dissolution", dissolved_on=late, expect=422)
    assert told["code"] == "dissolved_after_its_ending"
    assert await endings(office) == [(nobody.member_id, "withdrawn")]


async def test_an_unseen_unit_is_not_ended(office: Office) -> None:
    """Decisions, If-Match: "required where two officers could race"."""
    unit, successor = await two(office)
    body = {"successor_member_id": successor.member_id, "evidence": "2026-118"}
    await office.registrar.post(f"{unit.path}/merger", body, expect=428)
    seen = if_match(await office.read(unit))
    answers = await asyncio.gather(
        office.registrar.ask("POST", f"{unit.path}/merger", body, headers=seen),
        office.registrar.ask("POST", f"{unit.path}/dissolution", {"evidence": "9"}, headers=seen),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len(await endings(office)) == 1


async def test_only_the_registrar_ends_a_membership_like_this(office: Office) -> None:
    """API: `/{id}/merger` `/{id}/dissolution` (registrar)."""
    unit, successor = await two(office)
    callers = [office.app.as_("someone", role) for role in sorted(TOKEN_ROLES - {Role.REGISTRAR})]
    for caller in (*callers, office.chair(unit), office.chair(successor)):
        for act in ("merger", "dissolution"):
            await caller.post(f"{unit.path}/{act}", {}, expect=403)
    assert await endings(office) == []


async def test_a_merger_lapses_when_its_successor_leaves_before_the_day(office: Office) -> None:
    """Edge case 14: a withdrawal asks nobody, and nobody goes on in a unit that has ceased."""
    unit, successor = await two(office)
    await merge(office, unit, successor, days=5)
    await office.withdraw(successor)
    assert await settled(office, unit) == [("merged", "lapsed")]
    (retracted,) = await office.announced(MemberEndingRetracted)
    assert retracted.data["member_id"] == unit.member_id
    await office.advance(7 * DAY)
    assert await endings(office) == [(successor.member_id, "withdrawn")]
    assert (await office.public.get(unit.path))["status"] == "member"


async def test_a_merger_lapses_when_its_successor_is_cancelled(office: Office) -> None:
    """Edge case 14, M4."""
    unit, successor = await two(office)
    await merge(office, unit, successor, days=5)
    await office.cancel(successor)
    await office.advance(7 * DAY)
    assert await endings(office) == [(successor.member_id, "cancelled")]
    assert await settled(office, unit) == [("merged", "lapsed")]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("late", [timedelta(0), 2 * DAY])
async def test_a_merger_for_the_day_on_which_its_successor_leaves_lapses(
    office: Office, swapped: bool, late: timedelta
) -> None:
    """Edge case 14: the same instant, whichever unit is older and however late the timers strike."""
    units = await two(office)
    unit, successor = units[::-1] if swapped else units
    await merge(office, unit, successor, days=3)
    await office.withdraw(successor, await office.today() + 3 * DAY)
    await office.skip(3 * DAY + late)
    await office.run_timer("end_memberships")
    assert await endings(office) == [(successor.member_id, "withdrawn")]
    assert await settled(office, unit) == [("merged", "lapsed")]


async def test_a_merger_that_was_due_first_stands_when_the_timers_strike_late(
    office: Office,
) -> None:
    """Edge case 8: what took effect first, did; a withdrawal after it comes second."""
    unit, successor = await two(office)
    await merge(office, unit, successor, days=2)
    await office.withdraw(successor, await office.today() + 3 * DAY)
    await office.skip(6 * DAY)
    await office.run_timer("end_memberships")
    assert await endings(office) == [
        (unit.member_id, "merged"),
        (successor.member_id, "withdrawn"),
    ]


async def test_mergers_form_no_circle_and_chains_run_in_order_of_their_days(
    office: Office,
) -> None:
    """Edge case 14: what would leave a merger without a successor is refused at once."""
    one, two_ = await two(office)
    three = await office.member()
    await merge(office, one, two_, days=5)
    told = await merge(office, two_, one, days=4, expect=409)
    assert told["code"] == "awaited_as_successor"
    assert (await merge(office, two_, three, days=5, expect=409))["code"] == "awaited_as_successor"
    dissolved = await office.cease(two_, "dissolution", expect=409)
    assert dissolved["code"] == "awaited_as_successor"
    told = await merge(office, two_, one, days=6, expect=409)
    assert told["code"] == "successor_not_member"
    await merge(office, two_, three, days=6)
    await office.advance(8 * DAY)
    assert await endings(office) == [(one.member_id, "merged"), (two_.member_id, "merged")]
    (taken,) = (await office.registrar.get(f"{three.path}/history"))["took_over"]
    assert taken["member_id"] == two_.member_id


async def test_a_merger_and_a_withdrawal_have_one_winner(office: Office) -> None:
    """Edge case 9: "one row lock, one winner, loser gets 409 naming the winning event"."""
    pairs = [await two(office) for _ in range(5)]

    async def both(unit: Unit, successor: Unit) -> tuple[int, int]:
        body = {"successor_member_id": successor.member_id, "evidence": "2026-118"}
        merged, withdrawn = await asyncio.gather(
            office.registrar.ask("POST", f"{unit.path}/merger", body, headers={"If-Match": "*"}),
            office.chair(unit).ask("POST", f"{unit.path}/withdrawal", {}),
        )
        return merged.status_code, withdrawn.status_code

    answers = await asyncio.gather(*(both(*pair) for pair in pairs))
    ended = dict(await endings(office))
    assert len(ended) == len(await endings(office)) == len(pairs)
    for (unit, _), statuses in zip(pairs, answers, strict=True):
        won = ended[unit.member_id] == "merged"
        assert statuses == ((200, 409) if won else (409, 200))


async def test_a_merger_and_a_cancellation_at_once_have_one_winner(office: Office) -> None:
    """Edge case 9, M4: "two endings never both happen"; the loser is a fact."""
    unit, successor = await two(office)
    body = {"successor_member_id": successor.member_id, "evidence": "2026-118"}
    async with office.register_held():
        merging = asyncio.create_task(
            office.registrar.ask("POST", f"{unit.path}/merger", body, headers={"If-Match": "*"})
        )
        await office.waits_for_lock(1)
        await office.cases.announce(cancellation_of(unit))
        await office.waits_for_lock(2)
    assert (await merging).status_code == 200
    await office.clock.settle()
    assert await endings(office) == [(unit.member_id, "merged")]
    (moot,) = await office.announced(MemberCancellationMoot)
    assert moot.data["ended_by"] == "merged"


async def test_a_merged_unit_is_no_addressee_any_more(
    office: Office, postgres: TestPostgres
) -> None:
    """M10, N1: another service that heard of it counts the successor alone, and the merged one as left."""
    unit, successor = await two(office)
    await merge(office, unit, successor)
    types = {event.type: event for event in ROSTER_EVENTS}
    changes: list[RegisterChange] = [
        types[told.type].model_validate(told.data)
        for told in await office.announced(*ROSTER_EVENTS)
    ]
    listener = Database(await asyncio.to_thread(postgres.floor), zone=ZONE)
    async with listener.begin() as work:
        await enter_changes(work, changes)
        for version, expected in (
            (len(changes) - 1, {unit, successor}),
            (len(changes), {successor}),
        ):
            known = await work.db.execute(members_at(version))
            assert {row.member_id for row in known} == {u.member_id for u in expected}
    await listener.close()


async def test_a_unit_that_splits_off_has_to_apply(office: Office) -> None:
    """Edge case 15: "new legal entity must apply"; nothing of the parent's membership passes to it."""
    parent = await office.member()
    spun_off = office.unit(f"{parent.name}分立公司")
    by_name = await office.pages(office.public, f"/v1/members?q={spun_off.identifier}")
    assert by_name == []
    application = await office.apply(spun_off)
    assert (application["kind"], application["member_id"]) == ("first", None)
    child = await office.member_from(spun_off, application)
    assert child.member_id != parent.member_id
    assert (await office.public.get(child.path))["member_since"] == str(await office.today())
    assert (await office.public.get(parent.path))["status"] == "member"
