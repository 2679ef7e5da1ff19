"""Claim codes: how a member without a representative gets its first one (M9)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from services.membership.domain.errors import ClaimCodeNotValid, ClaimedByIssuer
from shared.kernel.actor import Subject
from shared.kernel.identifier import normalised

_AS_MEANT = str.maketrans("OIL", "011", " -")


def digest_of(code: str) -> str:
    """SHA-256 (hex) of a code as its reader meant it: case, dashes, spaces and 0/O, 1/I/L make no difference."""
    return hashlib.sha256(normalised(code).translate(_AS_MEANT).encode()).hexdigest()


@dataclass(slots=True)
class ClaimCode:
    """A code that makes its holder the legal representative of a member, once. Only its digest is kept."""

    id: str
    member_id: str
    digest: str
    issued_by: Subject
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    superseded_at: datetime | None = None

    def redeem(self, by: Subject, now: datetime) -> None:
        """Use it up. Refuses what ``REDEMPTION_RULES`` say."""
        for rule in REDEMPTION_RULES:
            rule(self, by, now)
        self.used_at = now

    def supersede(self, now: datetime) -> None:
        """A newer code takes its place; what was used or superseded stays as it was."""
        if self.used_at is None and self.superseded_at is None:
            self.superseded_at = now


def it_is_unused(code: ClaimCode, _by: Subject, _now: datetime) -> None:
    """A code works once."""
    if code.used_at is not None:
        raise ClaimCodeNotValid(reason="used")


def it_is_the_newest(code: ClaimCode, _by: Subject, _now: datetime) -> None:
    """Only the last code issued for a member works."""
    if code.superseded_at is not None:
        raise ClaimCodeNotValid(reason="superseded")


def it_has_not_expired(code: ClaimCode, _by: Subject, now: datetime) -> None:
    """A code works before ``expires_at``."""
    if code.expires_at <= now:
        raise ClaimCodeNotValid(reason="expired")


def its_issuer_does_not_claim(code: ClaimCode, by: Subject, _now: datetime) -> None:
    """A registrar makes nobody of themselves a legal representative (four eyes)."""
    if by == code.issued_by:
        raise ClaimedByIssuer


REDEMPTION_RULES = (it_is_unused, it_is_the_newest, it_has_not_expired, its_issuer_does_not_claim)
