"""Edge case 1: "Threshold sizes 1-25: see product.md, Reading the text; integers only; N = 0 refused" (Art. 27)."""

import pytest

from shared.kernel.ratio import Ratio

INITIATIVE, ADOPTION = Ratio(1, 10), Ratio(2, 3)
MISREAD_INITIATIVE, MISREAD_ADOPTION = Ratio(1, 10, inclusive=False), Ratio(2, 3, inclusive=False)

NEEDED = {
    1: (1, 1),
    2: (1, 2),
    3: (1, 2),
    4: (1, 3),
    5: (1, 4),
    6: (1, 4),
    7: (1, 5),
    8: (1, 6),
    9: (1, 6),
    10: (1, 7),
    11: (2, 8),
    12: (2, 8),
    13: (2, 9),
    14: (2, 10),
    15: (2, 10),
    16: (2, 11),
    17: (2, 12),
    18: (2, 12),
    19: (2, 13),
    20: (2, 14),
    21: (3, 14),
    22: (3, 15),
    23: (3, 16),
    24: (3, 16),
    25: (3, 17),
}
"""How many propose and how many adopt, by the number of members: at least 1/10, at least 2/3, the number included."""


@pytest.mark.parametrize("members", NEEDED)
def test_the_table_of_thresholds_holds_for_every_size(members: int) -> None:
    proposing, adopting = NEEDED[members]
    assert INITIATIVE.needed_of(members) == proposing
    assert ADOPTION.needed_of(members) == adopting
    for count in range(members + 1):
        assert (
            INITIATIVE.reached_by(count, members) == (10 * count >= members) == (count >= proposing)
        )
        assert (
            ADOPTION.reached_by(count, members) == (3 * count >= 2 * members) == (count >= adopting)
        )


def test_the_english_reading_differs_exactly_where_the_number_itself_is_met() -> None:
    """Art. 27 says 以上, "at least"; the translation's "more than" would need one more."""
    sizes = range(1, 31)
    assert [n for n in sizes if INITIATIVE.needed_of(n) != MISREAD_INITIATIVE.needed_of(n)] == [
        10,
        20,
        30,
    ]
    assert [n for n in sizes if ADOPTION.needed_of(n) != MISREAD_ADOPTION.needed_of(n)] == [
        3, 6, 9, 12, 15, 18, 21, 24, 27, 30,
    ]  # fmt: skip


def test_nothing_of_nothing_adopts_nothing_and_has_no_threshold() -> None:
    for ratio in (INITIATIVE, ADOPTION):
        assert not ratio.reached_by(0, 0)
        with pytest.raises(ValueError, match="share of nothing"):
            ratio.needed_of(0)


def test_the_demonstration_of_1200_members_is_decided_by_one_vote() -> None:
    assert INITIATIVE.needed_of(1200) == 120
    assert ADOPTION.needed_of(1200) == 800
    assert not ADOPTION.reached_by(799, 1200)
    assert ADOPTION.reached_by(800, 1200)
