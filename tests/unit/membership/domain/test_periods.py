"""Coming in, coming back, and a cancellation set aside (M2, M5)."""

from datetime import UTC, date, datetime

import pytest

from services.membership.domain.errors import (
    AlreadyMember,
    CaseEndedNoPeriod,
    DayInTheFuture,
    LeftAgainSince,
    MandateUnknown,
    NotMember,
    PeriodsWouldOverlap,
    ReadmissionDayMissing,
)
from services.membership.domain.facts import EndingRetracted, PeriodOpened
from services.membership.domain.member import Member, may_act
from services.membership.domain.period import (
    AccessionBasis,
    Annulment,
    AnnulmentOutcome,
    Ending,
    EndingOutcome,
)
from shared.kernel.actor import Scope
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
    entrusting,
    member,
    moment,
)

NEVER_CEASED = Annulment("cas_1", AnnulmentOutcome.NEVER_CEASED)


def readmitted(day: date | None) -> Annulment:
    """An annulment that says: a member again from ``day``."""
    return Annulment("cas_1", AnnulmentOutcome.READMITTED, day)


def cancelled_member() -> Member:
    """A unit whose membership a case has ended."""
    unit = member()
    unit.decide_cancellation("end_1", cancellation(), moment(NOW + HOUR, 2))
    return unit


def test_accession_opens_a_period_with_its_register_version() -> None:
    """Art. 26, 28; M2."""
    unit = Member("mem_1", IDENTIFIER)
    assert not unit.is_member
    facts = unit.accede("per_1", AccessionBasis.APPLICATION, moment(NOW, 5), application_id="app_1")
    assert facts == (PeriodOpened("per_1", AccessionBasis.APPLICATION, "app_1", TODAY, 5),)
    assert unit.current is unit.periods[0]
    assert unit.periods[0].opened_at == NOW


def test_an_initiating_unit_is_a_member_from_the_day_the_convention_became_valid() -> None:
    """Art. 26; edge case 19: "members from the first promulgation without application"."""
    unit = Member("mem_1", IDENTIFIER)
    unit.accede("per_1", AccessionBasis.FOUNDING, moment(), from_day=date(2026, 3, 1))
    assert unit.periods[0].opened_at == datetime(2026, 2, 28, 16, 0, tzinfo=UTC)
    assert unit.period_at(NOW - DAY) is unit.periods[0]


def test_no_membership_counts_from_a_day_to_come() -> None:
    """M6: the register does not foretell."""
    with pytest.raises(DayInTheFuture):
        Member("mem_1", IDENTIFIER).accede(
            "per_1", AccessionBasis.IMPORT, moment(), from_day=TODAY + DAY
        )


def test_a_member_does_not_accede_a_second_time() -> None:
    """Edge case 1: "one live membership per legal entity"."""
    with pytest.raises(AlreadyMember):
        member().accede("per_2", AccessionBasis.APPLICATION, moment())


def test_coming_back_opens_a_new_period_on_the_same_record_and_revives_nothing() -> None:
    """Art. 28; M5; edge case 11: "no revival of old supports, votes or inbox rights"."""
    unit = cancelled_member()
    unit.accede("per_2", AccessionBasis.APPLICATION, moment(NOW + DAY, 9))
    assert [period.id for period in unit.periods] == ["per_1", "per_2"]
    assert unit.is_member
    assert not may_act(unit, CHAIR, Scope.VOTE, NOW + DAY)
    assert may_act(unit, CHAIR, Scope.VOTE, NOW)
    assert unit.cancellation_deciders == DECIDERS
    with pytest.raises(MandateUnknown):
        unit.remove("rep_chair", NOW + DAY)
    unit.appoint("rep_2", entrusting(CHAIR, Scope.VOTE), NOW + DAY)
    assert may_act(unit, CHAIR, Scope.VOTE, NOW + DAY)


def test_a_new_period_begins_no_earlier_than_the_last_one_ended() -> None:
    """M5: periods never overlap."""
    unit = cancelled_member()
    with pytest.raises(PeriodsWouldOverlap):
        unit.accede("per_2", AccessionBasis.IMPORT, moment(NOW + DAY), from_day=TODAY - DAY)
    unit.accede("per_2", AccessionBasis.IMPORT, moment(NOW + DAY), from_day=TODAY)
    assert unit.periods[1].opened_at == NOW + HOUR


def test_a_unit_that_never_ceased_goes_on_in_the_same_period_with_its_representatives() -> None:
    """Art. 23; edge case 12: '"never ceased" (continuity; ballots in between are flagged, not
    reopened)'.
    """
    unit = cancelled_member()
    facts = unit.annul_cancellation(NEVER_CEASED, "per_2", moment(NOW + DAY, 3))
    assert facts == (PeriodOpened("per_1", AccessionBasis.REINSTATED, "app_1", TODAY, 3),)
    (period,) = unit.periods
    assert (period.ended, period.ended_version, period.opened_version) == (None, None, 1)
    assert [(f.ending.case_id, f.outcome) for f in unit.settled] == [
        ("cas_1", EndingOutcome.ANNULLED)
    ]
    assert may_act(unit, CHAIR, Scope.VOTE, NOW + DAY)
    assert unit.cancellation_deciders == frozenset()


def test_a_readmitted_unit_begins_a_new_period_on_the_day_named() -> None:
    """Art. 23; edge case 12: '"re-admitted from date"'."""
    unit = cancelled_member()
    day = date(2026, 3, 12)
    facts = unit.annul_cancellation(readmitted(day), "per_2", moment(NOW + 9 * DAY, 3))
    assert facts == (PeriodOpened("per_2", AccessionBasis.READMITTED, None, day, 3),)
    assert unit.period_at(NOW + DAY) is None
    assert unit.period_at(NOW + 3 * DAY) is unit.periods[1]


def test_a_readmission_names_a_day_between_the_ending_and_today() -> None:
    """Art. 23."""
    unit = cancelled_member()
    with pytest.raises(ReadmissionDayMissing):
        unit.annul_cancellation(readmitted(None), "per_2", moment(NOW + DAY))
    with pytest.raises(DayInTheFuture):
        unit.annul_cancellation(readmitted(TODAY + 2 * DAY), "per_2", moment(NOW + DAY))
    with pytest.raises(PeriodsWouldOverlap):
        unit.annul_cancellation(readmitted(TODAY - DAY), "per_2", moment(NOW + DAY))


def test_only_what_a_case_ended_can_be_annulled_and_only_once() -> None:
    """Art. 23."""
    withdrawn = member()
    withdrawn.announce_withdrawal("end_1", None, AT_ONCE, moment())
    withdrawn.decide_cancellation("end_2", cancellation(), moment())
    with pytest.raises(CaseEndedNoPeriod):
        withdrawn.annul_cancellation(NEVER_CEASED, "per_2", moment())
    again = cancelled_member()
    again.annul_cancellation(readmitted(TODAY), "per_2", moment(NOW + DAY))
    with pytest.raises(AlreadyMember):
        again.annul_cancellation(readmitted(TODAY), "per_3", moment(NOW + DAY))


def test_a_unit_that_came_back_and_left_again_is_not_made_a_member_against_its_will() -> None:
    """Art. 28: withdrawal asks nobody."""
    unit = cancelled_member()
    unit.accede("per_2", AccessionBasis.APPLICATION, moment(NOW + DAY))
    unit.announce_withdrawal("end_2", None, AT_ONCE, moment(NOW + 2 * DAY))
    with pytest.raises(LeftAgainSince):
        unit.annul_cancellation(NEVER_CEASED, "per_3", moment(NOW + 3 * DAY))


def test_a_cancellation_annulled_before_it_takes_effect_never_does() -> None:
    """Art. 23; C7: reconsideration may come before the day of effect."""
    unit = member()
    unit.decide_cancellation("end_1", cancellation(effective_at=NOW + DAY), moment())
    assert unit.annul_cancellation(NEVER_CEASED, "per_2", moment(NOW + HOUR)) == (
        EndingRetracted(Ending.CANCELLED, date(2026, 3, 11)),
    )
    assert unit.apply_due(moment(NOW + 2 * DAY)) == ()
    assert unit.is_member


def test_a_cancellation_that_is_due_is_applied_before_it_can_be_annulled() -> None:
    """Edge case 8: the act effective first, whenever the clock's work is done."""
    unit = member()
    unit.decide_cancellation("end_1", cancellation(effective_at=NOW + DAY), moment())
    with pytest.raises(NotMember):
        unit.annul_cancellation(NEVER_CEASED, "per_2", moment(NOW + DAY))
    unit.apply_due(moment(NOW + DAY))
    unit.annul_cancellation(NEVER_CEASED, "per_2", moment(NOW + DAY))
    assert unit.is_member
