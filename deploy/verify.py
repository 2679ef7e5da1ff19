"""Recounts a ballot from its public record alone: ``gongyue verify ballot-record.json``.

Standard library only, and nothing of the service that made the record: what it computes, it computes by itself from the
description in the record's format. It also runs as a plain script: ``python verify.py ballot-record.json``.
"""

import gc
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

FORMAT = "gongyue-ballot-record/1"
VOLUNTARY = ("withdrawn", "merged")
DEPARTURES = (*VOLUNTARY, "cancelled", "dissolved")
MOST_FAULTS = 20


def _all(kind: Any, names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), kind)


_ROLL = _all(str, "instant digest") | _all(int, "register_version count")
_TALLY = _all(int, "units for against abstain") | {"needed": (int, type(None)), "reached": bool}
_SEALED = _all(str, "closed_at outcome confidential_digest") | _all([str], "joined departed")
_CLOSING = _SEALED | {
    "extensions": [_all(str, "closes_at reason at")],
    "ended_mandates": [_all(str, "mandate ended_at")],
    "chain": {"length": int, "head": str},
    "roll": _ROLL,
    **_all(_TALLY, "official closing"),
}
_TITLE = {"zh": str, "en": (str, type(None))}
_QUESTION = _all(str, "kind id draft_digest") | {"title": _TITLE, "base_version": int}
_RULE = _all(str, "key article of") | _all(int, "rulebook_version numerator denominator")
_RULE |= {"inclusive": bool}
_OPENING = {"ballot": str, "question": _QUESTION, "rule": _RULE, "roll": _ROLL}
_PUBLIC = _all(str, "format edition seal") | _all(list, "votes roll_call")
_PUBLIC |= {"opening": _OPENING, "closing": _CLOSING}
_CONFIDENTIAL = _all(str, "salt names_digest") | {"departures": dict, "less_voluntary": _TALLY}
_SHAPES = {"public": _PUBLIC, "members": {**_PUBLIC, "confidential": _CONFIDENTIAL}}
_CALLED = {"public": {"unit", "choice"}, "members": {"unit", "choice", "name"}}
_VOTE = _all(str, "unit choice acted_at mandate salt leaf head") | {"sequence": int}
_RECEIPT = _all(str, "ballot_id unit choice acted_at mandate_id leaf salt") | {"sequence": int}
_HASHED = re.compile(
    r'\{"acted_at":"[0-9T:.-]{26}Z","ballot":"bal_[0-9a-f]{32}","choice":"(?:for|against|abstain)",'
    r'"mandate":"[0-9a-z_]+","salt":"[0-9a-f]{32}","sequence":[0-9]+,"unit":"[0-9a-z_]+"\}'
)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_encode_sorted = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
).encode

Record = Mapping[str, Any]


class Unreadable(Exception):
    """The file is not a ballot record as this program knows it."""


@dataclass(slots=True)
class Verdict:
    """What was found. ``faults``: every place where the record contradicts itself, the first ones; none: it holds."""

    faults: list[str] = field(default_factory=list)
    ballot: str = ""
    edition: str = ""
    outcome: str = ""
    units: int = 0
    votes: int = 0
    consenting: int = 0
    needed: int | None = None
    receipts: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.faults

    def blame(self, fault: str) -> None:
        """Note a fault."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)

    def check(self, is_so: bool, fault: str) -> None:
        """Note a fault where something is not so."""
        if not is_so:
            self.blame(fault)


def read(content: bytes) -> Any:
    """The JSON in ``content``; a name twice in one object is refused, two readers could read it differently."""
    gc.disable()  # it would look through a million votes again and again, and find nothing
    try:
        return json.loads(content, object_pairs_hook=_members)
    except (ValueError, RecursionError) as fault:
        raise Unreadable(f"not JSON: {fault}") from None
    finally:
        gc.enable()


def verify(record: Record, *, receipts: Iterable[Record] = (), seal: str | None = None) -> Verdict:
    """Recount ``record``. ``receipts``: as the service gave them to units; ``seal``: as it was announced.

    Without one of these a record that was forged whole, chain and all, cannot be told from the true one.
    """
    verdict = Verdict()
    try:
        _verify(record, receipts, seal, verdict)
    except (LookupError, TypeError, ValueError, AttributeError) as fault:
        verdict.blame(f"malformed: {type(fault).__name__} {fault}")
    return verdict


def _verify(record: Record, receipts: Iterable[Record], seal: str | None, verdict: Verdict) -> None:
    if record["format"] != FORMAT or record["edition"] not in _SHAPES:
        verdict.blame("another format than this program knows")
        return
    for fault in _misshapen(record, _SHAPES[record["edition"]]):
        verdict.blame(fault)
    if not verdict.holds:
        return
    opening, closing = record["opening"], record["closing"]
    verdict.ballot, verdict.edition = opening["ballot"], record["edition"]
    verdict.outcome, verdict.votes = closing["outcome"], len(record["votes"])

    roll = [called["unit"] for called in record["roll_call"]]
    _check_roll("opening roll", roll, opening["roll"], verdict)
    head = _check_chain(record, frozenset(roll), verdict)
    verdict.check(_seal(head, closing) == record["seal"], "the seal does not fit what it seals")
    verdict.check(seal in (None, record["seal"]), "another seal than the one announced")

    standing = _last_valid(record, verdict)
    for called in record["roll_call"]:
        if called.keys() != _CALLED[record["edition"]]:
            verdict.blame(f"{called['unit']}: not exactly the fields of the roll call")
        if called["choice"] != standing.get(called["unit"]):
            verdict.blame(f"{called['unit']}: the roll call says {called['choice']!r}")
    _check_closing_roll(roll, opening, closing, verdict)
    _check_tallies(roll, standing, record, verdict)
    _check_receipts(receipts, record, verdict)


def _misshapen(value: Any, shape: Any, at: str = "record") -> Iterator[str]:
    """Where ``value`` has not exactly the fields, and values of exactly the types, that ``shape`` names."""
    if isinstance(shape, dict):
        if type(value) is not dict or value.keys() != shape.keys():
            yield f"{at}: not exactly the fields {', '.join(shape)}"
        else:
            for key, part in shape.items():
                yield from _misshapen(value[key], part, f"{at}.{key}")
    elif isinstance(shape, list) and type(value) is list:
        for place, item in enumerate(value, 1):
            yield from _misshapen(item, shape[0], f"{at} {place}")
    elif type(value) not in (shape if isinstance(shape, tuple) else (shape,)):
        yield f"{at}: a value of another type than it has"


def _check_roll(
    name: str, units: Sequence[str], certified: Mapping[str, Any], verdict: Verdict
) -> None:
    verdict.check(len(set(units)) == len(units), f"{name}: a unit twice")
    verdict.check(len(units) == certified["count"], f"{name}: not {certified['count']} units")
    digest = hashlib.sha256("".join(f"{unit}\n" for unit in sorted(units)).encode()).hexdigest()
    verdict.check(digest == certified["digest"], f"{name}: not the units that were certified")


def _check_chain(record: Record, roll: frozenset[str], verdict: Verdict) -> bytes:
    """Every leaf and head, each vote in its place and in time; the last head."""
    opening, closing, votes = record["opening"], record["closing"], record["votes"]
    sha256, ballot = hashlib.sha256, opening["ballot"]
    head = sha256(_encode_sorted(opening).encode()).digest()
    earliest = _instant(opening["roll"]["instant"])
    closed_at = _instant(closing["closed_at"])
    at_text, at = "", earliest
    for place, vote in enumerate(votes, 1):
        hashed = (
            f'{{"acted_at":"{vote["acted_at"]}","ballot":"{ballot}","choice":"{vote["choice"]}",'
            f'"mandate":"{vote["mandate"]}","salt":"{vote["salt"]}","sequence":{place},'
            f'"unit":"{vote["unit"]}"}}'
        )
        types = {name: type(value) for name, value in vote.items()}
        if vote["sequence"] != place or types != _VOTE or not _HASHED.fullmatch(hashed):
            verdict.blame(f"vote {place}: out of its place, or malformed")
        leaf = sha256(hashed.encode()).digest()
        head = sha256(head + leaf).digest()
        if leaf.hex() != vote["leaf"]:
            verdict.blame(f"vote {place}: its leaf does not fit what it says")
        if head.hex() != vote["head"]:
            verdict.blame(f"vote {place}: the chain breaks here")
        if vote["unit"] not in roll:
            verdict.blame(f"vote {place}: not of a unit on the roll")
        if vote["acted_at"] != at_text:
            earlier, at_text, at = at, vote["acted_at"], _instant(vote["acted_at"])
            if not earlier <= at < closed_at:
                verdict.blame(f"vote {place}: before the one before it, or not before the close")
    ended = closing["chain"]
    verdict.check(len(votes) == ended["length"], f"not {ended['length']} votes, as certified")
    verdict.check(head.hex() == ended["head"], "not the last head that was certified")
    return head


def _seal(head: bytes, closing: Mapping[str, Any]) -> str:
    return hashlib.sha256(head + _encode_sorted(closing).encode()).hexdigest()


def _last_valid(record: Record, verdict: Verdict) -> dict[str, str]:
    """What each unit's last valid vote says: one cast under a mandate that had ended is void."""
    ended_mandates = record["closing"]["ended_mandates"]
    ended_at = {ended["mandate"]: _instant(ended["ended_at"]) for ended in ended_mandates}
    verdict.check(len(ended_at) == len(ended_mandates), "a mandate ended twice")
    standing: dict[str, str] = {}
    for vote in record["votes"]:
        end = ended_at.get(vote["mandate"]) if ended_at else None
        if end is None or _instant(vote["acted_at"]) < end:
            standing[vote["unit"]] = vote["choice"]
    return standing


def _check_closing_roll(
    roll: Sequence[str], opening: Mapping[str, Any], closing: Mapping[str, Any], verdict: Verdict
) -> None:
    departed, joined = closing["departed"], closing["joined"]
    verdict.check(set(departed) <= set(roll), "a unit departed that was not on the opening roll")
    verdict.check(len(set(departed)) == len(departed), "a unit departed twice")
    verdict.check(len(set(joined)) == len(joined), "a unit joined twice")
    members = {*(set(roll) - set(departed)), *joined}
    _check_roll("closing roll", sorted(members), closing["roll"], verdict)
    verdict.check(
        closing["roll"]["register_version"] >= opening["roll"]["register_version"],
        "the closing roll is older than the opening roll",
    )
    closes = [_instant(e["closes_at"]) for e in closing["extensions"]]
    closed_at = _instant(closing["closed_at"])
    verdict.check(all(a < b for a, b in pairwise(closes)), "an extension shortened the ballot")
    verdict.check(not closes or closes[-1] == closed_at, "not closed when the extension says")
    verdict.check(_instant(closing["roll"]["instant"]) == closed_at, "not the roll of the close")
    verdict.check(_instant(opening["roll"]["instant"]) < closed_at, "closed before it opened")
    late = [e for e in closing["extensions"] if _instant(e["at"]) >= closed_at]
    verdict.check(not late, "extended after the close")


def _check_tallies(
    roll: Sequence[str], standing: Mapping[str, str], record: Record, verdict: Verdict
) -> None:
    closing, confidential = record["closing"], record.get("confidential")
    rule, departed = record["opening"]["rule"], set(closing["departed"])
    official = _tally(roll, standing, rule)
    verdict.units, verdict.needed = len(roll), official["needed"]
    verdict.consenting = official["for"]
    shown = [(closing["official"], official, "official tally")]
    stayed = [unit for unit in roll if unit not in departed]
    shown.append((closing["closing"], _tally(stayed, standing, rule), "tally of the closing roll"))
    if confidential is not None:
        departures = confidential["departures"]
        verdict.check(
            hashlib.sha256(_encode_sorted(confidential).encode()).hexdigest()
            == closing["confidential_digest"],
            "the confidential part is not the one that was sealed",
        )
        verdict.check(set(departures) == departed, "not the same units departed")
        verdict.check(_names(record) == confidential["names_digest"], "a unit bears another name")
        verdict.check(set(departures.values()) <= set(DEPARTURES), "an unknown way to depart")
        kept = [unit for unit in roll if departures.get(unit) not in VOLUNTARY]
        third = (confidential["less_voluntary"], _tally(kept, standing, rule), "third tally")
        shown.append(third)
    for told, counted, name in shown:
        verdict.check(told == counted, f"{name}: counted {counted}, told {told}")
    says = {counted["reached"] for _, counted, _ in shown}
    agreed = "undetermined" if len(says) > 1 else "adopted" if says.pop() else "rejected"
    may_be = {agreed}
    if confidential is None and len(_third_may_say(roll, standing, rule, departed)) > 1:
        may_be.add("undetermined")
    verdict.check(closing["outcome"] in may_be, f"outcome: counted {agreed}, told otherwise")


def _third_may_say(
    roll: Sequence[str], standing: Mapping[str, str], rule: Record, departed: Collection[str]
) -> set[bool]:
    """What the third tally can have said, which the public is not told, because it is not told how units departed.

    It left out some of the departed: the least consent remains where those were all who had agreed, the most where
    they were all others.
    """
    extremes = (
        [u for u in roll if u not in departed or (standing.get(u) == "for") is not has_agreed]
        for has_agreed in (True, False)
    )
    return {bool(_tally(units, standing, rule)["reached"]) for units in extremes}


def _names(record: Record) -> str:
    names = {called["unit"]: called["name"] for called in record["roll_call"]}
    return hashlib.sha256(_encode_sorted(names).encode()).hexdigest()


def _tally(
    units: Sequence[str], standing: Mapping[str, str], rule: Mapping[str, Any]
) -> dict[str, Any]:
    """The count by the rule, in integers: at least (or more than) so many of all units, whoever voted."""
    if not 0 < rule["numerator"] <= rule["denominator"]:
        raise ValueError("a ratio lies above zero and is at most one")
    count = Counter(map(standing.get, units))
    total, consenting = len(units), count["for"]
    product, denominator = total * rule["numerator"], rule["denominator"]
    needed = None
    if total:
        needed = -(-product // denominator) if rule["inclusive"] else product // denominator + 1
    return {
        "units": total,
        "for": consenting,
        "against": count["against"],
        "abstain": count["abstain"],
        "needed": needed,
        "reached": needed is not None and consenting >= needed,
    }


def _check_receipts(receipts: Iterable[Record], record: Record, verdict: Verdict) -> None:
    votes = record["votes"]
    for number, receipt in enumerate(receipts, 1):
        verdict.receipts += 1
        if any(type(receipt.get(name)) is not kind for name, kind in _RECEIPT.items()):
            verdict.blame(f"receipt {number} is none")
            continue
        place = receipt["sequence"]
        vote = votes[place - 1] if 1 <= place <= len(votes) else {}
        found = (
            receipt["ballot_id"] == record["opening"]["ballot"]
            and all(vote.get(n) == receipt[n] for n in ("unit", "choice", "leaf", "salt"))
            and vote["mandate"] == receipt["mandate_id"]
            and _instant(vote["acted_at"]) == datetime.fromisoformat(receipt["acted_at"])
        )
        verdict.check(found, f"the vote of receipt {place} is not in the record as it says")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def _instant(text: str) -> datetime:
    if not _INSTANT.fullmatch(text):
        raise ValueError("an instant has six decimals and a Z")
    return datetime.fromisoformat(text[:-1] + "+00:00")


def report(verdict: Verdict) -> Iterator[str]:
    """The verdict, line by line."""
    if verdict.holds:
        yield f"The record of {verdict.ballot} holds ({verdict.edition} edition)."
        yield (
            f"{verdict.consenting} of {verdict.units} units agreed, {verdict.needed} were needed: "
            f"{verdict.outcome}. {verdict.votes} votes recounted, {verdict.receipts} receipts found."
        )
    else:
        yield f"The record of {verdict.ballot} DOES NOT HOLD:"
        yield from (f"  - {fault}" for fault in verdict.faults)


def run(
    record: bytes, receipts: Iterable[bytes] = (), seal: str | None = None
) -> tuple[bool, list[str]]:
    """Verify the contents of files; whether the record holds, and what to say."""
    try:
        verdict = verify(read(record), receipts=[read(r) for r in receipts], seal=seal)
    except Unreadable as fault:
        return False, [str(fault)]
    return verdict.holds, list(report(verdict))


def main(arguments: Sequence[str]) -> int:
    """``verify.py RECORD [RECEIPT …]``."""
    contents = []
    for path in arguments:
        with open(path, "rb") as file:  # noqa: PTH123 - nothing but what a reader of this page knows
            contents.append(file.read())
    if not contents:
        sys.stderr.write("usage: verify.py ballot-record.json [receipt.json …]\n")
        return 2
    holds, lines = run(contents[0], contents[1:])
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
