"""How secrets lie in the database: sealed, each for its own row, under keys that can be replaced (reliability 4.4)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.store.keyring import KEY_BYTES, Keyring, SealBroken

ONE, OTHER = b"1" * KEY_BYTES, b"2" * KEY_BYTES


def written(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


@given(st.binary(), st.text())
def test_what_was_sealed_for_a_row_opens_there(value: bytes, row: str) -> None:
    keyring = Keyring([ONE])
    assert keyring.open(keyring.seal(value, row), row) == value


def test_it_opens_for_no_other_row() -> None:
    """Nobody who can write to the table gives an endpoint another one's secret."""
    keyring = Keyring([ONE])
    sealed = keyring.seal(b"secret", "whe_1")
    with pytest.raises(SealBroken):
        keyring.open(sealed, "whe_2")


def test_it_opens_with_no_other_key() -> None:
    with pytest.raises(SealBroken):
        Keyring([OTHER]).open(Keyring([ONE]).seal(b"secret", "whe_1"), "whe_1")


def test_a_key_that_was_replaced_still_opens_and_seals_no_more() -> None:
    old, both = Keyring([ONE]), Keyring([OTHER, ONE])
    assert both.open(old.seal(b"secret", "whe_1"), "whe_1") == b"secret"
    with pytest.raises(SealBroken):
        old.open(both.seal(b"secret", "whe_1"), "whe_1")


def test_one_value_sealed_twice_is_not_the_same_bytes() -> None:
    keyring = Keyring([ONE])
    first, second = (keyring.seal(b"secret", "whe_1") for _ in range(2))
    assert first != second
    assert b"secret" not in first


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_one_changed_bit_breaks_the_seal(place: int) -> None:
    keyring = Keyring([ONE])
    sealed = bytearray(keyring.seal(b"secret", "whe_1"))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        keyring.open(bytes(sealed), "whe_1")


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_a_piece_of_it_does_not_open(length: int) -> None:
    keyring = Keyring([ONE])
    with pytest.raises(SealBroken):
        keyring.open(keyring.seal(b"secret", "whe_1")[:length], "whe_1")


def test_keys_are_written_as_base64_with_commas_between() -> None:
    keyring = Keyring.parse(f" {written(OTHER)} , {written(ONE)}")
    assert keyring.open(Keyring([ONE]).seal(b"secret", "whe_1"), "whe_1") == b"secret"


@pytest.mark.parametrize("text", ["", ",", "not base64!", written(b"short"), written(ONE) + ","])
def test_keys_that_are_none_are_refused_when_they_are_read(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Keyring.parse(text)


def test_a_drawn_key_is_another_each_time() -> None:
    with pytest.raises(SealBroken):
        Keyring.draw().open(Keyring.draw().seal(b"secret", "whe_1"), "whe_1")
