"""Exact ratios: integers only, so that no threshold is ever decided by a rounding."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """A threshold such as "at least two thirds of all members".

    ``inclusive`` is the Chinese 以上: the number itself counts. ``of`` names what is counted.
    """

    numerator: int
    denominator: int
    inclusive: bool = True
    of: str = "members"

    def __post_init__(self) -> None:
        if not 0 < self.numerator <= self.denominator:
            raise ValueError("a ratio lies above zero and is at most one")
        if not self.inclusive and self.numerator == self.denominator:
            raise ValueError("nothing is more than all")

    def reached_by(self, count: int, total: int) -> bool:
        """Whether ``count`` of ``total`` reaches the ratio. Nothing of nothing reaches none."""
        if total <= 0:
            return False
        left, right = count * self.denominator, total * self.numerator
        return left >= right if self.inclusive else left > right

    def needed_of(self, total: int) -> int:
        """The smallest count that reaches the ratio of ``total`` (at least 1)."""
        if total <= 0:
            raise ValueError("there is no share of nothing")
        product = total * self.numerator
        if self.inclusive:
            return -(-product // self.denominator)
        return product // self.denominator + 1
