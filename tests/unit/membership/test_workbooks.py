"""Reading a member list from an XLSX workbook, whatever is in it (M10)."""

import io
import random
import struct
import tracemalloc
import zipfile
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import PatternFill

from services.membership.domain.errors import MemberListUnreadable
from services.membership.domain.member_list import (
    COLUMNS,
    MOST_LINES,
    NotText,
    NumberedCells,
    checked_rows,
)
from services.membership.usecases.gauged_archive import NO_WORKBOOK, TOO_LARGE
from services.membership.usecases.workbooks import workbook_rows
from tests.unit.membership.domain.examples import ANOTHER_IDENTIFIER, IDENTIFIER
from tests.unit.membership.workbook import (
    NAMESPACE,
    SHEET,
    renamed,
    sheet_of,
    with_parts,
    with_shared_strings,
    workbook,
    xml_row,
)

TODAY = date(2026, 3, 10)
GOOD = ("甲公司", "A Co.", IDENTIFIER, "access_service", "张三", "a@b.example", "2005-03-09")
OTHER = ("乙公司", "B Co.", ANOTHER_IDENTIFIER, "product_maker", "李四", "b@b.example")


def read(data: bytes) -> list[NumberedCells]:
    """All rows of a workbook."""
    return list(workbook_rows(data))


def refusal(data: bytes) -> str:
    """Why a file cannot be read."""
    with pytest.raises(MemberListUnreadable) as refused:
        read(data)
    return str(refused.value.facts["reason"])


def problems(*rows: Any) -> dict[int, list[str]]:
    """What is wrong with a list of these rows."""
    checked = checked_rows(workbook_rows(workbook(COLUMNS, *rows)), TODAY)
    return {row.line: [str(p) for p in row.problems] for row in checked if row.problems}


def test_a_row_is_what_the_sheet_shows_under_its_number() -> None:
    """M10: "CSV or XLSX"; blank rows are rows, and cells are as wide as the header."""
    rows = read(workbook(COLUMNS, [], GOOD, ["只有名称"]))
    assert rows[0] == (1, list(COLUMNS))
    assert rows[2] == (3, list(GOOD))
    assert rows[3] == (4, ["只有名称", *[""] * 6])


@pytest.mark.parametrize(
    "day",
    [
        date(2005, 3, 9),
        datetime(2005, 3, 9, 13, 30),  # noqa: DTZ001 - a spreadsheet knows no zone
        "2005-03-09",
        "2005/3/9",
        "2005年3月9日",
    ],
)
def test_a_day_is_a_date_cell_or_a_text_in_one_of_three_forms(day: object) -> None:
    """M10."""
    (row,) = checked_rows(workbook_rows(workbook(COLUMNS, [*GOOD[:-1], day])), TODAY)
    assert row.entry is not None
    assert row.entry.acceded_on == date(2005, 3, 9)


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        (911100006000373410, "identifier: a number, not text"),
        (9.11100006000373e17, "identifier: a number, not text"),
        (12345, "identifier: a number, not text"),
        (True, "identifier: true or false, not text"),
        ("#N/A", "identifier: a spreadsheet error"),
        (time(9, 30), "identifier: a number, not text"),
        (date(2005, 3, 9), "identifier: a date, not text"),
        ("091110000600037341", "identifier: check digit"),
        ("A" * 4096, "identifier: length"),
        (None, "identifier: missing"),
    ],
)
def test_an_identifier_is_a_text(identifier: object, said: str) -> None:
    """M10: a number has lost its leading zeros, and every digit after the fifteenth."""
    row = [*GOOD]
    assert problems([*row[:2], identifier, *row[3:]]) == {2: [said]}


def test_a_cell_that_is_too_long_is_a_problem_of_its_row_alone() -> None:
    """M10: 4 KB are longer than a name; beyond what a spreadsheet holds, it is no cell."""
    rows = [xml_row(1, *COLUMNS), xml_row(2, "名" * 40_000, *GOOD[1:]), xml_row(3, *GOOD)]
    crafted = with_parts(workbook(), {SHEET: sheet_of(rows)})
    checked = list(checked_rows(workbook_rows(crafted), TODAY))
    assert [[str(p) for p in row.problems] for row in checked] == [["a cell is too long"], []]
    assert problems(["名" * 4096, *GOOD[1:]]) == {2: ["legal_name_zh: longer than 200 characters"]}


def test_control_and_bidi_characters_are_told() -> None:
    """Reliability 8.1, 19; what XML cannot hold makes it no XML."""
    assert problems(["甲\u202e公司", *GOOD[1:]]) == {2: ["legal_name_zh: control characters"]}
    broken = with_parts(workbook(), {SHEET: sheet_of([xml_row(1, "&#1;")])})
    assert refusal(broken) == NO_WORKBOOK


def test_a_formula_counts_as_the_value_that_the_file_holds_for_it() -> None:
    """M10: what whoever saved the list saw; where nothing was computed, nothing is there."""
    row = '<row r="1"><c t="str"><f>UPPER("a")</f><v>A</v></c><c><f>1+1</f></c></row>'
    crafted = with_parts(workbook(), {SHEET: sheet_of([row])})
    assert read(crafted) == [(1, ["A"])]
    assert problems([*GOOD[:1], '="A"&" Co."', *GOOD[2:]]) == {2: ["legal_name_en: missing"]}
    started = sheet_of([xml_row(1, *COLUMNS), xml_row(2, "=甲公司", *GOOD[1:])])
    (checked,) = checked_rows(workbook_rows(with_parts(workbook(), {SHEET: started})), TODAY)
    assert [str(p) for p in checked.problems] == [
        "legal_name_zh: starts like a spreadsheet formula"
    ]


def test_the_first_visible_sheet_is_read_and_no_other() -> None:
    """M10: "macros/other sheets ignored"."""

    def shaped(book: Workbook) -> None:
        assert book.active is not None
        book.active.sheet_state = "hidden"
        book.create_sheet("名单").append(["visible"])
        book.create_sheet("注").append(["more"])

    assert read(workbook(["hidden"], shaped=shaped)) == [(1, ["visible"])]
    with_macro = with_parts(workbook(["text"]), {"xl/vbaProject.bin": b"\0" * 1000})
    assert read(with_macro) == [(1, ["text"])]


@pytest.mark.parametrize(
    "name", ["xl/worksheets/Sheet1.XML", "xl/sheet1.xml", "xl/worksheets/a/b.xml", "xl/list.data"]
)
def test_a_sheet_is_read_to_its_own_end_whatever_its_part_is_called(name: str) -> None:
    """M10: no row is lost; another sheet says nothing about where this one ends."""

    def shaped(book: Workbook) -> None:
        book.create_sheet("b").append(["one row"])

    rows = [[f"row {n}"] for n in range(100)]
    data = renamed(workbook(*rows, shaped=shaped), SHEET, name)
    assert read(data) == [(n, row) for n, row in enumerate(rows, start=1)]


def test_a_part_that_nobody_reads_may_be_as_large_as_it_likes() -> None:
    """M10: a logo is no reason to refuse a list."""
    logo = bytes(random.Random(1).choices(range(256), k=5_000_000))
    assert read(with_parts(workbook(GOOD), {"xl/media/logo.png": logo})) == [(1, list(GOOD))]


def test_of_merged_cells_the_first_holds_the_value() -> None:
    """M10: the others are blank, and told as missing."""

    def shaped(book: Workbook) -> None:
        assert book.active is not None
        book.active.merge_cells("D2:D3")

    rows = workbook(COLUMNS, GOOD, [*OTHER, "2005-03-09"], shaped=shaped)
    checked = list(checked_rows(workbook_rows(rows), TODAY))
    assert [[str(p) for p in row.problems] for row in checked] == [[], ["sectors: missing"]]


def test_blank_rows_and_columns_behind_the_list_are_no_part_of_it() -> None:
    """M10: a spreadsheet keeps what was once coloured."""

    def shaped(book: Workbook) -> None:
        assert book.active is not None
        for row in range(1, 40):
            for column in range(1, 30):
                book.active.cell(row, column).fill = PatternFill("solid", fgColor="FFFF00")

    data = workbook(COLUMNS, GOOD, shaped=shaped)
    assert read(data) == [(1, list(COLUMNS)), (2, list(GOOD))]


def test_a_million_blank_formatted_rows_are_no_part_of_it_either() -> None:
    """M10: "1,048,576 blank formatted rows": measured, and never handed to the library."""
    blank = (f'<row r="{n}" s="1" customFormat="1"/>' for n in range(3, 1_048_577))
    rows = [xml_row(1, *COLUMNS), xml_row(2, *GOOD), *blank]
    sheet = sheet_of(rows, before='<dimension ref="A1:G1048576"/>')
    data = with_parts(workbook(), {SHEET: sheet})
    assert read(data) == [(1, list(COLUMNS)), (2, list(GOOD))]


@pytest.mark.parametrize("size", ["A1:XFD1048576", "A1:A1"])
def test_the_dimensions_that_a_sheet_claims_are_not_believed(size: str) -> None:
    """M10: "huge dimension tag"."""
    sheet = sheet_of([xml_row(1, "a", "b"), xml_row(2, "c")], before=f'<dimension ref="{size}"/>')
    assert read(with_parts(workbook(), {SHEET: sheet})) == [(1, ["a", "b"]), (2, ["c", ""])]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([xml_row(10**12, "x")], f"more than {MOST_LINES} rows"),
        ([xml_row(MOST_LINES + 1, "x")], f"more than {MOST_LINES} rows"),
        (['<row r="1">', "<c/>" * 60_000, "</row>"], TOO_LARGE),
        (["<row/>"] * 1_048_577, TOO_LARGE),
        ([xml_row(2, "x"), xml_row(1, "y")], NO_WORKBOOK),
        ([xml_row(1, "x"), xml_row(1, "y")], NO_WORKBOOK),
        (['<row r="x"/>'], NO_WORKBOOK),
        (['<row r="1"><c t="s"><v>99</v></c></row>'], NO_WORKBOOK),
        (['<row r="1"><c><v>x</v></c></row>'], NO_WORKBOOK),
    ],
)
def test_a_sheet_that_no_list_needs_is_refused(rows: list[str], why: str) -> None:
    """M10: hostile files are bounded, and the report says why."""
    assert refusal(with_parts(workbook(), {SHEET: sheet_of(rows)})) == why


LONG = "".join(random.Random(1).choices("abcdefghij", k=100_000)) * 12


@pytest.mark.parametrize(
    "xml",
    [
        f"<si><t>{LONG}</t></si>",
        f'<si a="{LONG}"><t>a</t></si>',
        f"<!--{LONG}--><si><t>a</t></si>",
        "".join(f"<si><t>{LONG[n : n + 100]}</t></si>" for n in range(300_000)),
    ],
    ids=["text", "attribute", "comment", "all together"],
)
def test_texts_that_no_list_needs_are_refused(xml: str) -> None:
    """M10: a small file does not unpack to strings that fill the memory."""
    strings = f'<sst xmlns="{NAMESPACE}">{xml}</sst>'.encode()
    assert refusal(with_shared_strings(workbook(GOOD), strings)) == TOO_LARGE


def test_a_part_that_is_read_whole_is_small() -> None:
    """M10: what a part is taken for decides, not what it is called."""
    styles = b"<styleSheet>" + b"<row/>" * 250_000 + b"</styleSheet>"
    assert refusal(with_parts(workbook(GOOD), {"xl/styles.xml": styles})) == TOO_LARGE


def test_one_large_sheet_named_a_thousand_times_is_not_read_a_thousand_times() -> None:
    """M10: the work that a file makes is bounded like its size."""
    data = workbook(GOOD)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = archive.read("xl/workbook.xml").decode()
    sheet = book[book.index("<sheet ") : book.index("</sheets>")]
    crafted = {
        "xl/workbook.xml": book.replace(sheet, sheet * 1_000).encode(),
        SHEET: sheet_of([xml_row(1, "a")], after=" " * 900_000),
    }
    assert refusal(with_parts(data, crafted)) == TOO_LARGE


def test_what_stands_far_to_the_right_is_not_read() -> None:
    """M10: a row as wide as a sheet is not made for it."""
    row = '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="XFD1" t="str"><v>z</v></c></row>'
    assert read(with_parts(workbook(), {SHEET: sheet_of([row])})) == [(1, ["a"])]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"legal_name_zh,legal_name_en\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,  # as Excel encrypts
        workbook(GOOD)[:-40],
        with_parts(workbook(GOOD), {"[Content_Types].xml": b"<x/>"}),
        with_parts(workbook(GOOD), {"xl/workbook.xml": b"<"}),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    """M10: "a file that cannot be read is refused with a report that says why"."""
    assert refusal(data) == NO_WORKBOOK


def _entities(sheet: bool) -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>'.encode()
    if sheet:
        return with_parts(workbook(), {SHEET: bomb + sheet_of([xml_row(1, "&l8;")])})
    return with_parts(workbook(), {"docProps/core.xml": bomb + b"<x>&l8;</x>"})


@pytest.mark.parametrize("sheet", [True, False])
def test_entities_are_not_expanded(sheet: bool) -> None:
    """M10: "entity bombs"."""
    assert refusal(_entities(sheet)) == NO_WORKBOOK


@pytest.mark.parametrize(
    "parts",
    [
        {SHEET: sheet_of([xml_row(1, "a" * 30_000_000)])},
        {SHEET: b" " * 300_000_000},
        {"xl/theme/theme1.xml": bytes(range(256)) * 20_000},
        {f"xl/media/{n}.png": b"" for n in range(1_001)},
    ],
    ids=["ratio", "size", "another part", "number"],
)
def test_a_file_that_unpacks_to_more_than_a_list_is_refused_before_it_is_unpacked(
    parts: dict[str, bytes],
) -> None:
    """M10: "zip bombs (declared and real sizes, number of entries, ratio)"."""
    data = with_parts(workbook(GOOD), parts)
    del parts
    tracemalloc.start()
    assert refusal(data) == TOO_LARGE
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * 1024 * 1024


def test_a_part_that_is_larger_than_it_says_is_refused() -> None:
    """M10: the size that the directory declares is all that is ever unpacked."""
    data = bytearray(with_parts(workbook(), {SHEET: sheet_of([xml_row(1, "a" * 5_000_000)])}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (real,) = (i.file_size for i in archive.infolist() if i.filename == SHEET)
    assert data.count(struct.pack("<L", real)) >= 1
    lying = bytes(data).replace(struct.pack("<L", real), struct.pack("<L", 1000))
    assert refusal(lying) == NO_WORKBOOK


def test_a_date_beyond_all_dates_is_an_error_of_its_cell() -> None:
    """M10."""
    row = [xml_row(1, *COLUMNS), f'<row r="2"><c s="1"><v>{10**9}</v></c></row>']

    def shaped(book: Workbook) -> None:
        assert book.active is not None
        book.active.append([date(2005, 3, 9)])

    data = with_parts(workbook(shaped=shaped), {SHEET: sheet_of(row)})
    with pytest.warns(UserWarning, match="outside the limits"):
        rows = read(data)
    assert rows[1][1] is not None
    assert rows[1][1][0] is NotText.FAULT
