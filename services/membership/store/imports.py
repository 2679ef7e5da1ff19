"""Import jobs: the file, the progress, and a report on every row."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from services.membership.store.tables import import_rows, imports, live_entities
from shared.db.work import Database, Work
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one row: its problems, or the member it made."""

    line: int
    problems: Sequence[str] = ()
    member_id: str | None = None


async def add_import(
    work: Work,
    import_id: str,
    file: bytes,
    media_type: str,
    requested_by: Subject,
    *,
    dry_run: bool,
) -> None:
    """Queue a file."""
    await work.db.execute(
        insert(imports).values(
            id=import_id,
            status="queued",
            dry_run=dry_run,
            file=file,
            media_type=media_type,
            requested_by=requested_by,
            created_at=work.now,
            updated_at=work.now,
        )
    )


async def get_import(work: Work, import_id: str) -> Row[Any]:
    """A job's row, without the file; refuses with ``NotFound``."""
    columns = [column for column in imports.columns if column.name != "file"]
    row = (await work.db.execute(select(*columns).where(imports.c.id == import_id))).first()
    if row is None:
        raise NotFound
    return row


@asynccontextmanager
async def next_unfinished(database: Database) -> AsyncIterator[Row[Any] | None]:
    """The oldest job that is queued, or that a process left when it died; nobody else takes it meanwhile.

    Each time counts as an attempt, before anything is done: one that was tried waits behind those that were not, and
    the count outlives a process that the file kills.
    """
    async with database.engine.connect() as raw:
        connection = await raw.execution_options(isolation_level="AUTOCOMMIT")
        is_unfinished = imports.c.status.in_(["queued", "checking"])
        oldest = (imports.c.attempts, imports.c.id)
        waiting = select(imports.c.id).where(is_unfinished).order_by(*oldest).limit(10)
        for import_id in (await connection.scalars(waiting)).all():
            lock = func.hashtextextended(import_id, 0)
            if not await connection.scalar(select(func.pg_try_advisory_lock(lock))):
                continue
            try:
                taken = (
                    update(imports)
                    .where(imports.c.id == import_id, is_unfinished)
                    .values(status="checking", attempts=imports.c.attempts + 1)
                    .returning(imports)
                )
                yield (await connection.execute(taken)).first()
            finally:
                await connection.execute(select(func.pg_advisory_unlock(lock)))
            return
        yield None


async def note_progress(work: Work, import_id: str, **progress: int) -> None:
    """Show how far the checking is."""
    await work.db.execute(
        update(imports).where(imports.c.id == import_id).values(updated_at=work.now, **progress)
    )


async def finish_import(
    work: Work, import_id: str, status: str, reports: Sequence[RowReport]
) -> None:
    """Keep the report and drop the file: nothing of it is needed any longer."""
    if reports:
        await work.db.execute(
            insert(import_rows),
            [
                {
                    "import_id": import_id,
                    "line": report.line,
                    "problems": list(report.problems),
                    "member_id": report.member_id,
                }
                for report in reports
            ],
        )
    refused = sum(bool(report.problems) for report in reports)
    await work.db.execute(
        update(imports)
        .where(imports.c.id == import_id)
        .values(
            status=status,
            file=None,
            rows_total=len(reports),
            rows_checked=len(reports),
            rows_accepted=len(reports) - refused,
            rows_refused=refused,
            finished_at=work.now,
            updated_at=work.now,
        )
    )


async def already_live(work: Work, identifiers: Iterable[str]) -> Mapping[str, str]:
    """Which of these legal entities have a live application or membership, and its id."""
    rows = await work.db.execute(
        select(live_entities).where(live_entities.c.identifier == func.any(list(identifiers)))
    )
    return {row.identifier: row.holder_id for row in rows}
