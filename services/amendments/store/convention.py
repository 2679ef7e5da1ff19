"""The convention's versions as they read today, and what numbers its acts have."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.amendments.domain.correction import Correction, corrected
from services.amendments.domain.provision import text_from
from services.amendments.domain.text_errors import (
    ConventionNotImported,
    VersionUnknown,
)
from services.amendments.domain.version import Version, VersionHead, in_force, present
from services.amendments.store.text_tables import convention, corrections, versions
from shared.db.work import Work
from shared.kernel.ids import new_id


async def hold_convention(work: Work) -> Row[Any]:
    """Hold the convention (``id``, ``rulebook_id``): numbers are given and versions published one after another.

    The clock is read once it is held: what comes later has a later instant.
    """
    await work.db.execute(
        upsert(convention)
        .values(only=True, id=new_id("cnv"), rulebook_id=new_id("rbk"), created_at=work.now)
        .on_conflict_do_nothing()
    )
    held = (await work.db.execute(select(convention).with_for_update())).one()
    await work.read_clock()
    return held


async def all_versions(work: Work) -> list[Version]:
    """Every version, the oldest first, each as it reads with its corrections."""
    rows = await work.db.execute(select(versions).order_by(versions.c.number))
    return await _read(work, rows.all())


async def version_heads(work: Work) -> list[VersionHead]:
    """Every version without its text, the oldest first."""
    columns = [versions.c[field.name] for field in fields(VersionHead)]
    rows = await work.db.execute(select(*columns).order_by(versions.c.number))
    return [VersionHead(**row._mapping) for row in rows]


async def get_version(work: Work, number: int) -> Version:
    """One version as it reads today; refuses with ``VersionUnknown``."""
    row = (await work.db.execute(select(versions).where(versions.c.number == number))).first()
    if row is None:
        raise VersionUnknown
    return (await _read(work, [row]))[0]


async def latest_version(work: Work) -> Version:
    """The version promulgated last, in force or about to be: what an amendment is based on.

    Refuses with ``ConventionNotImported`` where there is none, or where version 1 still waits for its founding.
    """
    row = (
        await work.db.execute(
            select(versions)
            .where(versions.c.in_force_on.is_not(None))
            .order_by(versions.c.number.desc())
            .limit(1)
        )
    ).first()
    if row is None:
        raise ConventionNotImported
    return (await _read(work, [row]))[0]


async def version_in_force(work: Work) -> Version:
    """The version that is the law today; refuses with ``NotYetInForce``."""
    return await get_version(work, in_force(await version_heads(work), work.today).number)


async def present_version(work: Work) -> Version:
    """The law of today, or the text that waits to become it; refuses with ``ConventionNotImported``."""
    return await get_version(work, present(await version_heads(work), work.today).number)


async def add_version(work: Work, version: Version) -> None:
    """Keep a new version; hold the convention first."""
    await work.db.execute(
        insert(versions).values(
            number=version.number,
            text=version.text.as_data(),
            digest=version.text.digest,
            rulebook_version=version.rulebook_version,
            valid_on=version.valid_on,
            in_force_on=version.in_force_on,
            promulgated_at=version.promulgated_at,
            source=version.source,
            applies_from={i: day.isoformat() for i, day in version.applies_from.items()},
            created_at=work.now,
        )
    )


async def date_version(work: Work, version: Version) -> None:
    """Give version 1 its dates, when the founding does."""
    await work.db.execute(
        update(versions)
        .where(versions.c.number == version.number)
        .values(
            valid_on=version.valid_on,
            in_force_on=version.in_force_on,
            promulgated_at=version.promulgated_at,
        )
    )


async def has_version(work: Work) -> bool:
    """Whether any text was imported."""
    return bool(await work.db.scalar(select(func.count()).select_from(versions)))


async def _read(work: Work, rows: Sequence[Row[Any]]) -> list[Version]:
    mended = await _corrections_of(work, [row.number for row in rows])
    return [
        Version(
            row.number,
            corrected(text_from(row.text), mended.get(row.number, ())),
            row.rulebook_version,
            row.valid_on,
            row.in_force_on,
            row.promulgated_at,
            row.source,
            {i: date.fromisoformat(day) for i, day in row.applies_from.items()},
        )
        for row in rows
    ]


async def _corrections_of(work: Work, numbers: Iterable[int]) -> dict[int, list[Correction]]:
    found: dict[int, list[Correction]] = {}
    rows = await work.db.execute(
        select(corrections)
        .where(corrections.c.version.in_(list(numbers)))
        .order_by(corrections.c.number)
    )
    for row in rows:
        found.setdefault(row.version, []).append(
            Correction(row.provision_id, row.language, row.before, row.after)
        )
    return found
