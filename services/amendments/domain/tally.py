"""Counting a ballot: three tallies by one rule, in integers (Art. 27; edge cases 9, 10, 16)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.amendments.domain.subject import BallotOutcome
from services.amendments.domain.vote import Choice
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import Basis


class Departure(StrEnum):
    """How a unit of the opening roll ceased to be a member before the close."""

    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    CANCELLED = "cancelled"
    DISSOLVED = "dissolved"


VOLUNTARY = frozenset({Departure.WITHDRAWN, Departure.MERGED})


@dataclass(frozen=True, slots=True)
class Rule:
    """The ratio that decides a ballot, stored when it was called, and what it rests on."""

    ratio: Ratio
    basis: Basis


class Called(NamedTuple):
    """One unit of the opening roll as the roll call has it: its last valid vote, if it cast one."""

    unit: str
    choice: Choice | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many units a roll has, and how many of them voted how."""

    units: int = 0
    consenting: int = 0
    against: int = 0
    abstaining: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.units + other.units,
            self.consenting + other.consenting,
            self.against + other.against,
            self.abstaining + other.abstaining,
        )

    def __sub__(self, other: "Count") -> "Count":
        return Count(
            self.units - other.units,
            self.consenting - other.consenting,
            self.against - other.against,
            self.abstaining - other.abstaining,
        )

    @classmethod
    def of(cls, choice: Choice | None, units: int) -> "Count":
        """So many units that voted alike (None: that did not vote)."""
        return cls(
            units,
            units if choice is Choice.FOR else 0,
            units if choice is Choice.AGAINST else 0,
            units if choice is Choice.ABSTAIN else 0,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """A count judged by the rule: what was ``needed`` of its units (None: of none), and whether that was reached."""

    count: Count
    needed: int | None
    reached: bool

    @classmethod
    def of(cls, count: Count, ratio: Ratio) -> "Tally":
        """Judge ``count``. Who does not vote, and who abstains, does not agree; nothing of nothing adopts nothing."""
        needed = ratio.needed_of(count.units) if count.units else None
        return cls(count, needed, ratio.reached_by(count.consenting, count.units))


@dataclass(frozen=True, slots=True)
class Tallies:
    """The same votes counted on three rolls.

    ``official``: the opening roll. ``closing``: less all who left. ``less_voluntary``: less those who left of their own
    will (withdrawn, merged). In the second and third a departed unit's vote leaves numerator and denominator together,
    so of two merged units that both voted only the successor's counts there.
    """

    official: Tally
    closing: Tally
    less_voluntary: Tally

    @classmethod
    def of(
        cls, opening: Count, departed: Count, departed_voluntarily: Count, rule: Rule
    ) -> "Tallies":
        """Count by ``rule``."""
        return cls(
            Tally.of(opening, rule.ratio),
            Tally.of(opening - departed, rule.ratio),
            Tally.of(opening - departed_voluntarily, rule.ratio),
        )

    @property
    def outcome(self) -> BallotOutcome:
        """Adopted or rejected where all three say the same, else undetermined (edge case 9)."""
        says = {self.official.reached, self.closing.reached, self.less_voluntary.reached}
        if len(says) > 1:
            return BallotOutcome.UNDETERMINED
        return BallotOutcome.ADOPTED if says.pop() else BallotOutcome.REJECTED
