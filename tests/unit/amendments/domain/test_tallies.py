"""Counting a ballot (A5, Art. 27; edge cases 9, 10, 16)."""

import pytest

from services.amendments.domain.subject import BallotOutcome
from services.amendments.domain.tally import (
    Called,
    Departure,
    Rule,
    Tallies,
)
from services.amendments.domain.vote import Choice
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from tests.support.records import tallies_of

TWO_THIRDS = Rule(Ratio(2, 3), REFERENCE_RULEBOOK.basis("amendment.adoption"))


def the_ballot(
    units: int, consenting: int, against: int = 0, departures: dict[int, Departure] | None = None
) -> Tallies:
    """The first units agree, the next ones do not, the rest does not vote; ``departures`` by number from 0."""

    def choice(number: int) -> Choice | None:
        if number < consenting:
            return Choice.FOR
        return Choice.AGAINST if number < consenting + against else None

    left = {f"u{n}": how for n, how in (departures or {}).items()}
    return tallies_of((Called(f"u{n}", choice(n)) for n in range(units)), TWO_THIRDS, left)


@pytest.mark.parametrize("units", range(1, 26))
def test_two_thirds_of_all_members_is_decided_in_integers(units: int) -> None:
    """Edge case 1: "threshold sizes 1-25 … integers only". "以上 includes the number itself"."""
    needed = next(count for count in range(units + 1) if 3 * count >= 2 * units)
    assert the_ballot(units, needed).official.needed == needed
    assert the_ballot(units, needed).outcome is BallotOutcome.ADOPTED
    assert the_ballot(units, needed - 1).outcome is BallotOutcome.REJECTED


@pytest.mark.parametrize("units", [3, 6, 9, 12, 15, 18, 21, 24])
def test_exactly_two_thirds_adopt_where_more_than_two_thirds_would_not(units: int) -> None:
    """Reading the text: "the sizes where the two readings differ are … N = 3, 6, 9, … (adoption)"."""
    assert the_ballot(units, units * 2 // 3).official.reached


def test_nobody_votes_and_it_is_rejected() -> None:
    """Edge case 16: "Nobody votes: rejected." Abstaining and silence are no consent."""
    assert the_ballot(5, 0).outcome is BallotOutcome.REJECTED
    assert the_ballot(0, 0).outcome is BallotOutcome.REJECTED
    abstained = tallies_of([Called(f"u{n}", Choice.ABSTAIN) for n in range(5)], TWO_THIRDS)
    assert (abstained.official.count.abstaining, abstained.official.reached) == (5, False)


def test_a_departing_consenter_flips_the_closing_roll_and_needs_determination() -> None:
    """Edge case 9: "15 units, 10 yes, a yes-voter leaves: 10/15 passes, 9/14 fails"."""
    tallies = the_ballot(15, 10, 5, {0: Departure.WITHDRAWN})
    assert tallies.official.reached
    closing = tallies.closing
    assert (closing.count.consenting, closing.count.units, closing.reached) == (9, 14, False)
    assert tallies.outcome is BallotOutcome.UNDETERMINED


def test_the_organ_gains_no_majority_by_cancelling() -> None:
    """Edge cases 9, 10: "4 units, 2 yes, one "no" is removed: 2/4 fails, 2/3 passes"."""
    tallies = the_ballot(4, 2, 2, {3: Departure.CANCELLED})
    assert not tallies.official.reached
    assert tallies.closing.reached
    assert not tallies.less_voluntary.reached
    assert tallies.outcome is BallotOutcome.UNDETERMINED
    assert tallies.official.count.units == 4


@pytest.mark.parametrize("units", range(3, 16))
def test_for_every_roll_of_3_to_15_one_departure_can_flip_the_outcome(units: int) -> None:
    """Edge case 9: "for every roll of 3 to 15 there is a count where one departure flips the outcome"."""
    assert any(
        the_ballot(units, consenting, 0, {leaver: Departure.WITHDRAWN}).outcome
        is BallotOutcome.UNDETERMINED
        for consenting in range(units + 1)
        for leaver in (0, units - 1)
    )


def test_of_two_merged_units_only_the_successor_counts_after_the_merger() -> None:
    """Edge case 9, decisions: "If both merged units voted, only the successor's counts there"."""
    tallies = the_ballot(9, 6, 3, {0: Departure.MERGED})
    assert (tallies.official.count.units, tallies.official.count.consenting) == (9, 6)
    for later in (tallies.closing, tallies.less_voluntary):
        assert (later.count.units, later.count.consenting) == (8, 5)


@pytest.mark.parametrize(
    ("how", "leaves_third"),
    [
        (Departure.WITHDRAWN, True),
        (Departure.MERGED, True),
        (Departure.CANCELLED, False),
        (Departure.DISSOLVED, False),
    ],
)
def test_only_who_left_of_its_own_will_leaves_the_third_base(
    how: Departure, leaves_third: bool
) -> None:
    """A5: "on the opening roll less those who left of their own will (withdrawn, merged)"."""
    tallies = the_ballot(9, 6, 0, {8: how})
    assert tallies.official.count.units == 9
    assert tallies.closing.count.units == 8
    assert tallies.less_voluntary.count.units == (8 if leaves_third else 9)
