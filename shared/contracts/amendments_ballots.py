"""What amendments announces of ballots (A5)."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.amendments import BasisValue
from shared.contracts.base import Classification, Digest, Event, MemberId


class BallotValue(BaseModel):
    """What a ballot is about, and what its roll needs by the stored rule (``needed`` and ``of``: null before it is known)."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["proposal", "annex"]
    subject_id: str
    question_zh: str
    question_en: str | None
    needed: int | None
    of: int | None
    basis: BasisValue


class BallotCalled(
    Event, type="amendments.ballot.called.v1", aggregate="ballot", about="ballot_id"
):
    """A ballot was called; it opens when its notice has run. Its instants are those expected (Art. 27)."""

    ballot_id: str
    ballot: BallotValue
    called_at: AwareDatetime
    opens_at: AwareDatetime
    closes_at: AwareDatetime


class BallotOpened(
    Event, type="amendments.ballot.opened.v1", aggregate="ballot", about="ballot_id"
):
    """Votes are taken from ``opens_at`` to before ``closes_at``, of the units on the certified roll (Art. 27)."""

    ballot_id: str
    ballot: BallotValue
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    register_version: int
    roll_digest: Digest


class BallotExtended(
    Event, type="amendments.ballot.extended.v1", aggregate="ballot", about="ballot_id"
):
    """A ballot closes later, for all, for a reason."""

    ballot_id: str
    ballot: BallotValue
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    reason: str


class BallotClosed(
    Event, type="amendments.ballot.closed.v1", aggregate="ballot", about="ballot_id"
):
    """No vote is taken any more; the result follows when the roll of the close is certified."""

    ballot_id: str
    ballot: BallotValue
    opens_at: AwareDatetime
    closes_at: AwareDatetime


class BallotCancelled(
    Event, type="amendments.ballot.cancelled.v1", aggregate="ballot", about="ballot_id"
):
    """A ballot was given up before it opened."""

    ballot_id: str
    ballot: BallotValue
    reason: str


class NonVoter(BaseModel):
    """A unit on the roll that has not voted."""

    model_config = ConfigDict(frozen=True)

    member_id: MemberId


class BallotReminderDue(
    Event,
    type="amendments.ballot.reminder_due.v1",
    aggregate="ballot",
    about="ballot_id",
    classification=Classification.RESTRICTED,
):
    """These units have not voted yet. For their notices alone; one event for every 4,000 of them."""

    ballot_id: str
    closes_at: AwareDatetime
    non_voters: list[NonVoter]


class BallotVoteVoided(
    Event,
    type="amendments.ballot.vote_voided.v1",
    aggregate="ballot",
    about="ballot_id",
    classification=Classification.RESTRICTED,
):
    """A unit's vote was cast under a mandate that had ended: it is void, an earlier valid one stands, it may vote again."""

    ballot_id: str
    member_id: MemberId
    ended_at: AwareDatetime


class BallotVoteReplaced(
    Event,
    type="amendments.ballot.vote_replaced.v1",
    aggregate="ballot",
    about="ballot_id",
    classification=Classification.RESTRICTED,
):
    """Another representative of the same unit voted after the first: the last valid vote counts."""

    ballot_id: str
    member_id: MemberId
    acted_at: AwareDatetime


class BallotMemberCancelled(
    Event, type="amendments.ballot.member_cancelled.v1", aggregate="ballot", about="ballot_id"
):
    """A unit's membership was cancelled while the ballot ran; it stays in the base (Art. 23, 27)."""

    ballot_id: str
    member_id: MemberId


class TallyValue(BaseModel):
    """A count as it travels; ``needed`` is null of no units."""

    model_config = ConfigDict(frozen=True)

    units: int
    consenting: int
    against: int
    abstaining: int
    needed: int | None
    reached: bool


class BallotResultEstablished(
    Event, type="amendments.ballot.result_established.v1", aggregate="ballot", about="ballot_id"
):
    """What a ballot decided; ``undetermined`` where its three tallies do not agree (Art. 27)."""

    ballot_id: str
    ballot: BallotValue
    outcome: Literal["adopted", "rejected", "undetermined"]
    official: TallyValue
    closing: TallyValue
    less_voluntary: TallyValue
    seal: Digest
    record_url: str
    established_at: AwareDatetime


class BallotDetermined(
    Event, type="amendments.ballot.determined.v1", aggregate="ballot", about="ballot_id"
):
    """An undetermined result is read by an interpretation (Art. 30)."""

    ballot_id: str
    ballot: BallotValue
    outcome: Literal["adopted", "rejected"]
    interpretation_id: str
    determined_at: AwareDatetime
