"""``gongyue verify``: a roll-call vote can be recounted by anyone (P39)."""

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import deploy.verify
from deploy.cli import app
from deploy.verify import read, run, verify
from services.amendments.domain.tally import Departure
from services.amendments.domain.vote import Choice
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import REFERENCE_RULEBOOK, Entry, Rulebook
from tests.unit.amendments.domain.ballots import Cast, Whole, held, unit

HOUR = timedelta(hours=1)
VERIFIER = Path(deploy.verify.__file__)


def a_whole_ballot() -> Whole:
    """15 units, 11 votes by 10 of them (one voted again, one vote is void), a withdrawal, a cancellation, a newcomer."""
    casts = [Cast(n, Choice.FOR, HOUR * (n + 1)) for n in range(9)]
    casts += [Cast(3, Choice.AGAINST, HOUR * 12), Cast(10, Choice.ABSTAIN, HOUR * 30)]
    return held(
        15,
        casts,
        {5: Departure.WITHDRAWN, 12: Departure.CANCELLED},
        joined=[20],
        ended={3: HOUR * 11},
    )


Tamper = Callable[[dict[str, Any]], object]


def _votes(record: dict[str, Any]) -> list[dict[str, Any]]:
    votes: list[dict[str, Any]] = record["votes"]
    return votes


TAMPERINGS: dict[str, Tamper] = {
    "a choice changed": lambda r: _votes(r)[2].update(choice="against"),
    "a choice changed in the roll call too": lambda r: (
        _votes(r)[2].update(choice="against"),
        r["roll_call"][2].update(choice="against"),
    ),
    "another unit's vote": lambda r: _votes(r)[2].update(unit=unit(13)),
    "another instant": lambda r: _votes(r)[2].update(acted_at="2026-04-01T00:00:00.000000Z"),
    "another mandate": lambda r: _votes(r)[2].update(mandate="rep_" + "0" * 32),
    "a vote dropped": lambda r: _votes(r).pop(4),
    "the last vote dropped": lambda r: _votes(r).pop(),
    "the first vote dropped": lambda r: _votes(r).pop(0),
    "a vote inserted": lambda r: _votes(r).insert(3, {**_votes(r)[2], "unit": unit(13)}),
    "a vote appended": lambda r: _votes(r).append({**_votes(r)[-1], "sequence": 12}),
    "two votes in each other's place": lambda r: _votes(r).insert(2, _votes(r).pop(3)),
    "re-salted": lambda r: _votes(r)[2].update(salt="ab" * 16),
    "another leaf": lambda r: _votes(r)[2].update(leaf="ab" * 32),
    "another head": lambda r: _votes(r)[2].update(head="ab" * 32),
    "another ratio": lambda r: r["opening"]["rule"].update(numerator=1, denominator=2),
    "more than instead of at least": lambda r: r["opening"]["rule"].update(inclusive=False),
    "another version of the rulebook": lambda r: r["opening"]["rule"].update(rulebook_version=2),
    "another question": lambda r: r["opening"]["question"].update(draft_digest="0" * 64),
    "another base": lambda r: r["opening"]["question"].update(base_version=2),
    "a unit fewer on the roll": lambda r: r["roll_call"].pop(),
    "a unit more on the roll": lambda r: r["roll_call"].append({**r["roll_call"][0], "unit": "x"}),
    "another unit on the roll": lambda r: r["roll_call"][14].update(unit=unit(99)),
    "another choice in the roll call": lambda r: r["roll_call"][14].update(choice="for"),
    "another digest of the roll": lambda r: r["opening"]["roll"].update(digest="0" * 64),
    "another count of the roll": lambda r: r["opening"]["roll"].update(count=14),
    "another opening": lambda r: r["opening"]["roll"].update(instant="2026-01-01T00:00:00.000000Z"),
    "another official tally": lambda r: r["closing"]["official"].update({"for": 14}),
    "another need": lambda r: r["closing"]["official"].update(needed=8),
    "another tally of the close": lambda r: r["closing"]["closing"].update(reached=True),
    "another outcome": lambda r: r["closing"].update(outcome="adopted"),
    "a void vote made good": lambda r: r["closing"]["ended_mandates"].pop(),
    "a good vote made void": lambda r: r["closing"]["ended_mandates"].append(
        {"mandate": _votes(r)[0]["mandate"], "ended_at": "2026-01-01T00:00:00.000000Z"}
    ),
    "a departure hidden": lambda r: r["closing"]["departed"].pop(),
    "a departure invented": lambda r: r["closing"]["departed"].append(unit(0)),
    "a newcomer hidden": lambda r: r["closing"]["joined"].pop(),
    "a later close": lambda r: r["closing"].update(closed_at="2027-01-01T00:00:00.000000Z"),
    "an extension invented": lambda r: r["closing"]["extensions"].append(
        {"closes_at": "2027-01-01T00:00:00.000000Z", "reason": "x", "at": "2026-04-01T00:00:00Z"}
    ),
    "another last head": lambda r: r["closing"]["chain"].update(head="0" * 64),
    "another length": lambda r: r["closing"]["chain"].update(length=10),
    "another seal": lambda r: r.update(seal="0" * 64),
    "another field": lambda r: r.update(remark="x"),
    "a field gone": lambda r: r.pop("closing"),
    "another format": lambda r: r.update(format="gongyue-ballot-record/2"),
}

MEMBERS_ONLY: dict[str, Tamper] = {
    "another way to depart": lambda r: r["confidential"]["departures"].update(
        {unit(12): "withdrawn"}
    ),
    "another third tally": lambda r: r["confidential"]["less_voluntary"].update({"for": 9}),
    "another name": lambda r: r["roll_call"][0]["name"].update(zh="他人公司"),
    "another salt of the confidential part": lambda r: r["confidential"].update(salt="0" * 32),
}


@pytest.mark.parametrize("edition", ["members", "public"])
def test_both_editions_of_a_true_record_hold(edition: str) -> None:
    """P39: "service tally == stdlib-only recount of the public bundle"."""
    whole = a_whole_ballot()
    verdict = verify(getattr(whole, edition), receipts=whole.receipts, seal=whole.members["seal"])
    assert verdict.faults == []
    assert (verdict.votes, verdict.receipts, verdict.consenting) == (11, 11, 9)
    assert verdict.outcome == whole.tallies.outcome


@pytest.mark.parametrize("edition", ["members", "public"])
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_whatever_is_tampered_with_is_found(edition: str, tampering: str) -> None:
    """P39: "alter/drop/add one ballot → verifier fails"; A5: "a changed, dropped or inserted vote is found"."""
    record = copy.deepcopy(getattr(a_whole_ballot(), edition))
    TAMPERINGS[tampering](record)
    assert not verify(record).holds


@pytest.mark.parametrize("tampering", MEMBERS_ONLY)
def test_what_only_members_are_told_is_sealed_as_well(tampering: str) -> None:
    """The seal covers the confidential part by its digest."""
    record = copy.deepcopy(a_whole_ballot().members)
    MEMBERS_ONLY[tampering](record)
    assert not verify(record).holds


def test_a_record_forged_whole_is_found_by_a_receipt_and_by_the_announced_seal() -> None:
    """Chain, leaves and seal computed anew from other votes: what was given out before does not fit any more."""
    true = a_whole_ballot()
    forged = held(15, [Cast(n, Choice.FOR, HOUR) for n in range(12)], seed=2)
    assert verify(forged.public).holds
    assert not verify(forged.public, receipts=true.receipts).holds
    assert not verify(forged.public, seal=true.public["seal"]).holds


def test_a_record_re_salted_whole_is_found_by_a_receipt() -> None:
    """The receipt holds the salt of its own vote."""
    casts = [Cast(n, Choice.FOR, HOUR * (n + 1)) for n in range(9)]
    true, other = held(9, casts), held(9, casts, seed=2)
    assert verify(other.public).holds
    assert not verify(other.public, receipts=true.receipts[:1]).holds


@pytest.mark.parametrize("field", ["unit", "choice", "acted_at", "mandate_id", "sequence", "leaf"])
def test_a_receipt_that_says_something_else_than_the_vote_is_not_found(field: str) -> None:
    """A receipt proves what it says only where the record says the same, to the unit, the instant and the mandate."""
    whole = a_whole_ballot()
    receipt, other = whole.receipts[0], whole.receipts[9]
    assert verify(whole.public, receipts=[receipt]).holds
    assert other[field] != receipt[field]
    assert not verify(whole.public, receipts=[{**receipt, field: other[field]}]).holds
    others: list[object] = [None, True, 1.0, "x", [], {}]
    for nothing in others:
        assert not verify(whole.public, receipts=[{**receipt, field: nothing}]).holds
    assert not verify(
        whole.public, receipts=[{k: v for k, v in receipt.items() if k != field}]
    ).holds


def sealed_anew(record: dict[str, Any], **closing: Any) -> dict[str, Any]:
    """A record whose close is forged together with its seal: only what it says can betray it."""
    record = copy.deepcopy(record)
    record["closing"].update(closing)
    head = bytes.fromhex(record["closing"]["chain"]["head"])
    record["seal"] = deploy.verify._seal(head, record["closing"])
    return record


@pytest.mark.parametrize(
    ("agreeing", "departed", "may_be_undetermined"),
    [
        (10, {}, False),  # 10 of 15; nobody left
        (15, {0: Departure.WITHDRAWN}, False),  # 15 of 15, then 14 of 14
        (2, {14: Departure.CANCELLED}, False),  # 2 of 15: no departure makes that two thirds
        (9, {14: Departure.CANCELLED}, False),  # 9 of 15 and 9 of 14
        (9, {0: Departure.CANCELLED, 14: Departure.WITHDRAWN}, False),  # 9 of 14 at the most
        (9, {0: Departure.CANCELLED, 13: Departure.MERGED, 14: Departure.MERGED}, True),  # 9 of 13
        (10, {0: Departure.CANCELLED, 14: Departure.WITHDRAWN}, True),  # 9 of 14 at the least
    ],
)
def test_the_public_believes_undetermined_only_where_the_third_tally_can_disagree(
    agreeing: int, departed: dict[int, Departure], may_be_undetermined: bool
) -> None:
    """It is not told how units left, but the third roll lies between the two extremes of what it can have been."""
    whole = held(15, [Cast(n, Choice.FOR) for n in range(agreeing)], departed)
    assert verify(whole.public).holds
    told = sealed_anew(whole.public, outcome="undetermined")
    assert verify(told).holds is may_be_undetermined


def test_the_public_is_not_told_how_a_unit_left_nor_named_who_voted_how() -> None:
    """Art. 23: "internal means internal"; edge case 12: "named afterwards to members"."""
    told = json.dumps(a_whole_ballot().public)
    assert "withdrawn" not in told
    assert "cancelled" not in told
    assert "less_voluntary" not in told
    assert "Ltd." not in told


THREE_QUARTERS = Rulebook(
    2,
    tuple(
        Entry(e.key, Ratio(3, 4, inclusive=False), e.article, e.given_by)
        if e.key == "amendment.adoption"
        else e
        for e in REFERENCE_RULEBOOK.entries.values()
    ),
)


@st.composite
def whole_ballots(draw: st.DrawFn) -> Whole:
    """Up to 500 units; votes and votes again, some too late; departures, newcomers, mandates that ended."""
    units = draw(st.integers(1, 500))
    seed = draw(st.integers(0, 2**32))
    number = st.integers(0, units - 1)
    minutes = st.integers(0, 32 * 24 * 60)
    casts = draw(
        st.lists(
            st.builds(
                lambda n, choice, m, mandate: Cast(n, choice, timedelta(minutes=m), mandate),
                number,
                st.sampled_from(Choice),
                minutes,
                st.integers(0, 1),
            ),
            max_size=80,
        )
    )
    agreeing = draw(st.integers(0, units))
    casts += [Cast(n, Choice.FOR, timedelta(minutes=1)) for n in range(agreeing)]
    departures = draw(st.dictionaries(number, st.sampled_from(Departure), max_size=8))
    ended = draw(st.dictionaries(number, minutes.map(lambda m: timedelta(minutes=m)), max_size=5))
    joined = draw(st.lists(st.integers(1000, 1100), unique=True, max_size=3))
    rulebook = draw(st.sampled_from([REFERENCE_RULEBOOK, THREE_QUARTERS]))
    return held(units, casts, departures, joined=joined, ended=ended, rulebook=rulebook, seed=seed)


@settings(max_examples=60, deadline=None)
@given(whole_ballots())
def test_the_recount_of_any_ballot_is_what_the_service_counted(whole: Whole) -> None:
    """P39: "random electorates (≤ 500 units, revotes, closing races): service tally == recount"."""
    for record in (whole.members, whole.public):
        verdict = verify(read(json.dumps(record).encode()), receipts=whole.receipts)
        assert verdict.faults == []
        official = whole.tallies.official
        assert (verdict.consenting, verdict.needed) == (official.count.consenting, official.needed)
        assert verdict.outcome == whole.tallies.outcome


@settings(max_examples=60, deadline=None)
@given(whole_ballots(), st.data())
def test_no_vote_of_any_ballot_can_be_changed_dropped_or_doubled(
    whole: Whole, data: st.DataObject
) -> None:
    """P39: "alter/drop/add one ballot → verifier fails"."""
    votes = whole.public["votes"]
    if not votes:
        return
    place = data.draw(st.integers(0, len(votes) - 1))
    how = data.draw(st.sampled_from(["changed", "dropped", "doubled"]))
    if how == "changed":
        name = data.draw(st.sampled_from(sorted(votes[place])))
        other = data.draw(st.sampled_from(["for", "against", "x", 0, None]))
        if votes[place][name] == other:
            return
        votes[place] = {**votes[place], name: other}
    elif how == "dropped":
        del votes[place]
    else:
        votes.insert(place, votes[place])
    assert not verify(whole.public).holds


def test_the_verifier_is_a_page_of_its_own(tmp_path: Path) -> None:
    """Reliability 6: "`recount`, standard library only, no shared code with the service"."""
    tree = ast.parse(VERIFIER.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    whole = a_whole_ballot()
    (tmp_path / "record.json").write_text(json.dumps(whole.public, ensure_ascii=False))
    (tmp_path / "receipt.json").write_text(json.dumps(whole.receipts[0]))
    (tmp_path / "verify.py").write_text(VERIFIER.read_text())
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "record.json", "receipt.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 receipts found" in done.stdout


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"null", b"{}", b"\xff"])
def test_what_is_no_record_does_not_hold(content: bytes) -> None:
    """Nothing that can be put into a file makes the verifier fall over."""
    holds, lines = run(content)
    assert not holds
    assert lines


@pytest.mark.parametrize("depth", [900, 100_000])
def test_what_is_nested_deeply_is_no_record(depth: int) -> None:
    """Also where it stands in a record, or is given as a receipt."""
    whole = a_whole_ballot()
    deep = b"[" * depth + b"]" * depth
    record = json.dumps(whole.public).encode()
    for content, receipt in (
        (deep, b"{}"),
        (record.replace(b'"outcome": "rejected"', b'"outcome": ' + deep), b"{}"),
        (record.replace(b'"choice": null', b'"choice": ' + deep, 1), b"{}"),
        (record, deep),
    ):
        holds, lines = run(content, [receipt])
        assert not holds
        assert lines


def test_the_command_tells_whether_a_record_holds(tmp_path: Path) -> None:
    """`gongyue verify ballot-record.json --receipt FILE`: exit status 0 where it holds, 1 where it does not."""
    whole = a_whole_ballot()
    record, receipt = tmp_path / "record.json", tmp_path / "receipt.json"
    record.write_text(json.dumps(whole.public))
    receipt.write_text(json.dumps(whole.receipts[3]))
    command = ["verify", str(record), "--receipt", str(receipt), "--seal", whole.public["seal"]]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, "1 receipts found" in done.output) == (0, True)
    record.write_text(json.dumps({**whole.public, "votes": []}))
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, "DOES NOT HOLD" in done.output) == (1, True)
