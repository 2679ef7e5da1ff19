"""The unified social credit code (M1)."""

import pytest

from services.membership.domain.errors import IdentifierNotValid
from services.membership.domain.identifier import checked_identifier
from tests.unit.membership.domain.examples import IDENTIFIER


@pytest.mark.parametrize(
    "written",
    [
        "91110000600037341L",
        "91110000600037341l",
        "  91110000600037341L\n",
        "９１１１００００６０００３７３４１Ｌ",
    ],
)
def test_full_width_lower_case_and_trimmed_forms_are_one_identifier(written: str) -> None:
    """M1; decisions: "Identifiers are NFKC, trimmed, upper-cased before they are checked"."""
    assert checked_identifier(written) == IDENTIFIER


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("91110000600037341", "length"),
        ("91110000600037341LL", "length"),
        ("9111-0000-60003734", "length"),
        ("A1110000600037341L", "characters"),
        ("9111000060003734IL", "characters"),
        ("9111000060003734ОL", "characters"),
        ("911100006000373418", "check digit"),
        ("91110000600037314L", "check digit"),
    ],
)
def test_an_identifier_that_is_none_is_refused_with_the_reason_and_without_an_echo(
    written: str, reason: str
) -> None:
    """M1: "the 18-character unified social credit code, check digit verified"."""
    with pytest.raises(IdentifierNotValid) as refusal:
        checked_identifier(written)
    assert refusal.value.facts == {"reason": reason}
