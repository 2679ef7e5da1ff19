"""Bulletins (M7)."""

from dataclasses import fields
from datetime import date

import pytest

from services.membership.domain.bulletin import (
    Movement,
    MovementKind,
    compose,
    due_editions,
    edition_mended_by,
)
from services.membership.domain.errors import EditionUnknown
from services.membership.domain.register import RegisterHead
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from shared.kernel.terms import Term

MONTHLY = REFERENCE_RULEBOOK.term("bulletin.period")
JANUARY = (date(2026, 1, 1), date(2026, 1, 31))
FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("last_to_day", "today", "due"),
    [
        (None, date(2026, 1, 31), []),
        (None, date(2026, 2, 1), [JANUARY]),
        (None, date(2026, 3, 1), [JANUARY, FEBRUARY]),
        (JANUARY[1], date(2026, 2, 28), []),
        (JANUARY[1], date(2026, 3, 20), [FEBRUARY]),
        (date(2025, 12, 31), date(2026, 3, 20), [JANUARY, FEBRUARY]),
    ],
)
def test_an_edition_is_due_for_every_whole_month_that_has_ended(
    last_to_day: date | None, today: date, due: list[tuple[date, date]]
) -> None:
    """Art. 28; rulebook bulletin.period: one month."""
    editions = due_editions(
        first_change_on=date(2026, 1, 15), last_to_day=last_to_day, today=today, period=MONTHLY
    )
    assert list(editions) == due


def test_nothing_is_due_before_the_first_change() -> None:
    """M7."""
    assert not list(
        due_editions(first_change_on=None, last_to_day=None, today=date(2026, 3, 1), period=MONTHLY)
    )


def test_another_rulebook_makes_editions_quarterly_and_one_without_length_is_a_mistake() -> None:
    """Art. 27: the rulebook is amended, not the code."""
    (quarter,) = due_editions(
        first_change_on=date(2025, 11, 30),
        last_to_day=None,
        today=date(2026, 3, 1),
        period=Term(months=3),
    )
    assert quarter == (date(2025, 11, 1), date(2026, 1, 31))
    with pytest.raises(ValueError, match="length"):
        list(
            due_editions(
                first_change_on=date(2026, 1, 1),
                last_to_day=None,
                today=date(2026, 3, 1),
                period=Term(),
            )
        )


def movement(version: int, kind: MovementKind, on: date) -> Movement:
    """A movement of some unit."""
    return Movement(version, kind, on, f"mem_{version}", "甲公司", "A Co.")


def test_an_edition_holds_the_movements_of_its_days_in_order_with_counts() -> None:
    """M7: numbered editions, generated when the period ends."""
    edition = compose(
        4,
        *JANUARY,
        [
            movement(9, MovementKind.CEASED, date(2026, 1, 31)),
            movement(7, MovementKind.JOINED, date(2026, 1, 1)),
            movement(8, MovementKind.JOINED, date(2026, 1, 1)),
            movement(6, MovementKind.RENAMED, date(2026, 1, 20)),
            movement(5, MovementKind.JOINED, date(2025, 12, 31)),
            movement(10, MovementKind.JOINED, date(2026, 2, 1)),
        ],
        members_count=30,
        register=RegisterHead(10, "a" * 64),
    )
    assert [m.register_version for m in edition.movements] == [7, 8, 6, 9]
    assert (edition.joined_count, edition.ceased_count, edition.renamed_count) == (2, 1, 1)
    assert edition.erratum_of is None


def test_a_bulletin_has_no_place_for_why_a_unit_ceased() -> None:
    """Art. 23, 28; edge case 22: "Public caller asks why a unit ceased: not disclosed"."""
    assert [kind.value for kind in MovementKind] == ["joined", "ceased", "renamed"]
    assert not {field.name for field in fields(Movement)} & {"reason", "ending", "ground", "case"}


def test_an_erratum_names_the_edition_it_mends_also_through_another_erratum() -> None:
    """M7; edge case 20: "numbered erratum; earlier edition stays retrievable"."""
    editions = {1: None, 2: None, 3: 1}
    assert edition_mended_by(2, editions) == 2
    assert edition_mended_by(3, editions) == 1
    with pytest.raises(EditionUnknown):
        edition_mended_by(4, editions)
