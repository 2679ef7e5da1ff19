"""Members: the aggregate, its particulars, and its claim codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.membership.domain.claim_code import ClaimCode
from services.membership.domain.mandate import Mandate
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, ParticularsRow, Sector
from services.membership.domain.period import AnnouncedEnding, Ending, Period, SettledEnding
from services.membership.store.tables import (
    claim_codes,
    endings,
    mandates,
    members,
    particulars,
    periods,
)
from shared.db.work import Work
from shared.kernel.actor import Scope, Subject
from shared.kernel.errors import NotFound


async def get_member(work: Work, member_id: str, *, lock: bool = False) -> Member:
    """The member, locked for this transaction if asked; refuses with ``NotFound``."""
    statement = select(members).where(members.c.id == member_id)
    row = (await work.db.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise NotFound
    return await _assembled(work, row)


async def find_member(work: Work, identifier: str) -> Member | None:
    """The member record of a legal entity, if it has ever been a member; locked."""
    statement = select(members).where(members.c.identifier == identifier).with_for_update()
    row = (await work.db.execute(statement)).first()
    return None if row is None else await _assembled(work, row)


async def find_members(work: Work, identifiers: Sequence[str]) -> dict[str, Member]:
    """The member records that exist for these legal entities, by identifier."""
    rows = await work.db.execute(
        select(members).where(members.c.identifier == func.any(list(identifiers)))
    )
    return {row.identifier: await _assembled(work, row) for row in rows.all()}


async def ids_due(work: Work) -> Sequence[str]:
    """The members with an ending that has become due, in the order in which the endings take effect.

    At one instant mergers come last: nobody goes on in a unit that ceases as the merger takes effect.
    """
    merges = (
        select(endings.c.id)
        .where(
            endings.c.member_id == members.c.id,
            endings.c.effective_at == members.c.due_at,
            endings.c.kind == Ending.MERGED,
            endings.c.outcome.is_(None),
        )
        .exists()
    )
    due = select(members.c.id).where(members.c.due_at <= work.now)
    return (await work.db.scalars(due.order_by(members.c.due_at, merges, members.c.id))).all()


async def next_due_at(work: Work) -> datetime | None:
    """The instant of the next pending ending that is still to come."""
    due_at: datetime | None = await work.db.scalar(
        select(func.min(members.c.due_at)).where(members.c.due_at > work.now)
    )
    return due_at


async def mergers_into(work: Work, member_id: str) -> dict[str, datetime]:
    """The members that are still to merge into this one, and when."""
    is_applied = select(periods.c.id).where(periods.c.ending_id == endings.c.id).exists()
    pending = select(endings.c.member_id, endings.c.effective_at).where(
        endings.c.successor_id == member_id, endings.c.outcome.is_(None), ~is_applied
    )
    rows = await work.db.execute(pending.order_by(endings.c.member_id))
    return {row.member_id: row.effective_at for row in rows}


async def save_members(work: Work, *changed: Member) -> None:
    """Write the members and everything they hold."""
    await _write(work, members, [_member_row(work, m) for m in changed], keep=("created_at",))
    await _write(work, endings, [row for m in changed for row in _ending_rows(m)])
    await _write(work, periods, [_period_row(m, p) for m in changed for p in m.periods])
    await _write(work, mandates, [_mandate_row(m, x) for m in changed for x in m.mandates])


async def particulars_of(work: Work, member_id: str) -> list[ParticularsRow]:
    """The history of a member's particulars, oldest entry first."""
    rows = await work.db.execute(
        select(particulars)
        .where(particulars.c.member_id == member_id)
        .order_by(particulars.c.entered_version)
    )
    return [
        ParticularsRow(row.valid_from, row.entered_version, particulars_from(row)) for row in rows
    ]


async def add_particulars(work: Work, rows: Sequence[tuple[str, ParticularsRow]]) -> None:
    """Enter new particulars (member id and row); each closes the member's row before it."""
    for member_id, row in rows:
        await work.db.execute(
            update(particulars)
            .where(particulars.c.member_id == member_id, particulars.c.valid_until.is_(None))
            .values(valid_until=row.valid_from)
        )
    await insert_particulars(work, rows)


async def insert_particulars(work: Work, rows: Sequence[tuple[str, ParticularsRow]]) -> None:
    """Enter the first particulars of members that have none."""
    if not rows:
        return
    await work.db.execute(
        insert(particulars),
        [
            {
                "member_id": member_id,
                "entered_version": row.entered_version,
                "valid_from": row.valid_from,
                "legal_name_zh": row.particulars.legal_name_zh,
                "legal_name_en": row.particulars.legal_name_en,
                "sectors": [sector.value for sector in row.particulars.sectors],
                "legal_representative": row.particulars.legal_representative,
                "contact_email": row.particulars.contact_email,
                "contact_phone": row.particulars.contact_phone,
                "group": row.particulars.group,
                "unreachable": row.particulars.unreachable,
            }
            for member_id, row in rows
        ],
    )


async def get_claim_code(work: Work, digest: str) -> ClaimCode:
    """The claim code with this digest, locked; refuses with ``NotFound``."""
    row = (
        await work.db.execute(
            select(claim_codes).where(claim_codes.c.digest == digest).with_for_update()
        )
    ).first()
    if row is None:
        raise NotFound
    return ClaimCode(**row._mapping)


async def claim_codes_of(work: Work, member_id: str) -> list[ClaimCode]:
    """Every claim code issued for a member, locked."""
    rows = await work.db.execute(
        select(claim_codes).where(claim_codes.c.member_id == member_id).with_for_update()
    )
    return [ClaimCode(**row._mapping) for row in rows]


async def supersede_claim_codes(work: Work, member_id: str) -> None:
    """No claim code issued so far for a member works any longer."""
    await work.db.execute(
        update(claim_codes)
        .where(
            claim_codes.c.member_id == member_id,
            claim_codes.c.used_at.is_(None),
            claim_codes.c.superseded_at.is_(None),
        )
        .values(superseded_at=work.now)
    )


async def save_claim_codes(work: Work, *codes: ClaimCode) -> None:
    """Write the claim codes."""
    await _write(
        work,
        claim_codes,
        [{c.name: getattr(code, c.name) for c in claim_codes.columns} for code in codes],
    )


def particulars_from(row: Row[Any]) -> Particulars:
    """The particulars in a row of their table."""
    return Particulars(
        row.legal_name_zh,
        row.legal_name_en,
        tuple(Sector(sector) for sector in row.sectors),
        row.legal_representative,
        row.contact_email,
        row.contact_phone,
        row.group,
        row.unreachable,
    )


def mandate_from(row: Row[Any]) -> Mandate:
    """The mandate in a row of its table."""
    return Mandate(
        row.id,
        row.period_id,
        row.kind,
        row.subject,
        row.name,
        frozenset(Scope(scope) for scope in row.scopes),
        row.valid_from,
        row.valid_until,
        row.removed_at,
    )


async def _write(
    work: Work, table: Table, rows: list[dict[str, Any]], *, keep: Sequence[str] = ()
) -> None:
    if not rows:
        return
    statement = insert(table)
    changes = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key and column.name not in keep
    }
    await work.db.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes), rows
    )


async def _assembled(work: Work, row: Row[Any]) -> Member:
    all_endings = {
        e.id: e
        for e in await work.db.execute(
            select(endings).where(endings.c.member_id == row.id).order_by(endings.c.announced_at)
        )
    }
    period_rows = (
        await work.db.execute(
            select(periods).where(periods.c.member_id == row.id).order_by(periods.c.opened_version)
        )
    ).all()
    mandate_rows = await work.db.execute(
        select(mandates).where(mandates.c.member_id == row.id).order_by(mandates.c.id)
    )
    in_effect = {p.ending_id for p in period_rows}
    return Member(
        row.id,
        row.identifier,
        [_period(p, all_endings) for p in period_rows],
        [_ending(e) for e in all_endings.values() if e.outcome is None and e.id not in in_effect],
        [
            SettledEnding(_ending(e), e.outcome, e.settled_at, e.ended_by, e.ended_on)
            for e in all_endings.values()
            if e.outcome is not None
        ],
        [mandate_from(m) for m in mandate_rows],
        row.version,
    )


def _ending(row: Row[Any]) -> AnnouncedEnding:
    return AnnouncedEnding(
        row.id,
        row.kind,
        row.effective_at,
        row.effective_on,
        row.announced_at,
        row.case_id,
        row.decision_number,
        frozenset(Subject.parse(subject) for subject in row.deciders),
        row.successor_id,
        row.dissolved_on,
        row.evidence,
    )


def _period(row: Row[Any], all_endings: dict[str, Row[Any]]) -> Period:
    return Period(
        row.id,
        row.opened_on,
        row.opened_at,
        row.opened_version,
        row.basis,
        row.application_id,
        None if row.ending_id is None else _ending(all_endings[row.ending_id]),
        row.ended_version,
    )


def _member_row(work: Work, member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "identifier": member.identifier,
        "due_at": member.due_at,
        "version": member.version,
        "created_at": work.now,
        "updated_at": work.now,
    }


def _ending_rows(member: Member) -> list[dict[str, Any]]:
    standing = [
        *member.pending,
        *(period.ended for period in member.periods if period.ended is not None),
    ]
    return [
        *(_ending_row(member, ending, None) for ending in standing),
        *(_ending_row(member, settled.ending, settled) for settled in member.settled),
    ]


def _ending_row(
    member: Member, ending: AnnouncedEnding, settled: SettledEnding | None
) -> dict[str, Any]:
    return {
        "id": ending.id,
        "member_id": member.id,
        "kind": ending.kind,
        "effective_at": ending.effective_at,
        "effective_on": ending.effective_on,
        "announced_at": ending.announced_at,
        "case_id": ending.case_id,
        "decision_number": ending.decision_number,
        "deciders": sorted(str(subject) for subject in ending.deciders),
        "successor_id": ending.successor_id,
        "dissolved_on": ending.dissolved_on,
        "evidence": ending.evidence,
        "outcome": settled and settled.outcome,
        "settled_at": settled and settled.settled_at,
        "ended_by": settled and settled.ended_by,
        "ended_on": settled and settled.ended_on,
    }


def _period_row(member: Member, period: Period) -> dict[str, Any]:
    ended = period.ended
    return {
        "id": period.id,
        "member_id": member.id,
        "opened_on": period.opened_on,
        "opened_at": period.opened_at,
        "opened_version": period.opened_version,
        "basis": period.basis,
        "application_id": period.application_id,
        "ending_id": ended and ended.id,
        "ended_on": ended and ended.effective_on,
        "ended_at": ended and ended.effective_at,
        "ended_version": period.ended_version,
    }


def _mandate_row(member: Member, mandate: Mandate) -> dict[str, Any]:
    return {
        "id": mandate.id,
        "member_id": member.id,
        "period_id": mandate.period_id,
        "kind": mandate.kind,
        "subject": mandate.subject,
        "name": mandate.name,
        "scopes": sorted(scope.value for scope in mandate.scopes),
        "valid_from": mandate.valid_from,
        "valid_until": mandate.valid_until,
        "removed_at": mandate.removed_at,
    }
