"""Leaving, being cancelled, and what happens when both come (M3, M4)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.membership.domain.errors import (
    NotMember,
    NoWithdrawalPending,
    WithdrawalDayTooEarly,
)
from services.membership.domain.facts import (
    CancellationKnown,
    CancellationMoot,
    EndingAnnounced,
    EndingRetracted,
    PeriodEnded,
)
from services.membership.domain.lifecycle import MembershipStatus
from services.membership.domain.member import Member, may_act
from services.membership.domain.period import Ending, EndingOutcome, Moment
from shared.kernel.actor import Scope
from shared.kernel.terms import Term
from tests.unit.membership.domain.examples import (
    AT_ONCE,
    CHAIR,
    DAY,
    DECIDERS,
    HOUR,
    IDENTIFIER,
    NOW,
    TODAY,
    cancellation,
    member,
    moment,
)

IN_A_WEEK = date(2026, 3, 17)
START_OF_THAT_DAY = datetime(2026, 3, 16, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("day", [None, TODAY])
def test_a_withdrawal_works_on_receipt(day: date | None) -> None:
    """Art. 28; edge case 6: "effective on receipt [...]; no approval step"."""
    unit = member()
    facts = unit.announce_withdrawal("end_1", day, AT_ONCE, moment(NOW + HOUR, 7))
    assert facts == (PeriodEnded("per_1", Ending.WITHDRAWN, TODAY, None, 7),)
    assert unit.status is MembershipStatus.CEASED
    assert unit.periods[0].ended_version == 7
    assert unit.period_at(NOW) is unit.periods[0]
    assert unit.period_at(NOW + HOUR) is None


def test_a_withdrawal_for_a_later_day_takes_effect_as_that_day_begins_in_the_organs_zone() -> None:
    """Art. 28; edge case 6: "or on a later date named by the unit"."""
    unit = member()
    facts = unit.announce_withdrawal("end_1", IN_A_WEEK, AT_ONCE, moment())
    assert facts == (EndingAnnounced(Ending.WITHDRAWN, IN_A_WEEK),)
    assert unit.is_member
    assert unit.due_at == START_OF_THAT_DAY
    assert unit.apply_due(moment(START_OF_THAT_DAY - HOUR)) == ()
    assert unit.apply_due(moment(START_OF_THAT_DAY + 5 * DAY, 8)) == (
        PeriodEnded("per_1", Ending.WITHDRAWN, IN_A_WEEK, None, 8),
    )
    assert unit.pending == []
    assert unit.apply_due(moment(START_OF_THAT_DAY + 5 * DAY, 9)) == ()


def test_a_later_day_begins_at_midnight_also_when_the_clocks_change() -> None:
    """Edge case 24: "legal days computed in the organ's civil time zone"."""
    new_york = Moment(NOW, ZoneInfo("America/New_York"), 2)
    unit = member()
    unit.announce_withdrawal("end_1", date(2026, 11, 2), AT_ONCE, new_york)
    assert unit.due_at == datetime(2026, 11, 2, 5, 0, tzinfo=UTC)


def test_a_withdrawal_is_not_back_dated() -> None:
    """Art. 28; edge case 6: "no back-dating"."""
    unit = member()
    with pytest.raises(WithdrawalDayTooEarly) as refusal:
        unit.announce_withdrawal("end_1", TODAY - DAY, AT_ONCE, moment())
    assert refusal.value.facts == {"earliest_on": "2026-03-10"}


def test_a_rulebook_with_a_notice_term_moves_the_earliest_day() -> None:
    """Rulebook withdrawal.notice_term, by the convention's own procedure (Art. 27)."""
    unit, ten_days = member(), Term(days=10)
    with pytest.raises(WithdrawalDayTooEarly):
        unit.announce_withdrawal("end_1", IN_A_WEEK, ten_days, moment())
    assert unit.announce_withdrawal("end_1", None, ten_days, moment()) == (
        EndingAnnounced(Ending.WITHDRAWN, date(2026, 3, 20)),
    )


def test_a_withdrawal_can_be_taken_back_until_it_takes_effect() -> None:
    """Art. 28; edge case 6: "revocable until then"."""
    unit = member()
    unit.announce_withdrawal("end_1", IN_A_WEEK, AT_ONCE, moment())
    assert unit.retract(Ending.WITHDRAWN, START_OF_THAT_DAY - HOUR) == (
        EndingRetracted(Ending.WITHDRAWN, IN_A_WEEK),
    )
    assert [fact.outcome for fact in unit.settled] == [EndingOutcome.RETRACTED]
    with pytest.raises(NoWithdrawalPending):
        unit.retract(Ending.WITHDRAWN, START_OF_THAT_DAY - HOUR)
    unit.announce_withdrawal("end_2", IN_A_WEEK, AT_ONCE, moment())
    with pytest.raises(NotMember) as refusal:
        unit.retract(Ending.WITHDRAWN, START_OF_THAT_DAY)
    assert refusal.value.facts == {"ended_by": "withdrawn", "ended_on": "2026-03-17"}


def test_a_new_notice_takes_the_place_of_the_pending_one() -> None:
    """M3: a member withdraws by notice at any time."""
    unit = member()
    unit.announce_withdrawal("end_1", IN_A_WEEK, AT_ONCE, moment())
    unit.announce_withdrawal("end_2", IN_A_WEEK + DAY, AT_ONCE, moment())
    assert [ending.id for ending in unit.pending] == ["end_2"]
    assert [(f.ending.id, f.outcome) for f in unit.settled] == [("end_1", EndingOutcome.REPLACED)]


def test_a_unit_that_left_cannot_leave_again_and_learns_which_ending_won() -> None:
    """Edge case 9: "one row lock, one winner, loser gets 409 naming the winning event"."""
    unit = member()
    unit.decide_cancellation("end_1", cancellation(), moment())
    with pytest.raises(NotMember) as refusal:
        unit.announce_withdrawal("end_2", None, AT_ONCE, moment())
    assert refusal.value.facts == {"ended_by": "cancelled", "ended_on": "2026-03-10"}


def test_a_unit_that_never_was_a_member_has_nothing_to_leave() -> None:
    """M3."""
    with pytest.raises(NotMember) as refusal:
        Member("mem_1", IDENTIFIER).announce_withdrawal("end_1", None, AT_ONCE, moment())
    assert refusal.value.facts == {}
    with pytest.raises(NotMember):
        Member("mem_1", IDENTIFIER).decide_cancellation("end_1", cancellation(), moment())


def test_a_cancellation_ends_the_period_with_the_decision_as_its_ground() -> None:
    """Art. 23; M4."""
    unit = member()
    facts = unit.decide_cancellation(
        "end_1", cancellation(effective_at=NOW - DAY), moment(NOW + HOUR, 5)
    )
    assert facts == (PeriodEnded("per_1", Ending.CANCELLED, TODAY, "cas_1", 5),)
    ended = unit.periods[0].ended
    assert ended is not None
    assert (ended.decision_number, ended.effective_at) == ("2026-V-014", NOW + HOUR)
    assert unit.cancellation_deciders == DECIDERS


def test_a_cancellation_heard_twice_happens_once() -> None:
    """Art. 23; M4: "twice announced, it happens once"."""
    known = (CancellationKnown("cas_1"),)
    pending = member()
    pending.decide_cancellation("end_1", cancellation(effective_at=NOW + DAY), moment())
    assert pending.decide_cancellation("end_2", cancellation(), moment()) == known
    ended = member()
    ended.decide_cancellation("end_1", cancellation(), moment())
    version = ended.version
    assert ended.decide_cancellation("end_2", cancellation(), moment()) == known
    moot = member()
    moot.announce_withdrawal("end_1", None, AT_ONCE, moment())
    moot.decide_cancellation("end_2", cancellation(), moment())
    assert moot.decide_cancellation("end_3", cancellation(), moment()) == known
    assert ended.version == version


def test_a_unit_that_left_while_accused_stays_left_and_the_cancellation_is_moot() -> None:
    """Edge case 7: 'cancellation becomes impossible and is recorded as "measure moot - unit had
    withdrawn"'.
    """
    unit = member()
    unit.announce_withdrawal("end_1", None, AT_ONCE, moment())
    facts = unit.decide_cancellation("end_2", cancellation(), moment(NOW + DAY))
    assert facts == (CancellationMoot("cas_1", "2026-V-014", Ending.WITHDRAWN),)
    (fact,) = unit.settled
    assert (fact.outcome, fact.ended_by, fact.ended_on) == (
        EndingOutcome.MOOT,
        Ending.WITHDRAWN,
        TODAY,
    )
    assert unit.cancellation_deciders == frozenset()


def test_a_withdrawal_before_a_decided_cancellation_takes_effect_wins() -> None:
    """Edge case 8: "the act effective first ends the membership, the other is kept as a fact; never
    two endings".
    """
    unit = member()
    facts = unit.decide_cancellation("end_1", cancellation(effective_at=NOW + 9 * DAY), moment())
    assert facts == (EndingAnnounced(Ending.CANCELLED, date(2026, 3, 19)),)
    assert unit.announce_withdrawal("end_2", None, AT_ONCE, moment(NOW + DAY, 4)) == (
        PeriodEnded("per_1", Ending.WITHDRAWN, date(2026, 3, 11), None, 4),
        CancellationMoot("cas_1", "2026-V-014", Ending.WITHDRAWN),
    )
    assert unit.pending == []


def test_of_two_pending_endings_the_one_effective_first_ends_the_membership() -> None:
    """Edge case 8: "the act effective first ends the membership, the other is kept as a fact"."""
    unit = member()
    unit.announce_withdrawal("end_1", IN_A_WEEK, AT_ONCE, moment())
    decided_later = cancellation(effective_at=NOW + DAY)
    unit.decide_cancellation("end_2", decided_later, moment(NOW + HOUR))
    facts = unit.apply_due(moment(START_OF_THAT_DAY + DAY, 6))
    assert facts == (PeriodEnded("per_1", Ending.CANCELLED, date(2026, 3, 11), "cas_1", 6),)
    (fact,) = unit.settled
    assert (fact.ending.id, fact.outcome, fact.ended_by) == (
        "end_1",
        EndingOutcome.MOOT,
        Ending.CANCELLED,
    )


def test_an_ending_that_is_due_counts_before_anybody_applied_it() -> None:
    """Edge case 8: the act effective first, whenever the clock's work is done."""
    unit = member()
    unit.announce_withdrawal("end_1", IN_A_WEEK, AT_ONCE, moment())
    assert may_act(unit, CHAIR, Scope.VOTE, START_OF_THAT_DAY - HOUR)
    assert not may_act(unit, CHAIR, Scope.VOTE, START_OF_THAT_DAY)
    with pytest.raises(NotMember):
        unit.announce_withdrawal("end_2", None, AT_ONCE, moment(START_OF_THAT_DAY))
    late = cancellation(effective_at=START_OF_THAT_DAY)
    assert unit.decide_cancellation("end_3", late, moment(START_OF_THAT_DAY)) == (
        CancellationMoot("cas_1", "2026-V-014", Ending.WITHDRAWN),
    )
    assert unit.apply_due(moment(START_OF_THAT_DAY, 6)) == (
        PeriodEnded("per_1", Ending.WITHDRAWN, IN_A_WEEK, None, 6),
    )
