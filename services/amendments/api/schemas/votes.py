"""Votes as they are sent and shown to their own unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from services.amendments.api.schemas.parts import (
    BALLOT_ID,
    DIGEST,
    LONG_AGO,
    MEMBER_ID,
    View,
    sent,
    shown,
)
from services.amendments.domain.vote import Choice as Vote
from services.amendments.domain.vote import Receipt
from services.amendments.usecases.votes import OwnVote
from shared.http.strict import Body, Choice

_RECEIPT = {
    "ballot_id": BALLOT_ID,
    "object": "receipt",
    "unit": MEMBER_ID,
    "choice": "for",
    "acted_at": LONG_AGO,
    "mandate_id": "rep_019a0c5f3b7e7c4d8a21f0e5d6c7b8b4",
    "sequence": 17,
    "leaf": DIGEST,
    "salt": "8f14e45fceea167a5a36dedd4bea2543",
}


class CastVote(Body):
    """A unit's vote. Only ``for`` is consent."""

    model_config = sent({"choice": "for"})

    choice: Choice[Vote]


class ReceiptOut(View):
    """The receipt of a vote: `gongyue verify --receipt` finds it in the record that is published after the close.

    ``leaf`` is the SHA-256 of the canonical vote with its ``salt``, which nobody else is told before.
    """

    model_config = shown(_RECEIPT)

    ballot_id: str
    object: Literal["receipt"] = "receipt"
    unit: str
    choice: Vote
    acted_at: datetime
    mandate_id: str
    sequence: int
    leaf: str
    salt: str

    @classmethod
    def of(cls, receipt: Receipt, unit: str) -> "ReceiptOut":
        """The view of ``receipt``."""
        return cls(**_receipt(receipt, unit))


class OwnVoteOut(ReceiptOut):
    """One vote of the caller's unit. ``stands``: it is the last valid one; ``is_void``: its mandate had ended."""

    model_config = shown({**_RECEIPT, "stands": True, "is_void": False})

    stands: bool
    is_void: bool


class OwnVotesOut(View):
    """Every vote of the caller's unit, the latest first; all are kept, the one that ``stands`` counts."""

    items: list[OwnVoteOut]

    @classmethod
    def of_all(cls, votes: Sequence[OwnVote], unit: str) -> "OwnVotesOut":
        """The view of all votes of ``unit``."""
        return cls(
            items=[
                OwnVoteOut(**_receipt(v.receipt, unit), stands=v.stands, is_void=v.is_void)
                for v in votes
            ]
        )


def _receipt(receipt: Receipt, unit: str) -> dict[str, Any]:
    return {
        "ballot_id": receipt.ballot_id,
        "unit": unit,
        "choice": receipt.choice,
        "acted_at": receipt.acted_at,
        "mandate_id": receipt.mandate,
        "sequence": receipt.sequence,
        "leaf": receipt.leaf.hex(),
        "salt": receipt.salt.hex(),
    }
