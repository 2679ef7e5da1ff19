"""The register: its head, its changes, and what it was on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, FromClause, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.membership.domain.particulars import Sector
from services.membership.domain.register import RegisterHead
from services.membership.store.tables import (
    particulars,
    periods,
    register_changes,
    register_head,
)
from shared.contracts.base import Envelope, RegisterChange
from shared.contracts.membership import MemberAcceded, MemberEnded
from shared.db.work import Work
from shared.kernel.terms import civil_day

earlier = particulars.alias("earlier")


async def lock_head(work: Work) -> RegisterHead:
    """Take the register for this transaction: its changes happen one after another."""
    await work.db.execute(insert(register_head).values(only=True).on_conflict_do_nothing())
    row = (await work.db.execute(select(register_head).with_for_update())).one()
    return RegisterHead(row.version, row.head)


async def read_head(work: Work) -> RegisterHead:
    """The head as it is now."""
    row = (await work.db.execute(select(register_head))).first()
    return RegisterHead(row.version, row.head) if row else RegisterHead()


@dataclass(frozen=True, slots=True)
class Entered:
    """A change as it is kept: the day it takes effect, and the instant from which rolls count it."""

    change: RegisterChange
    envelope: Envelope
    effective_on: date
    counts_from: datetime


async def add_changes(work: Work, head: RegisterHead, entered: Sequence[Entered]) -> None:
    """Keep changes whole, and move the head to ``head``."""
    await work.db.execute(
        insert(register_changes),
        [
            {
                "version": e.change.register_version,
                "head": e.change.register_head,
                "event_id": e.envelope.id,
                "aggregate_id": e.envelope.partitionkey,
                "sequence": int(e.envelope.sequence),
                "type": e.envelope.type,
                "body": e.envelope.to_json().decode(),
                "recorded_at": e.change.recorded_at,
                "effective_on": e.effective_on,
                "counts_from": e.counts_from,
            }
            for e in entered
        ],
    )
    await work.db.execute(update(register_head).values(version=head.version, head=head.head))


async def first_day(work: Work) -> date | None:
    """The civil day on which the register's first change was recorded."""
    first = await work.db.scalar(
        select(register_changes.c.recorded_at).where(register_changes.c.version == 1)
    )
    return None if first is None else civil_day(first, work.zone)


async def members_on(work: Work, day: date) -> tuple[list[str], RegisterHead]:
    """The ids of the members at the end of ``day``, and the head at which they are known, read in one statement."""
    ids = select(periods.c.member_id).where(running_on(day)).scalar_subquery()
    row = (
        await work.db.execute(
            select(
                func.array(ids).label("ids"), register_head.c.version, register_head.c.head
            ).select_from(register_head)
        )
    ).first()
    return (row.ids, RegisterHead(row.version, row.head)) if row else ([], RegisterHead())


def running_on(day: date, of: FromClause = periods) -> ColumnElement[bool]:
    """SQL: whether a row of ``of`` (periods) was running at the end of ``day``."""
    return and_(of.c.opened_on <= day, or_(of.c.ended_on.is_(None), of.c.ended_on > day))


def particulars_on(
    day: date | ColumnElement[date], of: FromClause = periods
) -> ColumnElement[bool]:
    """SQL: whether a row of ``particulars`` is the one that holds on ``day`` for the member in ``of``.

    Before the first row's own day, that is the first.
    """
    first = (
        select(func.min(earlier.c.entered_version))
        .where(earlier.c.member_id == of.c.member_id)
        .scalar_subquery()
    )
    return and_(
        or_(particulars.c.valid_from <= day, particulars.c.entered_version == first),
        or_(particulars.c.valid_until.is_(None), particulars.c.valid_until > day),
    )


async def head_before(work: Work, instant: datetime) -> RegisterHead:
    """The head as of ``instant``: after every change that counts from before it."""
    row = (
        await work.db.execute(
            select(register_changes.c.version, register_changes.c.head)
            .where(register_changes.c.counts_from < instant)
            .order_by(register_changes.c.version.desc())
            .limit(1)
        )
    ).first()
    return RegisterHead(row.version, row.head) if row else RegisterHead()


async def electorate(work: Work, version: int) -> Sequence[str]:
    """The ids of the members at register ``version`` (record time)."""
    last = (
        select(register_changes.c.aggregate_id, register_changes.c.type)
        .ext(distinct_on(register_changes.c.aggregate_id))
        .where(
            register_changes.c.version <= version,
            register_changes.c.type.in_([MemberAcceded.type, MemberEnded.type]),
        )
        .order_by(register_changes.c.aggregate_id, register_changes.c.version.desc())
        .subquery()
    )
    return (
        await work.db.scalars(select(last.c.aggregate_id).where(last.c.type == MemberAcceded.type))
    ).all()


async def count_on(work: Work, day: date) -> int:
    """How many members at the end of ``day``, as known now."""
    count: int = await work.db.scalar(select(func.count()).where(running_on(day))) or 0
    return count


async def sector_counts_on(work: Work, day: date) -> dict[Sector, int]:
    """How many members of each sector at the end of ``day`` (a unit may be in several)."""
    sector = func.unnest(particulars.c.sectors).label("sector")
    rows = await work.db.execute(
        select(sector, func.count())
        .select_from(periods.join(particulars, particulars.c.member_id == periods.c.member_id))
        .where(running_on(day), particulars_on(day))
        .group_by(sector)
    )
    counted = {Sector(row[0]): row[1] for row in rows}
    return {sector: counted.get(sector, 0) for sector in Sector}
