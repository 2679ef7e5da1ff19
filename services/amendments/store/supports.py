"""Supports, and how many members stood behind a draft at a register version. Counted at the watermark, never above."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    any_,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from services.amendments.domain.lifecycle import SupportStatus
from services.amendments.domain.support import LapseReason, Standing, Step, Support
from services.amendments.store.tables import supports
from shared.db.roster import roster_mandates, roster_periods, was_member_at
from shared.db.work import Work
from shared.kernel.actor import Scope, Subject
from shared.kernel.chain import roll_digest
from shared.kernel.errors import NotFound


async def find_support(work: Work, proposal_id: str, member_id: str) -> Support | None:
    """A unit's support of a proposal, of whatever status; lock the proposal first."""
    row = (await work.db.execute(select(supports).where(_is_of(proposal_id, member_id)))).first()
    return None if row is None else support_from(row)


async def save_support(work: Work, support: Support) -> None:
    """Write the support."""
    row = {
        "proposal_id": support.proposal_id,
        "member_id": support.member_id,
        "status": support.status,
        "draft_digest": support.draft_digest,
        "member_since": support.member_since,
        "supported_by": support.supported_by,
        "since": support.since,
        "supported_at": support.supported_at,
        "lapse_reason": support.lapse_reason,
        "ended_at": support.ended_at,
        "withdraws_at": support.withdraws_at,
    }
    await work.db.execute(
        insert(supports)
        .values(row)
        .on_conflict_do_update(
            index_elements=[supports.c.proposal_id, supports.c.member_id],
            set_={n: v for n, v in row.items() if n not in ("proposal_id", "member_id")},
        )
    )


async def carry_over(work: Work, proposal_id: str, was: str, now_is: str) -> None:
    """Bind the supports of a draft to the hash it has after a typing error was mended."""
    await work.db.execute(
        update(supports)
        .where(
            supports.c.proposal_id == proposal_id,
            supports.c.status == SupportStatus.ACTIVE,
            supports.c.draft_digest == was,
        )
        .values(draft_digest=now_is)
    )


async def member_since(work: Work, member_id: str) -> int:
    """The register version that opened a unit's running membership; refuses with ``NotFound``."""
    version: int | None = await work.db.scalar(
        select(roster_periods.c.entered_version).where(
            roster_periods.c.member_id == member_id, roster_periods.c.left_version.is_(None)
        )
    )
    if version is None:
        raise NotFound
    return version


async def standing_at(
    work: Work, proposal_id: str, draft_digest: str, register_version: int
) -> Standing:
    """How many of the members at a register version support a draft."""
    members = select(func.count()).where(was_member_at(register_version)).scalar_subquery()
    supporters = (
        select(func.count())
        .select_from(supports)
        .join(roster_periods, rests_on_period())
        .where(_counts(proposal_id, draft_digest), was_member_at(register_version))
        .scalar_subquery()
    )
    row = (await work.db.execute(select(members.label("m"), supporters.label("s")))).one()
    return Standing(register_version, row.s, row.m)


async def steps_between(
    work: Work, proposal_id: str, draft_digest: str, after: int, upto: int
) -> list[Step]:
    """What each register version above ``after`` changed, as far as ``upto``: members, and supporters among them."""
    p = roster_periods.c

    def passed(version: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(version > after, version <= upto)

    changes = union_all(
        _step(p.entered_version, 1, 0).where(passed(p.entered_version)),
        _step(p.left_version, -1, 0).where(passed(p.left_version)),
        _step(p.left_version, 0, -1)
        .select_from(supports)
        .join(roster_periods, rests_on_period())
        .where(_counts(proposal_id, draft_digest), passed(p.left_version)),
    ).subquery()
    rows = await work.db.execute(
        select(changes.c.v, func.sum(changes.c.m), func.sum(changes.c.s))
        .group_by(changes.c.v)
        .order_by(changes.c.v)
    )
    return [Step(version, members, supporters) for version, members, supporters in rows]


async def let_lapse_departed(work: Work, proposal_id: str, upto: int) -> None:
    """The supports of units that left up to a register version fall away."""
    gone = exists().where(rests_on_period(), roster_periods.c.left_version <= upto)
    await _let_lapse(work, proposal_id, LapseReason.LEFT, gone)


async def let_lapse_unmandated(work: Work, proposal_id: str) -> None:
    """Supports given by someone whose mandate turns out to have been over at that moment are void (M9)."""
    unit, by, at = supports.c.member_id, supports.c.supported_by, supports.c.supported_at
    had_ended = and_(is_mandate_of(unit, by), ~was_mandated(unit, by, at))
    await _let_lapse(work, proposal_id, LapseReason.MANDATE, had_ended)


async def roll_digest_at(work: Work, register_version: int) -> str:
    """The digest of the members at a register version."""
    members = await work.db.scalars(
        select(roster_periods.c.member_id).where(was_member_at(register_version))
    )
    return roll_digest(members)


async def leading_supporter(work: Work, proposal_id: str) -> str | None:
    """The member that has stood behind a proposal longest; None where nobody does."""
    leader: str | None = await work.db.scalar(
        _standing_members(proposal_id)
        .with_only_columns(supports.c.member_id)
        .order_by(supports.c.since, supports.c.member_id)
        .limit(1)
    )
    return leader


async def all_want_withdrawal(work: Work, proposal_id: str, draft_digest: str) -> bool:
    """Whether every supporter of a draft that is still a member wants the proposal withdrawn, and there is one."""
    wanted = await work.db.scalar(
        _standing_members(proposal_id)
        .where(supports.c.draft_digest == draft_digest)
        .with_only_columns(func.bool_and(supports.c.withdraws_at.is_not(None)))
    )
    return bool(wanted)


async def unconfirmed_supporters(work: Work, proposal_id: str, draft_digest: str) -> Sequence[str]:
    """The members whose support of a proposal is for another draft than this, in the order of their ids."""
    found = await work.db.scalars(
        _standing_members(proposal_id)
        .where(supports.c.draft_digest != draft_digest)
        .with_only_columns(supports.c.member_id)
        .order_by(supports.c.member_id)
    )
    return found.all()


async def supporting_subjects(work: Work, proposal_id: str) -> frozenset[Subject]:
    """The token subjects that gave the supports a proposal has."""
    found: Sequence[Subject] = (
        await work.db.scalars(
            select(supports.c.supported_by).where(
                supports.c.proposal_id == proposal_id, supports.c.status == SupportStatus.ACTIVE
            )
        )
    ).all()
    return frozenset(found)


def is_mandate_of(unit: ColumnElement[Any], by: ColumnElement[Any]) -> ColumnElement[bool]:
    """SQL: whether the roster knows a mandate, of whatever time, of a unit for a subject."""
    return exists().where(roster_mandates.c.member_id == unit, roster_mandates.c.subject == by)


def was_mandated(
    unit: ColumnElement[Any], by: ColumnElement[Any], at: ColumnElement[Any]
) -> ColumnElement[bool]:
    """SQL: whether a subject held a mandate of a unit to vote, at an instant."""
    m = roster_mandates.c
    return exists().where(
        m.member_id == unit,
        m.subject == by,
        m.valid_from <= at,
        or_(m.valid_until.is_(None), m.valid_until > at),
        or_(m.removed_at.is_(None), m.removed_at > at),
        or_(any_(m.scopes) == Scope.VOTE.value, any_(m.scopes) == Scope.ALL.value),
    )


def rests_on_period() -> ColumnElement[bool]:
    """SQL: the membership that a support rests on."""
    return and_(
        roster_periods.c.member_id == supports.c.member_id,
        roster_periods.c.entered_version == supports.c.member_since,
    )


def support_from(row: Row[Any]) -> Support:
    """The support in a row of its table."""
    return Support(
        proposal_id=row.proposal_id,
        member_id=row.member_id,
        draft_digest=row.draft_digest,
        member_since=row.member_since,
        supported_by=row.supported_by,
        since=row.since,
        supported_at=row.supported_at,
        status=row.status,
        lapse_reason=row.lapse_reason,
        ended_at=row.ended_at,
        withdraws_at=row.withdraws_at,
    )


def _is_of(proposal_id: str, member_id: str) -> ColumnElement[bool]:
    return and_(supports.c.proposal_id == proposal_id, supports.c.member_id == member_id)


def _counts(proposal_id: str, draft_digest: str) -> ColumnElement[bool]:
    return and_(
        supports.c.proposal_id == proposal_id,
        supports.c.status == SupportStatus.ACTIVE,
        supports.c.draft_digest == draft_digest,
    )


def _standing_members(proposal_id: str) -> Select[Any]:
    return (
        select(supports)
        .join(roster_periods, rests_on_period())
        .where(
            supports.c.proposal_id == proposal_id,
            supports.c.status == SupportStatus.ACTIVE,
            roster_periods.c.left_version.is_(None),
        )
    )


def _step(version: ColumnElement[Any], members: int, supporters: int) -> Select[Any]:
    return select(version.label("v"), literal(members).label("m"), literal(supporters).label("s"))


async def _let_lapse(
    work: Work, proposal_id: str, reason: LapseReason, condition: ColumnElement[bool]
) -> None:
    ended_at: datetime = work.now
    await work.db.execute(
        update(supports)
        .where(
            supports.c.proposal_id == proposal_id,
            supports.c.status == SupportStatus.ACTIVE,
            condition,
        )
        .values(status=SupportStatus.LAPSED, lapse_reason=reason, ended_at=ended_at)
    )
