"""Member lists as XLSX workbooks: the one module that knows the library (M10)."""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from services.membership.domain.errors import MemberListUnreadable
from services.membership.domain.member_list import MOST_COLUMNS, Cell, NotText, NumberedCells
from services.membership.usecases.gauged_archive import NO_WORKBOOK, GaugedArchive

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_CHARACTERS = 32_767


def workbook_rows(data: bytes) -> Iterator[NumberedCells]:
    """The rows of a workbook's first visible sheet, with their numbers, each as wide as the first filled one.

    A formula counts as the value that the file holds for it; macros, links, charts and other sheets are left alone;
    what stands right of the hundredth column is not read, nor what follows the last row with a value. Refuses with
    ``MemberListUnreadable`` what is no workbook and what is larger than a member list can be.
    """
    try:
        with GaugedArchive(data) as archive:
            sheet = next(s for s in _sheets(data, archive) if s.sheet_state == "visible")
            last = max(1, archive.last_lines[sheet._worksheet_path])
            yield from _rows(sheet.iter_rows(max_row=last, max_col=MOST_COLUMNS))
    except MemberListUnreadable:
        raise
    except Exception:  # whatever a hostile file makes a parser raise
        raise MemberListUnreadable(reason=NO_WORKBOOK) from None


def _sheets(data: bytes, archive: GaugedArchive) -> Sequence[Any]:
    from openpyxl.reader.excel import ExcelReader  # noqa: PLC0415 - carried by the process that reads one alone

    class Reader(ExcelReader):
        """Reads cells, and no charts."""

        def read_chartsheet(self, *_: object) -> None:
            pass

    reader = Reader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    reader.archive = archive
    reader.read()
    return reader.wb.worksheets


def _rows(rows: Iterator[Sequence[Any]]) -> Iterator[NumberedCells]:
    width = 0
    for line, row in enumerate(rows, start=1):
        cells = [_cell(cell.value, cell.data_type) for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        width = width or len(cells)
        cells += [""] * (width - len(cells))
        is_too_long = any(isinstance(c, str) and len(c) > MOST_CHARACTERS for c in cells)
        yield line, None if is_too_long else cells


def _cell(value: object, data_type: str) -> Cell:
    match value:
        case None:
            return ""
        case str():
            return NotText.FAULT if data_type == "e" else value
        case bool():
            return NotText.TRUTH
        case datetime():
            return value.date()
        case date():
            return value
    return NotText.NUMBER
