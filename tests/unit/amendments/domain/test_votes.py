"""The chain of votes (A5; decisions, "Register, roster, roll")."""

import hashlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.amendments.domain.vote import (
    Choice,
    Vote,
    VoteChain,
    instant_text,
    leaf_of,
)
from shared.kernel.chain import canonical

BALLOT = "bal_" + "0" * 32
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@given(
    sequence=st.integers(1, 10**9),
    number=st.integers(0, 2**128 - 1),
    choice=st.sampled_from(Choice),
    at=st.datetimes(timezones=st.just(UTC)),
    salt=st.binary(min_size=16, max_size=16),
)
def test_the_leaf_is_the_hash_of_the_canonical_vote(
    sequence: int, number: int, choice: Choice, at: datetime, salt: bytes
) -> None:
    """Decisions: "a vote's leaf is SHA-256 over the canonical vote with a 16-byte salt"."""
    vote = Vote(sequence, f"mem_{number:032x}", choice, at, f"rep_{number:032x}", salt)
    spelt = {
        "ballot": BALLOT,
        "sequence": sequence,
        "unit": vote.unit,
        "choice": choice.value,
        "acted_at": instant_text(at),
        "mandate": vote.mandate,
        "salt": salt.hex(),
    }
    assert leaf_of(BALLOT, vote) == hashlib.sha256(canonical(spelt)).digest()


def test_votes_follow_each_other_without_a_hole() -> None:
    """One serial chain a ballot."""
    chain = VoteChain(BALLOT, 0, b"\0" * 32)
    first = chain.add("mem_1", Choice.FOR, AT, "rep_1", b"1" * 16)
    second = chain.add("mem_2", Choice.AGAINST, AT, "rep_2", b"2" * 16)
    assert (first.vote.sequence, second.vote.sequence, chain.sequence) == (1, 2, 2)
    assert second.head == hashlib.sha256(first.head + second.leaf).digest() == chain.head


def test_a_leaf_does_not_tell_the_choice_to_who_does_not_know_the_salt() -> None:
    """Decisions: "otherwise three choices times known members could be guessed"."""
    leaves = {
        leaf_of(BALLOT, Vote(1, "mem_1", Choice.FOR, AT, "rep_1", bytes([n] * 16)))
        for n in range(50)
    }
    assert len(leaves) == 50
