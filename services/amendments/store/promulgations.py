"""Promulgations as rows and as plain values."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Select, insert, select

from services.amendments.domain.promulgation import Promulgation
from services.amendments.store.tables import promulgations
from shared.db.work import Work
from shared.kernel.errors import NotFound
from shared.kernel.rulebook import Basis


async def add_promulgation(work: Work, promulgation: Promulgation) -> None:
    """Keep a promulgation."""
    await work.db.execute(insert(promulgations).values(asdict(promulgation)))


async def get_promulgation(work: Work, promulgation_id: str) -> Promulgation:
    """One promulgation; refuses with ``NotFound``."""
    found = await work.db.execute(
        select(promulgations).where(promulgations.c.id == promulgation_id)
    )
    row = found.first()
    if row is None:
        raise NotFound
    return promulgation_from(row)


def all_promulgations() -> Select[Any]:
    """All of them, the latest first."""
    return select(promulgations).order_by(promulgations.c.convention_version.desc())


def promulgation_from(row: Row[Any]) -> Promulgation:
    """The promulgation in a row of its table."""
    return Promulgation(**{**row._mapping, "due_basis": Basis(**row.due_basis)})
