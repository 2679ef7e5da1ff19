"""Member lists as workbooks, and jobs that cannot be done (M10)."""

import csv
import io
import json

import pytest
from openpyxl import Workbook

from services.membership.usecases.imports import MOST_ATTEMPTS
from services.membership.usecases.workbooks import XLSX
from tests.integration.membership.office import Json, Office
from tests.integration.membership.test_imports import COLUMNS, a_list, given, report
from tests.unit.membership.workbook import SHEET, sheet_of, with_parts, workbook, xml_row


def as_workbook(text: str) -> bytes:
    """CSV as a workbook of texts: each record in the row of the line on which it starts."""

    def shaped(book: Workbook) -> None:
        assert book.active is not None
        reader = csv.reader(io.StringIO(text, newline=""))
        line = 1
        for record in reader:
            for column, value in enumerate(record, start=1):
                if value:
                    book.active.cell(line, column, value).data_type = "s"
            line = reader.line_num + 1

    return workbook(shaped=shaped)


async def import_workbook(office: Office, data: bytes, *, dry_run: bool = False) -> Json:
    """Hand a workbook in and wait until it is dealt with."""
    return await office.import_file(data, dry_run=dry_run, media_type=XLSX)


async def test_the_messy_list_as_a_workbook_is_refused_for_the_same_lines(office: Office) -> None:
    """M10: the same columns, the same report; only a row that is too short lacks its last cells instead."""
    expected = json.loads(given("roll-messy.expected.json"))
    data = as_workbook(given("roll-messy.gb18030.csv").decode("gb18030"))
    job = await import_workbook(office, data, dry_run=True)
    assert (job["status"], job["media_type"]) == ("refused", XLSX)
    assert (job["rows_total"], job["rows_accepted"]) == (expected["rows"], expected["accepted"])
    refused = await report(office, job, "?only_refused=true")
    lines = {int(line): said.split("; ") for line, said in expected["refused_lines"].items()}
    lines[29] = [f"{c}: missing" for c in ("legal_representative", "contact_email", "acceded_on")]
    assert refused == lines


async def test_a_workbook_of_1200_units_becomes_the_same_register_as_its_csv(
    office: Office,
) -> None:
    """M10: "from CSV or XLSX"."""
    text = given("roll.csv").decode("utf-8-sig")
    job = await import_workbook(office, as_workbook(text))
    assert (job["status"], job["rows_accepted"]) == ("done", 1200)
    members = await office.pages(office.public, "/v1/members")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [
        (m["identifier"], m["legal_name_zh"], m["member_since"], sorted(m["sectors"]))
        for m in members
    ] == [
        (r["identifier"], r["legal_name_zh"], r["acceded_on"], sorted(r["sectors"].split(";")))
        for r in rows
    ]


async def test_a_row_that_holds_a_number_says_so(office: Office) -> None:
    """M10: an identifier typed as a number has lost digits; the report names the row and the column."""
    unit = office.unit()
    row = (unit.name, "A Co.", 911101080000000010, "product_maker", "张磊", "a@unit.example")
    job = await import_workbook(office, workbook(COLUMNS, (*row, "2014-08-21")))
    assert await report(office, job) == {2: ["identifier: a number, not text"]}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"not a zip", "not an XLSX workbook"),
        (with_parts(workbook(), {SHEET: b"<x"}), "not an XLSX workbook"),
        (
            with_parts(workbook(), {SHEET: sheet_of([xml_row(100_001, "x")])}),
            "more than 100000 rows",
        ),
        (with_parts(workbook(), {SHEET: b" " * 30_000_000}), "larger than a member list can be"),
        (workbook(), "no rows"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_and_holds_nobody_up(
    office: Office, data: bytes, why: str
) -> None:
    """M10: "a file that cannot be read is refused with a report that says why, and never blocks the queue"."""
    job = await import_workbook(office, data)
    assert job["status"] == "refused"
    assert await report(office, job) == {1: [why]}
    after = await office.import_file(a_list(office.unit()))
    assert after["status"] == "done"


async def test_a_csv_ends_where_a_workbook_does(office: Office) -> None:
    """M10: hundreds of thousands of lines are refused with the reason, and keep no report each."""
    lines = b"a\n" * 100_000
    job = await office.import_file(",".join(COLUMNS).encode() + b"\n" + lines)
    assert (job["status"], job["rows_total"]) == ("refused", 1)
    assert await report(office, job) == {1: ["more than 100000 rows"]}


async def test_a_workbook_that_is_handed_in_as_csv_is_no_text(office: Office) -> None:
    """M10: a file is read as what it is said to be."""
    job = await office.import_file(workbook(COLUMNS))
    assert job["status"] == "refused"


async def test_a_job_that_a_fault_stops_waits_behind_the_others_and_is_given_up(
    office: Office,
) -> None:
    """M10: no job holds the later ones up for ever, not even one that kills its process."""
    headers = {"Content-Type": "text/csv"}
    first, second = [
        await office.registrar.post(
            "/v1/imports", content=a_list(office.unit()), headers=headers, expect=202
        )
        for _ in range(2)
    ]
    await office.execute(
        "UPDATE imports SET media_type = 'text/nobody-reads' WHERE id = :id", id=first["id"]
    )
    with pytest.raises(KeyError):
        await office.run_timer("run_imports")
    assert (await seen(office, first), await seen(office, second)) == ("checking", "queued")
    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(KeyError):
            await office.run_timer("run_imports")
        assert await seen(office, second) == "done"
    await office.run_timer("run_imports")
    assert await seen(office, first) == "failed"
    assert await report(office, first) == {1: ["could not be processed"]}
    assert await office.run_timer("run_imports") == 0


async def seen(office: Office, job: Json) -> str:
    """Where a job stands."""
    status: str = (await office.registrar.get(f"/v1/imports/{job['id']}"))["status"]
    return status


async def test_both_media_types_are_documented_with_an_example(office: Office) -> None:
    """API: "every operation has a summary, an example"."""
    operation = office.app.app.openapi()["paths"]["/v1/imports"]["post"]
    content = operation["requestBody"]["content"]
    assert set(content) == {"text/csv", XLSX}
    assert all(described["example"] for described in content.values())
