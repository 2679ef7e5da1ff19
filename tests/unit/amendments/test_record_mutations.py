"""Whatever single field of a ballot's record is altered, dropped or added, the verifier finds it (P39)."""

import copy
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.verify import verify
from services.amendments.domain.tally import Departure
from services.amendments.domain.vote import Choice
from shared.kernel.chain import canonical
from tests.unit.amendments.domain.ballots import Cast, Whole, held

HOUR = timedelta(hours=1)
Path = tuple[str | int, ...]

in_each_edition = pytest.mark.parametrize("edition", ["public", "members"])

values: st.SearchStrategy[object] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=70)
    | st.just([])
    | st.just({})
    | st.sampled_from(["for", "against", "abstain", "adopted", "rejected", "undetermined"])
    | st.sampled_from(["withdrawn", "merged", "cancelled", "dissolved"])
    | st.sampled_from(["2026-03-26T00:00:00.000000Z", "2199-01-01T00:00:00.000000Z"])
)


def a_ballot() -> Whole:
    """12 units; one voted twice, one under a mandate that had ended; a withdrawal, a cancellation, a newcomer."""
    casts = [Cast(n, Choice.FOR, HOUR * (n + 1)) for n in range(8)]
    casts += [Cast(3, Choice.AGAINST, HOUR * 12), Cast(9, Choice.ABSTAIN, HOUR * 30)]
    left = {5: Departure.WITHDRAWN, 11: Departure.CANCELLED}
    return held(12, casts, left, joined=[20], ended={3: HOUR * 11})


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a record: objects, arrays and what is in them."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(part, dict | list):
            yield from places(part, (*path, key))


def at(record: Any, path: Path) -> Any:
    """What stands at a place."""
    for key in path:
        record = record[key]
    return record


def fields(record: Any) -> list[Path]:
    """The places that hold a plain value."""
    return [path for path in places(record) if not isinstance(at(record, path), dict | list)]


def altered(record: Any, path: Path, value: object) -> Any:
    """A copy of the record with another value at a place."""
    copied = copy.deepcopy(record)
    at(copied, path[:-1])[path[-1]] = value
    return copied


@in_each_edition
def test_no_field_can_say_anything_else(edition: str) -> None:
    """P39: "alter … one ballot → verifier fails"; here every field of the record, with values of every kind."""
    record = getattr(a_ballot(), edition)
    unnoticed = []
    for path in fields(record):
        present = at(record, path)
        others: list[object] = [None, True, False, 0, 1, -1, "", "x", "for", "against", [], {}]
        if isinstance(present, str):
            others += [f"{present}0", present[:-1], present.upper(), present.swapcase()]
        if isinstance(present, int):
            others += [present + 1, present - 1, str(present)]
        unnoticed += [
            (path, other)
            for other in others
            if other != present and verify(altered(record, path, other)).holds
        ]
    assert unnoticed == []


@in_each_edition
def test_nothing_can_be_missing(edition: str) -> None:
    """P39: "drop one ballot → verifier fails", and whatever else could be dropped."""
    record = getattr(a_ballot(), edition)
    unnoticed = []
    for path in places(record):
        shortened = copy.deepcopy(record)
        del at(shortened, path[:-1])[path[-1]]
        if verify(shortened).holds:
            unnoticed.append(path)
    assert unnoticed == []


@in_each_edition
def test_nothing_can_stand_twice_or_in_anothers_place(edition: str) -> None:
    """P39: "add one ballot → verifier fails": each entry of each list doubled, and exchanged with its neighbour."""
    record = getattr(a_ballot(), edition)
    unnoticed = []
    for path in places(record):
        *holder, place = path
        if not isinstance(place, int):
            continue
        doubled, exchanged = copy.deepcopy(record), copy.deepcopy(record)
        entries = at(doubled, tuple(holder))
        entries.insert(place, entries[place])
        if verify(doubled).holds:
            unnoticed.append(("doubled", path))
        entries = at(exchanged, tuple(holder))
        if holder == ["votes"] and place:
            entries.insert(place - 1, entries.pop(place))
            if verify(exchanged).holds:
                unnoticed.append(("exchanged", path))
    assert unnoticed == []


@pytest.mark.parametrize("part", ["opening", "closing", "votes", "roll_call", "confidential"])
def test_nothing_can_be_added(part: str) -> None:
    """A field more in the question, the rule, a roll, a vote, a tally, the roll call or the confidential part is found."""
    record = a_ballot().members
    holders = [p for p in places(record) if p[0] == part and isinstance(at(record, p), dict)]
    assert holders
    unnoticed = [path for path in holders if verify(altered(record, (*path, "remark"), "x")).holds]
    assert unnoticed == []


@in_each_edition
def test_no_value_can_be_of_another_type_that_passes_for_it(edition: str) -> None:
    """``true`` and ``1.0`` equal 1 to Python; a record says them to other readers. Also where it is sealed anew."""
    record = getattr(a_ballot(), edition)
    unnoticed = []
    for path in fields(record):
        present = at(record, path)
        if isinstance(present, str) or present is None:
            continue
        for other in (float(present), bool(present), int(present)):
            if type(other) is type(present) or other != present:
                continue
            if verify(sealed_anew(altered(record, path, other))).holds:
                unnoticed.append((path, other))
    assert unnoticed == []


@in_each_edition
def test_nothing_can_be_added_and_sealed_anew(edition: str) -> None:
    """What belongs in a record is known; a field more is none of it, whoever sealed it."""
    record = getattr(a_ballot(), edition)
    holders = [path for path in places(record) if isinstance(at(record, path), dict)]
    unnoticed = [
        path
        for path in holders
        if verify(sealed_anew(altered(record, (*path, "remark"), "x"))).holds
    ]
    assert unnoticed == []


def sealed_anew(record: Any) -> Any:
    """The record with a chain, a confidential digest, and a seal that fit what it says."""
    closing, head = record["closing"], _digest(record["opening"])
    for vote in record["votes"]:
        head = hashlib.sha256(head + bytes.fromhex(vote["leaf"])).digest()
        vote["head"] = head.hex()
    if "confidential" in record:
        closing["confidential_digest"] = _digest(record["confidential"]).hex()
    closing["chain"]["head"] = head.hex()
    record["seal"] = hashlib.sha256(head + canonical(closing)).hexdigest()
    return record


def _digest(facts: Any) -> bytes:
    return hashlib.sha256(canonical(facts)).digest()


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_single_alteration_goes_unnoticed(data: st.DataObject) -> None:
    """P39, with values that nobody thought of."""
    record = getattr(a_ballot(), data.draw(st.sampled_from(["public", "members"])))
    path = data.draw(st.sampled_from(fields(record)))
    value = data.draw(values)
    if value != at(record, path):
        assert not verify(altered(record, path, value)).holds, (path, value)
