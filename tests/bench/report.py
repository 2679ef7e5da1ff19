"""The report: a table for people, a document for machines."""

from collections.abc import Collection, Mapping, Sequence
from statistics import median
from typing import Any

from tests.bench.goal import Count, Figure, Ratio

COLUMNS = ("", "ours", "peer or limit", "ratio", "owed", "")


def heading(machine: Mapping[str, Any]) -> str:
    """What the figures were measured on, in two lines."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    load = " ".join(str(load) for load in machine["load"])
    return f"{machine['model']}, {machine['cores']} cores, load before the start {load}\n{versions}"


def table(ratios: Sequence[Ratio]) -> str:
    """The ratios, one a line, with the medians they are made from."""
    return _aligned([COLUMNS, *(_line(ratio) for ratio in ratios)], right=(1, 3, 4))


def plain_figures(figures: Sequence[Figure]) -> str:
    """What was measured without a peer, one a line, as medians."""
    lines = [(f.what, f"{figure(median(f.values))} {f.unit}") for f in figures]
    return _aligned(lines, right=(1,))


def discrepancies(counts: Sequence[Count]) -> list[str]:
    """What was counted and is not what it had to be; empty when nothing was lost or doubled."""
    return [
        f"{count.what}: {count.found:,} instead of {count.expected:,}"
        for count in counts
        if not count.agrees
    ]


def document(
    machine: Mapping[str, Any],
    ratios: Sequence[Ratio],
    counts: Sequence[Count],
    figures: Sequence[Figure],
) -> dict[str, Any]:
    """All figures as JSON values."""
    return {
        "machine": dict(machine),
        "ratios": [
            {
                "what": ratio.what,
                "unit": ratio.unit,
                "ours": list(ratio.ours),
                "peer": ratio.peer,
                "peers": list(ratio.peers),
                "ratio": ratio.value,
                "owed": {"at_least": ratio.at_least, "at_most": ratio.at_most},
                "held": ratio.is_held,
            }
            for ratio in ratios
        ],
        "counts": [
            {"what": count.what, "expected": count.expected, "found": count.found}
            for count in counts
        ],
        "figures": [
            {"what": plain.what, "unit": plain.unit, "values": list(plain.values)}
            for plain in figures
        ],
    }


def figure(value: float) -> str:
    """A number with three digits that count, or whole where it is large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _aligned(lines: Sequence[Sequence[str]], right: Collection[int]) -> str:
    """Lines of cells under each other; those in the columns ``right`` end together."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _line(ratio: Ratio) -> tuple[str, ...]:
    owed = f">= {ratio.at_least:g}x" if ratio.at_least is not None else f"<= {ratio.at_most:g}x"
    return (
        ratio.what,
        f"{figure(median(ratio.ours))} {ratio.unit}",
        f"{figure(median(ratio.peers))} {ratio.unit} ({ratio.peer})",
        f"{figure(ratio.value)}x",
        owed,
        "held" if ratio.is_held else "MISSED",
    )
