"""Reading a member list (M10)."""

import codecs
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from services.membership.domain.errors import MemberListUnreadable
from services.membership.domain.member_list import (
    COLUMNS,
    MOST_COLUMNS,
    MOST_LINES,
    Cell,
    CheckedRow,
    NotText,
    checked_rows,
    csv_rows,
)
from services.membership.domain.particulars import Sector
from tests.unit.membership.domain.examples import ANOTHER_IDENTIFIER, IDENTIFIER

TODAY = date(2026, 3, 10)
HEADER = ",".join(COLUMNS)
GOOD = f"甲公司,A Co.,{IDENTIFIER},access_service,张三,a@b.example,2005-03-09"
OTHER = f"乙公司,B Co.,{ANOTHER_IDENTIFIER},product_maker,李四,b@b.example,2005-03-09"

DATA = Path(__file__).parents[4].parent / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (DATA / "roll.csv").exists(), reason="../shared/data (member lists) is absent"
)


def read_member_list(data: bytes) -> Iterator[CheckedRow]:
    """The rows of a CSV file."""
    return checked_rows(csv_rows(data), TODAY)


def read(*lines: str, encoding: str = "utf-8") -> list[CheckedRow]:
    """The rows of a file with these lines."""
    return list(read_member_list("\r\n".join(lines).encode(encoding)))


def problems(*lines: str) -> dict[int, list[str]]:
    """What is wrong with a file of these lines, by line."""
    return {row.line: [str(p) for p in row.problems] for row in read(*lines) if row.problems}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_utf8_with_or_without_mark_and_in_gb18030(encoding: str) -> None:
    """M10: "(UTF-8 or GB18030)"."""
    (row,) = read(HEADER, GOOD, encoding=encoding)
    assert row.entry is not None
    assert row.entry.identifier == IDENTIFIER
    assert row.entry.particulars.legal_name_zh == "甲公司"
    assert row.entry.particulars.sectors == (Sector.ACCESS_SERVICE,)
    assert row.entry.acceded_on == date(2005, 3, 9)


@pytest.mark.parametrize("data", [b"\xff\xfe\x31\x00", b"PK\x03\x04\xff\xff", b"\x80"])
def test_bytes_in_no_known_encoding_are_refused(data: bytes) -> None:
    """M10."""
    with pytest.raises(MemberListUnreadable) as refusal:
        list(read_member_list(data))
    assert refusal.value.facts == {"reason": "neither UTF-8 nor GB18030"}


def test_columns_may_come_in_any_order() -> None:
    """M10."""
    backwards = ",".join(reversed(GOOD.split(",")))
    (row,) = read(",".join(reversed(COLUMNS)), backwards)
    assert row.entry is not None
    assert row.entry.identifier == IDENTIFIER


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace("identifier,", ""), ["identifier: missing column"]),
        (HEADER + ",identifier", ["identifier: duplicate column"]),
        (HEADER + ",fax", ["unknown column 8"]),
        (HEADER.replace("sectors", "Branche"), ["sectors: missing column", "unknown column 4"]),
    ],
)
def test_other_columns_are_a_problem_of_the_header(header: str, said: list[str]) -> None:
    """M10: a report per row, without an echo."""
    assert problems(header, GOOD) == {1: said}


@pytest.mark.parametrize("lines", [[""], ["", "  ", ""], [HEADER], [HEADER, "", ",,,,,,"]])
def test_a_list_without_rows_is_a_problem_of_its_first_line(lines: list[str]) -> None:
    """M10."""
    assert problems(*lines) == {1: ["no rows"]}


@pytest.mark.parametrize(
    "day", ["2026-03-10", "2026-3-10", "2026/3/10", "2026年3月10日", "２０２６/３/１０"]
)
def test_a_day_up_to_today_is_written_in_several_ways(day: str) -> None:
    """Decisions: "days also as `2005年3月9日`"."""
    (row,) = read(HEADER, GOOD.replace("2005-03-09", day))
    assert row.entry is not None
    assert row.entry.acceded_on == TODAY


@pytest.mark.parametrize("separator", [";", "；", " ; "])
def test_sectors_are_separated_by_semicolons(separator: str) -> None:
    """M10."""
    both = f"product_maker{separator}access_service"
    (row,) = read(HEADER, GOOD.replace("access_service", both))
    assert row.entry is not None
    assert row.entry.particulars.sectors == (Sector.ACCESS_SERVICE, Sector.PRODUCT_MAKER)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (IDENTIFIER, "911100006000373418", "identifier: check digit"),
        (IDENTIFIER, "9111", "identifier: length"),
        (IDENTIFIER, "", "identifier: missing"),
        ("甲公司", "", "legal_name_zh: missing"),
        ("甲公司", "=1+1", "legal_name_zh: starts like a spreadsheet formula"),
        ("A Co.", "A" * 201, "legal_name_en: longer than 200 characters"),
        ("access_service", "telepathy", "sectors: unknown value"),
        ("access_service", ";", "sectors: missing"),
        ("张三", "", "legal_representative: missing"),
        ("a@b.example", "not-an-address", "contact_email: not an address"),
        ("2005-03-09", "2003-02-30", "acceded_on: no such day"),
        ("2005-03-09", "2005/03-09", "acceded_on: no such day"),
        ("2005-03-09", "20050309", "acceded_on: no such day"),
        ("2005-03-09", "2026-03-11", "acceded_on: in the future"),
        ("2005-03-09", "", "acceded_on: missing"),
        (",2005-03-09", "", "too few columns"),
        ("2005-03-09", "2005-03-09,", "too many columns"),
    ],
)
def test_a_row_says_what_is_wrong_with_it(right: str, wrong: str, said: str) -> None:
    """M10: "a report per row"."""
    assert problems(HEADER, OTHER, GOOD.replace(right, wrong)) == {3: [said]}


def test_a_row_names_all_its_problems() -> None:
    """M10."""
    assert problems(HEADER, ",,x,x,x,x,x") == {
        2: [
            "legal_name_zh: missing",
            "legal_name_en: missing",
            "sectors: unknown value",
            "contact_email: not an address",
            "identifier: length",
            "acceded_on: no such day",
        ]
    }


def test_a_legal_entity_stands_in_the_list_once_however_it_is_written() -> None:
    """M1, M10: one live membership per legal entity."""
    lower = GOOD.replace(IDENTIFIER, IDENTIFIER.lower())
    assert problems(HEADER, "", GOOD, OTHER, lower) == {
        5: ["identifier: twice in the file, first on line 3"]
    }


def test_a_row_is_named_by_the_line_on_which_it_starts() -> None:
    """M10: quoted cells may span lines, and blank lines are lines."""
    spanning = GOOD.replace("A Co.", '"A\nCo."')
    assert problems(HEADER, spanning, "", OTHER.replace("b@b.example", "b")) == {
        2: ["legal_name_en: control characters"],
        5: ["contact_email: not an address"],
    }


def test_a_quote_left_open_spoils_the_rest_of_the_list_and_says_where() -> None:
    """M10."""
    assert problems(HEADER, OTHER, f'"{GOOD}', OTHER) == {3: ["too few columns"]}
    assert problems(HEADER, OTHER, f'"{GOOD}', "x" * 140_000) == {3: ["a cell is too long"]}


def test_rows_are_read_one_at_a_time() -> None:
    """M10: "dry run, progress"."""
    rows = read_member_list("\n".join([HEADER, GOOD, OTHER]).encode())
    assert next(rows).line == 2
    assert next(rows).line == 3


def test_a_list_ends_at_the_last_line_that_a_list_can_have() -> None:
    """M10: whoever sends half a million lines is told so, and costs no more than whoever sends a list."""
    longest = [HEADER, *["a"] * (MOST_LINES - 1), "", " "]
    assert len(read(*longest)) == MOST_LINES - 1
    with pytest.raises(MemberListUnreadable) as refusal:
        read(*longest[:-1], "a")
    assert refusal.value.facts == {"reason": f"more than {MOST_LINES} rows"}


def test_a_wide_row_is_told_as_one_and_not_carried_along() -> None:
    """M10: twenty million commas are no row of twenty million cells, and what stands behind them is not lost."""
    wide = f"{',' * 1_000}x"
    assert problems(HEADER, GOOD, wide) == {3: ["too many columns"]}
    assert [len(cells or ()) for _, cells in csv_rows(wide.encode())] == [MOST_COLUMNS]
    assert problems(HEADER, "," * 200_000, GOOD) == {2: ["a cell is too long"]}
    many = '"\n",' * 100_000
    assert problems(HEADER, many, GOOD) == {2: ["a cell is too long"]}


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("identifier", NotText.NUMBER, "identifier: a number, not text"),
        ("legal_name_zh", NotText.FAULT, "legal_name_zh: a spreadsheet error"),
        ("legal_name_en", NotText.TRUTH, "legal_name_en: true or false, not text"),
        ("legal_representative", TODAY, "legal_representative: a date, not text"),
        ("acceded_on", NotText.NUMBER, "acceded_on: a number, not text"),
        ("acceded_on", date(2026, 3, 11), "acceded_on: in the future"),
    ],
)
def test_a_cell_of_a_spreadsheet_that_is_no_text_is_told_as_what_it_is(
    column: str, cell: Cell, said: str
) -> None:
    """M10: a number has lost digits and zeros already; only the day may be no text, but a date."""
    cells: list[Cell] = [*GOOD.split(",")]
    cells[COLUMNS.index(column)] = cell
    (row,) = checked_rows([(1, COLUMNS), (2, cells)], TODAY)
    assert [str(problem) for problem in row.problems] == [said]


def test_a_day_may_be_a_date_of_a_spreadsheet() -> None:
    """M10."""
    (row,) = checked_rows([(1, COLUMNS), (2, [*GOOD.split(",")[:-1], date(2005, 3, 9)])], TODAY)
    assert row.entry is not None
    assert row.entry.acceded_on == date(2005, 3, 9)


@needs_data
def test_a_dry_run_over_a_messy_list_reports_what_is_wrong_and_nothing_else() -> None:
    """M10: dry run over GB18030, against what it must report."""
    expected = json.loads((DATA / "roll-messy.expected.json").read_text("utf-8"))
    rows = list(read_member_list((DATA / "roll-messy.gb18030.csv").read_bytes()))
    reported = {
        str(row.line): "; ".join(str(p) for p in row.problems) for row in rows if row.problems
    }
    assert reported == expected["refused_lines"]
    assert len(rows) == expected["rows"]
    assert sum(row.entry is not None for row in rows) == expected["accepted"]


@needs_data
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_the_list_of_twelve_hundred_units_has_no_problem(mark: bytes) -> None:
    """M10."""
    rows = list(read_member_list(mark + (DATA / "roll.csv").read_bytes()))
    assert [row for row in rows if row.problems] == []
    assert len({row.entry.identifier for row in rows if row.entry}) == 1200
