"""Movements of the register: who joined, who ceased (never why), who bears another name."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, case, func, literal, or_, select, true

from services.membership.domain.bulletin import Movement, MovementKind
from services.membership.store.register import particulars_on
from services.membership.store.tables import particulars, periods, register_changes
from shared.contracts.membership import MemberAcceded, MemberEnded, MemberParticularsChanged
from shared.db.work import Work

PUBLIC_TYPES = (MemberAcceded.type, MemberEnded.type, MemberParticularsChanged.type)


async def movements_between(work: Work, from_day: date, to_day: date) -> list[Movement]:
    """Every movement that took effect on a day from ``from_day`` to ``to_day`` (both included), as known now."""
    joined = await work.db.execute(
        _named(periods.c.opened_version, periods.c.opened_on).where(
            periods.c.opened_on.between(from_day, to_day)
        )
    )
    ceased = await work.db.execute(
        _named(periods.c.ended_version, periods.c.ended_on).where(
            periods.c.ended_on.between(from_day, to_day)
        )
    )
    return [
        *(_movement(MovementKind.JOINED, row) for row in joined),
        *(_movement(MovementKind.CEASED, row) for row in ceased),
        *_renamings(await work.db.execute(_names(from_day, to_day))),
    ]


def _named(version: Any, on: Any) -> Select[Any]:
    return (
        select(
            version.label("version"),
            on.label("on"),
            periods.c.member_id,
            particulars.c.legal_name_zh,
            particulars.c.legal_name_en,
        )
        .join(particulars, particulars.c.member_id == periods.c.member_id)
        .where(particulars_on(on))
    )


def _names(from_day: date, to_day: date) -> Select[Any]:
    history = select(
        particulars,
        func.lag(particulars.c.legal_name_zh).over(**_BY_MEMBER).label("former_zh"),
        func.lag(particulars.c.legal_name_en).over(**_BY_MEMBER).label("former_en"),
    ).subquery()
    return select(history).where(
        history.c.valid_from.between(from_day, to_day),
        or_(
            history.c.legal_name_zh != history.c.former_zh,
            history.c.legal_name_en != history.c.former_en,
        ),
    )


_BY_MEMBER: dict[str, Any] = {
    "partition_by": particulars.c.member_id,
    "order_by": particulars.c.entered_version,
}


def _movement(kind: MovementKind, row: Row[Any]) -> Movement:
    return Movement(row.version, kind, row.on, row.member_id, row.legal_name_zh, row.legal_name_en)


def _renamings(rows: Any) -> Iterator[Movement]:
    for row in rows:
        yield Movement(
            row.entered_version,
            MovementKind.RENAMED,
            row.valid_from,
            row.member_id,
            row.legal_name_zh,
            row.legal_name_en,
            row.former_zh,
            row.former_en,
        )


def public_movements(after_version: int) -> Select[Any]:
    """Every public change above ``after_version`` in the order of versions, with the names that it left standing."""
    change = register_changes
    kind = case(
        (change.c.type == MemberAcceded.type, literal(MovementKind.JOINED.value)),
        (change.c.type == MemberEnded.type, literal(MovementKind.CEASED.value)),
        else_=literal("particulars_changed"),
    )
    names = (
        select(particulars.c.legal_name_zh, particulars.c.legal_name_en)
        .where(
            particulars.c.member_id == change.c.aggregate_id,
            particulars.c.entered_version <= change.c.version,
        )
        .order_by(particulars.c.entered_version.desc())
        .limit(1)
        .lateral()
    )
    return (
        select(
            change.c.version,
            change.c.head,
            change.c.recorded_at,
            change.c.effective_on,
            kind.label("kind"),
            change.c.aggregate_id.label("member_id"),
            names.c.legal_name_zh,
            names.c.legal_name_en,
        )
        .join(names, true())
        .where(change.c.type.in_(PUBLIC_TYPES), change.c.version > after_version)
        .order_by(change.c.version)
    )
