"""The members as another service knows them, with history.

Changes of the register arrive in any order and wait in ``roster_arrivals``; they enter the history strictly by version,
each checked against the hash chain. So everything in the history lies at or below the watermark, and nothing can be read
above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

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
    Ending,
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
from shared.kernel.terms import civil_day, end_of, start_of
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

_END_PARTICULARS = text(
    """
    UPDATE roster_particulars AS p SET until_version = next.version
    FROM unnest(CAST(:members AS text[]), CAST(:versions AS integer[])) AS next (member_id, version)
    WHERE p.member_id = next.member_id AND p.until_version IS NULL
    """
)

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


async def hold_watermark(work: Work) -> Watermark:
    """How far this service knows the register, which does not change until this transaction ends.

    For whatever reads the roster more than once, or makes something that every later change must see. It comes before
    every other lock of a transaction, and is one for all: one that a shared hold let in could not be had alone later.
    """
    locked = select(roster_state.c.watermark, roster_state.c.head).with_for_update()
    row = (await work.db.execute(locked)).first()
    if row is None:
        await work.db.execute(upsert(roster_state).values(only=True).on_conflict_do_nothing())
        row = (await work.db.execute(locked)).one()
    return Watermark(row.watermark, row.head)


async def enter_changes(work: Work, changes: Sequence[RegisterChange]) -> Sequence[RegisterChange]:
    """Take in changes of the register, in any order and any number of times, and move the watermark.

    Those that are known from now on.
    """
    reached = await hold_watermark(work)
    kept = await _kept_arrivals(work)
    waiting = {c.register_version: c for c in changes if c.register_version > reached.version}
    waiting |= kept
    next_changes: list[RegisterChange] = []
    version, head = reached.version, reached.head
    while (change := waiting.pop(version + 1, None)) is not None:
        if change.head_after(head) != change.register_head:
            log.error("roster_mismatch", register_version=change.register_version)
            await start_over(work)
            return []
        version, head = change.register_version, change.register_head
        next_changes.append(change)
    if next_changes:
        await _write_history(work, next_changes)
        await work.db.execute(update(roster_state).values(watermark=version, head=head))
    if kept:
        await work.db.execute(
            delete(roster_arrivals).where(roster_arrivals.c.register_version <= version)
        )
    await _insert(
        work,
        roster_arrivals,
        [
            {"register_version": v, "type": c.type, "data": c.model_dump(mode="json")}
            for v, c in sorted(waiting.items())
            if v not in kept
        ],
    )
    return next_changes


async def _kept_arrivals(work: Work) -> dict[int, RegisterChange]:
    rows = await work.db.execute(select(roster_arrivals))
    return {row.register_version: _ARRIVAL_TYPES[row.type].model_validate(row.data) for row in rows}


async def start_over(work: Work) -> None:
    """Forget everything, also that the changes had arrived, so that the replay asked for next is taken in anew."""
    await hold_watermark(work)
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
            .values(
                left_version=c.register_version,
                ending=c.ending.value,
                left_at=_took_effect_at(c, work.zone),
            )
        )


def _took_effect_at(ended: MemberEnded, zone: ZoneInfo) -> datetime:
    """The instant at which a membership was over, which may be before that was recorded.

    What ends at once, ends as it is recorded. What was recorded only on a later day had been announced: by notice it
    took effect as its day began, by a decision at an instant of that day that is not told, so surely when it was over.
    """
    if civil_day(ended.recorded_at, zone) <= ended.effective_on:
        return ended.recorded_at
    by_decision = ended.ending is Ending.CANCELLED
    return (end_of if by_decision else start_of)(ended.effective_on, zone)


async def _write_particulars(
    work: Work, changes: Sequence[MemberAcceded | MemberParticularsChanged]
) -> None:
    if not changes:
        return
    first: dict[str, int] = {}
    latest: dict[str, int] = {}
    until: dict[int, int] = {}
    for c in changes:
        first.setdefault(c.member_id, c.register_version)
        if c.member_id in latest:
            until[latest[c.member_id]] = c.register_version
        latest[c.member_id] = c.register_version
    await work.db.execute(
        _END_PARTICULARS, {"members": list(first), "versions": list(first.values())}
    )
    await _insert(
        work,
        roster_particulars,
        [
            {
                "member_id": c.member_id,
                "entered_version": c.register_version,
                "until_version": until.get(c.register_version),
                "legal_name_zh": c.legal_name_zh,
                "legal_name_en": c.legal_name_en,
                "sectors": [sector.value for sector in c.sectors],
            }
            for c in changes
        ],
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
