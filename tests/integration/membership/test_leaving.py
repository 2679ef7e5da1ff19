"""Leaving by notice, being cancelled, and what becomes of the ending that came second (M3, M4)."""

import asyncio
from datetime import date, datetime, timedelta

import pytest

from shared.contracts.membership import (
    MemberAcceded,
    MemberCancellationMoot,
    MemberEnded,
    MemberEndingAnnounced,
    MemberEndingRetracted,
)
from shared.kernel.ids import new_id
from shared.kernel.terms import start_of
from tests.integration.membership.office import DAY, Office, Unit, cancellation_of, facts, path_of
from tests.support.postgres import ZONE


async def endings(office: Office) -> list[str]:
    """How the periods that ended did, in the order of register versions."""
    return [told.data["ending"] for told in await office.announced(MemberEnded)]


async def test_a_withdrawal_takes_effect_on_receipt_and_asks_nobody(office: Office) -> None:
    """Edge case 6, Art. 28: "effective on receipt … no approval step"."""
    unit = await office.member()
    before = await office.now()
    shown = await office.withdraw(unit)
    assert (shown["status"], shown["ceased_on"]) == ("ceased", (await office.today()).isoformat())
    assert (await office.public.get("/v1/register"))["members_count"] == 0
    (ended,) = await office.announced(MemberEnded)
    assert (ended.data["ending"], ended.data["ground_case_id"]) == ("withdrawn", None)
    assert before <= datetime.fromisoformat(ended.data["recorded_at"]) <= await office.now()


async def test_a_withdrawal_for_a_later_day_takes_effect_as_that_day_begins(
    office: Office,
) -> None:
    """Edge case 6: "or on a later date named by the unit"; 00:00 of that day in the organ's zone."""
    unit = await office.member()
    last_day = await office.today() + 3 * DAY
    notice = await office.withdraw(unit, last_day)
    (announced,) = notice["details"]["announced_endings"]
    assert datetime.fromisoformat(announced["effective_at"]) == start_of(last_day, ZONE)
    assert (notice["status"], notice["ceased_on"]) == ("member", None)
    assert (await office.announced(MemberEndingAnnounced))[0].data["effective_on"] == str(last_day)
    await office.clock.advance_to(start_of(last_day, ZONE))
    shown = await office.public.get(unit.path)
    assert (shown["status"], shown["ceased_on"]) == ("ceased", last_day.isoformat())
    assert await endings(office) == ["withdrawn"]
    day_before = await office.public.get(f"/v1/register?as_of={last_day - DAY}")
    assert day_before["members_count"] == 1


async def test_an_ending_that_was_missed_does_not_make_the_clock_miss_the_next(
    office: Office,
) -> None:
    """The test clock walks from one due instant to the next, also past one that is overdue."""
    overdue, next_one = await office.member(), await office.member()
    today = await office.today()
    await office.withdraw(overdue, today + 2 * DAY)
    await office.withdraw(next_one, today + 6 * DAY)
    await office.skip(4 * DAY)
    await office.advance(6 * DAY)
    late, on_time = await office.announced(MemberEnded)
    assert [late.data["member_id"], on_time.data["member_id"]] == [
        overdue.member_id,
        next_one.member_id,
    ]
    for told in (late, on_time):
        effective_on = date.fromisoformat(told.data["effective_on"])
        lateness = told.time - start_of(effective_on, ZONE)
        assert (lateness < timedelta(minutes=1)) == (told is on_time)


async def test_a_withdrawal_is_not_back_dated(office: Office) -> None:
    """Edge case 6: "no back-dating"."""
    unit = await office.member()
    today = await office.today()
    told = await office.withdraw(unit, today - DAY, expect=422)
    assert facts(told, "earliest_on") == ("withdrawal_day_too_early", today.isoformat())


async def test_a_withdrawal_is_taken_back_until_it_takes_effect(office: Office) -> None:
    """Edge case 6: "revocable until then"."""
    unit = await office.member()
    chair = office.chair(unit)
    none = await chair.ask("DELETE", f"{unit.path}/withdrawal", expect=409)
    assert none.json()["code"] == "no_withdrawal_pending"
    notice = await office.withdraw(unit, await office.today() + 3 * DAY)
    assert "withdrawal-retraction" in notice["allowed_actions"]
    taken_back = (await chair.ask("DELETE", f"{unit.path}/withdrawal", expect=200)).json()
    assert taken_back["details"]["announced_endings"] == []
    (settled,) = taken_back["details"]["settled_endings"]
    assert settled["outcome"] == "retracted"
    assert len(await office.announced(MemberEndingRetracted)) == 1
    await office.advance(5 * DAY)
    assert (await office.public.get(unit.path))["status"] == "member"
    await office.withdraw(unit)
    too_late = await chair.ask("DELETE", f"{unit.path}/withdrawal", expect=409)
    assert facts(too_late.json(), "ended_by") == ("not_member", "withdrawn")


async def test_a_second_notice_takes_the_place_of_the_first(office: Office) -> None:
    """M3: the unit names the day, and may name another."""
    unit = await office.member()
    today = await office.today()
    await office.withdraw(unit, today + 9 * DAY)
    notice = await office.withdraw(unit, today + 2 * DAY)
    assert [e["effective_on"] for e in notice["details"]["announced_endings"]] == [
        str(today + 2 * DAY)
    ]
    assert [e["outcome"] for e in notice["details"]["settled_endings"]] == ["replaced"]
    await office.advance(12 * DAY)
    (ended,) = await office.announced(MemberEnded)
    assert ended.data["effective_on"] == str(today + 2 * DAY)


async def test_an_accused_member_withdraws_and_its_cancellation_becomes_moot(
    office: Office,
) -> None:
    """Edge case 7: "accept it … cancellation becomes impossible and is recorded as "measure moot - unit had withdrawn";
    re-accession handlers see it".
    """
    unit = await office.member()
    await office.withdraw(unit)
    decided = await office.cancel(unit)
    assert await endings(office) == ["withdrawn"]
    (moot,) = await office.announced(MemberCancellationMoot)
    assert moot.data == {
        "member_id": unit.member_id,
        "case_id": decided.case_id,
        "decision_number": "2026-V-014",
        "ended_by": "withdrawn",
    }
    assert moot.dataclassification == "confidential"
    application = await office.apply(unit)
    seen = await office.registrar.get(path_of(application))
    (settled,) = seen["former_membership"]["settled_endings"]
    assert (settled["kind"], settled["outcome"]) == ("cancelled", "moot")
    assert (settled["case_id"], settled["ended_by"]) == (decided.case_id, "withdrawn")
    assert application["former_membership"] is None


async def test_a_cancellation_decided_ends_the_membership_with_its_case_as_ground(
    office: Office,
) -> None:
    """M4, Art. 23."""
    unit = await office.member()
    decided = await office.cancel(unit)
    (ended,) = await office.announced(MemberEnded)
    assert ended.data["ending"] == "cancelled"
    assert ended.data["ground_case_id"] == decided.case_id
    assert ended.dataclassification == "internal"
    told = await office.chair(unit).post(f"{unit.path}/withdrawal", {}, expect=409)
    assert facts(told, "ended_by", "ended_on") == (
        "not_member",
        "cancelled",
        ended.data["effective_on"],
    )


async def test_a_cancellation_twice_announced_happens_once(office: Office) -> None:
    """M4: "twice announced, it happens once", as the same message and as another one of the same case."""
    unit = await office.member()
    decided = cancellation_of(unit)
    (told,) = await office.tell(office.cases, decided)
    await office.cases.publish([told])
    (again,) = await office.tell(office.cases, decided)
    assert await endings(office) == ["cancelled"]
    assert await office.announced(MemberCancellationMoot) == []
    assert await office.status_of(again) == ("done", None)
    assert (await office.public.get("/v1/register"))["register_version"] == 3


async def test_a_cancellation_takes_effect_at_its_instant_and_never_before_it_is_known(
    office: Office,
) -> None:
    """M4: from the instant that the decision names; a late message back-dates nothing."""
    late, later = await office.member(), await office.member()
    await office.cancel(late, effective_at=await office.now() - 30 * DAY)
    effective_at = await office.now() + 10 * DAY
    await office.cancel(later, effective_at=effective_at)
    assert (await office.public.get(later.path))["status"] == "member"
    details = (await office.chair(later).get(later.path))["details"]
    assert [e["kind"] for e in details["announced_endings"]] == ["cancelled"]
    await office.advance(11 * DAY)
    first, second = await office.announced(MemberEnded)
    assert first.data["effective_on"] == (await office.today() - 11 * DAY).isoformat()
    assert second.data["effective_on"] == effective_at.astimezone(ZONE).date().isoformat()


async def test_a_withdrawal_before_the_cancellation_takes_effect_wins(office: Office) -> None:
    """Edge case 8: "the act effective first ends the membership, the other is kept as a fact; never two endings"."""
    unit = await office.member()
    now = await office.now()
    decided = await office.cancel(unit, effective_at=now + 10 * DAY)
    await office.withdraw(unit)
    await office.advance(11 * DAY)
    assert await endings(office) == ["withdrawn"]
    (moot,) = await office.announced(MemberCancellationMoot)
    assert (moot.data["case_id"], moot.data["ended_by"]) == (decided.case_id, "withdrawn")


async def test_a_cancellation_before_the_withdrawal_takes_effect_wins(office: Office) -> None:
    """Edge case 8, the other order: the notice for a later day is kept as moot."""
    unit = await office.member()
    await office.withdraw(unit, await office.today() + 20 * DAY)
    await office.cancel(unit, effective_at=await office.now() + 10 * DAY)
    await office.advance(25 * DAY)
    assert await endings(office) == ["cancelled"]
    (settled,) = (await office.read(unit))["details"]["settled_endings"]
    assert (settled["kind"], settled["outcome"], settled["ended_by"]) == (
        "withdrawn",
        "moot",
        "cancelled",
    )


async def test_a_withdrawal_for_the_day_a_cancellation_takes_effect_has_one_winner(
    office: Office,
) -> None:
    """Edge case 8: the same instant; the one announced first ends the membership."""
    unit = await office.member()
    day = await office.today() + 5 * DAY
    await office.withdraw(unit, day)
    await office.cancel(unit, effective_at=start_of(day, ZONE))
    await office.advance(6 * DAY)
    assert await endings(office) == ["withdrawn"]
    assert len(await office.announced(MemberCancellationMoot)) == 1


async def test_an_act_counts_from_the_moment_it_holds_the_register(office: Office) -> None:
    """Edge case 8: what waited until after an ending took effect acts for a unit that has ceased."""
    unit = await office.member()
    await office.withdraw(unit, await office.today() + 2 * DAY)
    body = {"kind": "machine", "name": "r", "subject": {"sub": "r"}, "scopes": ["circulars"]}
    async with office.register_held():
        act = asyncio.create_task(
            office.chair(unit).post(f"{unit.path}/representatives", body, expect=409)
        )
        await office.waits_for_lock()
        await office.skip(3 * DAY)
    assert facts(await act, "ended_by") == ("not_member", "withdrawn")
    assert await endings(office) == []
    await office.run_timer("end_memberships")
    assert await endings(office) == ["withdrawn"]


@pytest.mark.parametrize("first", ["withdrawal", "cancellation"])
async def test_of_two_endings_waiting_for_the_register_the_loser_learns_which_won(
    office: Office, first: str
) -> None:
    """Edge case 9: "one row lock, one winner, loser gets 409 naming the winning event"."""
    unit = await office.member()

    async def withdraw() -> tuple[int, object]:
        answer = await office.chair(unit).ask("POST", f"{unit.path}/withdrawal", {})
        return answer.status_code, answer.json().get("ended_by")

    async with office.register_held():
        if first == "withdrawal":
            withdrawn = asyncio.create_task(withdraw())
            await office.waits_for_lock(1)
        await office.cases.announce(cancellation_of(unit))
        if first == "cancellation":
            await office.waits_for_lock(1)
            withdrawn = asyncio.create_task(withdraw())
        await office.waits_for_lock(2)
    told = await withdrawn
    await office.clock.settle()
    moot = [e.data["ended_by"] for e in await office.announced(MemberCancellationMoot)]
    if first == "withdrawal":
        assert (told, moot) == ((200, None), ["withdrawn"])
        assert await endings(office) == ["withdrawn"]
    else:
        assert (told, moot) == ((409, "cancelled"), [])
        assert await endings(office) == ["cancelled"]


async def test_when_both_arrive_at_once_there_is_one_ending(office: Office) -> None:
    """Edge case 9: "both arrive in the same second"; whoever loses is told."""
    units = [await office.member() for _ in range(8)]

    async def both(unit: Unit) -> int:
        answer, _ = await asyncio.gather(
            office.chair(unit).ask("POST", f"{unit.path}/withdrawal", {}),
            office.cases.announce(cancellation_of(unit)),
        )
        return answer.status_code

    statuses = await asyncio.gather(*(both(unit) for unit in units))
    await office.clock.settle()
    ended = {
        told.data["member_id"]: told.data["ending"] for told in await office.announced(MemberEnded)
    }
    assert len(await office.announced(MemberEnded)) == len(units)
    moot = {told.data["member_id"] for told in await office.announced(MemberCancellationMoot)}
    for unit, status in zip(units, statuses, strict=True):
        won = ended[unit.member_id] == "withdrawn"
        assert status == (200 if won else 409)
        assert (unit.member_id in moot) == won


async def test_an_annulled_cancellation_may_say_that_the_unit_never_ceased(
    office: Office,
) -> None:
    """Edge case 12: "either "never ceased" (continuity …) or "re-admitted from date""."""
    unit = await office.member()
    since = (await office.public.get(unit.path))["member_since"]
    await office.advance(DAY)
    decided = await office.cancel(unit)
    gap = await office.today()
    await office.advance(10 * DAY)
    assert (await office.public.get(f"/v1/register?as_of={gap}"))["members_count"] == 0
    await office.tell(office.cases, office.annulment_of(decided, "never_ceased"))
    shown = await office.public.get(unit.path)
    assert (shown["status"], shown["member_since"], shown["ceased_on"]) == ("member", since, None)
    assert (await office.public.get(f"/v1/register?as_of={gap}"))["members_count"] == 1
    acceded = (await office.announced(MemberAcceded))[-1]
    assert acceded.data["basis"] == "reinstated"
    assert acceded.data["period_id"] == (await office.announced(MemberAcceded))[0].data["period_id"]
    await office.chair(unit).get(f"{unit.path}/representatives")


async def test_an_annulled_cancellation_may_readmit_from_a_day(office: Office) -> None:
    """Edge case 12: readmitted, with a gap; a new period, in which old mandates do not count."""
    unit = await office.member()
    decided = await office.cancel(unit)
    ceased_on = await office.today()
    await office.advance(10 * DAY)
    from_day = ceased_on + 5 * DAY
    unsaid = office.annulment_of(decided, "readmitted")
    (told,) = await office.tell(office.cases, unsaid)
    assert await office.status_of(told) == ("refused", "readmission_day_missing")
    await office.tell(office.cases, unsaid.model_copy(update={"readmitted_from": from_day}))
    shown = await office.public.get(unit.path)
    assert (shown["status"], shown["member_since"]) == ("member", from_day.isoformat())
    for day, members in ((from_day - DAY, 0), (from_day, 1)):
        register = await office.public.get(f"/v1/register?as_of={day}")
        assert register["members_count"] == members
    history = await office.public.get(f"{unit.path}/history")
    assert [p["ended_on"] for p in history["periods"]] == [ceased_on.isoformat(), None]
    await office.chair(unit).get(f"{unit.path}/representatives", expect=403)


async def test_a_cancellation_annulled_before_it_takes_effect_is_called_off(
    office: Office,
) -> None:
    """Edge case 12: nothing ended, so nothing has to be restored."""
    unit = await office.member()
    decided = await office.cancel(unit, effective_at=await office.now() + 10 * DAY)
    await office.tell(office.cases, office.annulment_of(decided, "never_ceased"))
    await office.advance(12 * DAY)
    assert await endings(office) == []
    assert (await office.public.get(unit.path))["status"] == "member"


async def test_an_annulment_for_a_unit_that_came_back_by_itself_is_refused(
    office: Office,
) -> None:
    """M4: a unit that is a member again has nothing to come back to; the event stays listed as refused."""
    unit = await office.member()
    decided = await office.cancel(unit, deciders=[])
    await office.member(unit)
    (told,) = await office.tell(office.cases, office.annulment_of(decided, "never_ceased"))
    assert await office.status_of(told) == ("refused", "already_member")
    assert (await office.public.get("/v1/register"))["members_count"] == 1


async def test_an_application_of_a_unit_that_never_ceased_falls_away(office: Office) -> None:
    """M1, M4: what it asks for runs again; there are never two live entries of one legal entity."""
    unit = await office.member()
    decided = await office.cancel(unit)
    application = await office.apply(unit)
    await office.tell(office.cases, office.annulment_of(decided, "never_ceased"))
    path = f"/v1/applications/{application['id']}"
    assert (await office.liaison(unit).get(path))["status"] == "retracted"
    again = await office.apply(unit, expect=409)
    assert again["existing_id"] == unit.member_id


async def test_a_decision_about_an_unknown_unit_waits_for_it(office: Office) -> None:
    """Events may overtake each other: what is about nobody known yet is tried again."""
    stranger = Unit(99, "未知公司", new_id("mem"))
    (told,) = await office.tell(office.cases, cancellation_of(stranger))
    assert await office.status_of(told) == ("pending", "not_found")
