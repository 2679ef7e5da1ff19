"""Reading an existing member list, row by row, with a report on each (M10)."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

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
MOST_LINES = 100_000
MOST_COLUMNS = 100
MOST_CHARACTERS_OF_A_ROW = 131_072

_DAY = re.compile(r"(\d{4})(?:-(\d\d?)-(\d\d?)|/(\d\d?)/(\d\d?)|年(\d\d?)月(\d\d?)日)", re.ASCII)
_SECTOR_SEPARATOR = re.compile("[;；]")


class NotText(Enum):
    """What a cell of a spreadsheet can hold in place of text, as its row's report says it."""

    NUMBER = "a number, not text"
    TRUTH = "true or false, not text"
    DAY = "a date, not text"
    FAULT = "a spreadsheet error"


Cell = str | date | NotText
NumberedCells = tuple[int, Sequence[Cell] | None]
"""A row and the line on which it starts; None where a cell is too long to be one."""


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


def decoded(data: bytes) -> str:
    """``data`` as text: UTF-8 with or without a byte order mark, else GB18030, else refused."""
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise MemberListUnreadable(reason="neither UTF-8 nor GB18030")


def csv_rows(data: bytes) -> Iterator[NumberedCells]:
    """The rows of a CSV file, all cells being text. Refuses bytes in no known encoding.

    From the hundredth column on everything is one cell.
    """
    characters = 0

    def lines() -> Iterator[str]:
        nonlocal characters
        for line in io.StringIO(decoded(data), newline=""):
            characters += len(line)
            if characters > MOST_CHARACTERS_OF_A_ROW:
                raise csv.Error
            yield line

    reader = csv.reader(lines())
    while True:
        line, characters = reader.line_num + 1, 0
        try:
            yield line, _narrowed(next(reader))
        except StopIteration:
            return
        except csv.Error:
            yield line, None
            return


def _narrowed(cells: list[str]) -> list[str]:
    if len(cells) <= MOST_COLUMNS:
        return cells
    return [*cells[: MOST_COLUMNS - 1], "".join(cells[MOST_COLUMNS - 1 :])]


def refuse_below_the_last_line(line: int) -> None:
    """Refuse with ``MemberListUnreadable`` a list that has a filled row on this line, where that is too far down."""
    if line > MOST_LINES:
        raise MemberListUnreadable(reason=f"more than {MOST_LINES} rows")


def filled_rows(rows: Iterable[NumberedCells]) -> Iterator[NumberedCells]:
    """``rows`` without the blank ones, the header first; refuses with ``MemberListUnreadable`` too long a list."""
    for line, cells in rows:
        if cells is None or any(map(_is_filled, cells)):
            refuse_below_the_last_line(line)
            yield line, cells


def checked_rows(rows: Iterable[NumberedCells], today: date) -> Iterator[CheckedRow]:
    """Check ``rows``, the first of which names the columns in any order; blank rows are skipped.

    ``today`` is the organ's civil day. A file without rows, or with other columns, is one problem of its header.
    """
    filled = filled_rows(rows)
    line, header = next(filled, (1, ()))
    columns = [name.strip() if isinstance(name, str) else "" for name in header or ()]
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


def _is_filled(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else True


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
    cells: Sequence[Cell] | None,
    first_lines: dict[str, int],
    today: date,
) -> CheckedRow:
    if cells is None:
        return CheckedRow(line, None, (Problem(None, "a cell is too long"),))
    if len(cells) != len(columns):
        amount = "few" if len(cells) < len(columns) else "many"
        return CheckedRow(line, None, (Problem(None, f"too {amount} columns"),))
    cell, not_text = _texts(dict(zip(columns, cells, strict=True)))
    problems: list[Problem] = []
    particulars = _particulars(cell, problems)
    identifier = _identifier(cell["identifier"], line, first_lines, problems)
    acceded_on = _acceded_on(cell["acceded_on"], today, problems)
    problems = [*not_text, *(p for p in problems if p.field not in {n.field for n in not_text})]
    if problems or not (particulars and identifier and acceded_on):
        return CheckedRow(line, None, tuple(problems))
    return CheckedRow(line, ListEntry(identifier, particulars, acceded_on))


def _texts(cells: Mapping[str, Cell]) -> tuple[dict[str, str], list[Problem]]:
    """The cells as text, and what can be none: a spreadsheet keeps 15 digits of a number, and no leading zero."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for column, cell in cells.items():
        texts[column] = ""
        if isinstance(cell, str):
            texts[column] = cell
        elif isinstance(cell, NotText):
            problems.append(Problem(column, cell.value))
        elif column == "acceded_on":
            texts[column] = cell.isoformat()
        else:
            problems.append(Problem(column, NotText.DAY.value))
    return texts, problems


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
