"""The particulars of a member, field by field and over time (M1, M10)."""

import unicodedata
from datetime import date

import pytest

from services.membership.domain.errors import (
    DayInTheFuture,
    NothingChanged,
    ParticularsBackDated,
    ParticularsNotValid,
    Problem,
)
from services.membership.domain.particulars import (
    Particulars,
    ParticularsRow,
    Sector,
    changed,
    check_email,
    check_name,
    check_phone,
    row_of,
)
from tests.unit.membership.domain.examples import PARTICULARS, TODAY

RENAMED = Particulars.checked(
    legal_name_zh="北京新名网络有限公司",
    legal_name_en="Beijing New Name Network Co., Ltd.",
    sectors=["access_service"],
    legal_representative="张三",
    contact_email="office@unit.example",
)


def test_names_are_trimmed_and_composed_and_sectors_sorted_once_each() -> None:
    """M1: legal name (zh, en), sectors, legal representative, contact."""
    entered = Particulars.checked(
        legal_name_zh="  北京示例网络有限公司\u3000",
        legal_name_en=unicodedata.normalize("NFD", "Café Network Co., Ltd."),
        sectors=["venue_operator", "access_service", "venue_operator"],
        legal_representative=" 张三 ",
        contact_email=" office@unit.example ",
        contact_phone=" +86 10 1234 5678 ",
        group=" 示例集团 ",
    )
    assert entered == Particulars(
        "北京示例网络有限公司",
        "Café Network Co., Ltd.",
        (Sector.ACCESS_SERVICE, Sector.VENUE_OPERATOR),
        "张三",
        "office@unit.example",
        "+86 10 1234 5678",
        "示例集团",
    )


def test_every_problem_is_named_at_once_and_nothing_sent_is_repeated() -> None:
    """API: "Never an echo of input"."""
    with pytest.raises(ParticularsNotValid) as refusal:
        Particulars.checked(
            legal_name_zh="",
            legal_name_en="=cmd",
            sectors=["telepathy"],
            legal_representative="x" * 201,
            contact_email="nobody",
            contact_phone="call me",
            group="\u202egroup",
        )
    assert refusal.value.problems == (
        Problem("legal_name_zh", "missing"),
        Problem("legal_name_en", "starts like a spreadsheet formula"),
        Problem("sectors", "unknown value"),
        Problem("legal_representative", "longer than 200 characters"),
        Problem("contact_email", "not an address"),
        Problem("contact_phone", "not a telephone number"),
        Problem("group", "control characters"),
    )
    assert refusal.value.facts["problems"] == [p._asdict() for p in refusal.value.problems]


def test_a_unit_without_a_sector_is_no_practitioner_of_the_industry() -> None:
    """Art. 2, 28: a practitioner of the industry."""
    with pytest.raises(ParticularsNotValid) as refusal:
        Particulars.checked(
            legal_name_zh="甲",
            legal_name_en="A",
            sectors=[],
            legal_representative="乙",
            contact_email="a@b.example",
        )
    assert refusal.value.problems == (Problem("sectors", "missing"),)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("=1+1", "starts like a spreadsheet formula"),
        ("  +1", "starts like a spreadsheet formula"),
        ("-1", "starts like a spreadsheet formula"),
        ("@SUM(A1)", "starts like a spreadsheet formula"),
        ("\tname", "starts like a spreadsheet formula"),
        ("\rname", "starts like a spreadsheet formula"),
        ("\u3000=1", "starts like a spreadsheet formula"),
        ("＝1+1", "starts like a spreadsheet formula"),
        ("two\nlines", "control characters"),
        ("nul\x00", "control characters"),
        ("right\u202eleft", "control characters"),
        ("isolated\u2066", "control characters"),
        ("lone \ud800", "control characters"),
        ("a" + "\u0301\u0302\u0303\u0304\u0305", "too many combining marks"),
        ("x" * 201, "longer than 200 characters"),
    ],
)
def test_a_name_that_would_harm_whoever_reads_the_register_is_refused(
    name: str, problem: str
) -> None:
    """M1: a legal name is text, not a formula, a control sequence or a pile of marks."""
    assert list(check_name("legal_name_en", name)) == [Problem("legal_name_en", problem)]


@pytest.mark.parametrize("name", ["甲", "x" * 200, "A=B Co.", "Nguyễn Văn", "中国—东盟", "𠮷野"])
def test_an_ordinary_name_is_accepted(name: str) -> None:
    """M1: 1 to 200 characters."""
    assert not list(check_name("legal_name_zh", name))


@pytest.mark.parametrize(
    "address", ["a@b.example", "first.last+tag@sub.unit-1.example", "x_1@a.cn"]
)
def test_an_address_is_accepted(address: str) -> None:
    """M1: contact."""
    assert not list(check_email("contact_email", address))


@pytest.mark.parametrize(
    "address",
    [
        "not-an-address",
        "a@b",
        "a@@b.example",
        "a b@c.example",
        "a..b@c.example",
        ".a@b.example",
        "=cmd@b.example",
        "a@-b.example",
        "a@b.example.",
        "a@b.1",
        "a@b.example\nBcc: c@d.example",
        f"{'x' * 65}@b.example",
        f"a@{'b.' * 130}example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """M1: contact."""
    assert list(check_email("contact_email", address)) == [
        Problem("contact_email", "not an address")
    ]


@pytest.mark.parametrize("number", ["010-12345678", "+86 10 1234 5678", "(010) 1234-5678"])
def test_a_telephone_number_is_accepted(number: str) -> None:
    """M1: contact."""
    assert not list(check_phone("contact_phone", number))


HISTORY = [
    ParticularsRow(date(2025, 1, 1), 3, PARTICULARS),
    ParticularsRow(date(2026, 2, 1), 9, RENAMED),
]


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2024, 12, 31), 3),
        (date(2025, 1, 1), 3),
        (date(2026, 1, 31), 3),
        (date(2026, 2, 1), 9),
        (TODAY, 9),
    ],
)
def test_the_register_of_a_day_shows_the_name_of_that_day(day: date, version: int) -> None:
    """M10; edge case 13: "attribute with validity; register as-of shows the name of that day"."""
    assert row_of(day, HISTORY).entered_version == version
    assert row_of(day, HISTORY[::-1]).entered_version == version


def test_of_two_changes_for_one_day_the_later_entered_holds() -> None:
    """M10: particulars with validity."""
    row = changed(
        HISTORY, PARTICULARS, valid_from=date(2026, 2, 1), today=TODAY, register_version=12
    )
    assert row_of(TODAY, [*HISTORY, row]) == row
    assert row == ParticularsRow(date(2026, 2, 1), 12, PARTICULARS)


def test_a_change_is_not_valid_from_a_day_to_come() -> None:
    """M10: the register does not foretell names."""
    with pytest.raises(DayInTheFuture) as refusal:
        changed(
            HISTORY, PARTICULARS, valid_from=date(2026, 3, 11), today=TODAY, register_version=12
        )
    assert refusal.value.facts == {"latest_on": "2026-03-10"}


def test_a_change_does_not_reach_behind_the_latest_one() -> None:
    """M10: particulars with validity."""
    with pytest.raises(ParticularsBackDated) as refusal:
        changed(
            HISTORY, PARTICULARS, valid_from=date(2026, 1, 31), today=TODAY, register_version=12
        )
    assert refusal.value.facts == {"earliest_on": "2026-02-01"}


def test_a_change_of_nothing_takes_no_register_version() -> None:
    """M6: "every change has a gapless register version"; what changes nothing is none."""
    with pytest.raises(NothingChanged):
        changed(HISTORY, RENAMED, valid_from=TODAY, today=TODAY, register_version=12)
