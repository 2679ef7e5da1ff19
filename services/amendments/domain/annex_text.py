"""What an annex says, and what another text for it would say (A7, Art. 29)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.amendments.domain.errors import AnnexDraftNotValid
from services.amendments.domain.provision import Wording
from shared.kernel.actor import Subject
from shared.kernel.chain import canonical


@dataclass(frozen=True, slots=True)
class AnnexProvision:
    """One provision of an annex. Its number is its own for good, also after it is gone."""

    number: int
    texts: Wording


@dataclass(frozen=True, slots=True)
class AnnexText:
    """What an annex says."""

    title: Wording
    provisions: tuple[AnnexProvision, ...]

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of its provisions."""
        return frozenset(provision.number for provision in self.provisions)

    def as_data(self) -> dict[str, Any]:
        """The text as plain values."""
        return {
            "title": dict(self.title),
            "provisions": [{"number": p.number, "texts": dict(p.texts)} for p in self.provisions],
        }

    def check_numbers(self, present: frozenset[int], highest: int) -> None:
        """Refuse numbers that stand twice or out of order, and ones that belonged to a provision that is gone."""
        numbers = [provision.number for provision in self.provisions]
        if not numbers or numbers != sorted(set(numbers)):
            raise AnnexDraftNotValid(reason="order")
        if any(number <= highest and number not in present for number in numbers):
            raise AnnexDraftNotValid(reason="used before")


@dataclass(frozen=True, slots=True)
class Amendment:
    """Another text that an adherent proposes; it holds when enough adherents have consented to exactly this proposal.

    The same text proposed again, after it was adopted or replaced, is another proposal: no old consent revives.
    """

    text: AnnexText
    proposed_by: Subject
    member_id: str
    proposed_at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 over the text, who proposes it and when: the hash that consents are bound to."""
        return digest_of(
            {
                "text": self.text.as_data(),
                "member_id": self.member_id,
                "proposed_at": self.proposed_at.astimezone(UTC).isoformat(),
            }
        )


def digest_of(data: dict[str, Any]) -> str:
    """SHA-256 of canonical data: what a consent is to."""
    return hashlib.sha256(canonical(data)).hexdigest()
