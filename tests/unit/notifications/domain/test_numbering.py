"""Numbers that people quote (N1; edge case 4: "gap-free per class")."""

from services.notifications.domain.numbering import (
    Number,
    NumberClass,
    annex_number,
    bulletin_number,
    interpretation_number,
)


def test_the_first_number_of_a_year_is_one() -> None:
    assert str(Number(NumberClass.CIRCULAR, 2026, 0).next()) == "C-2026-001"


def test_numbers_follow_without_gap() -> None:
    number = Number(NumberClass.CIRCULAR, 2026, 30)
    assert [str(number := number.next()) for _ in range(3)] == [
        "C-2026-031",
        "C-2026-032",
        "C-2026-033",
    ]


def test_a_number_beyond_three_digits_is_written_in_full() -> None:
    assert str(Number(NumberClass.CIRCULAR, 2026, 1000)) == "C-2026-1000"


def test_an_edition_is_quoted_by_its_number_over_all_years() -> None:
    assert bulletin_number(12) == "B-000012"


def test_results_and_promulgations_are_told_apart_by_their_first_letter() -> None:
    assert str(Number(NumberClass.RESULT, 2026, 1)) == "R-2026-001"
    assert str(Number(NumberClass.PROMULGATION, 2026, 1)) == "P-2026-001"


def test_interpretations_and_annexes_are_quoted_by_their_numbers_over_all_years() -> None:
    assert interpretation_number(7) == "I-000007"
    assert annex_number(2) == "A-000002"
