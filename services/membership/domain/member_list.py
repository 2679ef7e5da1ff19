"""Reading an existing member list, row by row, with a report on each (M10)."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.membership.domain.errors import (
    IdentifierNotValid,
    MemberListUnreadable,
    ParticularsNotValid,
    Problem,
)
from services.membership.domain.identifier import checked_identifier
from services.membership.domain.particulars import Particulars

COLUMNS = (
    "legal_name_zh",
    "legal_name_en",
    "identifier",
    "sectors",
    "legal_representative",
    "contact_email",
    "acceded_on",
)
ENCODINGS = ("utf-8-sig", "gb18030")
ENCODING_NAMES = ["UTF-8", "GB18030"]

_DAY = re.compile(r"(\d{4})(?:-(\d\d?)-(\d\d?)|/(\d\d?)/(\d\d?)|年(\d\d?)月(\d\d?)日)", re.ASCII)
_SECTOR_SEPARATOR = re.compile("[;；]")

NumberedCells = tuple[int, Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A unit of the list that can become a member from ``acceded_on``."""

    identifier: str
    particulars: Particulars
    acceded_on: date


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """What a row that starts on ``line`` holds: an entry, or problems."""

    line: int
    entry: ListEntry | None
    problems: tuple[Problem, ...] = ()


def read_member_list(data: bytes, today: date) -> Iterator[CheckedRow]:
    """Every row of a CSV file, checked one at a time. Refuses bytes in no known encoding."""
    return checked_rows(csv_rows(decoded(data)), today)


def decoded(data: bytes) -> str:
    """``data`` as text: UTF-8 with or without a byte order mark, else GB18030, else refused."""
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise MemberListUnreadable(encodings=ENCODING_NAMES)


def csv_rows(text: str) -> Iterator[NumberedCells]:
    """The rows of CSV ``text`` with the line on which each starts; None where a cell is too long to be one."""
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, None
            return


def checked_rows(rows: Iterable[NumberedCells], today: date) -> Iterator[CheckedRow]:
    """Check ``rows``, the first of which names the columns in any order; blank rows are skipped.

    ``today`` is the organ's civil day. A file without rows, or with other columns, is one problem of its header.
    """
    filled = (row for row in rows if row[1] is None or any(map(str.strip, row[1])))
    line, header = next(filled, (1, ()))
    columns = [name.strip() for name in header or ()]
    problems = tuple(_header_problems(columns))
    if problems:
        yield CheckedRow(line, None, problems)
        return
    first_lines: dict[str, int] = {}
    is_empty = True
    for line, cells in filled:
        is_empty = False
        yield _checked_row(line, columns, cells, first_lines, today)
    if is_empty:
        yield CheckedRow(1, None, (Problem(None, "no rows"),))


def _header_problems(columns: Sequence[str]) -> Iterator[Problem]:
    if not columns:
        yield Problem(None, "no rows")
        return
    for name in COLUMNS:
        if name not in columns:
            yield Problem(name, "missing column")
        elif columns.count(name) > 1:
            yield Problem(name, "duplicate column")
    for place, name in enumerate(columns, start=1):
        if name not in COLUMNS:
            yield Problem(None, f"unknown column {place}")


def _checked_row(
    line: int,
    columns: Sequence[str],
    cells: Sequence[str] | None,
    first_lines: dict[str, int],
    today: date,
) -> CheckedRow:
    if cells is None:
        return CheckedRow(line, None, (Problem(None, "a cell is too long"),))
    if len(cells) != len(columns):
        amount = "few" if len(cells) < len(columns) else "many"
        return CheckedRow(line, None, (Problem(None, f"too {amount} columns"),))
    cell = dict(zip(columns, cells, strict=True))
    problems: list[Problem] = []
    particulars = _particulars(cell, problems)
    identifier = _identifier(cell["identifier"], line, first_lines, problems)
    acceded_on = _acceded_on(cell["acceded_on"], today, problems)
    if problems or not (particulars and identifier and acceded_on):
        return CheckedRow(line, None, tuple(problems))
    return CheckedRow(line, ListEntry(identifier, particulars, acceded_on))


def _particulars(cell: Mapping[str, str], problems: list[Problem]) -> Particulars | None:
    sectors = map(str.strip, _SECTOR_SEPARATOR.split(cell["sectors"]))
    try:
        return Particulars.checked(
            legal_name_zh=cell["legal_name_zh"],
            legal_name_en=cell["legal_name_en"],
            sectors=filter(None, sectors),
            legal_representative=cell["legal_representative"],
            contact_email=cell["contact_email"],
        )
    except ParticularsNotValid as refusal:
        problems += refusal.problems
        return None


def _identifier(
    text: str, line: int, first_lines: dict[str, int], problems: list[Problem]
) -> str | None:
    try:
        identifier = checked_identifier(text)
    except IdentifierNotValid as refusal:
        problems.append(Problem("identifier", str(refusal.facts["reason"])))
        return None
    first = first_lines.setdefault(identifier, line)
    if first != line:
        problems.append(Problem("identifier", f"twice in the file, first on line {first}"))
    return identifier


def _acceded_on(text: str, today: date, problems: list[Problem]) -> date | None:
    """The day that ``text`` writes as 2005-03-09, 2005/3/9 or 2005年3月9日, if there is such a day."""
    written = unicodedata.normalize("NFKC", text).strip()
    match = _DAY.fullmatch(written)
    try:
        day = date(*(int(part) for part in match.groups() if part)) if match else None
    except ValueError:
        day = None
    if day is None:
        problems.append(Problem("acceded_on", "no such day" if written else "missing"))
    elif day > today:
        problems.append(Problem("acceded_on", "in the future"))
    return day
