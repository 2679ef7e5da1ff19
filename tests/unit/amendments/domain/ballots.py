"""Ballots made up for tests: one that is called, and a whole one with its record."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.amendments.domain.ballot import Ballot, CertifiedRoll, RollPurpose
from services.amendments.domain.record import (
    AtClose,
    Chain,
    EndedMandate,
    certificate_of,
    first_head_of,
    opening_facts,
)
from services.amendments.domain.subject import BallotSubject, SubjectKind
from services.amendments.domain.tally import Called, Departure, Tallies
from services.amendments.domain.vote import Choice, Link, VoteChain
from shared.kernel.actor import Subject
from shared.kernel.chain import roll_digest
from shared.kernel.rulebook import REFERENCE_RULEBOOK, Rulebook
from shared.kernel.text import Text
from tests.support.records import tallies_of, whole_record

ZONE = ZoneInfo("Asia/Shanghai")
CALLED_AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
OFFICER = Subject("https://issuer.test", "officer")
PROPOSER = Subject("https://issuer.test", "proposer")
BALLOT_ID = "bal_" + "b" * 32


def a_subject(rule_key: str = "amendment.adoption") -> BallotSubject:
    return BallotSubject(
        kind=SubjectKind.PROPOSAL,
        id="prp_" + "a" * 32,
        title={"zh": "修改第二十七条", "en": "Amending Art. 27"},
        draft_digest="d" * 64,
        base_version=1,
        rule_key=rule_key,
        proposers=frozenset({PROPOSER}),
    )


def a_ballot(rulebook: Rulebook = REFERENCE_RULEBOOK) -> Ballot:
    return Ballot.call(BALLOT_ID, a_subject(), rulebook, OFFICER, CALLED_AT, ZONE)


def unit(number: int) -> str:
    return f"mem_{number:032x}"


def a_roll(units: Sequence[str], instant: datetime, version: int = 10) -> CertifiedRoll:
    return CertifiedRoll("rol_" + "c" * 32, instant, version, len(units), roll_digest(units))


def an_open_ballot(
    units: Sequence[str] = (unit(1), unit(2), unit(3)), rulebook: Rulebook = REFERENCE_RULEBOOK
) -> Ballot:
    """Open since the end of its notice, on the roll of ``units``."""
    ballot = a_ballot(rulebook)
    now = ballot.notice_ends_at
    ballot.end_notice(now)
    roll = a_roll(units, now)
    ballot.take_certification(RollPurpose.OPENING, roll, now)
    ballot.waiting_for = None
    ballot.open(roll, ZONE, now)
    return ballot


class Cast(NamedTuple):
    """A vote of unit number ``unit``, so long after the opening, under its mandate number ``mandate``."""

    unit: int
    choice: Choice
    after: timedelta = timedelta(hours=1)
    mandate: int = 0


class Whole(NamedTuple):
    """A ballot that was held, as the domain counts it and as its record tells it."""

    ballot: Ballot
    tallies: Tallies
    members: dict[str, Any]
    public: dict[str, Any]
    receipts: list[dict[str, Any]]


def held(
    units: int,
    casts: Sequence[Cast],
    departures: Mapping[int, Departure] | None = None,
    *,
    joined: Sequence[int] = (),
    ended: Mapping[int, timedelta] | None = None,
    rulebook: Rulebook = REFERENCE_RULEBOOK,
    seed: int = 1,
) -> Whole:
    """Hold a ballot of so many units. ``ended``: of which unit the mandate number 0 ended when, after the opening."""
    draw = random.Random(seed)
    everybody = [unit(number) for number in range(units)]
    ballot = an_open_ballot(everybody, rulebook)
    assert ballot.opening is not None
    assert ballot.opened_at is not None
    assert ballot.closes_at is not None
    chain = VoteChain(ballot.id, 0, first_head_of(ballot, ballot.opening))
    ends = {_mandate(n, 0): ballot.opened_at + after for n, after in (ended or {}).items()}
    links: list[Link] = []
    standing: dict[str, Choice] = {}
    for cast in sorted(casts, key=lambda cast: cast.after):
        at = ballot.opened_at + cast.after
        if at >= ballot.closes_at:
            continue
        mandate = _mandate(cast.unit, cast.mandate)
        links.append(chain.add(unit(cast.unit), cast.choice, at, mandate, draw.randbytes(16)))
        if mandate not in ends or at < ends[mandate]:
            standing[unit(cast.unit)] = cast.choice
    left = {unit(n): how for n, how in (departures or {}).items()}
    newcomers = [unit(number) for number in joined]
    roll_call = [Called(u, standing.get(u)) for u in everybody]
    tallies = tallies_of(roll_call, ballot.rule, left)
    members = [*(u for u in everybody if u not in left), *newcomers]
    at_close = AtClose(
        a_roll(members, ballot.closes_at, 20),
        newcomers,
        left,
        [EndedMandate(mandate, at) for mandate, at in ends.items()],
    )
    names = {u: Text(f"示例{u[-3:]}公司", f"Unit {u[-3:]} Ltd.") for u in everybody}
    certificate = certificate_of(
        ballot,
        at_close,
        Chain(chain.sequence, chain.head),
        tallies,
        names=names,
        salt=draw.randbytes(16),
    )
    opening = opening_facts(ballot.id, ballot.subject, ballot.rule, ballot.opening)
    return Whole(
        ballot,
        tallies,
        whole_record(opening, certificate, links, roll_call, names),
        whole_record(opening, certificate, links, roll_call, None),
        [_receipt(ballot.id, link) for link in links],
    )


def _receipt(ballot_id: str, link: Link) -> dict[str, Any]:
    return {
        "ballot_id": ballot_id,
        "unit": link.vote.unit,
        "choice": link.vote.choice.value,
        "acted_at": link.vote.acted_at.isoformat().replace("+00:00", "Z"),
        "mandate_id": link.vote.mandate,
        "sequence": link.vote.sequence,
        "leaf": link.leaf.hex(),
        "salt": link.vote.salt.hex(),
    }


def _mandate(unit_number: int, number: int) -> str:
    return f"rep_{unit_number:016x}{number:016x}"
