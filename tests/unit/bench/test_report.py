"""What the report says: ratios of medians, what is owed and held, and what is missing."""

import json

import pytest

from tests.bench.goal import Count, Figure, Ratio, interleaved, p99
from tests.bench.report import discrepancies, document, figure, heading, plain_figures, table


def a_rate(ours: list[float], peers: list[float], owed: float = 15) -> Ratio:
    return Ratio(what="relay", unit="/s", ours=ours, peer="textbook", peers=peers, at_least=owed)


def a_duration(ours: list[float], peers: list[float], owed: float = 2) -> Ratio:
    return Ratio(what="issue", unit="ms", ours=ours, peer="few", peers=peers, at_most=owed)


def test_a_ratio_is_that_of_medians_not_of_means_or_of_single_runs() -> None:
    assert a_rate([1500, 90_000, 1600], [100, 100, 1]).value == 16


@pytest.mark.parametrize(("ours", "is_held"), [(1500, True), (1499, False)])
def test_a_rate_is_held_from_what_is_owed_upwards(ours: float, is_held: bool) -> None:
    assert a_rate([ours], [100]).is_held is is_held


@pytest.mark.parametrize(("ours", "is_held"), [(4, True), (4.01, False)])
def test_a_duration_is_held_up_to_what_is_owed(ours: float, is_held: bool) -> None:
    assert a_duration([ours], [2]).is_held is is_held


def test_the_99th_of_a_hundred_waits_is_their_p99() -> None:
    assert p99([*range(101)]) == 99


async def test_variants_are_measured_in_turns() -> None:
    turns: list[str] = []

    async def ours() -> float:
        turns.append("ours")
        return float(len(turns))

    async def peer() -> float:
        turns.append("peer")
        return float(len(turns))

    assert await interleaved(ours, peer) == [[1, 3, 5], [2, 4, 6]]
    assert turns == ["ours", "peer"] * 3


def test_a_line_shows_both_figures_the_ratio_and_whether_it_is_held() -> None:
    shown = table([a_rate([3346], [156]), a_duration([4.2], [2])]).splitlines()
    assert shown[1].split() == [
        *("relay", "3,346", "/s", "156", "/s", "(textbook)", "21.4x", ">=", "15x", "held")
    ]
    assert shown[2].split() == [
        *("issue", "4.2", "ms", "2", "ms", "(few)", "2.1x", "<=", "2x", "MISSED")
    ]


def test_what_has_no_peer_is_shown_as_its_median_and_nothing_is_owed() -> None:
    shown = plain_figures([Figure("recount", "s", [9, 10, 80]), Figure("import", "ms", [142])])
    assert shown.splitlines() == ["recount    10 s", "import   142 ms"]


@pytest.mark.parametrize(
    ("value", "shown"), [(12_345.6, "12,346"), (99.94, "99.9"), (0.12345, "0.123")]
)
def test_figures_have_the_digits_that_count(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_the_heading_names_the_machine_its_load_and_the_versions() -> None:
    machine = {
        "model": "EPYC",
        "cores": 2,
        "load": [0.5, 0.25, 1.0],
        "versions": {"python": "3.11.7", "asyncpg": "0.32"},
    }
    assert heading(machine).splitlines() == [
        "EPYC, 2 cores, load before the start 0.5 0.25 1.0",
        "python 3.11.7, asyncpg 0.32",
    ]


def test_what_is_lost_and_what_is_doubled_is_told_of() -> None:
    counts = [Count("kept", 10, 10), Count("lost", 1000, 999), Count("doubled", 10, 11)]
    assert discrepancies(counts) == [
        "lost: 999 instead of 1,000",
        "doubled: 11 instead of 10",
    ]


def test_the_document_holds_every_repetition_and_is_json() -> None:
    ratio = a_rate([1, 2, 3], [1, 1, 1])
    plain = Figure("recount", "s", [9, 10, 8])
    written = json.loads(
        json.dumps(document({"cores": 2}, [ratio], [Count("kept", 10, 10)], [plain]))
    )
    assert written == {
        "machine": {"cores": 2},
        "ratios": [
            {
                "what": "relay",
                "unit": "/s",
                "ours": [1, 2, 3],
                "peer": "textbook",
                "peers": [1, 1, 1],
                "ratio": 2,
                "owed": {"at_least": 15, "at_most": None},
                "held": False,
            }
        ],
        "counts": [{"what": "kept", "expected": 10, "found": 10}],
        "figures": [{"what": "recount", "unit": "s", "values": [9, 10, 8]}],
    }
