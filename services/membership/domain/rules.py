"""When a membership period may open, and when a cancellation may be annulled (M2, M4, M5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.membership.domain.errors import (
    AlreadyMember,
    CaseEndedNoPeriod,
    DayInTheFuture,
    LeftAgainSince,
    PeriodsWouldOverlap,
    ReadmissionDayMissing,
)
from services.membership.domain.period import Annulment, AnnulmentOutcome, Period


@dataclass(frozen=True, slots=True)
class Opening:
    """A period asked for on ``today``, to count from ``day``, after ``earlier`` ones."""

    earlier: Sequence[Period]
    day: date
    today: date


def no_period_is_running(opening: Opening) -> None:
    """There is never a second period beside a running one."""
    if opening.earlier and opening.earlier[-1].is_running:
        raise AlreadyMember


def its_day_has_come(opening: Opening) -> None:
    """The register does not foretell members."""
    if opening.day > opening.today:
        raise DayInTheFuture(latest_on=opening.today.isoformat())


def it_follows_the_last_ending(opening: Opening) -> None:
    """Periods do not overlap."""
    last = opening.earlier[-1].ended if opening.earlier else None
    if last and opening.day < last.effective_on:
        raise PeriodsWouldOverlap(earliest_on=last.effective_on.isoformat())


OPENING_RULES = (no_period_is_running, its_day_has_come, it_follows_the_last_ending)


def the_case_ended_a_period(annulment: Annulment, periods: Sequence[Period]) -> None:
    """Only what a case did can be undone."""
    if not any(_was_ended_by(annulment, period) for period in periods):
        raise CaseEndedNoPeriod


def the_unit_is_out(_annulment: Annulment, periods: Sequence[Period]) -> None:
    """A unit that is a member again has nothing to come back to."""
    if periods[-1].is_running:
        raise AlreadyMember


def the_unit_has_not_left_again(annulment: Annulment, periods: Sequence[Period]) -> None:
    """A unit that came back and left of its own will is not made a member."""
    if not _was_ended_by(annulment, periods[-1]):
        raise LeftAgainSince


def a_readmission_names_its_day(annulment: Annulment, _periods: Sequence[Period]) -> None:
    """Readmitted is said with a day, never ceased without (edge case 12)."""
    if annulment.outcome is AnnulmentOutcome.READMITTED and annulment.readmitted_from is None:
        raise ReadmissionDayMissing


ANNULMENT_RULES = (
    the_case_ended_a_period,
    the_unit_is_out,
    the_unit_has_not_left_again,
    a_readmission_names_its_day,
)


def _was_ended_by(annulment: Annulment, period: Period) -> bool:
    return period.ended is not None and period.ended.case_id == annulment.case_id
