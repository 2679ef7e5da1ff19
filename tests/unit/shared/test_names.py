"""One rule for names: what the founding takes is what the register takes (A3, M1)."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.amendments.api.schemas.founding import NameInitiatingUnits
from services.amendments.domain.founding import InitiatingUnit, begin
from services.amendments.domain.text_errors import UnitNotAcceptable
from services.membership.domain.identifier import checked_identifier
from services.membership.domain.particulars import Particulars

ISSUER = "https://issuer.test"
NOW = datetime(2026, 3, 10, tzinfo=UTC)
NAMES = st.text("甲Aeé=+-@＝ \u3000\t\u0301\u0327\u0331\u0338\u20dd\u0903\u200d\u202e", max_size=9)
GOOD = "甲公司"


def named(zh: str, en: str, person: str) -> InitiatingUnit | None:
    """The unit as the founding keeps it; None where it is not taken."""
    unit = {
        "legal_name_zh": zh,
        "legal_name_en": en,
        "identifier": "91110108QTY458N227",
        "sectors": ["application_service"],
        "legal_representative": person,
        "legal_representative_subject": {"sub": "zhang.lei"},
        "contact_email": "liaison@unit.example",
    }
    try:
        body = NameInitiatingUnits.model_validate({"units": [unit]})
        (kept,) = begin("d" * 64, body.initiating_units(ISSUER), NOW).units
    except (ValidationError, UnitNotAcceptable):
        return None
    return kept


@given(NAMES, NAMES, NAMES)
@example("甲\u0331\u0332\u0333\u0334", GOOD, GOOD)
@example(GOOD, "e\u0331\u0332\u0333\u20dd", GOOD)
@example(GOOD, GOOD, "=1+1")
@example("甲" * 200, "A" * 200, "张磊")
def test_a_unit_that_the_founding_takes_is_taken_by_the_register(
    zh: str, en: str, person: str
) -> None:
    """Else no initiating unit would enter the register, for good, when all have signed."""
    unit = named(zh, en, person)
    if unit is not None:
        kept = Particulars.checked(**unit.particulars)  # type: ignore[arg-type]
        assert (kept.legal_name_zh, kept.legal_name_en) == (
            unit.particulars["legal_name_zh"],
            unit.particulars["legal_name_en"],
        )
        assert checked_identifier(unit.identifier) == unit.identifier


def test_an_ordinary_unit_is_taken() -> None:
    assert named(GOOD, "Café Nguyễn Văn Co.", "𠮷野") is not None
