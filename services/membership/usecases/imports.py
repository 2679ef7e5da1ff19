"""Taking over an existing member list: checked row by row with progress, then written whole or not at all (M10)."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Row

from services.membership.domain.application import by_took_no_part_in_the_cancellation
from services.membership.domain.errors import MemberListUnreadable, Problem
from services.membership.domain.facts import Fact
from services.membership.domain.mandate import Appointment, MandateKind
from services.membership.domain.member import Member
from services.membership.domain.member_list import (
    CheckedRow,
    ListEntry,
    NumberedCells,
    checked_rows,
    csv_rows,
    filled_rows,
)
from services.membership.domain.particulars import ParticularsRow
from services.membership.domain.period import AccessionBasis, Moment
from services.membership.store import applications, imports, members
from services.membership.store.imports import RowReport
from services.membership.usecases.register import Entry, hold_register
from services.membership.usecases.workbooks import XLSX, workbook_rows
from shared.db.work import Database, Work
from shared.kernel.actor import Scope, Subject
from shared.kernel.errors import Refusal
from shared.kernel.ids import new_id

CSV = "text/csv"
READERS = {CSV: csv_rows, XLSX: workbook_rows}
CHUNK = 500
MOST_ATTEMPTS = 5


async def queue_import(
    work: Work, file: bytes, media_type: str, registrar: Subject, *, dry_run: bool
) -> str:
    """Take a member list to be imported, or only checked (``dry_run``); the job's id. ``READERS``: the media types."""
    import_id = new_id("imp")
    await imports.add_import(work, import_id, file, media_type, registrar, dry_run=dry_run)
    return import_id


async def run_imports(database: Database, development_issuer: str | None) -> int:
    """Run the next unfinished import, if there is one. One that a fault of ours stops is tried again, behind the
    others, and given up as ``failed`` after ``MOST_ATTEMPTS``.

    ``development_issuer``: where set, every member's first representative is the subject ``dev:{member id}`` of that
    issuer, so that the demonstration can act for everyone.
    """
    async with imports.next_unfinished(database) as job:
        if job is None:
            return 0
        async with database.begin() as work:
            today = work.today
            if job.attempts > MOST_ATTEMPTS:
                reports = [RowReport(1, ["could not be processed"])]
                await imports.finish_import(work, job.id, "failed", reports)
                return 1
        checked: list[CheckedRow] = []
        try:
            filled = await asyncio.to_thread(_read, job)
            async with database.begin() as work:
                await imports.note_progress(work, job.id, rows_total=max(1, len(filled) - 1))
            rows = checked_rows(filled, today)
            while chunk := await asyncio.to_thread(_next, rows):
                async with database.begin() as work:
                    checked += await _live_refused(work, chunk)
                    await imports.note_progress(work, job.id, rows_checked=len(checked))
        except MemberListUnreadable as refusal:
            checked = [CheckedRow(1, None, (Problem(None, str(refusal.facts["reason"])),))]
        async with database.begin() as work:
            await _finish(work, job, checked, development_issuer)
    return 1


def _read(job: Row[Any]) -> list[NumberedCells]:
    return list(filled_rows(READERS[job.media_type](job.file)))


def _next(rows: Iterator[CheckedRow]) -> list[CheckedRow]:
    return list(islice(rows, CHUNK))


async def _live_refused(work: Work, rows: list[CheckedRow]) -> list[CheckedRow]:
    live = await imports.already_live(work, [r.entry.identifier for r in rows if r.entry])
    return [
        replace(row, entry=None, problems=(Problem("identifier", "already a member or applying"),))
        if row.entry and row.entry.identifier in live
        else row
        for row in rows
    ]


async def _finish(
    work: Work, job: Row[Any], rows: list[CheckedRow], development_issuer: str | None
) -> None:
    """Write every row, or none: a dry run goes as far as the first write."""
    register = await hold_register(work)
    await applications.lock_entities(work)
    rows = await _live_refused(work, rows)
    former = await members.find_members(work, [row.entry.identifier for row in rows if row.entry])
    made: list[Entry] = []
    histories: list[tuple[str, ParticularsRow]] = []
    reports: list[RowReport] = []
    at = register.moment
    for row in rows:
        if row.entry is None:
            reports.append(_report(row))
            continue
        member = former.get(row.entry.identifier) or Member(new_id("mem"), row.entry.identifier)
        try:
            by_took_no_part_in_the_cancellation(member, job.requested_by)
            happened = _accede(member, row.entry, at, development_issuer)
        except Refusal as refusal:
            reports.append(RowReport(row.line, [refusal.code]))
            continue
        made.append((member, happened, row.entry.particulars))
        particulars = ParticularsRow(
            row.entry.acceded_on, at.register_version, row.entry.particulars
        )
        histories.append((member.id, particulars))
        reports.append(RowReport(row.line, (), member.id))
        at = replace(at, register_version=at.register_version + len(happened))
    is_refused = any(report.problems for report in reports)
    if is_refused or job.dry_run:
        untouched = [replace(report, member_id=None) for report in reports]
        await imports.finish_import(work, job.id, "refused" if is_refused else "checked", untouched)
        return
    await register.enter(*made)
    known = {member.id for member in former.values()}
    await members.add_particulars(work, [kept for kept in histories if kept[0] in known])
    await members.insert_particulars(work, [kept for kept in histories if kept[0] not in known])
    await imports.finish_import(work, job.id, "done", reports)


def _accede(
    member: Member, entry: ListEntry, at: Moment, development_issuer: str | None
) -> list[Fact]:
    happened = list(
        member.accede(new_id("per"), AccessionBasis.IMPORT, at, from_day=entry.acceded_on)
    )
    if development_issuer is not None:
        representative = Appointment(
            MandateKind.LEGAL_REPRESENTATIVE,
            Subject(development_issuer, f"dev:{member.id}"),
            entry.particulars.legal_representative,
            frozenset({Scope.ALL}),
            at.now,
        )
        happened += member.appoint(new_id("rep"), representative, at.now)
    return happened


def _report(row: CheckedRow) -> RowReport:
    return RowReport(row.line, [str(problem) for problem in row.problems])
