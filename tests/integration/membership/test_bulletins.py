"""Bulletins: generated when their period ends, immutable, mended by errata; JSON, CSV, Atom (M7)."""

import asyncio
import csv
import io
from datetime import date, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

from shared.contracts.membership import BulletinPublished
from shared.kernel.actor import TOKEN_ROLES, Role
from shared.kernel.terms import start_of
from tests.integration.membership.office import DAY, Json, Office, Unit, if_match
from tests.support.postgres import ZONE

ATOM = "{http://www.w3.org/2005/Atom}"


def next_month(day: date) -> date:
    """The first day of the month after the one of ``day``."""
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


async def month_ends(office: Office) -> date:
    """Procedure time reaches the first instant of the next month; that day."""
    first = next_month(await office.today())
    await office.clock.advance_to(start_of(first, ZONE))
    return first


async def rename(office: Office, unit: Unit, name: str) -> None:
    """The unit bears another name from today on."""
    seen = await office.read(unit)
    await office.chair(unit).ask(
        "PATCH", unit.path, {"legal_name_zh": name}, headers=if_match(seen), expect=200
    )


async def edition(office: Office, number: int) -> Json:
    """An edition as everyone reads it."""
    shown: Json = await office.public.get(f"/v1/bulletins/{number}")
    return shown


async def test_an_edition_is_published_when_its_month_ends(office: Office) -> None:
    """M7, `bulletin.period`: numbered, by itself, at the first instant after the period."""
    staying, leaving = await office.member(office.unit("甲公司")), await office.member()
    await rename(office, staying, "乙公司")
    await office.withdraw(leaving)
    started_on = await office.today()
    assert (await office.public.get("/v1/bulletins"))["items"] == []
    first = await month_ends(office)
    (summary,) = (await office.public.get("/v1/bulletins"))["items"]
    assert (summary["number"], summary["erratum_of"]) == (1, None)
    assert summary["from_day"] == started_on.replace(day=1).isoformat()
    assert summary["to_day"] == (first - DAY).isoformat()
    counted = ("members_count", "joined_count", "ceased_count", "renamed_count")
    assert [summary[name] for name in counted] == [1, 2, 1, 1]
    published_at = datetime.fromisoformat(summary["published_at"])
    assert timedelta() <= published_at - start_of(first, ZONE) < timedelta(minutes=1)
    whole = await edition(office, 1)
    assert [(m["kind"], m["legal_name_zh"], m["former_name_zh"]) for m in whole["movements"]] == [
        ("joined", "乙公司", None),
        ("joined", leaving.name, None),
        ("renamed", "乙公司", "甲公司"),
        ("ceased", leaving.name, None),
    ]
    (told,) = await office.announced(BulletinPublished)
    assert told.data["bulletin_id"] == summary["id"]
    assert [told.data[name] for name in counted[:3]] == [1, 2, 1]
    assert told.data["register_head"] == summary["register_head"]


async def test_missed_editions_are_published_in_order_afterwards(office: Office) -> None:
    """M7: a process that was down for months leaves no month out and numbers without a gap."""
    await office.member()
    start = await office.today()
    later = start + 100 * DAY
    await office.skip(100 * DAY)
    assert await office.run_timer("publish_bulletins") == 3 + (
        next_month(next_month(next_month(next_month(start)))) <= later
    )
    told = await office.announced(BulletinPublished)
    assert [e.data["number"] for e in told] == list(range(1, len(told) + 1))
    days = [(e.data["from_day"], e.data["to_day"]) for e in told]
    for (_, before), (after, _) in pairwise(days):
        assert date.fromisoformat(after) == date.fromisoformat(before) + DAY
    assert [e.data["joined_count"] for e in told] == [1] + [0] * (len(told) - 1)
    assert await office.run_timer("publish_bulletins") == 0


async def test_the_clock_stops_at_the_end_of_every_month(office: Office) -> None:
    """The test clock walks from one due instant to the next, also from one that was missed before."""
    await office.member()
    await office.skip(40 * DAY)
    resumed_at = await office.now()
    await office.advance(70 * DAY)
    on_time = 0
    for event in await office.announced(BulletinPublished):
        due = start_of(date.fromisoformat(event.data["to_day"]) + DAY, ZONE)
        if due > resumed_at:
            assert event.time - due < timedelta(minutes=1)
            on_time += 1
    assert on_time >= 2


async def test_several_processes_publish_an_edition_once(office: Office) -> None:
    await office.member()
    await office.skip(40 * DAY)
    await asyncio.gather(*(office.run_timer("publish_bulletins") for _ in range(3)))
    told = await office.announced(BulletinPublished)
    assert [e.data["number"] for e in told] == list(range(1, len(told) + 1))
    assert len({e.data["from_day"] for e in told}) == len(told)


async def test_an_edition_never_changes_and_an_error_is_mended_by_an_erratum(
    office: Office,
) -> None:
    """Edge case 20: "numbered erratum; earlier edition stays retrievable"."""
    unit = await office.member()
    await month_ends(office)
    before = await edition(office, 1)
    await rename(office, unit, "新名公司")
    await office.withdraw(unit)
    body = {"correction_zh": "第一行名称应为……", "correction_en": "Line 1 should read …"}
    erratum = await office.registrar.post("/v1/bulletins/1/errata", body, expect=201)
    assert (erratum["number"], erratum["erratum_of"]) == (2, 1)
    assert (erratum["from_day"], erratum["to_day"]) == (before["from_day"], before["to_day"])
    assert erratum["correction"] == {"zh": "第一行名称应为……", "en": "Line 1 should read …"}
    of_erratum = await office.registrar.post("/v1/bulletins/2/errata", body, expect=201)
    assert (of_erratum["number"], of_erratum["erratum_of"]) == (3, 1)
    assert await edition(office, 1) == before
    assert await edition(office, 2) == erratum
    listed = (await office.public.get("/v1/bulletins"))["items"]
    assert [b["number"] for b in listed] == [3, 2, 1]
    assert [e.data["erratum_of"] for e in await office.announced(BulletinPublished)] == [None, 1, 1]
    await month_ends(office)
    assert (await edition(office, 4))["erratum_of"] is None


async def test_errata_published_at_once_have_numbers_of_their_own(office: Office) -> None:
    await office.member()
    await month_ends(office)
    body = {"correction_zh": "更正", "correction_en": "Correction"}
    published = await asyncio.gather(
        *(office.registrar.post("/v1/bulletins/1/errata", body, expect=201) for _ in range(4))
    )
    assert sorted(erratum["number"] for erratum in published) == [2, 3, 4, 5]


async def test_only_the_registrar_mends_and_only_what_was_published(office: Office) -> None:
    await office.member()
    await month_ends(office)
    body = {"correction_zh": "更正", "correction_en": "Correction"}
    told = await office.registrar.post("/v1/bulletins/2/errata", body, expect=404)
    assert told["code"] == "edition_unknown"
    assert (await office.public.get("/v1/bulletins/2", expect=404))["code"] == "edition_unknown"
    for role in sorted(TOKEN_ROLES - {Role.REGISTRAR}):
        caller = office.app.as_("someone", role)
        refused = await caller.post("/v1/bulletins/1/errata", body, expect=403)
        assert refused["code"] == "role_missing"
    await office.public.post("/v1/bulletins/1/errata", body, expect=401)


async def test_a_bulletin_as_csv_is_inert(office: Office) -> None:
    """M7: no cell begins like a formula, whatever stands in an old record."""
    unit = await office.member()
    poisoned = "UPDATE particulars SET legal_name_en = '=1+1', legal_name_zh = '＠甲'"
    assert await office.execute(poisoned)
    await month_ends(office)
    answer = await office.public.ask(
        "GET", "/v1/bulletins/1", headers={"Accept": "text/csv"}, expect=200
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["kind"], row["member_id"]) == ("joined", unit.member_id)
    assert (row["legal_name_en"], row["legal_name_zh"]) == ("'=1+1", "'＠甲")
    assert row["former_name_zh"] == ""
    assert (await edition(office, 1))["movements"][0]["legal_name_en"] == "=1+1"


async def test_the_feed_of_bulletins_is_atom(office: Office) -> None:
    """M7, RFC 4287: what a feed and an entry must have."""
    empty = await office.public.ask("GET", "/v1/bulletins.atom", expect=200)
    assert ElementTree.fromstring(empty.content).findall(f"{ATOM}entry") == []
    await office.member()
    await month_ends(office)
    body = {"correction_zh": "更正 <甲> & 乙", "correction_en": "A <correction> & more"}
    await office.registrar.post("/v1/bulletins/1/errata", body, expect=201)
    answer = await office.public.ask("GET", "/v1/bulletins.atom", expect=200)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [
        "http://suite.test/v1/bulletins/2",
        "http://suite.test/v1/bulletins/1",
    ]
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    for element in (feed, *entries):
        assert element.findtext(f"{ATOM}id")
        assert element.findtext(f"{ATOM}title")
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "").tzinfo
        link = element.find(f"{ATOM}link")
        assert link is not None
        assert link.get("href", "").startswith("http://suite.test/v1/bulletins")


async def test_there_is_no_bulletin_before_the_register_begins(office: Office) -> None:
    await office.advance(70 * DAY)
    assert (await office.public.get("/v1/bulletins"))["items"] == []
