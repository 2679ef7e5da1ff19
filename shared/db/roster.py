"""The members as another service knows them, with history.

Changes of the register arrive in any order and wait in ``roster_arrivals``; they enter the history strictly by version,
each checked against the hash chain. So everything in the history lies at or below the watermark, and nothing can be read
above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    any_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.contracts.base import RegisterChange
from shared.contracts.membership import (
    MemberAcceded,
    MemberEnded,
    MemberParticularsChanged,
    RepresentativeAppointed,
    RepresentativeRemoved,
    Sector,
)
from shared.db.base import IdText, Instant, SubjectText, new_metadata
from shared.db.mailboxes import incoming_events
from shared.db.work import Work
from shared.kernel.actor import Scope, Subject
from shared.kernel.chain import EMPTY_HEAD
from shared.logs import get_logger

log = get_logger(__name__)
metadata = new_metadata()

roster_state = Table(
    "roster_state",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("watermark", Integer, nullable=False, server_default="0"),
    Column("head", String(64), nullable=False, server_default=EMPTY_HEAD),
    Column("asked_at", Instant),
    CheckConstraint('"only"', name="one_row"),
)

roster_arrivals = Table(
    "roster_arrivals",
    metadata,
    Column("register_version", Integer, primary_key=True),
    Column("type", String(120), nullable=False),
    Column("data", JSON, nullable=False),
    Column("received_at", Instant, nullable=False, server_default=func.clock_timestamp()),
)

roster_periods = Table(
    "roster_periods",
    metadata,
    Column("period_id", IdText, primary_key=True),
    Column("entered_version", Integer, primary_key=True),
    Column("left_version", Integer),
    Column("member_id", IdText, nullable=False, index=True),
    Column("ending", String(40)),
    Column("left_at", Instant),
)
Index("ix_roster_periods_versions", roster_periods.c.entered_version, roster_periods.c.left_version)

roster_particulars = Table(
    "roster_particulars",
    metadata,
    Column("member_id", IdText, primary_key=True),
    Column("entered_version", Integer, primary_key=True),
    Column("until_version", Integer),
    Column("legal_name_zh", Text, nullable=False),
    Column("legal_name_en", Text, nullable=False),
    Column("sectors", ARRAY(String(40)), nullable=False),
)

roster_mandates = Table(
    "roster_mandates",
    metadata,
    Column("representative_id", IdText, primary_key=True),
    Column("member_id", IdText, nullable=False),
    Column("period_id", IdText, nullable=False),
    Column("subject", SubjectText, nullable=False),
    Column("scopes", ARRAY(String(40)), nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_until", Instant),
    Column("removed_at", Instant),
)
Index("ix_roster_mandates_member_subject", roster_mandates.c.member_id, roster_mandates.c.subject)

_ARRIVAL_TYPES: dict[str, type[RegisterChange]] = {
    event.type: event
    for event in (
        MemberAcceded,
        MemberEnded,
        MemberParticularsChanged,
        RepresentativeAppointed,
        RepresentativeRemoved,
    )
}
ROSTER_EVENTS = tuple(_ARRIVAL_TYPES.values())


@dataclass(frozen=True, slots=True)
class Watermark:
    """The highest register version up to which everything has arrived, and the chain head there."""

    version: int
    head: str


async def watermark(work: Work) -> Watermark:
    """How far this service knows the register; version 0 before anything arrived."""
    row = (await work.db.execute(select(roster_state.c.watermark, roster_state.c.head))).first()
    return Watermark(row.watermark, row.head) if row else Watermark(0, EMPTY_HEAD)


async def enter_changes(work: Work, changes: Sequence[RegisterChange]) -> None:
    """Take in changes of the register, in any order and any number of times, and move the watermark."""
    await work.db.execute(
        upsert(roster_arrivals).on_conflict_do_nothing(),
        [
            {
                "register_version": change.register_version,
                "type": change.type,
                "data": change.model_dump(mode="json"),
            }
            for change in sorted(changes, key=lambda change: change.register_version)
        ],
    )
    await work.db.execute(upsert(roster_state).values(only=True).on_conflict_do_nothing())
    state = (await work.db.execute(select(roster_state).with_for_update())).one()
    await _advance(work, Watermark(state.watermark, state.head))


async def _advance(work: Work, reached: Watermark) -> None:
    arrivals = await work.db.execute(
        select(roster_arrivals.c.type, roster_arrivals.c.data)
        .where(roster_arrivals.c.register_version > reached.version)
        .order_by(roster_arrivals.c.register_version)
    )
    next_changes: list[RegisterChange] = []
    version, head = reached.version, reached.head
    for type_, data in arrivals:
        change = _ARRIVAL_TYPES[type_].model_validate(data)
        if change.register_version != version + 1:
            break
        if change.head_after(head) != change.register_head:
            log.error("roster_mismatch", register_version=change.register_version)
            await _start_over(work)
            return
        version, head = change.register_version, change.register_head
        next_changes.append(change)
    if next_changes:
        await _write_history(work, next_changes)
        await work.db.execute(update(roster_state).values(watermark=version, head=head))
    await work.db.execute(
        delete(roster_arrivals).where(roster_arrivals.c.register_version <= version)
    )


async def _start_over(work: Work) -> None:
    """Forget everything, also that the changes had arrived, so that the replay asked for next is taken in anew."""
    for table in (roster_periods, roster_particulars, roster_mandates, roster_arrivals):
        await work.db.execute(delete(table))
    await work.db.execute(
        delete(incoming_events).where(
            incoming_events.c.source == "membership", incoming_events.c.type.in_(_ARRIVAL_TYPES)
        )
    )
    await work.db.execute(update(roster_state).values(watermark=0, head=EMPTY_HEAD, asked_at=None))


async def _write_history(work: Work, changes: Sequence[RegisterChange]) -> None:
    await _insert(
        work,
        roster_periods,
        [
            {
                "period_id": c.period_id,
                "member_id": c.member_id,
                "entered_version": c.register_version,
            }
            for c in changes
            if isinstance(c, MemberAcceded)
        ],
    )
    await _write_endings(work, [c for c in changes if isinstance(c, MemberEnded)])
    await _write_particulars(
        work, [c for c in changes if isinstance(c, MemberAcceded | MemberParticularsChanged)]
    )
    await _insert(
        work,
        roster_mandates,
        [
            {
                "representative_id": c.representative_id,
                "member_id": c.member_id,
                "period_id": c.period_id,
                "subject": Subject(c.subject_issuer, c.subject_sub),
                "scopes": [scope.value for scope in c.scopes],
                "valid_from": c.valid_from,
                "valid_until": c.valid_until,
            }
            for c in changes
            if isinstance(c, RepresentativeAppointed)
        ],
    )
    for c in changes:
        if isinstance(c, RepresentativeRemoved):
            await work.db.execute(
                update(roster_mandates)
                .where(roster_mandates.c.representative_id == c.representative_id)
                .values(removed_at=c.removed_at)
            )


async def _write_endings(work: Work, endings: Sequence[MemberEnded]) -> None:
    for c in endings:
        await work.db.execute(
            update(roster_periods)
            .where(
                roster_periods.c.period_id == c.period_id,
                roster_periods.c.entered_version < c.register_version,
                roster_periods.c.left_version.is_(None),
            )
            .values(left_version=c.register_version, ending=c.ending.value, left_at=c.recorded_at)
        )


async def _write_particulars(
    work: Work, changes: Sequence[MemberAcceded | MemberParticularsChanged]
) -> None:
    await _insert(
        work,
        roster_particulars,
        [
            {
                "member_id": c.member_id,
                "entered_version": c.register_version,
                "legal_name_zh": c.legal_name_zh,
                "legal_name_en": c.legal_name_en,
                "sectors": [sector.value for sector in c.sectors],
            }
            for c in changes
        ],
    )
    following = (
        select(
            roster_particulars.c.member_id,
            roster_particulars.c.entered_version,
            func.lead(roster_particulars.c.entered_version)
            .over(
                partition_by=roster_particulars.c.member_id,
                order_by=roster_particulars.c.entered_version,
            )
            .label("until_version"),
        )
        .where(roster_particulars.c.member_id == func.any([c.member_id for c in changes]))
        .subquery()
    )
    await work.db.execute(
        update(roster_particulars)
        .where(
            roster_particulars.c.member_id == following.c.member_id,
            roster_particulars.c.entered_version == following.c.entered_version,
            roster_particulars.c.until_version.is_distinct_from(following.c.until_version),
        )
        .values(until_version=following.c.until_version)
    )


async def _insert(work: Work, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        await work.db.execute(insert(table), rows)


def was_member_at(version: Any, periods: Any = roster_periods) -> Any:
    """SQL: whether a row of ``periods`` was running at register ``version``."""
    return and_(
        periods.c.entered_version <= version,
        or_(periods.c.left_version.is_(None), periods.c.left_version > version),
    )


def was_in_sector_at(version: Any, sector: Any, particulars: Any = roster_particulars) -> Any:
    """SQL: whether a row of ``particulars`` held at register ``version`` and names ``sector``."""
    return and_(
        particulars.c.entered_version <= version,
        or_(particulars.c.until_version.is_(None), particulars.c.until_version > version),
        any_(particulars.c.sectors) == sector,
    )


def members_at(version: int, sector: Sector | None = None) -> Select[tuple[str, str, str]]:
    """The members at register ``version`` (of ``sector``): id, name zh, name en, one row each, unordered."""
    periods, particulars = roster_periods, roster_particulars
    statement = (
        select(
            periods.c.member_id,
            particulars.c.legal_name_zh,
            particulars.c.legal_name_en,
        )
        .join(particulars, particulars.c.member_id == periods.c.member_id)
        .where(
            was_member_at(version),
            particulars.c.entered_version <= version,
            or_(particulars.c.until_version.is_(None), particulars.c.until_version > version),
        )
    )
    if sector is None:
        return statement
    return statement.where(any_(particulars.c.sectors) == sector.value)


async def may_act(
    work: Work,
    subject: Subject,
    member_id: str,
    scope: Scope,
    *,
    left_after: datetime | None = None,
) -> bool:
    """Whether ``subject`` holds a mandate of ``member_id`` with ``scope`` that is valid now.

    ``left_after``: a mandate of a period that ended later than this instant still counts (reading what one has).
    """
    mandate, period = roster_mandates, roster_periods
    running: ColumnElement[bool] = period.c.left_version.is_(None)
    if left_after is not None:
        running = or_(running, period.c.left_at > left_after)
    held = exists().where(
        mandate.c.member_id == member_id,
        mandate.c.subject == subject,
        or_(mandate.c.removed_at.is_(None), mandate.c.removed_at > work.now),
        mandate.c.valid_from <= work.now,
        or_(mandate.c.valid_until.is_(None), mandate.c.valid_until > work.now),
        or_(any_(mandate.c.scopes) == scope.value, any_(mandate.c.scopes) == Scope.ALL.value),
        period.c.period_id == mandate.c.period_id,
        running,
    )
    return bool(await work.db.scalar(select(held)))
