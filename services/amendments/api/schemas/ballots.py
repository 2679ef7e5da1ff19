"""Ballots and votes as they are sent and shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from services.amendments.api.schemas.parts import (
    BALLOT_ID,
    DIGEST,
    LONG_AGO,
    PROPOSAL_ID,
    URL,
    BasisOut,
    View,
    WordingOut,
    sent,
    shown,
)
from services.amendments.domain.ballot import Ballot, CertifiedRoll, Determination, WaitingFor
from services.amendments.domain.lifecycle import BallotStatus
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.domain.tally import Tally
from shared.http.strict import Body, Day, Prose
from shared.kernel.ids import id_pattern

_BASIS = {"rule": "amendment.adoption", "article": "27", "rulebook_version": 1}
_ROLL = {"instant": LONG_AGO, "register_version": 57, "count": 31, "digest": DIGEST}
_BALLOT = {
    "id": BALLOT_ID,
    "object": "ballot",
    "version": 3,
    "url": f"{URL}/ballots/{BALLOT_ID}",
    "status": "open",
    "allowed_actions": ["vote"],
    "kind": "proposal",
    "subject_id": PROPOSAL_ID,
    "question": {"zh": "提高修改公约的表决比例", "en": "A higher majority for amendments"},
    "draft_digest": DIGEST,
    "base_version": 1,
    "ratio": {"numerator": 2, "denominator": 3, "inclusive": True, "of": "members"},
    "basis": _BASIS,
    "needed": {"needed": 21, "of": 31},
    "notice_ends_at": LONG_AGO,
    "notice_basis": {"rule": "ballot.notice_term", "article": "27", "rulebook_version": 1},
    "opened_at": LONG_AGO,
    "closes_at": "2026-04-09T16:00:00Z",
    "closes_basis": {"rule": "ballot.voting_term", "article": "27", "rulebook_version": 1},
    "extensions": [],
    "waiting_for": None,
    "opening_roll": _ROLL,
    "closing_roll": None,
    "cancelled_units": [],
    "outcome": None,
    "record_url": None,
    "cancelled_because": None,
    "created_at": LONG_AGO,
    "updated_at": LONG_AGO,
}
INTERPRETATION_ID = "itp_019a0c5f3b7e7c4d8a21f0e5d6c7b8b5"


class ExtendBallot(Body):
    """The new last day of voting, for all, and why."""

    model_config = sent({"closes_on": "2026-04-12", "reason": "机房中断六小时，顺延三日。"})

    closes_on: Day
    reason: Prose


class DetermineBallot(Body):
    """How an undetermined result is to be read, and the interpretation that says so."""

    model_config = sent(
        {
            "outcome": "adopted",
            "interpretation_id": INTERPRETATION_ID,
            "reasons": "依第3号解释，以开始时的名册为准。",
        }
    )

    outcome: Literal["adopted", "rejected"]
    interpretation_id: Annotated[str, StringConstraints(pattern=id_pattern("itp"))]
    reasons: Prose


class BallotRatioOut(View):
    """An exact threshold."""

    numerator: int
    denominator: int
    inclusive: bool
    of: str


class NeededOut(View):
    """How many units must agree, of how many."""

    needed: int
    of: int


class RollOut(View):
    """A roll as membership certified it."""

    instant: datetime
    register_version: int
    count: int
    digest: str

    @classmethod
    def of(cls, roll: CertifiedRoll | None) -> "RollOut | None":
        """The view of ``roll``; none where there is none."""
        if roll is None:
            return None
        return cls(
            instant=roll.instant,
            register_version=roll.register_version,
            count=roll.count,
            digest=roll.digest,
        )


class ExtensionOut(View):
    """A later close, and why."""

    closes_at: datetime
    reason: str
    extended_at: datetime


class BallotOut(View):
    """A ballot. Before its close it shows nothing of the votes.

    ``waiting_for``: why it still awaits its roll. ``cancelled_units``: whose membership was cancelled while it ran.
    """

    model_config = shown(_BALLOT)

    id: str
    object: Literal["ballot"] = "ballot"
    version: int
    url: str
    status: BallotStatus
    allowed_actions: list[str]
    kind: SubjectKind
    subject_id: str
    question: WordingOut
    draft_digest: str
    base_version: int
    ratio: BallotRatioOut
    basis: BasisOut
    needed: NeededOut | None
    notice_ends_at: datetime
    notice_basis: BasisOut
    opened_at: datetime | None
    closes_at: datetime | None
    closes_basis: BasisOut
    extensions: list[ExtensionOut]
    waiting_for: WaitingFor | None
    opening_roll: RollOut | None
    closing_roll: RollOut | None
    cancelled_units: list[str]
    outcome: BallotOutcome | None
    record_url: str | None
    cancelled_because: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls,
        ballot: Ballot,
        *,
        allowed: list[str],
        cancelled_units: Sequence[str],
        public_url: str,
        now: datetime,
    ) -> "BallotOut":
        """The ballot as it stands ``now``."""
        subject, ratio, status = ballot.subject, ballot.rule.ratio, ballot.status_at(now)
        url = f"{public_url}/v1/ballots/{ballot.id}"
        units = ballot.opening.count if ballot.opening else 0
        waiting_for = ballot.waiting_for
        if status is BallotStatus.CLOSED and ballot.status is BallotStatus.OPEN:
            waiting_for = WaitingFor.CERTIFICATION
        return cls(
            id=ballot.id,
            version=ballot.version,
            url=url,
            status=status,
            allowed_actions=allowed,
            kind=subject.kind,
            subject_id=subject.id,
            question=WordingOut.of(subject.title),
            draft_digest=subject.draft_digest,
            base_version=subject.base_version,
            ratio=BallotRatioOut(
                numerator=ratio.numerator,
                denominator=ratio.denominator,
                inclusive=ratio.inclusive,
                of=ratio.of,
            ),
            basis=BasisOut.of(ballot.rule.basis),
            needed=NeededOut(needed=ratio.needed_of(units), of=units) if units else None,
            notice_ends_at=ballot.notice_ends_at,
            notice_basis=BasisOut.of(ballot.timing.notice_basis),
            opened_at=ballot.opened_at,
            closes_at=ballot.closes_at,
            closes_basis=BasisOut.of(ballot.timing.voting_basis),
            extensions=[
                ExtensionOut(closes_at=e.closes_at, reason=e.reason, extended_at=e.at)
                for e in ballot.extensions
            ],
            waiting_for=waiting_for,
            opening_roll=RollOut.of(ballot.opening),
            closing_roll=RollOut.of(ballot.closing),
            cancelled_units=list(cancelled_units),
            outcome=ballot.outcome,
            record_url=f"{url}/record" if ballot.result else None,
            cancelled_because=ballot.cancelled_because,
            created_at=ballot.called_at,
            updated_at=ballot.updated_at,
        )


class TallyOut(View):
    """A count, and what the rule makes of it. Of no units none is needed and nothing reached."""

    units: int
    consenting: int
    against: int
    abstaining: int
    needed: int | None
    reached: bool

    @classmethod
    def of(cls, tally: Tally) -> "TallyOut":
        """The view of ``tally``."""
        count = tally.count
        return cls(
            units=count.units,
            consenting=count.consenting,
            against=count.against,
            abstaining=count.abstaining,
            needed=tally.needed,
            reached=tally.reached,
        )


class DeterminationOut(View):
    """How an undetermined result is read, and by which interpretation."""

    outcome: BallotOutcome
    interpretation_id: str
    reasons: str
    determined_at: datetime

    @classmethod
    def of(cls, made: Determination | None) -> "DeterminationOut | None":
        """The view of ``made``; none where there is none."""
        if made is None:
            return None
        return cls(
            outcome=made.outcome,
            interpretation_id=made.interpretation_id,
            reasons=made.reasons,
            determined_at=made.at,
        )


_TALLY_OUT = {
    "units": 31,
    "consenting": 21,
    "against": 6,
    "abstaining": 1,
    "needed": 21,
    "reached": True,
}


class ResultOut(View):
    """The certificate of a result: three tallies by one rule, and the seal of the record.

    ``official``: on the opening roll. ``closing``: less all who left. ``less_voluntary``: less those who left of their
    own will. Where they do not agree, ``tallied`` is `undetermined`, and ``outcome`` is what a determination says.
    """

    model_config = shown(
        {
            "ballot_id": BALLOT_ID,
            "object": "ballot_result",
            "tallied": "adopted",
            "outcome": "adopted",
            "basis": _BASIS,
            "official": _TALLY_OUT,
            "closing": _TALLY_OUT,
            "less_voluntary": _TALLY_OUT,
            "votes": 29,
            "head": DIGEST,
            "seal": DIGEST,
            "record_url": f"{URL}/ballots/{BALLOT_ID}/record",
            "established_at": LONG_AGO,
            "determination": None,
        }
    )

    ballot_id: str
    object: Literal["ballot_result"] = "ballot_result"
    tallied: BallotOutcome
    outcome: BallotOutcome
    basis: BasisOut
    official: TallyOut
    closing: TallyOut
    less_voluntary: TallyOut
    votes: int
    head: str
    seal: str
    record_url: str
    established_at: datetime
    determination: DeterminationOut | None

    @classmethod
    def of(cls, ballot: Ballot, public_url: str) -> "ResultOut | None":
        """The result of ``ballot``; none while there is none."""
        result = ballot.result
        if result is None:
            return None
        return cls(
            ballot_id=ballot.id,
            tallied=result.outcome,
            outcome=ballot.outcome or result.outcome,
            basis=BasisOut.of(ballot.rule.basis),
            official=TallyOut.of(result.tallies.official),
            closing=TallyOut.of(result.tallies.closing),
            less_voluntary=TallyOut.of(result.tallies.less_voluntary),
            votes=result.votes,
            head=result.head.hex(),
            seal=result.seal.hex(),
            record_url=f"{public_url}/v1/ballots/{ballot.id}/record",
            established_at=result.established_at,
            determination=DeterminationOut.of(ballot.determination),
        )
