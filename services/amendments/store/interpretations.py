"""Interpretations: added, flagged and superseded, never erased."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Select, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.amendments.domain.interpretation import Interpretation
from services.amendments.domain.lifecycle import InterpretationStatus
from services.amendments.store.text_tables import interpretations
from shared.db.work import Work
from shared.kernel.errors import NotFound

_TEXTS = ("text", "reasons")


async def save_interpretation(work: Work, interpretation: Interpretation) -> None:
    """Keep an interpretation as it is now."""
    kept: dict[str, Any] = asdict(interpretation)
    for name in _TEXTS:
        wording = kept.pop(name)
        kept |= {f"{name}_zh": wording["zh"], f"{name}_en": wording["en"]}
    changed = {
        "status": interpretation.status,
        "superseded_by": interpretation.superseded_by,
        "version": interpretation.version,
        "updated_at": interpretation.updated_at,
    }
    await work.db.execute(
        insert(interpretations)
        .values({**kept, "issued_by": interpretation.issued_by})
        .on_conflict_do_update(index_elements=["number"], set_=changed)
    )


async def find_interpretation(work: Work, interpretation_id: str) -> Interpretation:
    """One interpretation; refuses with ``NotFound``."""
    return await _one(
        work, select(interpretations).where(interpretations.c.id == interpretation_id)
    )


async def hold_interpretation(work: Work, interpretation_id: str) -> Interpretation:
    """The same, its row locked."""
    statement = select(interpretations).where(interpretations.c.id == interpretation_id)
    return await _one(work, statement.with_for_update())


async def last_number(work: Work) -> int:
    """The number given last; hold the convention first."""
    return await work.db.scalar(select(func.max(interpretations.c.number))) or 0


async def flag_stale(work: Work, provision_ids: Collection[str], version: int) -> None:
    """Flag what was said of these provisions before ``version`` amended them."""
    await work.db.execute(
        update(interpretations)
        .where(
            interpretations.c.provision_id.in_(list(provision_ids)),
            interpretations.c.stale_since.is_(None),
            interpretations.c.status == InterpretationStatus.ISSUED,
        )
        .values(stale_since=version, version=interpretations.c.version + 1, updated_at=work.now)
    )


async def standing(work: Work) -> list[Interpretation]:
    """Every interpretation that holds or will, in order of number: what is shown beside the text.

    One that was superseded holds until its successor takes effect.
    """
    later = interpretations.alias("later")
    is_to_come = exists().where(
        later.c.id == interpretations.c.superseded_by, later.c.effective_on > work.today
    )
    rows = await work.db.execute(
        select(interpretations)
        .where(or_(interpretations.c.status == InterpretationStatus.ISSUED, is_to_come))
        .order_by(interpretations.c.number)
    )
    return [interpretation_from(row) for row in rows]


def interpretation_from(row: Row[Any]) -> Interpretation:
    """The interpretation in a row of its table."""
    values = dict(row._mapping)
    for name in _TEXTS:
        values[name] = {"zh": values.pop(f"{name}_zh"), "en": values.pop(f"{name}_en")}
    return Interpretation(**values)


async def _one(work: Work, statement: Select[Any]) -> Interpretation:
    row = (await work.db.execute(statement)).first()
    if row is None:
        raise NotFound
    return interpretation_from(row)


def all_interpretations(
    provision_id: str | None, status: InterpretationStatus | None
) -> Select[Any]:
    """Interpretations of one provision, of one status, or all; the latest first."""
    statement = select(interpretations)
    if provision_id is not None:
        statement = statement.where(interpretations.c.provision_id == provision_id)
    if status is not None:
        statement = statement.where(interpretations.c.status == status)
    return statement.order_by(interpretations.c.number.desc())
