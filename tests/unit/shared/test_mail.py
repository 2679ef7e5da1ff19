"""One rule for mail addresses: what a body may carry is what the register takes (A3, M1)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.membership.domain.particulars import check_email
from shared.http.strict import Email
from shared.kernel.mail import is_mail_address

BODY: TypeAdapter[str] = TypeAdapter(Email)
PIECES = st.text("aB9._%+'-@!#=/é\n", max_size=12)


def a_body_takes(text: str) -> bool:
    """Whether a request body, the founding's included, may carry it."""
    try:
        return BODY.validate_python(text) == text
    except ValidationError:
        return False


@given(st.builds("{}@{}.cn".format, PIECES, PIECES))
@example("!cmd@unit.example")
@example("a..b@unit.example")
@example(".a@unit.example")
@example("=a@unit.example")
@example(f"{'x' * 65}@unit.example")
@example("a@unit.example\n")
def test_a_body_takes_exactly_what_the_register_takes(text: str) -> None:
    """A unit that founds the convention must not fail at the register, when all have signed."""
    assert a_body_takes(text) is is_mail_address(text)
    if text == text.strip():
        assert is_mail_address(text) is (not list(check_email("contact_email", text)))


@pytest.mark.parametrize(
    "text", ["a@b.cn", "first.last+tag@sub.unit-1.example", "x@xn--fiq228c.example"]
)
def test_an_address_is_an_address(text: str) -> None:
    assert is_mail_address(text)
    assert a_body_takes(text)
