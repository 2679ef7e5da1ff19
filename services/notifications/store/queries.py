"""Lists and counts, straight to what is shown.

Who was addressed is nowhere copied: it follows from the roster's history at the register version of the notice.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select

from services.notifications.domain.circular import Circular
from services.notifications.domain.lifecycle import CircularStatus
from services.notifications.domain.notice import (
    Audience,
    AudienceKind,
    Notice,
    NoticeKind,
    Reading,
)
from services.notifications.store.circulars import seen_by
from services.notifications.store.notices import notice_from, reading_from
from services.notifications.store.tables import (
    circulars,
    notice_addressees,
    notice_readings,
    notices,
)
from shared.contracts.membership import Sector
from shared.db.base import IdText
from shared.db.roster import (
    members_at,
    roster_particulars,
    roster_periods,
    was_in_sector_at,
    was_member_at,
)
from shared.db.work import Work
from shared.kernel.actor import Actor
from shared.kernel.errors import NotFound

_HEADINGS = [column for column in notices.c if column.name not in ("body_zh", "body_en")]


class Acknowledgements(StrEnum):
    """Which of a circular's addressees are listed."""

    OUTSTANDING = "outstanding"
    ACKNOWLEDGED = "acknowledged"
    ALL = "all"


def circulars_seen_by(actor: Actor, status: CircularStatus | None) -> Select[Any]:
    """The circulars that ``actor`` may see, of one ``status`` or of any; the latest first."""
    statement = select(circulars).where(seen_by(actor))
    if status is not None:
        statement = statement.where(circulars.c.status == status)
    latest = func.coalesce(circulars.c.issued_at, circulars.c.created_at)
    return statement.order_by(latest.desc(), circulars.c.id.desc())


def inbox(member_id: str, *, unread: bool, unacknowledged: bool) -> Select[Any]:
    """The headings of the notices addressed to a member, with what it has done with each; the latest first."""
    statement = _received(member_id, _HEADINGS)
    if unread:
        statement = statement.where(notice_readings.c.read_at.is_(None))
    if unacknowledged:
        statement = statement.where(
            notices.c.acknowledge_by.is_not(None), notice_readings.c.acknowledged_at.is_(None)
        )
    return statement.order_by(notices.c.issued_at.desc(), notices.c.id.desc())


async def find_notice(work: Work, notice_id: str, member_id: str) -> tuple[Notice, Reading]:
    """A notice addressed to a member, and what it has done with it; refuses with ``NotFound``."""
    found = await work.db.execute(_received(member_id, notices.c).where(notices.c.id == notice_id))
    row = found.first()
    if row is None:
        raise NotFound
    return notice_from(row), reading_from(row)


async def notice_of(work: Work, circular: Circular) -> Notice:
    """The notice by which an issued circular went out."""
    found = await work.db.execute(
        select(notices).where(
            notices.c.kind == NoticeKind.CIRCULAR, notices.c.about_id == circular.id
        )
    )
    return notice_from(found.one())


def acknowledgements(audience: Audience, notice: Notice, which: Acknowledgements) -> Select[Any]:
    """The addressees of a notice, by the names they bore, with what each has done with it."""
    addressed = _members_among(audience, notice.register_version).subquery()
    statement = select(
        addressed, notice_readings.c.read_at, notice_readings.c.acknowledged_at
    ).outerjoin(
        notice_readings,
        and_(
            notice_readings.c.notice_id == notice.id,
            notice_readings.c.member_id == addressed.c.member_id,
        ),
    )
    acknowledged_at = notice_readings.c.acknowledged_at
    if which is Acknowledgements.OUTSTANDING:
        statement = statement.where(acknowledged_at.is_(None))
    if which is Acknowledgements.ACKNOWLEDGED:
        statement = statement.where(acknowledged_at.is_not(None))
    return statement.order_by(addressed.c.member_id)


async def count_acknowledged(work: Work, notice: Notice) -> int:
    """How many members have acknowledged a notice."""
    count: int | None = await work.db.scalar(
        select(func.count()).where(
            notice_readings.c.notice_id == notice.id,
            notice_readings.c.acknowledged_at.is_not(None),
        )
    )
    return count or 0


async def count_members_among(work: Work, audience: Audience, register_version: int) -> int:
    """How many members an audience is at a register version."""
    among = _members_among(audience, register_version).subquery()
    count: int | None = await work.db.scalar(select(func.count()).select_from(among))
    return count or 0


async def absent_among(work: Work, audience: Audience, register_version: int) -> tuple[int, ...]:
    """The places (from 0) of those units named by an audience that are no members at a register version."""
    present = await work.db.scalars(
        select(roster_periods.c.member_id).where(
            roster_periods.c.member_id.in_(audience.member_ids), was_member_at(register_version)
        )
    )
    members = set(present)
    return tuple(i for i, unit in enumerate(audience.member_ids) if unit not in members)


def _received(member_id: str, columns: Iterable[ColumnElement[Any]]) -> Select[Any]:
    reading = and_(
        notice_readings.c.notice_id == notices.c.id, notice_readings.c.member_id == member_id
    )
    return (
        select(
            *columns,
            literal(member_id, IdText).label("member_id"),
            notice_readings.c.read_at,
            notice_readings.c.acknowledged_at,
        )
        .select_from(notices)
        .outerjoin(notice_readings, reading)
        .where(_was_addressed(member_id))
    )


def _was_addressed(member_id: str) -> ColumnElement[bool]:
    """SQL: whether a row of ``notices`` went to a member: a member then, in the sector then, or named."""
    return or_(
        *(
            and_(
                notices.c.audience == kind,
                was_in_audience(
                    kind, notices.c.id, notices.c.sector, notices.c.register_version, member_id
                ),
            )
            for kind in AudienceKind
        )
    )


def was_in_audience(
    kind: AudienceKind,
    notice_id: str | ColumnElement[str],
    sector: str | ColumnElement[str] | None,
    register_version: int | ColumnElement[int],
    member_id: str | ColumnElement[str],
) -> ColumnElement[bool]:
    """SQL: whether a member is an addressee of a notice whose audience is of this ``kind``; values or columns."""
    if kind is AudienceKind.MEMBERS:
        return exists().where(
            notice_addressees.c.member_id == member_id, notice_addressees.c.notice_id == notice_id
        )
    was_member = exists().where(
        roster_periods.c.member_id == member_id, was_member_at(register_version)
    )
    if kind is AudienceKind.ALL:
        return was_member
    was_in_sector = exists().where(
        roster_particulars.c.member_id == member_id, was_in_sector_at(register_version, sector)
    )
    return and_(was_member, was_in_sector)


def _members_among(audience: Audience, register_version: int) -> Select[tuple[str, str, str]]:
    sector = None if audience.sector is None else Sector(audience.sector)
    statement = members_at(register_version, sector)
    if audience.kind is AudienceKind.MEMBERS:
        return statement.where(roster_periods.c.member_id.in_(audience.member_ids))
    return statement
