"""Annexes as rows and as plain values."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.amendments.domain.annex import AdherentRule, Annex, Contradiction, Profile
from services.amendments.domain.annex_text import Amendment, AnnexProvision, AnnexText
from services.amendments.domain.changes import value_from
from services.amendments.domain.lifecycle import AnnexStatus
from services.amendments.domain.support import Standing
from services.amendments.store.tables import annex_texts, annexes
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound
from shared.kernel.terms import end_of


async def get_annex(work: Work, annex_id: str) -> Annex:
    """The annex, locked for this transaction; refuses with ``NotFound``."""
    return await _the(work, select(annexes).where(annexes.c.id == annex_id).with_for_update())


async def find_annex(work: Work, annex_id: str, *, insider: bool) -> Annex:
    """The annex as it stands; refuses with ``NotFound``, also where the caller may not know of it yet."""
    return await _the(work, annexes_for(insider=insider).where(annexes.c.id == annex_id))


async def lock_in_force(work: Work) -> list[Annex]:
    """Every annex in force that has no end yet, locked."""
    rows = await work.db.execute(
        select(annexes)
        .where(annexes.c.status == AnnexStatus.IN_FORCE, annexes.c.ends_on.is_(None))
        .order_by(annexes.c.id)
        .with_for_update()
    )
    return [annex_from(row) for row in rows]


async def lock_with_amendment(work: Work) -> list[Annex]:
    """Every annex in force that has an open amendment, locked."""
    rows = await work.db.execute(
        select(annexes)
        .where(annexes.c.status == AnnexStatus.IN_FORCE, annexes.c.amendment.is_not(None))
        .order_by(annexes.c.id)
        .with_for_update()
    )
    return [annex_from(row) for row in rows]


async def ids_on_trial_too_long(work: Work) -> Sequence[str]:
    """The annexes whose trial is over, which was not noted yet, the longest first."""
    rows = await work.db.scalars(
        select(annexes.c.id)
        .where(_is_on_trial(), annexes.c.trial_until < work.today)
        .order_by(annexes.c.trial_until, annexes.c.id)
    )
    return rows.all()


async def next_trial_end(work: Work) -> datetime | None:
    """The first instant after the trial that ends next."""
    last: date | None = await work.db.scalar(
        select(func.min(annexes.c.trial_until)).where(_is_on_trial())
    )
    return None if last is None else end_of(last, work.zone)


async def next_number(work: Work) -> int:
    """The number of the next annex; hold the convention first."""
    highest: int | None = await work.db.scalar(select(func.max(annexes.c.number)))
    return (highest or 0) + 1


async def save_annex(work: Work, annex: Annex) -> None:
    """Write the annex."""
    row = _row(annex)
    await work.db.execute(
        upsert(annexes)
        .values(row)
        .on_conflict_do_update(
            index_elements=[annexes.c.id],
            set_={name: value for name, value in row.items() if name != "id"},
        )
    )


async def add_text(
    work: Work, annex: Annex, reached: Standing | None = None, adherents_digest: str | None = None
) -> None:
    """Keep the text that an annex has from now on; of an amendment, at which standing of which units it was reached."""
    await work.db.execute(
        insert(annex_texts).values(
            annex_id=annex.id,
            number=annex.text_version,
            text=annex.text.as_data(),
            consents=reached and reached.supporters,
            of=reached and reached.members,
            register_version=reached and reached.register_version,
            adherents_digest=adherents_digest,
            valid_at=work.now,
        )
    )


def annexes_for(*, insider: bool) -> Select[Any]:
    """Members and the organ see all annexes, everyone else those that the members consented to; the latest first."""
    statement = select(annexes)
    if not insider:
        statement = statement.where(annexes.c.number.is_not(None))
    return statement.order_by(annexes.c.created_at.desc(), annexes.c.id.desc())


def texts_of(annex_id: str) -> Select[Any]:
    """Every text an annex ever had, the latest first."""
    return (
        select(annex_texts)
        .where(annex_texts.c.annex_id == annex_id)
        .order_by(annex_texts.c.number.desc())
    )


def text_from(data: Mapping[str, Any]) -> AnnexText:
    """The inverse of ``AnnexText.as_data``."""
    return AnnexText(
        data["title"],
        tuple(AnnexProvision(p["number"], p["texts"]) for p in data["provisions"]),
    )


def annex_from(row: Row[Any]) -> Annex:
    """The annex in a row of its table."""
    return Annex(
        id=row.id,
        sector=row.sector,
        parent=row.parent,
        text=text_from(row.text),
        profile=_profile(row.profile),
        drafted_by=row.drafted_by,
        drafter=row.drafter,
        authors=frozenset(map(Subject.parse, row.authors)),
        created_at=row.created_at,
        updated_at=row.updated_at,
        status=row.status,
        version=row.version,
        number=row.number,
        text_version=row.text_version,
        highest=row.highest,
        ballot_id=row.ballot_id,
        was_in_ballot=row.was_in_ballot,
        adopted_at=row.adopted_at,
        trial_until=row.trial_until,
        trial_ended_at=row.trial_ended_at,
        amendment=_amendment(row.amendment),
        tested_version=row.tested_version,
        conflicts=tuple(_conflict(kept) for kept in row.conflicts),
        ends_on=row.ends_on,
    )


def _is_on_trial() -> ColumnElement[bool]:
    """SQL: its trial is not noted as over, and it did not end before that."""
    return and_(
        annexes.c.status == AnnexStatus.IN_FORCE,
        annexes.c.trial_ended_at.is_(None),
        or_(annexes.c.ends_on.is_(None), annexes.c.ends_on > annexes.c.trial_until),
    )


async def _the(work: Work, statement: Select[Any]) -> Annex:
    row = (await work.db.execute(statement)).first()
    if row is None:
        raise NotFound
    return annex_from(row)


def _row(annex: Annex) -> dict[str, Any]:
    return {
        "id": annex.id,
        "status": annex.status,
        "version": annex.version,
        "number": annex.number,
        "sector": annex.sector,
        "parent": annex.parent,
        "text": annex.text.as_data(),
        "profile": annex.profile.as_data(),
        "drafted_by": annex.drafted_by,
        "drafter": annex.drafter,
        "authors": sorted(map(str, annex.authors)),
        "text_version": annex.text_version,
        "highest": annex.highest,
        "ballot_id": annex.ballot_id,
        "was_in_ballot": annex.was_in_ballot,
        "adopted_at": annex.adopted_at,
        "trial_until": annex.trial_until,
        "trial_ended_at": annex.trial_ended_at,
        "amendment": annex.amendment and _kept_amendment(annex.amendment),
        "tested_version": annex.tested_version,
        "conflicts": [_kept_conflict(conflict) for conflict in annex.conflicts],
        "ends_on": annex.ends_on,
        "created_at": annex.created_at,
        "updated_at": annex.updated_at,
    }


def _profile(kept: Mapping[str, Any]) -> Profile:
    trial = kept["trial"]
    return Profile(
        AdherentRule(kept["adherents"]),
        value_from(kept["amendment"]),  # type: ignore[arg-type]  # a ratio was kept
        None if trial is None else value_from(trial),  # type: ignore[arg-type]  # and a term
    )


def _kept_amendment(amendment: Amendment) -> dict[str, Any]:
    return {
        "text": amendment.text.as_data(),
        "proposed_by": str(amendment.proposed_by),
        "member_id": amendment.member_id,
        "proposed_at": amendment.proposed_at.isoformat(),
    }


def _amendment(kept: Mapping[str, Any] | None) -> Amendment | None:
    if kept is None:
        return None
    return Amendment(
        text_from(kept["text"]),
        Subject.parse(kept["proposed_by"]),
        kept["member_id"],
        datetime.fromisoformat(kept["proposed_at"]),
    )


def _kept_conflict(conflict: Contradiction) -> dict[str, Any]:
    return {
        "number": conflict.number,
        "provision_id": conflict.provision_id,
        "reasons": dict(conflict.reasons),
        "marked_by": str(conflict.marked_by),
        "marked_at": conflict.marked_at.isoformat(),
    }


def _conflict(kept: Mapping[str, Any]) -> Contradiction:
    return Contradiction(
        kept["number"],
        kept["provision_id"],
        kept["reasons"],
        Subject.parse(kept["marked_by"]),
        datetime.fromisoformat(kept["marked_at"]),
    )
