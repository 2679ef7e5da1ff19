"""Editions of the bulletin: written once, never changed."""

from datetime import date
from typing import Any

from sqlalchemy import Row, func, insert, select, text

from services.membership.domain.bulletin import Edition, Movement, MovementKind
from services.membership.domain.errors import EditionUnknown
from services.membership.domain.register import RegisterHead
from services.membership.store.tables import bulletins
from shared.db.work import Work
from shared.kernel.ids import new_id

LOCK = "bulletins"


async def lock_numbers(work: Work) -> None:
    """Hold the numbering: editions are numbered one after another, without a gap."""
    await work.db.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": LOCK})


async def numbers(work: Work) -> dict[int, int | None]:
    """Every number published, with the number that it is an erratum of."""
    rows = await work.db.execute(select(bulletins.c.number, bulletins.c.erratum_of))
    return {row.number: row.erratum_of for row in rows}


async def last_day_covered(work: Work) -> date | None:
    """The last day of the newest edition."""
    last: date | None = await work.db.scalar(
        select(func.max(bulletins.c.to_day)).where(bulletins.c.erratum_of.is_(None))
    )
    return last


async def add_edition(work: Work, edition: Edition, correction: dict[str, str] | None) -> str:
    """Keep an edition, or an erratum with its ``correction`` (zh, en); its id."""
    bulletin_id = new_id("bul")
    await work.db.execute(
        insert(bulletins).values(
            number=edition.number,
            id=bulletin_id,
            erratum_of=edition.erratum_of,
            from_day=edition.from_day,
            to_day=edition.to_day,
            published_at=work.now,
            register_version=edition.register.version,
            register_head=edition.register.head,
            content={
                "members_count": edition.members_count,
                "correction": correction,
                "movements": [_kept(movement) for movement in edition.movements],
            },
        )
    )
    return bulletin_id


async def get_edition(work: Work, number: int) -> Row[Any]:
    """An edition's row; refuses with ``EditionUnknown``."""
    row = (await work.db.execute(select(bulletins).where(bulletins.c.number == number))).first()
    if row is None:
        raise EditionUnknown
    return row


def edition_from(row: Row[Any]) -> Edition:
    """The edition in a row of its table."""
    return Edition(
        row.number,
        row.erratum_of,
        row.from_day,
        row.to_day,
        row.content["members_count"],
        tuple(_movement(kept) for kept in row.content["movements"]),
        RegisterHead(row.register_version, row.register_head),
    )


def _kept(movement: Movement) -> dict[str, Any]:
    return {
        "register_version": movement.register_version,
        "kind": movement.kind.value,
        "on": movement.on.isoformat(),
        "member_id": movement.member_id,
        "legal_name_zh": movement.legal_name_zh,
        "legal_name_en": movement.legal_name_en,
        "former_name_zh": movement.former_name_zh,
        "former_name_en": movement.former_name_en,
    }


def _movement(kept: dict[str, Any]) -> Movement:
    return Movement(
        **{
            **kept,
            "kind": MovementKind(kept["kind"]),
            "on": date.fromisoformat(kept["on"]),
        }
    )
