"""This service's copy of the rulebook, learned from amendments; the reference rulebook until one has arrived."""

from typing import Any

from sqlalchemy import JSON, Column, Integer, Row, Table, select
from sqlalchemy.dialects.postgresql import insert

from shared.contracts.amendments import RatioValue, RulebookEntry, RulebookInForce
from shared.db.base import Instant, new_metadata
from shared.db.work import Work
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import REFERENCE_RULEBOOK, Entry, Rulebook
from shared.kernel.terms import Term

metadata = new_metadata()

rulebooks = Table(
    "rulebooks",
    metadata,
    Column("rulebook_version", Integer, primary_key=True),
    Column("in_force_at", Instant, nullable=False),
    Column("entries", JSON, nullable=False),
)


async def keep_rulebook(work: Work, event: RulebookInForce) -> None:
    """Keep the version that took force; twice announced, it is kept once."""
    await work.db.execute(
        insert(rulebooks)
        .values(
            rulebook_version=event.rulebook_version,
            in_force_at=event.in_force_at,
            entries=[entry.model_dump(mode="json") for entry in event.entries],
        )
        .on_conflict_do_nothing()
    )


async def rulebook_in_force(work: Work) -> Rulebook:
    """The rulebook by which a proceeding that opens now is run."""
    row = (
        await work.db.execute(
            select(rulebooks)
            .where(rulebooks.c.in_force_at <= work.now)
            .order_by(rulebooks.c.rulebook_version.desc())
            .limit(1)
        )
    ).first()
    return REFERENCE_RULEBOOK if row is None else _rulebook(row)


async def newest_rulebook(work: Work) -> Rulebook:
    """The highest version that is known, in force or about to be."""
    newest = select(rulebooks).order_by(rulebooks.c.rulebook_version.desc()).limit(1)
    row = (await work.db.execute(newest)).first()
    return REFERENCE_RULEBOOK if row is None else _rulebook(row)


async def find_rulebook(work: Work, version: int) -> Rulebook | None:
    """One version; the reference rulebook is version 1. None where it is not known."""
    if version == REFERENCE_RULEBOOK.version:
        return REFERENCE_RULEBOOK
    row = (
        await work.db.execute(select(rulebooks).where(rulebooks.c.rulebook_version == version))
    ).first()
    return None if row is None else _rulebook(row)


def _rulebook(row: Row[Any]) -> Rulebook:
    return Rulebook(
        row.rulebook_version,
        tuple(_entry(RulebookEntry.model_validate(entry)) for entry in row.entries),
    )


def _entry(entry: RulebookEntry) -> Entry:
    value = entry.value
    return Entry(
        entry.key,
        Ratio(value.numerator, value.denominator, value.inclusive, value.of)
        if isinstance(value, RatioValue)
        else Term(days=value.days, months=value.months),
        entry.article,
        entry.given_by,
    )
