"""What a goal owes, what was measured of it, and what was counted afterwards."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

REPETITIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Ours against a peer or a limit, one figure a repetition, both in ``unit``.

    Owed is ``at_least`` (more is better) or ``at_most`` (less is better) times the peer's median; one of the two.
    """

    what: str
    unit: str
    ours: Sequence[float]
    peer: str
    peers: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def value(self) -> float:
        """Our median over the peer's."""
        return median(self.ours) / median(self.peers)

    @property
    def is_held(self) -> bool:
        """Whether the ratio of medians is what is owed."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.at_most is not None and self.value <= self.at_most


@dataclass(frozen=True, slots=True)
class Count:
    """How many of ``what`` had to be there after the run, and how many were."""

    what: str
    expected: int
    found: int

    @property
    def agrees(self) -> bool:
        """Whether nothing is missing and nothing is doubled."""
        return self.expected == self.found


@dataclass(frozen=True, slots=True)
class Figure:
    """What has no peer and owes nothing: one value a repetition, in ``unit``."""

    what: str
    unit: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one goal came to."""

    ratios: Sequence[Ratio] = field(default=())
    counts: Sequence[Count] = field(default=())
    figures: Sequence[Figure] = field(default=())


Variant = Callable[[], Awaitable[float]]


async def interleaved(*variants: Variant, repetitions: int = REPETITIONS) -> list[list[float]]:
    """The figures of each variant, measured in turns (A B A B …), so that a noisy minute hits all alike."""
    figures: list[list[float]] = [[] for _ in variants]
    for _ in range(repetitions):
        for measured, variant in zip(figures, variants, strict=True):
            measured.append(await variant())
    return figures


def p99(figures: Sequence[float]) -> float:
    """The value that 99 of 100 ``figures`` do not exceed."""
    return quantiles(figures, n=100, method="inclusive")[98]
