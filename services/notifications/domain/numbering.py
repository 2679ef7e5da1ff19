"""The numbers that people quote, so that a member can see a gap (N1).

What every member gets and must not miss bears one. Circulars, results and promulgations are counted here, gapless in
each class and civil year; editions of the bulletin, interpretations and annexes bear the number that their own service
counts, gapless over all years. A number stands on one notice only; whatever else is told has none, least of all what is told to
one member: the others would look for it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class NumberClass(StrEnum):
    """What is numbered in a sequence of its own; the value is the number's first letter."""

    CIRCULAR = "C"
    RESULT = "R"
    PROMULGATION = "P"


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a class and civil year; sequence 0 stands before the first one."""

    number_class: NumberClass
    year: int
    sequence: int

    def next(self) -> "Number":
        """The number that follows."""
        return replace(self, sequence=self.sequence + 1)

    def __str__(self) -> str:
        return f"{self.number_class}-{self.year}-{self.sequence:03d}"


def bulletin_number(edition: int) -> str:
    """How an edition of the bulletin is quoted; membership counts the editions, over all years."""
    return f"B-{edition:06d}"


def interpretation_number(number: int) -> str:
    """How an interpretation is quoted; amendments counts them, over all years."""
    return f"I-{number:06d}"


def annex_number(number: int) -> str:
    """How an annex is quoted; amendments counts them, over all years."""
    return f"A-{number:06d}"
