"""The facts that a ballot's chain begins with and is sealed with, and its public record (A5).

The record is written in two editions. The public one names no unit but by its id and does not say how a unit left
(Art. 23: internal means internal); the members' one does. Both carry the same seal, so both can be recounted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.amendments.domain.ballot import Ballot, CertifiedRoll
from services.amendments.domain.subject import BallotSubject
from services.amendments.domain.tally import Called, Departure, Rule, Tallies, Tally
from services.amendments.domain.vote import Link, digest_of, instant_text, seal_of
from shared.kernel.text import Text

FORMAT = "gongyue-ballot-record/1"

Facts = dict[str, object]
"""Plain JSON values."""


class EndedMandate(NamedTuple):
    """A mandate that ended while the ballot ran: votes cast under it from ``ended_at`` on are void (edge case 30)."""

    mandate: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class AtClose:
    """What the roster says at the close: who ``joined`` the closing roll, which opening units departed and how."""

    roll: CertifiedRoll
    joined: Sequence[str]
    departed: Mapping[str, Departure]
    ended_mandates: Sequence[EndedMandate]


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of votes as it ended."""

    length: int
    head: bytes


def opening_facts(ballot_id: str, subject: BallotSubject, rule: Rule, roll: CertifiedRoll) -> Facts:
    """What the chain begins with: question, rule and roll, which nobody can edit afterwards."""
    return {
        "ballot": ballot_id,
        "question": {
            "kind": subject.kind.value,
            "id": subject.id,
            "title": {"zh": subject.title["zh"], "en": subject.title["en"]},
            "draft_digest": subject.draft_digest,
            "base_version": subject.base_version,
        },
        "rule": {
            "key": rule.basis.rule,
            "article": rule.basis.article,
            "rulebook_version": rule.basis.rulebook_version,
            "numerator": rule.ratio.numerator,
            "denominator": rule.ratio.denominator,
            "inclusive": rule.ratio.inclusive,
            "of": rule.ratio.of,
        },
        "roll": _roll(roll),
    }


def first_head_of(ballot: Ballot, roll: CertifiedRoll) -> bytes:
    """The head of the ballot's chain before its first vote."""
    return digest_of(opening_facts(ballot.id, ballot.subject, ballot.rule, roll))


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the result rests on beside the votes, sealed with the last head.

    What the public is not told, how units departed and the tally that follows from it, is in ``confidential`` with a
    ``salt``; its digest is in the sealed facts of everybody.
    """

    facts: Facts
    confidential: Facts
    seal: bytes


def certificate_of(
    ballot: Ballot,
    at_close: AtClose,
    chain: Chain,
    tallies: Tallies,
    *,
    names: Mapping[str, Text],
    salt: bytes,
) -> Certificate:
    """Certify the tallies of a ballot. ``names``: of every unit of the opening roll, as they were then."""
    confidential: Facts = {
        "salt": salt.hex(),
        "names_digest": digest_of({unit: _name(name) for unit, name in names.items()}).hex(),
        "departures": {unit: how.value for unit, how in at_close.departed.items()},
        "less_voluntary": tally_facts(tallies.less_voluntary),
    }
    facts: Facts = {
        "closed_at": instant_text(at_close.roll.instant),
        "extensions": [
            {"closes_at": instant_text(e.closes_at), "reason": e.reason, "at": instant_text(e.at)}
            for e in ballot.extensions
        ],
        "roll": _roll(at_close.roll),
        "joined": sorted(at_close.joined),
        "departed": sorted(at_close.departed),
        "ended_mandates": [
            {"mandate": mandate, "ended_at": instant_text(ended_at)}
            for mandate, ended_at in sorted(at_close.ended_mandates)
        ],
        "chain": {"length": chain.length, "head": chain.head.hex()},
        "official": tally_facts(tallies.official),
        "closing": tally_facts(tallies.closing),
        "outcome": tallies.outcome.value,
        "confidential_digest": digest_of(confidential).hex(),
    }
    return Certificate(facts, confidential, seal_of(chain.head, facts))


def tally_facts(tally: Tally) -> Facts:
    """A tally as it is hashed and shown."""
    return {
        "units": tally.count.units,
        "for": tally.count.consenting,
        "against": tally.count.against,
        "abstain": tally.count.abstaining,
        "needed": tally.needed,
        "reached": tally.reached,
    }


def record_frame(opening: Facts, certificate: Certificate, *, for_members: bool) -> Facts:
    """What a record has beside its two long lists, ``roll_call`` and ``votes``."""
    frame: Facts = {
        "format": FORMAT,
        "edition": "members" if for_members else "public",
        "opening": opening,
        "closing": certificate.facts,
        "seal": certificate.seal.hex(),
    }
    return {**frame, "confidential": certificate.confidential} if for_members else frame


def vote_facts(link: Link) -> Facts:
    """A vote as the record shows it, with its place in the chain."""
    return {
        "sequence": link.vote.sequence,
        "unit": link.vote.unit,
        "choice": link.vote.choice.value,
        "acted_at": instant_text(link.vote.acted_at),
        "mandate": link.vote.mandate,
        "salt": link.vote.salt.hex(),
        "leaf": link.leaf.hex(),
        "head": link.head.hex(),
    }


def called_facts(unit: Called, names: Mapping[str, Text] | None) -> Facts:
    """A unit as the roll call has it; ``names`` are given for the members' edition only."""
    called: Facts = {
        "unit": unit.unit,
        "choice": None if unit.choice is None else unit.choice.value,
    }
    if names is not None:
        called["name"] = _name(names[unit.unit])
    return called


def _name(name: Text) -> Facts:
    return {"zh": name.zh, "en": name.en}


def _roll(roll: CertifiedRoll) -> Facts:
    return {
        "instant": instant_text(roll.instant),
        "register_version": roll.register_version,
        "count": roll.count,
        "digest": roll.digest,
    }
