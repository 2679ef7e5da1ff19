"""How the text came in, where its languages diverge, and what was mended in it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Column, Row, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.amendments.domain.correction import Correction
from services.amendments.domain.divergence import Divergence, DivergenceKind, is_settled_by
from services.amendments.domain.provision import ConventionText
from services.amendments.domain.reading import LeftOut
from services.amendments.store.text_tables import corrections, divergences, text_imports, versions
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.text import Language


async def add_import(
    work: Work, version: int, sha256: str, left_out: Sequence[LeftOut], by: Subject
) -> None:
    """Keep where a version's text came from, and which lines of it were left out."""
    await work.db.execute(
        insert(text_imports).values(
            version=version,
            sha256=sha256,
            left_out=[asdict(lines) for lines in left_out],
            imported_by=by,
            imported_at=work.now,
        )
    )


async def add_divergences(
    work: Work, version: int, found: Sequence[Divergence], by: Subject | None = None
) -> list[int]:
    """Record divergences under the next numbers; hold the convention first. ``by`` None: the text itself showed it."""
    first = await _last(work, divergences.c.number) + 1
    rows = [
        {
            "number": number,
            "provision_id": divergence.provision_id,
            "kind": divergence.kind.value,
            "zh": divergence.quotes["zh"],
            "en": divergence.quotes["en"],
            "note_zh": divergence.note["zh"],
            "note_en": divergence.note["en"],
            "found_by": by,
            "version": version,
            "recorded_at": work.now,
        }
        for number, divergence in enumerate(found, start=first)
    ]
    if rows:
        await work.db.execute(insert(divergences), rows)
    return [number for number, _ in enumerate(found, start=first)]


async def settle_divergences(work: Work, text: ConventionText, by: str) -> list[int]:
    """Settle those that ``text`` no longer has; ``by``: the correction or version that ended them. Their numbers."""
    rows = await work.db.execute(select(divergences).where(divergences.c.settled_at.is_(None)))
    over = [row.number for row in rows if is_settled_by(divergence_from(row), text)]
    if over:
        await work.db.execute(
            update(divergences)
            .where(divergences.c.number.in_(over))
            .values(settled_by=by, settled_at=work.now)
        )
    return over


async def untranslated_on_record(work: Work) -> set[str]:
    """The provisions whose missing translation is on record and not settled."""
    found = await work.db.scalars(
        select(divergences.c.provision_id).where(
            divergences.c.kind == DivergenceKind.NOT_TRANSLATED.value,
            divergences.c.settled_at.is_(None),
        )
    )
    return set(found)


async def get_divergence(work: Work, number: int) -> Row[Any]:
    """One divergence's row."""
    return (await work.db.execute(select(divergences).where(divergences.c.number == number))).one()


async def divergences_of(work: Work, provision_ids: Collection[str]) -> dict[int, Divergence]:
    """Those recorded of these provisions, settled or not, by number and in its order."""
    rows = await work.db.execute(
        all_divergences().where(divergences.c.provision_id.in_(provision_ids))
    )
    return {row.number: divergence_from(row) for row in rows}


def all_divergences() -> Select[Any]:
    """The register of divergences, by number."""
    return select(divergences).order_by(divergences.c.number)


def divergence_from(row: Row[Any]) -> Divergence:
    """The divergence in a row of its table."""
    return Divergence(
        row.provision_id,
        DivergenceKind(row.kind),
        {"zh": row.zh, "en": row.en},
        {"zh": row.note_zh, "en": row.note_en},
    )


async def add_correction(
    work: Work, correction: Correction, numbers: Iterable[int], reasons: str, by: Subject
) -> int:
    """Record a correction of the versions with these ``numbers``; its own number. Hold the convention first."""
    number = await _last(work, corrections.c.number) + 1
    await work.db.execute(
        insert(corrections),
        [
            {
                "number": number,
                "version": version,
                "kind": correction.kind.value,
                "provision_id": correction.provision_id,
                "language": correction.language,
                "before": correction.before,
                "after": correction.after,
                "reasons": reasons,
                "corrected_by": by,
                "corrected_at": work.now,
            }
            for version in numbers
        ],
    )
    return number


async def wording_as_promulgated(
    work: Work, version: int, provision_id: str, language: Language
) -> str | None:
    """How a provision of a version read before its first correction; None where it was never mended."""
    found: str | None = await work.db.scalar(
        select(corrections.c.before)
        .where(
            corrections.c.version == version,
            corrections.c.provision_id == provision_id,
            corrections.c.language == language,
        )
        .order_by(corrections.c.number)
        .limit(1)
    )
    return found


def all_corrections(number: int | None = None) -> Select[Any]:
    """Every correction once (or that with ``number``), by number, with the versions that it mended."""
    statement = (
        select(
            corrections.c.number,
            corrections.c.kind,
            corrections.c.provision_id,
            corrections.c.language,
            corrections.c.before,
            corrections.c.after,
            corrections.c.reasons,
            corrections.c.corrected_at,
            func.array_agg(aggregate_order_by(corrections.c.version, corrections.c.version)).label(
                "versions"
            ),
        )
        .group_by(*(c for c in corrections.c if c.name not in ("version", "corrected_by")))
        .order_by(corrections.c.number)
    )
    return statement if number is None else statement.where(corrections.c.number == number)


async def get_correction(work: Work, number: int) -> Row[Any]:
    """One correction's row, as ``all_corrections`` has them."""
    row: Row[Any] = (await work.db.execute(all_corrections(number))).one()
    return row


def all_versions() -> Select[Any]:
    """Every version's row without its text, the latest first."""
    columns = [column for column in versions.c if column.name != "text"]
    return select(*columns).order_by(versions.c.number.desc())


async def _last(work: Work, number: Column[int]) -> int:
    return await work.db.scalar(select(func.max(number))) or 0
