"""Taking over an existing member list: dry run, progress, a report per row, all or nothing (M10)."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from services.membership.domain.particulars import Particulars
from services.membership.usecases.applications import submit_application
from services.membership.usecases.imports import run_imports
from shared.contracts.membership import MemberAcceded, RepresentativeAppointed
from shared.kernel.actor import TOKEN_ROLES, Role, Subject
from shared.kernel.chain import EMPTY_HEAD, next_head
from tests.integration.membership.office import DAY, Json, Office, Unit, deciders, particulars_of
from tests.support.suite import ISSUER

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"

COLUMNS = (
    "legal_name_zh",
    "legal_name_en",
    "identifier",
    "sectors",
    "legal_representative",
    "contact_email",
    "acceded_on",
)


def given(name: str) -> bytes:
    """A file handed over by the association; skipped where it is not beside the repository."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is absent")
    return path.read_bytes()


def a_list(*units: Unit, acceded_on: str = "2014-08-21", encoding: str = "utf-8") -> bytes:
    """A member list with a row for each unit."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for unit in units:
        names = (unit.name, f"Unit {unit.number} Ltd.", unit.identifier)
        writer.writerow((*names, "product_maker", "张磊", "a@unit.example", acceded_on))
    return out.getvalue().encode(encoding)


async def report(office: Office, job: Json, query: str = "") -> dict[int, list[str]]:
    """The problems of each row, by its line."""
    rows = await office.pages(office.registrar, f"/v1/imports/{job['id']}/rows{query}")
    return {row["line"]: row["problems"] for row in rows}


async def test_the_messy_list_is_refused_with_a_reason_for_every_bad_line(office: Office) -> None:
    """M10: dry run of a GB18030 file as an association would hand it in."""
    expected = json.loads(given("roll-messy.expected.json"))
    job = await office.import_file(given("roll-messy.gb18030.csv"), dry_run=True)
    assert (job["status"], job["dry_run"]) == ("refused", True)
    assert job["rows_total"] == job["rows_checked"] == expected["rows"]
    assert job["rows_accepted"] == expected["accepted"]
    assert job["rows_refused"] == len(expected["refused_lines"])
    refused = await report(office, job, "?only_refused=true")
    assert {str(line): "; ".join(problems) for line, problems in refused.items()} == expected[
        "refused_lines"
    ]
    assert len(await report(office, job)) == expected["rows"]
    whole = await office.import_file(given("roll-messy.gb18030.csv"))
    assert whole["status"] == "refused"
    assert (await office.public.get("/v1/register"))["members_count"] == 0


async def test_the_messy_list_without_its_bad_lines_is_accepted(office: Office) -> None:
    """M10: "without them it must be accepted"; the names arrive as they were written."""
    bad = {int(line) for line in json.loads(given("roll-messy.expected.json"))["refused_lines"]}
    text = given("roll-messy.gb18030.csv").decode("gb18030")
    reader = csv.reader(io.StringIO(text, newline=""))
    out = io.StringIO()
    writer = csv.writer(out)
    line, names = 1, []
    for row in reader:
        if line not in bad:
            writer.writerow(row)
            names.append(row[0].strip() if row else "")
        line = reader.line_num + 1
    job = await office.import_file(out.getvalue().encode("gb18030"))
    assert (job["status"], job["rows_refused"]) == ("done", 0)
    members = await office.pages(office.public, "/v1/members")
    assert len(members) == job["rows_accepted"] == 29
    assert {member["legal_name_zh"] for member in members} <= set(names)


async def test_a_list_of_1200_units_becomes_the_register(office: Office) -> None:
    """M10: one register version for each row, an unbroken chain, and the days of accession as the list says."""
    file = given("roll.csv")
    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))
    job = await office.import_file(file)
    assert (job["status"], job["rows_accepted"]) == ("done", 1200)
    register = await office.public.get("/v1/register")
    assert (register["members_count"], register["register_version"]) == (1200, 1200)
    day = "2015-06-30"
    then = await office.public.get(f"/v1/register?as_of={day}")
    assert then["members_count"] == sum(row["acceded_on"] <= day for row in rows)
    assert then["explanation"] is None
    head = EMPTY_HEAD
    told = await office.announced(MemberAcceded)
    for version, event in enumerate(told, start=1):
        claimed = event.data.pop("register_head")
        head = next_head(head, event.data)
        assert (event.data["register_version"], claimed) == (version, head)
        assert event.data["basis"] == "import"
    assert register["register_head"] == head
    rows_told = await office.pages(office.registrar, f"/v1/imports/{job['id']}/rows")
    assert [row["member_id"] for row in rows_told] == [e.data["member_id"] for e in told]
    assert [row["identifier"] for row in rows] == [e.data["identifier"] for e in told]
    again = await office.import_file(file)
    assert (again["status"], again["rows_refused"]) == ("refused", 1200)


async def test_a_list_with_a_live_unit_in_it_is_refused_whole(office: Office) -> None:
    """M10, M1: a member, or a unit that applies, is not entered a second time; all or nothing."""
    member, applying, new = await office.member(), office.unit(), office.unit()
    await office.apply(applying)
    job = await office.import_file(a_list(member, applying, new))
    assert (job["status"], job["rows_accepted"], job["rows_refused"]) == ("refused", 1, 2)
    live = ["identifier: already a member or applying"]
    assert await report(office, job) == {2: live, 3: live, 4: []}
    assert (await office.public.get("/v1/register"))["members_count"] == 1
    rows = await office.pages(office.registrar, f"/v1/imports/{job['id']}/rows")
    assert {row["member_id"] for row in rows} == {None}


async def test_an_application_that_is_being_submitted_is_not_overtaken_by_an_import(
    office: Office,
) -> None:
    """M1: "one live application or membership per legal entity", also where both happen at once."""
    unit = office.unit()
    headers = {"Content-Type": "text/csv"}
    await office.registrar.post("/v1/imports", content=a_list(unit), headers=headers, expect=202)
    async with office.database.begin() as work:
        application = await submit_application(
            work,
            Subject(ISSUER, unit.liaison),
            identifier=unit.identifier,
            particulars=Particulars.checked(**particulars_of(unit)),
            legal_representative_subject=Subject(ISSUER, unit.chair),
            accepts_rules=True,
            entrusted=[],
        )
        importing = asyncio.create_task(office.run_timer("run_imports"))
        await office.waits_for_lock()
    await importing
    assert (await office.public.get("/v1/register"))["members_count"] == 0
    told = await office.apply(unit, expect=409)
    assert told["existing_id"] == application.id


async def test_a_former_member_in_a_list_comes_back_on_its_record(office: Office) -> None:
    """M5, M10: a new period on the same member record; not before the earlier one ended."""
    unit = await office.member()
    await office.withdraw(unit)
    left_on = await office.today()
    await office.advance(10 * DAY)
    early = a_list(unit, acceded_on=(left_on - DAY).isoformat())
    for dry_run in (True, False):
        job = await office.import_file(early, dry_run=dry_run)
        assert job["status"] == "refused"
        assert await report(office, job) == {2: ["periods_would_overlap"]}
    back_on = left_on + 5 * DAY
    job = await office.import_file(a_list(unit, acceded_on=back_on.isoformat()))
    assert job["status"] == "done"
    shown = await office.public.get(unit.path)
    assert (shown["status"], shown["member_since"]) == ("member", back_on.isoformat())
    await office.chair(unit).get(f"{unit.path}/representatives", expect=403)


async def test_whoever_decided_a_cancellation_does_not_import_the_unit_again(
    office: Office,
) -> None:
    """Edge case 11: an import is no way around the people who did not decide the cancellation."""
    unit = await office.member()
    await office.cancel(unit, deciders=deciders("registrar"))
    file = a_list(unit, acceded_on=(await office.today()).isoformat())
    job = await office.import_file(file, dry_run=True)
    assert await report(office, job) == {2: ["handler_decided_cancellation"]}


async def test_a_dry_run_that_finds_nothing_wrong_writes_nothing(office: Office) -> None:
    job = await office.import_file(a_list(office.unit()), dry_run=True)
    assert (job["status"], job["rows_accepted"]) == ("checked", 1)
    assert (await office.public.get("/v1/register"))["register_version"] == 0


async def test_progress_is_visible_and_a_process_that_dies_leaves_nothing_half_done(
    office: Office,
) -> None:
    """M10: progress is committed apart; what a process left as `checking` another one takes up."""
    file = a_list(*(office.unit() for _ in range(600)))
    job = await office.registrar.post(
        "/v1/imports", content=file, headers={"Content-Type": "text/csv"}, expect=202
    )
    path = f"/v1/imports/{job['id']}"
    assert (job["status"], job["rows_checked"], job["rows_total"]) == ("queued", 0, None)
    async with office.register_held():
        dying = asyncio.create_task(run_imports(office.database, None))
        await office.waits_for_lock()
        seen = await office.registrar.get(path)
        assert (seen["status"], seen["finished_at"]) == ("checking", None)
        assert (seen["rows_checked"], seen["rows_total"]) == (600, 600)
        assert await run_imports(office.database, None) == 0
        dying.cancel()
        await asyncio.wait([dying])
    assert (await office.public.get("/v1/register"))["register_version"] == 0
    assert await office.run_timer("run_imports") == 1
    seen = await office.registrar.get(path)
    assert (seen["status"], seen["rows_accepted"]) == ("done", 600)
    assert (await office.public.get("/v1/register"))["members_count"] == 600


async def test_several_processes_import_a_list_once(office: Office) -> None:
    for _ in range(3):
        await office.registrar.post(
            "/v1/imports",
            content=a_list(office.unit()),
            headers={"Content-Type": "text/csv"},
            expect=202,
        )
    ran = await asyncio.gather(*(office.run_timer("run_imports") for _ in range(4)))
    assert sum(ran) == 3
    assert (await office.public.get("/v1/register"))["members_count"] == 3


async def test_an_import_may_give_every_member_a_development_representative(
    office: Office,
) -> None:
    """Decisions: "the development issuer's subject `dev:mem_…` is bound by the embedded import"."""
    unit = office.unit()
    await office.registrar.post(
        "/v1/imports", content=a_list(unit), headers={"Content-Type": "text/csv"}, expect=202
    )
    await run_imports(office.database, ISSUER)
    (member,) = await office.pages(office.public, "/v1/members")
    (told,) = await office.announced(RepresentativeAppointed)
    assert told.data["subject_sub"] == f"dev:{member['id']}"
    acting = office.app.as_(f"dev:{member['id']}", member=member["id"])
    await acting.get(f"/v1/members/{member['id']}/representatives")


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (b"\xff\xfe\x00", "neither UTF-8 nor GB18030"),
        (b"", "no rows"),
        (",".join(COLUMNS).encode(), "no rows"),
        (b"name\nx\n", "legal_name_zh: missing column"),
    ],
)
async def test_a_file_that_is_no_member_list_is_refused(
    office: Office, file: bytes, problem: str
) -> None:
    job = await office.import_file(file)
    assert job["status"] == "refused"
    ((first, *_),) = (await report(office, job)).values()
    assert first == problem


async def test_only_the_registrar_imports(office: Office) -> None:
    headers = {"Content-Type": "text/csv"}
    file = a_list(office.unit())
    for role in sorted(TOKEN_ROLES - {Role.REGISTRAR}):
        caller = office.app.as_("someone", role)
        await caller.post("/v1/imports", content=file, headers=headers, expect=404)
    job = await office.import_file(file, dry_run=True)
    for path in (f"/v1/imports/{job['id']}", f"/v1/imports/{job['id']}/rows"):
        await office.app.as_("someone", Role.SECRETARY).get(path, expect=404)
        await office.public.get(path, expect=401)
    wrong = {"Content-Type": "application/json"}
    told = await office.registrar.post("/v1/imports", content=file, headers=wrong, expect=415)
    assert told["code"] == "media_type_unsupported"
