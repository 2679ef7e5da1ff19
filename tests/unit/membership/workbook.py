"""Workbooks as associations hand them in, and as nobody should."""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*rows: Sequence[Any], shaped: Callable[[Workbook], object] | None = None) -> bytes:
    """A workbook with these rows on its first sheet, and what ``shaped`` makes of it."""
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    if shaped is not None:
        shaped(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_parts(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The same workbook with some of its parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    return out.getvalue()


def renamed(data: bytes, part: str, new: str) -> bytes:
    """The same workbook with one of its parts under another name, wherever it is spoken of."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as renamed:
        for name in old.namelist():
            content = old.read(name)
            if name != part:
                content = content.replace(part[3:].encode(), new[3:].encode())
            renamed.writestr(new if name == part else name, content)
    return out.getvalue()


def with_shared_strings(data: bytes, strings: bytes) -> bytes:
    """The same workbook with these strings for its cells to share."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        types = old.read("[Content_Types].xml").decode().replace("</Types>", part).encode()
    return with_parts(data, {"[Content_Types].xml": types, "xl/sharedStrings.xml": strings})


def sheet_of(rows: Iterable[str], *, before: str = "", after: str = "") -> bytes:
    """The XML of a sheet whose rows are given as XML."""
    data = f"<sheetData>{''.join(rows)}</sheetData>"
    return f'<worksheet xmlns="{NAMESPACE}">{before}{data}{after}</worksheet>'.encode()


def xml_row(number: int, *texts: str) -> str:
    """A row of inline strings as XML."""
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
    return f'<row r="{number}">{cells}</row>'
