"""When a promulgation was due, and whether it came in time (Art. 26: day 30 in time, day 31 late)."""

from datetime import date, timedelta

import pytest

from services.amendments.domain.deadline import Deadline
from services.amendments.domain.promulgation import Adoption, Promulgation, Publication
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from shared.kernel.terms import start_of
from tests.unit.amendments.domain.proposals import ANOTHER, NOW, SECRETARY, ZONE

ADOPTION = Adoption(
    NOW, Deadline.after(NOW, REFERENCE_RULEBOOK, "promulgation.publication_term", ZONE)
)


@pytest.mark.parametrize(("day", "late"), [(0, False), (30, False), (31, True)])
def test_day_30_is_in_time_and_day_31_is_late(day: int, late: bool) -> None:
    """Product: "the starting day not counted; day 30 in time, day 31 late: recorded, not void"."""
    on = date(2026, 3, 10) + timedelta(days=day)
    made = Promulgation.of(
        "prm_1",
        "prp_1",
        2,
        adoption=ADOPTION,
        in_force_on=on,
        proposed_by=SECRETARY,
        promulgated_by=ANOTHER,
        now=start_of(on, ZONE) + timedelta(hours=23),
        zone=ZONE,
    )
    assert made.is_late is late
    assert (made.valid_on, made.due_on) == (date(2026, 3, 10), date(2026, 4, 9))
    assert (made.due_basis.article, made.due_basis.rulebook_version) == ("26", 1)


def test_it_is_late_from_the_first_instant_of_day_31_in_the_organs_zone() -> None:
    end = start_of(date(2026, 4, 10), ZONE)
    assert not ADOPTION.is_overdue_at(end - timedelta(microseconds=1))
    assert ADOPTION.is_overdue_at(end)


def test_without_a_named_day_it_applies_at_once() -> None:
    assert Publication().in_force_on is None


def test_what_is_voted_on_and_what_comes_of_it_have_their_names() -> None:
    assert [kind.value for kind in SubjectKind] == ["proposal", "annex"]
    assert [outcome.value for outcome in BallotOutcome] == [
        "adopted",
        "rejected",
        "undetermined",
        "cancelled",
    ]
