"""Circulars as rows and as plain values."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, any_, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from services.notifications.domain.circular import Circular, Content
from services.notifications.domain.lifecycle import CircularStatus
from services.notifications.domain.notice import Audience, AudienceKind, Wording
from services.notifications.store.tables import circulars
from shared.db.work import Work
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import NotFound


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """SQL: whether ``actor`` may see a row of ``circulars``: the secretary all, a unit what was issued (the archive).

    A circular to named members is for those alone.
    """
    if actor.has(Role.SECRETARY):
        return true()
    return and_(
        circulars.c.status == CircularStatus.ISSUED,
        or_(
            circulars.c.audience != AudienceKind.MEMBERS,
            literal(actor.member_id) == any_(circulars.c.member_ids),
        ),
    )


async def read_circular(work: Work, circular_id: str, actor: Actor) -> Circular:
    """The circular as it stands; refuses with ``NotFound``, also where ``actor`` may not see it."""
    found = await work.db.execute(
        select(circulars).where(circulars.c.id == circular_id, seen_by(actor))
    )
    return _the_only(found.first())


async def get_circular(work: Work, circular_id: str) -> Circular:
    """The circular, locked for this transaction; refuses with ``NotFound``."""
    found = await work.db.execute(
        select(circulars).where(circulars.c.id == circular_id).with_for_update()
    )
    return _the_only(found.first())


async def find_due_circular(work: Work) -> Circular | None:
    """The scheduled circular that has been due longest, locked; passes over what another process holds."""
    found = await work.db.execute(
        select(circulars)
        .where(circulars.c.status == CircularStatus.SCHEDULED, circulars.c.issue_at <= work.now)
        .order_by(circulars.c.issue_at, circulars.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = found.first()
    return None if row is None else circular_from(row)


async def next_issue_at(work: Work) -> datetime | None:
    """The instant of the scheduled circular that comes first."""
    first: datetime | None = await work.db.scalar(
        select(func.min(circulars.c.issue_at)).where(circulars.c.status == CircularStatus.SCHEDULED)
    )
    return first


async def save_circular(work: Work, circular: Circular) -> None:
    """Write the circular."""
    row = _row(circular)
    await work.db.execute(
        insert(circulars)
        .values(row)
        .on_conflict_do_update(
            index_elements=[circulars.c.id],
            set_={name: value for name, value in row.items() if name != "id"},
        )
    )


def circular_from(row: Row[Any]) -> Circular:
    """The circular in a row of its table."""
    return Circular(
        id=row.id,
        content=Content(
            category=row.category,
            title=Wording(row.title_zh, row.title_en),
            body=Wording(row.body_zh, row.body_en),
            audience=Audience(row.audience, row.sector, tuple(row.member_ids)),
            acknowledgement_required=row.acknowledgement_required,
        ),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        status=row.status,
        issue_at=row.issue_at,
        scheduling_refused=row.scheduling_refused,
        ordered_by=row.ordered_by,
        number=row.number,
        issued_at=row.issued_at,
        register_version=row.register_version,
        corrects=row.corrects,
        corrects_number=row.corrects_number,
        correction_id=row.correction_id,
        corrected_by=row.corrected_by,
    )


def _the_only(row: Row[Any] | None) -> Circular:
    if row is None:
        raise NotFound
    return circular_from(row)


def _row(circular: Circular) -> dict[str, Any]:
    content = circular.content
    return {
        "id": circular.id,
        "status": circular.status,
        "version": circular.version,
        "category": content.category,
        "title_zh": content.title.zh,
        "title_en": content.title.en,
        "body_zh": content.body.zh,
        "body_en": content.body.en,
        "audience": content.audience.kind,
        "sector": content.audience.sector,
        "member_ids": list(content.audience.member_ids),
        "acknowledgement_required": content.acknowledgement_required,
        "issue_at": circular.issue_at,
        "scheduling_refused": circular.scheduling_refused,
        "ordered_by": circular.ordered_by,
        "number": circular.number,
        "issued_at": circular.issued_at,
        "register_version": circular.register_version,
        "corrects": circular.corrects,
        "corrects_number": circular.corrects_number,
        "correction_id": circular.correction_id,
        "corrected_by": circular.corrected_by,
        "created_at": circular.created_at,
        "updated_at": circular.updated_at,
    }
