"""A vote and its place in the ballot's chain: nobody can change, drop or insert one unseen (A5, Art. 27)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from shared.kernel.chain import canonical

SALT_BYTES = 16


class Choice(StrEnum):
    """What a unit can say. Only ``for`` is consent; to abstain is to have voted without it."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote of one unit, the ``sequence``-th of its ballot, cast under a ``mandate`` (``rep_…``)."""

    sequence: int
    unit: str
    choice: Choice
    acted_at: datetime
    mandate: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A vote in the chain. Its ``leaf`` proves what it says, its ``head`` everything before it."""

    vote: Vote
    leaf: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a unit holds in its hand: the leaf of its vote, the salt in it, and its place in the chain."""

    ballot_id: str
    sequence: int
    leaf: bytes
    salt: bytes
    choice: Choice
    acted_at: datetime
    mandate: str


class VoteChain:
    """The end of a ballot's chain: votes are added behind it, one after another.

    ``acted_at``: of its last vote. ``swept_version``: the register version by which all its votes were last judged.
    """

    def __init__(
        self,
        ballot_id: str,
        sequence: int,
        head: bytes,
        *,
        acted_at: datetime | None = None,
        swept_version: int = 0,
    ) -> None:
        self._ballot_id = ballot_id
        self.sequence = sequence
        self.head = head
        self.acted_at = acted_at
        self.swept_version = swept_version

    def instant(self, now: datetime) -> datetime:
        """The instant of a vote that is taken ``now``: never before the last one's, though a clock was set back."""
        return now if self.acted_at is None else max(now, self.acted_at)

    def add(self, unit: str, choice: Choice, acted_at: datetime, mandate: str, salt: bytes) -> Link:
        """Put a vote behind the last one. ``salt`` (16 random bytes) keeps its leaf from being guessed."""
        vote = Vote(self.sequence + 1, unit, choice, acted_at, mandate, salt)
        leaf = leaf_of(self._ballot_id, vote)
        self.sequence, self.acted_at = vote.sequence, acted_at
        self.head = hashlib.sha256(self.head + leaf).digest()
        return Link(vote, leaf, self.head)


def leaf_of(ballot_id: str, vote: Vote) -> bytes:
    """SHA-256 of the canonical vote.

    Written out, because ``canonical`` takes six times as long: every value is ASCII without quotes, and the names
    stand in their order.
    """
    return hashlib.sha256(
        (
            f'{{"acted_at":"{instant_text(vote.acted_at)}","ballot":"{ballot_id}",'
            f'"choice":"{vote.choice.value}","mandate":"{vote.mandate}",'
            f'"salt":"{vote.salt.hex()}","sequence":{vote.sequence},"unit":"{vote.unit}"}}'
        ).encode()
    ).digest()


def digest_of(facts: Mapping[str, object]) -> bytes:
    """SHA-256 of canonical facts. That of the opening's (question, rule, roll) is the head before the first vote."""
    return hashlib.sha256(canonical(facts)).digest()


def seal_of(head: bytes, closing: Mapping[str, object]) -> bytes:
    """SHA-256 of the last head and the canonical facts of the close (roll, endings of mandates, tallies, outcome)."""
    return hashlib.sha256(head + canonical(closing)).digest()


@lru_cache(maxsize=16)
def instant_text(instant: datetime) -> str:
    """An instant as it is hashed: UTC with six decimals and ``Z``. Votes taken together have the same one."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
