"""Founding the convention (A3, Art. 26)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from services.amendments.domain.founding import Founding, InitiatingUnit, begin
from services.amendments.domain.lifecycle import FoundingStatus
from services.amendments.domain.text_errors import (
    SignedAlready,
    UnitNotAcceptable,
    UnitsNotDistinct,
)
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.rulebook import REFERENCE_RULEBOOK

NOW, TODAY = datetime(2026, 3, 10, 4, tzinfo=UTC), date(2026, 3, 10)


def person(name: str) -> Subject:
    return Subject("https://issuer.test", name)


def a_unit(
    place: int,
    entrusted: Subject | None = None,
    identifier: str | None = None,
    name: str = "甲公司",
) -> InitiatingUnit:
    return InitiatingUnit(
        identifier or an_identifier(place),
        {
            "legal_name_zh": name,
            "legal_name_en": "Unit Ltd.",
            "sectors": ["access_service"],
            "legal_representative": "张磊",
            "contact_email": "office@unit.example",
        },
        person(f"legal {place}"),
        entrusted,
    )


def an_identifier(place: int) -> str:
    body = f"91110108{place:09d}"
    return body + uscc.calc_check_digit(body)


def a_founding(count: int = 2) -> Founding:
    return begin("d" * 64, [a_unit(n) for n in range(count)], NOW)


def sign(founding: Founding, name: str, days: int = 0) -> bool:
    return founding.sign(
        person(name),
        rulebook=REFERENCE_RULEBOOK,
        now=NOW + timedelta(days=days),
        today=TODAY + timedelta(days=days),
    )


@given(st.integers(1, 12).flatmap(lambda n: st.permutations(range(n))))
def test_with_the_last_signature_and_not_before_the_convention_is_valid(order: list[int]) -> None:
    founding = a_founding(len(order))
    last = [sign(founding, f"legal {n}", days) for days, n in enumerate(order)]
    assert last == [False] * (len(order) - 1) + [True]
    assert founding.status is FoundingStatus.VALID
    assert founding.valid_on == TODAY + timedelta(days=len(order) - 1)


def test_a_unit_signs_through_its_legal_or_its_entrusted_representative_once() -> None:
    founding = begin("d" * 64, [a_unit(1, person("entrusted")), a_unit(2)], NOW)
    assert not sign(founding, "entrusted")
    with pytest.raises(SignedAlready):
        sign(founding, "legal 1")
    with pytest.raises(SignedAlready):
        sign(founding, "entrusted")
    with pytest.raises(NotFound):
        sign(founding, "somebody")
    assert founding.units[0].signed_by == person("entrusted")
    assert founding.status is FoundingStatus.NAMED
    assert founding.valid_on is None


def test_one_person_may_be_entrusted_by_several_units_and_signs_for_all_of_them() -> None:
    founding = begin("d" * 64, [a_unit(1, person("x")), a_unit(2, person("x"))], NOW)
    assert sign(founding, "x")


def test_a_founding_names_at_least_one_unit_and_each_once() -> None:
    with pytest.raises(UnitsNotDistinct):
        begin("d" * 64, [], NOW)
    with pytest.raises(UnitsNotDistinct) as refusal:
        begin("d" * 64, [a_unit(1), a_unit(2), a_unit(1)], NOW)
    assert refusal.value.facts == {"pointers": ["/units/2/identifier"]}


@pytest.mark.parametrize(("day", "is_late"), [(0, False), (30, False), (31, True)])
def test_publication_on_day_30_is_in_time_and_on_day_31_late_but_not_void(
    day: int, is_late: bool
) -> None:
    founding = a_founding(1)
    sign(founding, "legal 0")
    assert founding.publish_by == TODAY + timedelta(days=30)
    assert founding.basis is not None
    assert (founding.basis.rule, founding.basis.article) == ("founding.publication_term", "26")
    assert founding.is_late(TODAY + timedelta(days=day)) is is_late
    founding.publish(NOW + timedelta(days=day), TODAY + timedelta(days=day))
    assert founding.status is FoundingStatus.PUBLISHED
    assert founding.is_late(TODAY + timedelta(days=99)) is is_late


def test_nothing_is_published_before_it_is_valid_nor_twice() -> None:
    founding = a_founding()
    with pytest.raises(NotAllowedNow):
        founding.publish(NOW, TODAY)
    sign(founding, "legal 0")
    sign(founding, "legal 1")
    founding.publish(NOW, TODAY)
    with pytest.raises(NotAllowedNow):
        founding.publish(NOW, TODAY)


def test_a_unit_that_the_register_would_not_take_is_refused_when_it_is_named() -> None:
    wrong = [
        a_unit(1, identifier="91110108000000001X"),
        a_unit(2),
        a_unit(3, identifier="short"),
        a_unit(4, name="=1+1"),
        a_unit(5, name="甲\u0331\u0332\u0333\u0334"),
    ]
    with pytest.raises(UnitNotAcceptable) as refusal:
        begin("d" * 64, wrong, NOW)
    assert refusal.value.facts == {
        "pointers": [
            "/units/0/identifier",
            "/units/2/identifier",
            "/units/3/legal_name_zh",
            "/units/4/legal_name_zh",
        ]
    }
