"""Ballots as rows and as plain values."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.amendments.domain.ballot import (
    Ballot,
    CertifiedRoll,
    Determination,
    Extension,
    Result,
    Timing,
    WaitingFor,
)
from services.amendments.domain.lifecycle import BallotStatus
from services.amendments.domain.record import Certificate
from services.amendments.domain.subject import BallotOutcome, BallotSubject
from services.amendments.domain.tally import Count, Rule, Tallies, Tally
from services.amendments.store.tables import ballot_certificates, ballots, vote_chains
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import Basis
from shared.kernel.terms import Term

AWAITING = (BallotStatus.AWAITING_ROLL, BallotStatus.CLOSED)


async def is_kept(work: Work, ballot_id: str) -> bool:
    """Whether there is such a ballot."""
    return await work.db.scalar(select(ballots.c.id).where(ballots.c.id == ballot_id)) is not None


async def find_ballot(work: Work, ballot_id: str) -> Ballot:
    """The ballot as it stands; refuses with ``NotFound``."""
    return ballot_from(_the_only(await _one(work, ballots.c.id == ballot_id)))


async def get_ballot(work: Work, ballot_id: str) -> Ballot:
    """The ballot, locked for this transaction; refuses with ``NotFound``."""
    return ballot_from(_the_only(await _one(work, ballots.c.id == ballot_id, lock=True)))


async def save_ballot(work: Work, ballot: Ballot) -> None:
    """Write the ballot."""
    row = _row(ballot)
    await work.db.execute(
        insert(ballots)
        .values(row)
        .on_conflict_do_update(
            index_elements=[ballots.c.id],
            set_={name: value for name, value in row.items() if name != "id"},
        )
    )


async def add_certificate(work: Work, ballot_id: str, certificate: Certificate) -> None:
    """Keep what a result rests on."""
    await work.db.execute(
        insert(ballot_certificates).values(
            ballot_id=ballot_id,
            facts=certificate.facts,
            confidential=certificate.confidential,
            seal=certificate.seal,
        )
    )


async def certificate_of(work: Work, ballot_id: str) -> Certificate:
    """The certificate of an established result; refuses with ``NotFound`` while there is none."""
    kept = ballot_certificates.c
    row = (
        await work.db.execute(
            select(kept.facts, kept.confidential, kept.seal).where(kept.ballot_id == ballot_id)
        )
    ).first()
    if row is None:
        raise NotFound
    return Certificate(row.facts, row.confidential, row.seal)


async def ids_due(work: Work, status: BallotStatus, due_at: str) -> Sequence[str]:
    """The ballots of a status whose instant ``due_at`` (a column) has come, the longest due first."""
    column = ballots.c[due_at]
    rows = await work.db.scalars(
        select(ballots.c.id)
        .where(ballots.c.status == status, column <= work.now)
        .order_by(column, ballots.c.id)
    )
    return rows.all()


async def next_due(work: Work, status: BallotStatus, due_at: str) -> datetime | None:
    """The first instant ``due_at`` (a column) of the ballots of a status."""
    first: datetime | None = await work.db.scalar(
        select(func.min(ballots.c[due_at])).where(ballots.c.status == status)
    )
    return first


async def ids_awaiting(work: Work) -> Sequence[str]:
    """The ballots that await a roll."""
    rows = await work.db.scalars(
        select(ballots.c.id).where(ballots.c.status.in_(AWAITING)).order_by(ballots.c.id)
    )
    return rows.all()


async def ids_differing(work: Work) -> Sequence[str]:
    """The ballots whose certified roll is another than our roster says."""
    rows = await work.db.scalars(
        select(ballots.c.id)
        .where(ballots.c.waiting_for == WaitingFor.ROSTER_DIFFERS)
        .order_by(ballots.c.id)
    )
    return rows.all()


async def ids_to_sweep(work: Work, register_version: int) -> Sequence[str]:
    """The ballots that have an electorate and no result yet, and whose mandates were not looked at up to a version."""
    rows = await work.db.scalars(
        select(ballots.c.id)
        .join(vote_chains, vote_chains.c.ballot_id == ballots.c.id)
        .where(
            ballots.c.status.in_([BallotStatus.OPEN, BallotStatus.CLOSED]),
            vote_chains.c.swept_version < register_version,
        )
        .order_by(ballots.c.id)
    )
    return rows.all()


async def may_ask_again(work: Work, ballot_id: str, gap: timedelta) -> bool:
    """Note that the roll is asked for now; False where it was within ``gap`` (machine time)."""
    return await _note(work, ballot_id, "asked_at", gap)


async def may_rebuild(work: Work, ballot_id: str, gap: timedelta) -> bool:
    """Note that the roster is rebuilt for this ballot now; False where it was within ``gap`` (machine time)."""
    return await _note(work, ballot_id, "rebuilt_at", gap)


async def note_asked(work: Work, ballot_id: str) -> None:
    """Note that the roll is asked for now, whenever it was before."""
    await work.db.execute(
        update(ballots).where(ballots.c.id == ballot_id).values(asked_at=func.clock_timestamp())
    )


async def _note(work: Work, ballot_id: str, name: str, gap: timedelta) -> bool:
    column = ballots.c[name]
    noted = await work.db.execute(
        update(ballots)
        .where(
            ballots.c.id == ballot_id,
            or_(column.is_(None), column < func.clock_timestamp() - gap),
        )
        .values({name: func.clock_timestamp()})
        .returning(ballots.c.id)
    )
    return noted.first() is not None


async def _one(work: Work, where: ColumnElement[bool], *, lock: bool = False) -> Row[Any] | None:
    statement = select(ballots).where(where)
    return (await work.db.execute(statement.with_for_update() if lock else statement)).first()


def _the_only(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound
    return row


def ballot_from(row: Row[Any]) -> Ballot:
    """The ballot in a row of its table."""
    return Ballot(
        id=row.id,
        subject=BallotSubject(
            row.kind,
            row.subject_id,
            row.title,
            row.draft_digest,
            row.base_version,
            row.rule["basis"]["rule"],
            frozenset(Subject.parse(subject) for subject in row.proposers),
        ),
        rule=Rule(Ratio(**row.rule["ratio"]), Basis(**row.rule["basis"])),
        timing=Timing(
            Term(**row.timing["notice"]),
            Term(**row.timing["voting"]),
            Ratio(**row.timing["reminder"]),
            Basis(**row.timing["notice_basis"]),
            Basis(**row.timing["voting_basis"]),
            Basis(**row.timing["reminder_basis"]),
        ),
        called_at=row.called_at,
        called_by=row.called_by,
        notice_ends_at=row.notice_ends_at,
        updated_at=row.updated_at,
        version=row.version,
        status=row.status,
        waiting_for=row.waiting_for,
        opening=_roll(row.opening),
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        remind_at=row.remind_at,
        extensions=[
            Extension(
                _instant(e["closes_at"]), e["reason"], Subject.parse(e["by"]), _instant(e["at"])
            )
            for e in row.extensions
        ],
        closing=_roll(row.closing),
        result=_result(row.result),
        determination=_determination(row.determination),
        cancelled_because=row.cancelled_because,
    )


def _row(ballot: Ballot) -> dict[str, Any]:
    subject = ballot.subject
    return {
        "id": ballot.id,
        "status": ballot.status,
        "version": ballot.version,
        "kind": subject.kind,
        "subject_id": subject.id,
        "title": dict(subject.title),
        "draft_digest": subject.draft_digest,
        "base_version": subject.base_version,
        "proposers": sorted(map(str, subject.proposers)),
        "rule": asdict(ballot.rule),
        "timing": asdict(ballot.timing),
        "called_at": ballot.called_at,
        "called_by": ballot.called_by,
        "notice_ends_at": ballot.notice_ends_at,
        "waiting_for": ballot.waiting_for,
        "opened_at": ballot.opened_at,
        "closes_at": ballot.closes_at,
        "remind_at": ballot.remind_at,
        "extensions": [_plain(e) for e in ballot.extensions],
        "opening": None if ballot.opening is None else _plain(ballot.opening),
        "closing": None if ballot.closing is None else _plain(ballot.closing),
        "result": None if ballot.result is None else _plain(ballot.result),
        "determination": None if ballot.determination is None else _plain(ballot.determination),
        "outcome": ballot.outcome,
        "cancelled_because": ballot.cancelled_because,
        "updated_at": ballot.updated_at,
    }


def _plain(value: Extension | CertifiedRoll | Result | Determination) -> dict[str, Any]:
    plain: dict[str, Any] = asdict(value)
    for name, part in plain.items():
        if isinstance(part, datetime):
            plain[name] = part.isoformat()
        elif isinstance(part, bytes):
            plain[name] = part.hex()
        elif isinstance(getattr(value, name), Subject):
            plain[name] = str(getattr(value, name))
    return plain


def _roll(kept: dict[str, Any] | None) -> CertifiedRoll | None:
    return None if kept is None else CertifiedRoll(**{**kept, "instant": _instant(kept["instant"])})


def _result(kept: dict[str, Any] | None) -> Result | None:
    if kept is None:
        return None
    tallies = {
        name: Tally(Count(**tally["count"]), tally["needed"], tally["reached"])
        for name, tally in kept["tallies"].items()
    }
    return Result(
        Tallies(**tallies),
        BallotOutcome(kept["outcome"]),
        _instant(kept["established_at"]),
        kept["votes"],
        bytes.fromhex(kept["head"]),
        bytes.fromhex(kept["seal"]),
    )


def _determination(kept: dict[str, Any] | None) -> Determination | None:
    if kept is None:
        return None
    return Determination(
        BallotOutcome(kept["outcome"]),
        kept["interpretation_id"],
        kept["reasons"],
        Subject.parse(kept["by"]),
        _instant(kept["at"]),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
