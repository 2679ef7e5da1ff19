"""What a receiver answered is shown as text that can do nothing to whoever looks at it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.api.schemas.deliveries import legible


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (b"", ""),
        (b'{"ok":true}\n', '{"ok":true}\n'),
        ("维护中".encode(), "维护中"),
        (b"a\x00b\x1b[31m\x7f", "a\\x00b\\x1b[31m\\x7f"),
        (b"\r\n", "\\r\n"),
        ("\u202eevil\u200b\u2028".encode(), "\\u202eevil\\u200b\\u2028"),
        ("\U000e0041".encode(), "\\U000e0041"),
        (b"caf\xe9 \xff", "caf� �"),
        ("维".encode()[:2], "�"),
    ],
)
def test_what_cannot_be_seen_is_escaped(answer: bytes, shown: str) -> None:
    assert legible(answer) == shown


@given(st.binary(max_size=1024))
def test_of_any_answer_every_character_can_be_seen(answer: bytes) -> None:
    assert all(c.isprintable() or c in "\n\t" for c in legible(answer))
