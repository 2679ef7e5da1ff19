"""Certified rolls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from services.membership.domain.register import RegisterHead, Roll
from services.membership.store.tables import rolls
from shared.db.work import Work
from shared.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class CertifiedRoll:
    """A roll as it was certified for a ballot."""

    id: str
    ballot_id: str
    purpose: str
    roll: Roll
    certified_at: datetime


async def find_roll(work: Work, ballot_id: str, purpose: str) -> CertifiedRoll | None:
    """What was certified for a ballot's opening or close, if it was."""
    row = (
        await work.db.execute(
            select(rolls).where(rolls.c.ballot_id == ballot_id, rolls.c.purpose == purpose)
        )
    ).first()
    return None if row is None else _from(row)


async def get_roll(work: Work, roll_id: str) -> CertifiedRoll:
    """A certified roll; refuses with ``NotFound``."""
    row = (await work.db.execute(select(rolls).where(rolls.c.id == roll_id))).first()
    if row is None:
        raise NotFound
    return _from(row)


async def add_roll(
    work: Work, roll_id: str, ballot_id: str, purpose: str, roll: Roll
) -> CertifiedRoll:
    """Keep a newly certified roll."""
    await work.db.execute(
        insert(rolls).values(
            id=roll_id,
            ballot_id=ballot_id,
            purpose=purpose,
            instant=roll.instant,
            register_version=roll.register.version,
            register_head=roll.register.head,
            count=roll.count,
            digest=roll.digest,
            certified_at=work.now,
        )
    )
    return CertifiedRoll(roll_id, ballot_id, purpose, roll, work.now)


def _from(row: Row[Any]) -> CertifiedRoll:
    return CertifiedRoll(
        row.id,
        row.ballot_id,
        row.purpose,
        Roll(
            RegisterHead(row.register_version, row.register_head),
            row.instant,
            row._mapping["count"],
            row.digest,
        ),
        row.certified_at,
    )
