"""Claim codes (M9)."""

from datetime import datetime

import pytest

from services.membership.domain.claim_code import ClaimCode, digest_of
from services.membership.domain.errors import ClaimCodeNotValid, ClaimedByIssuer
from tests.unit.membership.domain.examples import CHAIR, DAY, HOUR, NOW, REGISTRAR

CODE = "7Q0M1-ABCDE-FGHJK-MNPQR-STVWX-Y"


def code() -> ClaimCode:
    """A code that a registrar has just issued."""
    return ClaimCode("clm_1", "mem_1", digest_of(CODE), REGISTRAR, NOW, NOW + DAY)


@pytest.mark.parametrize(
    "typed",
    [CODE, CODE.lower(), CODE.replace("-", " "), CODE.replace("-", ""), "７QOMl" + CODE[5:]],
)
def test_a_code_is_read_as_it_was_meant(typed: str) -> None:
    """M9: case, dashes, spaces, 0/O and 1/I/L make no difference."""
    assert digest_of(typed) == digest_of(CODE)


def test_another_code_has_another_digest_and_the_code_is_not_in_it() -> None:
    """M9."""
    assert digest_of(CODE[:-1] + "Z") != digest_of(CODE)
    assert len(digest_of(CODE)) == 64


def test_a_code_works_once() -> None:
    """M9: "takes over by a claim code"; decisions: "a one-time claim code"."""
    issued = code()
    issued.redeem(CHAIR, NOW + HOUR)
    assert issued.used_at == NOW + HOUR
    issued.supersede(NOW + HOUR)
    with pytest.raises(ClaimCodeNotValid) as refusal:
        issued.redeem(CHAIR, NOW + HOUR)
    assert refusal.value.facts == {"reason": "used"}


@pytest.mark.parametrize(("now", "in_time"), [(NOW + DAY - HOUR, True), (NOW + DAY, False)])
def test_a_code_expires(now: datetime, in_time: bool) -> None:
    """M9."""
    issued = code()
    if in_time:
        issued.redeem(CHAIR, now)
        return
    with pytest.raises(ClaimCodeNotValid) as refusal:
        issued.redeem(CHAIR, now)
    assert refusal.value.facts == {"reason": "expired"}


def test_a_newer_code_takes_the_place_of_an_unused_one() -> None:
    """M9."""
    issued = code()
    issued.supersede(NOW + HOUR)
    issued.supersede(NOW + 2 * HOUR)
    assert issued.superseded_at == NOW + HOUR
    with pytest.raises(ClaimCodeNotValid) as refusal:
        issued.redeem(CHAIR, NOW + HOUR)
    assert refusal.value.facts == {"reason": "superseded"}


def test_whoever_issued_a_code_does_not_use_it() -> None:
    """Four eyes: the organ does not act for a member."""
    with pytest.raises(ClaimedByIssuer):
        code().redeem(REGISTRAR, NOW)
