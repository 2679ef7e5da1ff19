"""What membership's lists and views read, straight from the tables."""

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    any_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.membership.domain.lifecycle import ApplicationStatus, MembershipStatus
from services.membership.domain.particulars import Sector
from services.membership.store.register import particulars_on, running_on
from services.membership.store.tables import (
    applications,
    bulletins,
    endings,
    import_rows,
    mandates,
    members,
    particulars,
    periods,
)
from shared.db.work import Work
from shared.kernel.actor import Actor, Role, Scope, Subject
from shared.kernel.identifier import normalised

MEMBER, CEASED = MembershipStatus.MEMBER, MembershipStatus.CEASED


async def may_act(work: Work, actor: Actor, scope: Scope, former: bool = False) -> bool:
    """Whether the register knows a valid mandate of the actor's subject for its member, with ``scope`` (M9).

    ``former``: a mandate of the newest period that was valid when that ended also counts.
    """
    scopes = mandates.c.scopes
    has_scope = or_(any_(scopes) == scope.value, any_(scopes) == Scope.ALL.value)
    return await _holds(work, actor, has_scope, former=former)


async def holds_any_mandate(work: Work, actor: Actor) -> bool:
    """Whether the actor's subject holds any valid mandate for the member that it names."""
    return await _holds(work, actor, true(), former=False)


async def _holds(work: Work, actor: Actor, has_scope: ColumnElement[bool], *, former: bool) -> bool:
    ended_at = func.coalesce(periods.c.ended_at, members.c.due_at)
    at = func.least(work.now, ended_at)
    newest = (
        select(func.max(periods.c.opened_version))
        .where(periods.c.member_id == actor.member_id)
        .scalar_subquery()
    )
    held = exists().where(
        mandates.c.member_id == actor.member_id,
        mandates.c.subject == actor.subject,
        has_scope,
        mandates.c.valid_from <= at,
        or_(mandates.c.valid_until.is_(None), mandates.c.valid_until > at),
        or_(mandates.c.removed_at.is_(None), mandates.c.removed_at > at),
        members.c.id == mandates.c.member_id,
        periods.c.id == mandates.c.period_id,
        periods.c.opened_version == newest,
        or_(literal(former), ended_at.is_(None), ended_at > work.now),
    )
    return bool(await work.db.scalar(select(held)))


def applications_for(actor: Actor, status: ApplicationStatus | None) -> Select[Any]:
    """The applications that the actor may see, newest first: the registrar all, anyone else those it is a party to."""
    statement = select(applications).order_by(applications.c.id.desc())
    if not actor.has(Role.REGISTRAR):
        statement = statement.where(_is_party(actor.subject))
    return statement if status is None else statement.where(applications.c.status == status)


def _is_party(subject: Subject | None) -> ColumnElement[bool]:
    return or_(
        applications.c.applicant == subject,
        applications.c.legal_representative_subject == subject,
        cast(applications.c.entrusted, JSONB).contains([{"subject": str(subject)}]),
    )


def register_of(
    day: date, *, q: str | None, sector: Sector | None, status: MembershipStatus | None
) -> Select[Any]:
    """The register at the end of ``day``: each unit once, with its particulars of that day."""
    last = (
        select(
            periods,
            func.row_number()
            .over(partition_by=periods.c.member_id, order_by=periods.c.opened_version.desc())
            .label("nth"),
        )
        .where(periods.c.opened_on <= day)
        .subquery("periods")
    )
    statement = (
        select(
            members.c.id,
            members.c.identifier,
            members.c.version,
            members.c.created_at,
            members.c.updated_at,
            last.c.opened_on,
            last.c.ended_on,
            particulars.c.legal_name_zh,
            particulars.c.legal_name_en,
            particulars.c.sectors,
            particulars.c.group,
            literal(day).label("as_of"),
        )
        .select_from(last)
        .join(members, members.c.id == last.c.member_id)
        .join(particulars, particulars.c.member_id == members.c.id)
        .where(last.c.nth == 1, particulars_on(day, last))
        .order_by(members.c.id)
    )
    if status is MEMBER:
        statement = statement.where(running_on(day, last))
    elif status is CEASED:
        statement = statement.where(last.c.ended_on <= day)
    if sector is not None:
        statement = statement.where(any_(particulars.c.sectors) == sector.value)
    if q is not None:
        statement = statement.where(
            or_(
                particulars.c.legal_name_zh.icontains(q, autoescape=True),
                particulars.c.legal_name_en.icontains(q, autoescape=True),
                members.c.identifier == normalised(q),
            )
        )
    return statement


async def member_row(work: Work, member_id: str) -> Row[Any] | None:
    """One unit as the register shows it today."""
    statement = register_of(work.today, q=None, sector=None, status=None)
    found = await work.db.execute(statement.where(members.c.id == member_id))
    row: Row[Any] | None = found.one_or_none()
    return row


def taken_over_by(member_id: str) -> Select[Any]:
    """The units that merged into a member, in the order of the register, with the name that each left with."""
    return (
        select(
            periods.c.member_id,
            periods.c.ended_on,
            periods.c.ended_version,
            particulars.c.legal_name_zh,
            particulars.c.legal_name_en,
        )
        .join(endings, endings.c.id == periods.c.ending_id)
        .join(particulars, particulars.c.member_id == periods.c.member_id)
        .where(endings.c.successor_id == member_id, particulars_on(periods.c.ended_on))
        .order_by(periods.c.ended_version)
    )


def mandates_of(member_id: str) -> Select[Any]:
    """Every mandate that a member gave, oldest first."""
    return select(mandates).where(mandates.c.member_id == member_id).order_by(mandates.c.id)


def editions() -> Select[Any]:
    """The bulletins, newest first."""
    return select(bulletins).order_by(bulletins.c.number.desc())


def rows_of_import(import_id: str, *, only_refused: bool) -> Select[Any]:
    """The report of an import, row by row."""
    statement = (
        select(import_rows).where(import_rows.c.import_id == import_id).order_by(import_rows.c.line)
    )
    return (
        statement.where(func.cardinality(import_rows.c.problems) > 0) if only_refused else statement
    )
