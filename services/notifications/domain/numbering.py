"""The numbers that people quote: gapless in each class and civil year, so that a member can see a gap (N1)."""

from dataclasses import dataclass, replace
from enum import StrEnum


class NumberClass(StrEnum):
    """What is numbered in a sequence of its own; the value is the number's first letter."""

    CIRCULAR = "C"


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
