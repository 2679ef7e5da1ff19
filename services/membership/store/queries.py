"""What membership's lists and views read, straight from the tables."""

from datetime import date
from typing import Any

from sqlalchemy import Row, Select, exists, func, literal, or_, select

from services.membership.domain.lifecycle import ApplicationStatus, MembershipStatus
from services.membership.domain.particulars import Sector
from services.membership.store.register import particulars_on, running_on
from services.membership.store.tables import (
    applications,
    bulletins,
    import_rows,
    mandates,
    members,
    particulars,
    periods,
)
from shared.db.work import Work
from shared.kernel.actor import Actor, Role, Scope

MEMBER, CEASED = MembershipStatus.MEMBER, MembershipStatus.CEASED


async def may_act(work: Work, actor: Actor, scope: Scope, _former: bool = False) -> bool:
    """Whether the register knows a valid mandate of the actor's subject for its member, with ``scope`` (M9)."""
    held = exists().where(
        mandates.c.member_id == actor.member_id,
        mandates.c.subject == actor.subject,
        mandates.c.valid_from <= work.now,
        or_(mandates.c.valid_until.is_(None), mandates.c.valid_until > work.now),
        or_(mandates.c.removed_at.is_(None), mandates.c.removed_at > work.now),
        or_(mandates.c.scopes.any(scope.value), mandates.c.scopes.any(Scope.ALL.value)),
        periods.c.id == mandates.c.period_id,
        periods.c.ending_id.is_(None),
        members.c.id == mandates.c.member_id,
        or_(members.c.due_at.is_(None), members.c.due_at > work.now),
    )
    return bool(await work.db.scalar(select(held)))


async def holds_any_mandate(work: Work, actor: Actor) -> bool:
    """Whether the actor's subject holds any valid mandate for the member that it names."""
    for scope in Scope:
        if await may_act(work, actor, scope):
            return True
    return False


def applications_for(actor: Actor, status: ApplicationStatus | None) -> Select[Any]:
    """The applications that the actor may see, newest first: the registrar all, an applicant its own."""
    statement = select(applications).order_by(applications.c.id.desc())
    if not actor.has(Role.REGISTRAR):
        statement = statement.where(applications.c.applicant == actor.subject)
    return statement if status is None else statement.where(applications.c.status == status)


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
        .join(particulars, particulars.c.member_id == last.c.member_id)
        .where(last.c.nth == 1, particulars_on(day, last))
        .order_by(members.c.id)
    )
    if status is MEMBER:
        statement = statement.where(running_on(day, last))
    elif status is CEASED:
        statement = statement.where(last.c.ended_on <= day)
    if sector is not None:
        statement = statement.where(particulars.c.sectors.any(sector.value))
    if q is not None:
        pattern = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        statement = statement.where(
            or_(
                particulars.c.legal_name_zh.ilike(pattern),
                particulars.c.legal_name_en.ilike(pattern),
                members.c.identifier == q.strip().upper(),
            )
        )
    return statement


async def member_row(work: Work, member_id: str) -> Row[Any] | None:
    """One unit as the register shows it today."""
    statement = register_of(work.today, q=None, sector=None, status=None)
    return (await work.db.execute(statement.where(members.c.id == member_id))).first()


def editions() -> Select[Any]:
    """The bulletins, newest first."""
    return select(bulletins).order_by(bulletins.c.number.desc())


def rows_of_import(import_id: str, *, only_refused: bool) -> Select[Any]:
    """The report of an import, row by row."""
    statement = (
        select(import_rows).where(import_rows.c.import_id == import_id).order_by(import_rows.c.line)
    )
    return statement.where(func.cardinality(import_rows.c.problems) > 0) if only_refused else statement
