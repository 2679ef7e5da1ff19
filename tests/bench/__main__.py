"""Measures and reports: ``python -m tests.bench [GOAL …] [--json FILE]``."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import uvloop

from shared import logs
from tests.bench import (
    circular,
    inbox,
    incoming,
    latency,
    recount,
    relay,
    votes,
    votes_http,
    webhooks,
)
from tests.bench.goal import Count, Figure, Measured, Ratio
from tests.bench.machine import describe_machine
from tests.bench.report import discrepancies, document, heading, plain_figures, table
from tests.bench.servers import Servers, running_servers

GOALS: Mapping[str, Callable[[Servers], Coroutine[Any, Any, Measured]]] = {
    "relay": relay.measure,
    "incoming": incoming.measure,
    "latency": latency.measure,
    "circular": circular.measure,
    "inbox": inbox.measure,
    "webhooks": webhooks.measure,
    "votes": votes.measure,
    "votes_http": votes_http.measure,
    "recount": recount.measure,
}
"""Every goal by its name. One more is a module with its ``measure``, and a line here."""

FOLDER = Path(".cache/bench")


def main() -> int:
    """Run the goals that are named, or all; 1 where something acknowledged was not found afterwards."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures the suite against peers and limits. A ratio that is missed is printed"
        " as MISSED and the exit status stays 0: machines differ. Where something that was"
        " acknowledged is not found afterwards, the exit status is 1.",
    )
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"of {', '.join(GOALS)}")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE")
    options = parser.parse_args()
    unknown = set(options.goals) - GOALS.keys()
    if unknown:
        parser.error(f"no such goal: {', '.join(sorted(unknown))}")
    logs.configure(json=False, level="ERROR")
    machine = describe_machine()
    print(heading(machine))
    ratios: list[Ratio] = []
    counts: list[Count] = []
    figures: list[Figure] = []
    with (
        running_servers(FOLDER) as servers,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop,
    ):
        for name in options.goals or GOALS:
            begun = time.perf_counter()
            measured = loop.run(GOALS[name](servers))
            print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
            ratios += measured.ratios
            counts += measured.counts
            figures += measured.figures
    print(table(ratios))
    if figures:
        print(f"\nwithout a peer\n{plain_figures(figures)}\n")
    written = document(machine, ratios, counts, figures)
    options.json.write_text(json.dumps(written, indent=2) + "\n")
    wrong = discrepancies(counts)
    print("\n".join(wrong) or f"counted: {sum(count.found for count in counts):,}, nothing lost")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
