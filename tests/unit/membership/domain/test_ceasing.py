"""Merging into another member, and ceasing to exist (M10)."""

from datetime import UTC, date, datetime

import pytest

from services.membership.domain.ceasing import RegisteredAct, dissolve, merge
from services.membership.domain.errors import (
    AwaitedAsSuccessor,
    DissolvedAfterItsEnding,
    EndingDayTooEarly,
    MergesIntoItself,
    NoDissolutionPending,
    NoMergerPending,
    NotMember,
    ParticularsNotValid,
    SuccessorNotMember,
)
from services.membership.domain.facts import (
    CancellationMoot,
    EndingAnnounced,
    EndingRetracted,
    PeriodEnded,
)
from services.membership.domain.member import Member, may_act
from services.membership.domain.period import Ending, EndingOutcome
from shared.kernel.actor import Scope
from tests.unit.membership.domain.examples import (
    ANOTHER_IDENTIFIER,
    AT_ONCE,
    CHAIR,
    DAY,
    HOUR,
    NOW,
    TODAY,
    another_member,
    cancellation,
    member,
    moment,
)

IN_A_WEEK = date(2026, 3, 17)
START_OF_THAT_DAY = datetime(2026, 3, 16, 16, 0, tzinfo=UTC)
TODAY_BY_PAPER = RegisteredAct("2026-118")
IN_A_WEEK_BY_PAPER = RegisteredAct("2026-118", IN_A_WEEK)


def test_a_merged_unit_ends_at_once_and_goes_on_in_its_successor() -> None:
    """Edge case 14: "one period ends "merged into X""; its mandates end with it."""
    unit, successor = member(), another_member()
    facts = merge(unit, successor, "end_1", TODAY_BY_PAPER, [], moment(NOW + HOUR, 7))
    assert facts == (PeriodEnded("per_1", Ending.MERGED, TODAY, None, 7, "mem_2"),)
    ended = unit.periods[0].ended
    assert ended is not None
    assert (ended.successor_id, ended.evidence) == ("mem_2", "2026-118")
    assert not may_act(unit, CHAIR, Scope.CIRCULARS, NOW + HOUR)
    assert successor == another_member()


@pytest.mark.parametrize("evidence", ["=cmd|' /C calc'!A0", "@SUM(1)", "", "2026\u202e118"])
def test_the_reference_of_the_act_is_a_line_that_harms_nobody_who_exports_it(evidence: str) -> None:
    unit, before = member(), member()
    act = RegisteredAct(evidence)
    with pytest.raises(ParticularsNotValid) as merged:
        merge(unit, another_member(), "end_1", act, [], moment())
    with pytest.raises(ParticularsNotValid) as dissolved:
        dissolve(unit, "end_1", act, None, [], moment())
    for refused in (merged, dissolved):
        assert [problem.field for problem in refused.value.problems] == ["evidence"]
    assert unit == before


def test_a_merger_for_a_later_day_waits_for_it_and_can_be_taken_back() -> None:
    """M10: "a later civil day allowed"; retracted before it takes effect."""
    unit = member()
    facts = merge(unit, another_member(), "end_1", IN_A_WEEK_BY_PAPER, [], moment())
    assert facts == (EndingAnnounced(Ending.MERGED, IN_A_WEEK),)
    assert (unit.is_member, unit.due_at) == (True, START_OF_THAT_DAY)
    assert unit.retract(Ending.MERGED, NOW + DAY) == (EndingRetracted(Ending.MERGED, IN_A_WEEK),)
    with pytest.raises(NoMergerPending):
        unit.retract(Ending.MERGED, NOW + DAY)
    with pytest.raises(NoDissolutionPending):
        unit.retract(Ending.DISSOLVED, NOW + DAY)


def test_a_second_announcement_replaces_the_first() -> None:
    """M10: the registrar names another day, or another successor."""
    unit = member()
    merge(unit, another_member(), "end_1", IN_A_WEEK_BY_PAPER, [], moment())
    later = RegisteredAct("2026-119", IN_A_WEEK + DAY)
    merge(unit, another_member(), "end_2", later, [], moment())
    assert [ending.id for ending in unit.pending] == ["end_2"]
    assert [settled.outcome for settled in unit.settled] == [EndingOutcome.REPLACED]


def test_neither_a_merger_nor_a_dissolution_is_back_dated() -> None:
    """M8: the rolls of past days are certified."""
    yesterday = RegisteredAct("2026-118", TODAY - DAY)
    with pytest.raises(EndingDayTooEarly) as refusal:
        merge(member(), another_member(), "end_1", yesterday, [], moment())
    assert refusal.value.facts == {"earliest_on": "2026-03-10"}
    with pytest.raises(EndingDayTooEarly):
        dissolve(member(), "end_1", yesterday, None, [], moment())


def test_a_unit_does_not_merge_into_itself() -> None:
    """M10: "merger of two members"."""
    unit = member()
    with pytest.raises(MergesIntoItself):
        merge(unit, unit, "end_1", TODAY_BY_PAPER, [], moment())


def test_a_unit_merges_into_a_member_only() -> None:
    """M10: "merger of two members"; never into nothing."""
    left = another_member()
    left.announce_withdrawal("end_x", None, AT_ONCE, moment())
    for successor in (left, Member("mem_2", ANOTHER_IDENTIFIER)):
        with pytest.raises(SuccessorNotMember):
            merge(member(), successor, "end_1", TODAY_BY_PAPER, [], moment())


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_successor_is_still_a_member_on_the_mergers_day_as_far_as_is_known(days: int) -> None:
    """Edge case 14: one that leaves on that day is none any more; one that leaves later is."""
    successor = another_member()
    leaves_on = IN_A_WEEK + days * DAY
    successor.announce_withdrawal("end_x", leaves_on, AT_ONCE, moment())
    if days <= 0:
        with pytest.raises(SuccessorNotMember):
            merge(member(), successor, "end_1", IN_A_WEEK_BY_PAPER, [], moment())
    else:
        merge(member(), successor, "end_1", IN_A_WEEK_BY_PAPER, [], moment())


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_unit_that_another_is_still_to_merge_into_is_not_ended_by_the_registrar(
    days: int,
) -> None:
    """Edge case 14: chains run in order of their days, and never in a circle."""
    awaited_at = [START_OF_THAT_DAY + days * DAY]
    merging, dissolving, act = member(), member(), IN_A_WEEK_BY_PAPER
    if days < 0:
        merge(merging, another_member(), "end_1", act, awaited_at, moment())
        dissolve(dissolving, "end_1", act, None, awaited_at, moment())
        return
    with pytest.raises(AwaitedAsSuccessor):
        merge(merging, another_member(), "end_1", act, awaited_at, moment())
    with pytest.raises(AwaitedAsSuccessor):
        dissolve(dissolving, "end_1", act, None, awaited_at, moment())


def test_two_units_do_not_merge_into_each_other() -> None:
    """Edge case 14: whichever of the two days comes first, one of them is left."""
    one, other = member(), another_member()
    merge(one, other, "end_1", IN_A_WEEK_BY_PAPER, [], moment())
    for days in (-1, 0):
        act = RegisteredAct("2026-119", IN_A_WEEK + days * DAY)
        with pytest.raises(AwaitedAsSuccessor):
            merge(other, one, "end_2", act, [START_OF_THAT_DAY], moment())
    with pytest.raises(SuccessorNotMember):
        act = RegisteredAct("2026-119", IN_A_WEEK + DAY)
        merge(other, one, "end_2", act, [START_OF_THAT_DAY], moment())


def test_a_merger_lapses_when_its_successor_has_ceased() -> None:
    """Edge case 14: nobody is ended into nothing; the unit stays a member and the fact is kept."""
    unit = member()
    merge(unit, another_member(), "end_1", IN_A_WEEK_BY_PAPER, [], moment())
    facts = unit.let_merger_lapse("mem_2", NOW + DAY)
    assert facts == (EndingRetracted(Ending.MERGED, IN_A_WEEK),)
    assert unit.is_member
    assert [settled.outcome for settled in unit.settled] == [EndingOutcome.LAPSED]
    assert unit.apply_due(moment(START_OF_THAT_DAY)) == ()


def test_of_a_merger_and_a_withdrawal_the_one_effective_first_ends_the_membership() -> None:
    """Edge case 8: "the other is kept as a fact; never two endings"."""
    unit = member()
    merge(unit, another_member(), "end_1", IN_A_WEEK_BY_PAPER, [], moment())
    unit.announce_withdrawal("end_2", IN_A_WEEK - DAY, AT_ONCE, moment())
    (ended,) = unit.apply_due(moment(START_OF_THAT_DAY + DAY, 6))
    assert isinstance(ended, PeriodEnded)
    assert (ended.ending, ended.successor_id) == (Ending.WITHDRAWN, None)
    (settled,) = unit.settled
    assert (settled.outcome, settled.ended_by) == (EndingOutcome.MOOT, Ending.WITHDRAWN)


def test_a_cancellation_of_a_unit_that_merged_first_is_moot() -> None:
    """M4: "if the unit left first, that stands"."""
    unit = member()
    merge(unit, another_member(), "end_1", TODAY_BY_PAPER, [], moment())
    assert unit.decide_cancellation("end_2", cancellation(), moment(NOW + DAY)) == (
        CancellationMoot("cas_1", "2026-V-014", Ending.MERGED),
    )
    with pytest.raises(NotMember) as refusal:
        merge(unit, another_member(), "end_3", TODAY_BY_PAPER, [], moment(NOW + DAY))
    assert refusal.value.facts == {"ended_by": "merged", "ended_on": "2026-03-10"}


def test_a_dissolved_unit_leaves_today_and_its_true_day_is_kept() -> None:
    """Edge case 16: "ends "ceased to exist" with evidence; leaves the denominator from that date"."""
    unit = member()
    facts = dissolve(unit, "end_1", TODAY_BY_PAPER, TODAY - 30 * DAY, [], moment(NOW + HOUR, 4))
    assert facts == (PeriodEnded("per_1", Ending.DISSOLVED, TODAY, None, 4),)
    ended = unit.periods[0].ended
    assert ended is not None
    assert (ended.dissolved_on, ended.evidence) == (TODAY - 30 * DAY, "2026-118")


def test_a_unit_that_will_cease_to_exist_leaves_on_that_day_and_not_before() -> None:
    """Edge case 16."""
    unit = member()
    with pytest.raises(DissolvedAfterItsEnding) as refusal:
        dissolve(unit, "end_1", IN_A_WEEK_BY_PAPER, IN_A_WEEK + DAY, [], moment())
    assert refusal.value.facts == {"latest_on": "2026-03-17"}
    dissolve(unit, "end_1", IN_A_WEEK_BY_PAPER, None, [], moment())
    assert [ending.dissolved_on for ending in unit.pending] == [IN_A_WEEK]
    assert unit.apply_due(moment(START_OF_THAT_DAY, 9)) == (
        PeriodEnded("per_1", Ending.DISSOLVED, IN_A_WEEK, None, 9),
    )
