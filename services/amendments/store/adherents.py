"""Whom an annex binds now: who signed it and is still a member, or all members of its branch."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    any_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from services.amendments.domain.annex import AdherentRule, Annex
from services.amendments.domain.support import Standing, Step
from services.amendments.store.supports import is_mandate_of, was_mandated
from services.amendments.store.tables import adherences, annex_consents
from shared.db.roster import roster_particulars, roster_periods, watermark
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.chain import roll_digest


def adherents_of(annex: Annex) -> Select[Any]:
    """The units that an annex binds, by the names they bear, with when each signed it; ordered by unit."""
    p, n, a = roster_periods.c, roster_particulars.c, adherences.c
    statement = (
        select(
            p.member_id,
            n.legal_name_zh,
            n.legal_name_en,
            a.signed_at,
            p.entered_version.label("member_since"),
        )
        .select_from(roster_periods)
        .join(roster_particulars, and_(n.member_id == p.member_id, n.until_version.is_(None)))
        .outerjoin(adherences, _signed(annex))
        .where(p.left_version.is_(None))
        .order_by(p.member_id)
    )
    if annex.profile.adherents is AdherentRule.BRANCH:
        return statement.where(any_(n.sectors) == annex.sector)
    return statement.where(a.signed_at.is_not(None))


async def adheres(work: Work, annex: Annex, member_id: str) -> bool:
    """Whether an annex binds a unit."""
    bound = adherents_of(annex).where(roster_periods.c.member_id == member_id)
    return (await work.db.execute(bound)).first() is not None


async def is_of_branch(work: Work, member_id: str, sector: str) -> bool:
    """Whether a unit is a member and works in a branch of the industry."""
    p, n = roster_periods.c, roster_particulars.c
    found = await work.db.scalar(
        select(literal(1))
        .select_from(roster_periods)
        .join(roster_particulars, and_(n.member_id == p.member_id, n.until_version.is_(None)))
        .where(p.member_id == member_id, p.left_version.is_(None), any_(n.sectors) == sector)
    )
    return found is not None


async def sign(work: Work, annex_id: str, member_id: str, member_since: int, by: Subject) -> None:
    """A unit adheres; signed twice in one membership, the first signature stands."""
    values = {
        "member_since": member_since,
        "signed_by": by,
        "signed_at": work.now,
        "left_at": None,
        "is_void": False,
    }
    is_valid = and_(
        adherences.c.left_at.is_(None),
        ~adherences.c.is_void,
        adherences.c.member_since == member_since,
    )
    await work.db.execute(
        insert(adherences)
        .values(annex_id=annex_id, member_id=member_id, **values)
        .on_conflict_do_update(
            index_elements=[adherences.c.annex_id, adherences.c.member_id],
            set_={
                name: case(
                    (is_valid, adherences.c[name]), else_=literal(value, adherences.c[name].type)
                )
                for name, value in values.items()
            },
        )
    )


async def leave(work: Work, annex_id: str, member_id: str) -> None:
    """A unit adheres no longer, and has no part in amendments that are open."""
    await work.db.execute(
        update(adherences)
        .where(
            adherences.c.annex_id == annex_id,
            adherences.c.member_id == member_id,
            adherences.c.left_at.is_(None),
        )
        .values(left_at=work.now)
    )
    await work.db.execute(
        delete(annex_consents).where(
            annex_consents.c.annex_id == annex_id, annex_consents.c.member_id == member_id
        )
    )


async def consent(
    work: Work, annex_id: str, digest: str, member_id: str, member_since: int, by: Subject
) -> None:
    """A unit consents to an amendment, as the member that it is now; said twice, it is done once."""
    values = {
        "member_since": member_since,
        "consented_by": by,
        "consented_at": work.now,
        "is_void": False,
    }
    await work.db.execute(
        insert(annex_consents)
        .values(annex_id=annex_id, digest=digest, member_id=member_id, **values)
        .on_conflict_do_update(
            index_elements=[
                annex_consents.c.annex_id,
                annex_consents.c.digest,
                annex_consents.c.member_id,
            ],
            set_=values,
            where=or_(annex_consents.c.member_since != member_since, annex_consents.c.is_void),
        )
    )


async def judge_mandates(work: Work, units: Sequence[str]) -> None:
    """Signatures and consents of units by someone whose mandate turns out to have been over at that moment are void (M9).

    One that had not ended after all, as the register says by now, makes them good again.
    """
    a, c = adherences.c, annex_consents.c
    for table, by, at in (
        (adherences, a.signed_by, a.signed_at),
        (annex_consents, c.consented_by, c.consented_at),
    ):
        was_known = is_mandate_of(table.c.member_id, by)
        had_ended = and_(was_known, ~was_mandated(table.c.member_id, by, at))
        await work.db.execute(
            update(table)
            .where(table.c.member_id.in_(units), table.c.is_void != had_ended)
            .values(is_void=had_ended)
        )


async def count_consents(work: Work, annex: Annex, digest: str) -> tuple[int, int]:
    """How many of those that an annex binds now have consented to a text, and how many those are."""
    standing = await consents_at(work, annex, digest, (await watermark(work)).version)
    return standing.supporters, standing.members


async def consents_at(work: Work, annex: Annex, digest: str, register_version: int) -> Standing:
    """How many of those that an annex bound at a register version have consented to a text, and how many those were."""
    bound = _bound(annex, digest).subquery()
    row = (
        await work.db.execute(
            select(func.count(), func.count().filter(bound.c.consented)).where(
                bound.c.since <= register_version,
                or_(bound.c.until.is_(None), bound.c.until > register_version),
            )
        )
    ).one()
    return Standing(register_version, row[1], row[0])


async def steps_between(work: Work, annex: Annex, digest: str, after: int, upto: int) -> list[Step]:
    """What each register version above ``after`` changed, as far as ``upto``: adherents, and consents among them."""
    bound = _bound(annex, digest).subquery()
    consents = case((bound.c.consented, 1), else_=0)
    changes = union_all(
        select(bound.c.since.label("v"), literal(1).label("m"), consents.label("s")),
        select(bound.c.until, literal(-1), -consents),
    ).subquery()
    rows = await work.db.execute(
        select(changes.c.v, func.sum(changes.c.m), func.sum(changes.c.s))
        .where(changes.c.v > after, changes.c.v <= upto)
        .group_by(changes.c.v)
        .order_by(changes.c.v)
    )
    return [Step(version, members, supporters) for version, members, supporters in rows]


async def digest_at(work: Work, annex: Annex, register_version: int) -> str:
    """The digest of those that an annex bound at a register version."""
    bound = _bound(annex, "").subquery()
    units = await work.db.scalars(
        select(bound.c.member_id).where(
            bound.c.since <= register_version,
            or_(bound.c.until.is_(None), bound.c.until > register_version),
        )
    )
    return roll_digest(units)


def _bound(annex: Annex, digest: str) -> Select[Any]:
    """From which register version on, and until which, an annex binds each unit; whether that consents to a text.

    One row a membership, and a validity of particulars, in which it does.
    """
    p, n, c = roster_periods.c, roster_particulars.c, annex_consents.c
    consented = and_(
        c.annex_id == annex.id,
        c.digest == digest,
        c.member_id == p.member_id,
        c.member_since == p.entered_version,
        ~c.is_void,
    )
    statement = select(p.member_id, c.member_id.is_not(None).label("consented")).select_from(
        roster_periods
    )
    if annex.profile.adherents is AdherentRule.SIGNATORIES:
        return (
            statement.add_columns(p.entered_version.label("since"), p.left_version.label("until"))
            .join(adherences, _signed(annex))
            .outerjoin(annex_consents, consented)
        )
    since = func.greatest(p.entered_version, n.entered_version)
    until = func.least(p.left_version, n.until_version)  # of nulls, least takes the other
    return (
        statement.add_columns(since.label("since"), until.label("until"))
        .join(roster_particulars, n.member_id == p.member_id)
        .outerjoin(annex_consents, consented)
        .where(any_(n.sectors) == annex.sector, or_(until.is_(None), since < until))
    )


def _signed(annex: Annex) -> ColumnElement[bool]:
    """SQL: the signature, not taken back, that a unit gave in a membership."""
    a, p = adherences.c, roster_periods.c
    return and_(
        a.annex_id == annex.id,
        a.member_id == p.member_id,
        a.member_since == p.entered_version,
        a.left_at.is_(None),
        ~a.is_void,
    )
