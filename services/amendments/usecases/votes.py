"""Voting: all the votes that wait for one ballot, in one transaction (A5; the fast path)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from services.amendments.domain.errors import (
    NotOnTheRoll,
    OfficerVotes,
    RosterNotReady,
)
from services.amendments.domain.vote import SALT_BYTES, Choice, Link, Receipt
from services.amendments.store import votes
from services.amendments.store.votes import Entry, Polling, Voter
from services.amendments.usecases.acting import member_of, subject_of
from shared.contracts.amendments_ballots import BallotVoteReplaced
from shared.db.work import Work
from shared.kernel.actor import Actor, Subject
from shared.kernel.errors import NotFound, Refusal


@dataclass(frozen=True, slots=True)
class Cast:
    """A unit's vote as its representative asks for it."""

    actor: Actor
    choice: Choice


@dataclass(frozen=True, slots=True)
class OwnVote:
    """One vote of a unit as it sees it: its receipt, whether it stands, whether it is void."""

    receipt: Receipt
    stands: bool
    is_void: bool


async def take_votes(
    work: Work, ballot_id: str, casts: Sequence[Cast]
) -> Sequence[Receipt | Refusal]:
    """Take votes in their order; for each its receipt, or the refusal that it alone meets.

    The instant of all is read once the chain is held. A vote equal to the unit's present one gets that one's receipt
    and adds nothing. Without a mandate in the register's word the ballot is not visible (404).
    """
    try:
        polling = await votes.hold_polling(work, ballot_id)
    except NotFound as refusal:
        return [refusal] * len(casts)
    asked = [(member_of(cast.actor), subject_of(cast.actor)) for cast in casts]
    found = await votes.voters(work, ballot_id, asked, polling.at)
    batch = _Batch(polling)
    answers = [
        batch.take(unit, by, voter, cast.choice)
        for cast, (unit, by), voter in zip(casts, asked, found, strict=True)
    ]
    if batch.links:
        await votes.enter_votes(work, polling, batch.entries(), sorted(batch.replaced))
        await work.announce(
            *(
                BallotVoteReplaced(ballot_id=ballot_id, member_id=unit, acted_at=polling.at)
                for unit in batch.replaced_by_others
            )
        )
    return answers


async def own_votes(work: Work, ballot_id: str, actor: Actor) -> list[OwnVote]:
    """Every vote of the actor's unit, the latest first; refuses with ``NotFound`` where it has cast none."""
    rows = await votes.votes_of(work, ballot_id, member_of(actor))
    if not rows:
        raise NotFound
    return [OwnVote(votes.receipt_from(row), row.stands, row.is_void) for row in rows]


class _Batch:
    """Votes that are taken together: what each unit says by now, and which rows stand no more."""

    def __init__(self, polling: Polling) -> None:
        self._polling = polling
        self._officers = polling.ballot.officers
        self._refusal = _why_closed(polling)
        self._standing: dict[str, tuple[Receipt, Subject]] = {}
        self.links: list[tuple[Link, Subject]] = []
        self.replaced: set[int] = set()
        self.replaced_by_others: list[str] = []

    def take(self, unit: str, by: Subject, voter: Voter, choice: Choice) -> Receipt | Refusal:
        """One vote."""
        if voter.mandate_id is None:
            return NotFound()
        if self._refusal is not None:
            return self._refusal
        if not voter.is_on_roll:
            return NotOnTheRoll()
        if by in self._officers:
            return OfficerVotes()
        present, present_by = self._standing.get(unit, (voter.receipt, voter.voted_by))
        if present is not None and present.choice is choice:
            return present
        receipt = self._add(unit, by, voter.mandate_id, choice)
        if present is not None:
            self.replaced.add(present.sequence)
            if present_by != by:
                self.replaced_by_others.append(unit)
        self._standing[unit] = receipt, by
        return receipt

    def entries(self) -> list[Entry]:
        """The new votes; those that were replaced within the batch do not stand."""
        return [Entry(link, by, link.vote.sequence not in self.replaced) for link, by in self.links]

    def _add(self, unit: str, by: Subject, mandate: str, choice: Choice) -> Receipt:
        salt = secrets.token_bytes(SALT_BYTES)
        link = self._polling.chain.add(unit, choice, self._polling.at, mandate, salt)
        self.links.append((link, by))
        return Receipt(
            self._polling.ballot.id,
            link.vote.sequence,
            link.leaf,
            salt,
            choice,
            link.vote.acted_at,
            mandate,
        )


def _why_closed(polling: Polling) -> Refusal | None:
    """Why nobody can vote at this instant, if so."""
    ballot = polling.ballot
    try:
        ballot.check_takes_votes(polling.at)
    except Refusal as refusal:
        return refusal
    if polling.watermark < polling.chain.swept_version:
        return RosterNotReady()
    return None
