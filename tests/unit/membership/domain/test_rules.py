"""When a membership period may open, and when a cancellation may be annulled."""

from datetime import UTC, date, datetime

import pytest

from services.membership.domain.errors import (
    AlreadyMember,
    CaseEndedNoPeriod,
    DayInTheFuture,
    LeftAgainSince,
    PeriodsWouldOverlap,
    ReadmissionDayMissing,
)
from services.membership.domain.period import (
    AccessionBasis,
    AnnouncedEnding,
    Annulment,
    AnnulmentOutcome,
    Ending,
    Period,
)
from services.membership.domain.rules import ANNULMENT_RULES, OPENING_RULES, Opening

TODAY = date(2026, 11, 23)
LEFT_ON = date(2026, 3, 1)
CASE = "cas_1"


def a_period(ended: AnnouncedEnding | None = None) -> Period:
    opened_at = datetime(2020, 1, 1, tzinfo=UTC)
    return Period("per_1", opened_at.date(), opened_at, 1, AccessionBasis.IMPORT, None, ended)


def an_ending(case_id: str | None = None) -> AnnouncedEnding:
    kind = Ending.CANCELLED if case_id else Ending.WITHDRAWN
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return AnnouncedEnding("end_1", kind, at, LEFT_ON, at, case_id, case_id and "2026-1")


def try_opening(*earlier: Period, on: date) -> None:
    for rule in OPENING_RULES:
        rule(Opening(earlier, on, TODAY))


def try_annulment(annulment: Annulment, *periods: Period) -> None:
    for rule in ANNULMENT_RULES:
        rule(annulment, periods)


def test_there_is_never_a_second_period_beside_a_running_one() -> None:
    """Art. 28; M1: one live membership per legal entity."""
    with pytest.raises(AlreadyMember):
        try_opening(a_period(), on=TODAY)


def test_the_register_does_not_foretell_members() -> None:
    """Edge case 4: rights start at the acceptance decision's effective time."""
    with pytest.raises(DayInTheFuture):
        try_opening(on=date(2026, 11, 24))


def test_a_period_follows_the_ending_of_the_last() -> None:
    """M5: coming back opens a new period; on the very day of leaving at the earliest."""
    with pytest.raises(PeriodsWouldOverlap):
        try_opening(a_period(an_ending()), on=date(2026, 2, 28))
    try_opening(a_period(an_ending()), on=LEFT_ON)


def test_only_what_a_case_did_can_be_undone() -> None:
    """Edge case 12; Art. 23."""
    never = Annulment(CASE, AnnulmentOutcome.NEVER_CEASED)
    with pytest.raises(CaseEndedNoPeriod):
        try_annulment(never, a_period(an_ending("cas_2")))
    with pytest.raises(CaseEndedNoPeriod):
        try_annulment(never)
    try_annulment(never, a_period(an_ending(CASE)))


def test_a_unit_that_came_back_is_not_made_a_member_again() -> None:
    """Edge case 12: it is a member already, or left again of its own will."""
    never = Annulment(CASE, AnnulmentOutcome.NEVER_CEASED)
    with pytest.raises(AlreadyMember):
        try_annulment(never, a_period(an_ending(CASE)), a_period())
    with pytest.raises(LeftAgainSince):
        try_annulment(never, a_period(an_ending(CASE)), a_period(an_ending()))


def test_a_readmission_names_its_day() -> None:
    """Edge case 12: 'must say either "never ceased" or "re-admitted from date"'."""
    ended = a_period(an_ending(CASE))
    with pytest.raises(ReadmissionDayMissing):
        try_annulment(Annulment(CASE, AnnulmentOutcome.READMITTED), ended)
    try_annulment(Annulment(CASE, AnnulmentOutcome.READMITTED, LEFT_ON), ended)
