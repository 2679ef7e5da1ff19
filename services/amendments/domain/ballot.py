"""Ballots: called with notice, opened on a certified roll, closed to the second, established once (A5, Art. 27)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.amendments.domain.errors import (
    ExtensionNotLonger,
    InterpretationNotAfterResult,
    InterpreterDetermines,
    ProposerConducts,
    RollNotOfTheClose,
    VoterConducts,
    VotingClosed,
    VotingNotOpen,
)
from services.amendments.domain.interpretation import Interpretation
from services.amendments.domain.lifecycle import (
    BALLOT,
    BallotAction,
    BallotStatus,
    InterpretationStatus,
)
from services.amendments.domain.subject import BallotOutcome, BallotSubject
from services.amendments.domain.tally import Rule, Tallies
from shared.kernel.actor import Subject
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import Basis, Rulebook
from shared.kernel.terms import Term, civil_day, end_of

NOTICE_TERM, VOTING_TERM = "ballot.notice_term", "ballot.voting_term"
REMINDER_SHARE = "ballot.reminder_share"


class RollPurpose(StrEnum):
    """What a roll is certified for."""

    OPENING = "opening"
    CLOSE = "close"


class WaitingFor(StrEnum):
    """Why a ballot that awaits its roll still does: no certification yet, or our roster is not (or not equal to) it."""

    CERTIFICATION = "certification"
    ROSTER_BEHIND = "roster_behind"
    ROSTER_DIFFERS = "roster_differs"


@dataclass(frozen=True, slots=True)
class CertifiedRoll:
    """Who was a member at ``instant``, as membership certified it: the register version, how many, their digest."""

    id: str
    instant: datetime
    register_version: int
    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class KnownRoll:
    """Who was a member at a register version as our roster knows it."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Timing:
    """The terms of a ballot, as the rulebook gave them when it was called; ``reminder``: after which share of the time
    between its opening and its close those who have not voted are reminded.
    """

    notice: Term
    voting: Term
    reminder: Ratio
    notice_basis: Basis
    voting_basis: Basis
    reminder_basis: Basis

    @classmethod
    def by(cls, rulebook: Rulebook) -> "Timing":
        """The terms that ``rulebook`` gives."""
        return cls(
            rulebook.term(NOTICE_TERM),
            rulebook.term(VOTING_TERM),
            rulebook.ratio(REMINDER_SHARE),
            rulebook.basis(NOTICE_TERM),
            rulebook.basis(VOTING_TERM),
            rulebook.basis(REMINDER_SHARE),
        )

    def remind_at(self, opens_at: datetime, closes_at: datetime) -> datetime:
        """When those who have not voted by then are reminded."""
        share = self.reminder
        return opens_at + (closes_at - opens_at) * share.numerator / share.denominator


@dataclass(frozen=True, slots=True)
class Extension:
    """A later close for all, and why."""

    closes_at: datetime
    reason: str
    by: Subject
    at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What the ballot came to: the three tallies, and the seal that proves them together with the chain of votes."""

    tallies: Tallies
    outcome: BallotOutcome
    established_at: datetime
    votes: int
    head: bytes
    seal: bytes


@dataclass(frozen=True, slots=True)
class Determination:
    """How an undetermined result is to be read, by an interpretation (Art. 30)."""

    outcome: BallotOutcome
    interpretation_id: str
    reasons: str
    by: Subject
    at: datetime


@dataclass(slots=True)
class Ballot:
    """A ballot from its call to its result. Its question, rule and timing are stored at the call and never edited.

    ``version`` counts its changes; votes are none. ``opening`` and ``closing`` are the certified rolls; what it waits
    for while one is missing is ``waiting_for``. ``remind_at``: when those who have not voted are reminded.
    """

    id: str
    subject: BallotSubject
    rule: Rule
    timing: Timing
    called_at: datetime
    called_by: Subject
    notice_ends_at: datetime
    updated_at: datetime
    version: int = 1
    status: BallotStatus = BallotStatus.CALLED
    waiting_for: WaitingFor | None = None
    opening: CertifiedRoll | None = None
    opened_at: datetime | None = None
    closes_at: datetime | None = None
    remind_at: datetime | None = None
    extensions: list[Extension] = field(default_factory=list)
    closing: CertifiedRoll | None = None
    result: Result | None = None
    determination: Determination | None = None
    cancelled_because: str | None = None

    @classmethod
    def call(
        cls,
        ballot_id: str,
        subject: BallotSubject,
        rulebook: Rulebook,
        by: Subject,
        now: datetime,
        zone: ZoneInfo,
    ) -> "Ballot":
        """Call a ballot on ``subject`` by the rules in force now; its notice begins. Its proposers do not call it."""
        if by in subject.proposers:
            raise ProposerConducts
        timing = Timing.by(rulebook)
        return cls(
            ballot_id,
            subject,
            Rule(rulebook.ratio(subject.rule_key), rulebook.basis(subject.rule_key)),
            timing,
            called_at=now,
            called_by=by,
            notice_ends_at=end_of(timing.notice.last_day(civil_day(now, zone)), zone),
            updated_at=now,
        )

    def status_at(self, now: datetime) -> BallotStatus:
        """As every view shows it: closed from ``closes_at`` on, whatever timers did (edge case 13)."""
        if self.status is BallotStatus.OPEN and self._has_closed(now):
            return BallotStatus.CLOSED
        return self.status

    def allowed_at(self, now: datetime) -> list[str]:
        """What can be done with it now, by whoever may."""
        allowed = BALLOT.allowed(self.status_at(now))
        if self.outcome is not BallotOutcome.UNDETERMINED:
            allowed = [action for action in allowed if action != BallotAction.DETERMINATION]
        if not self._has_opened(now):
            allowed = [action for action in allowed if action != BallotAction.VOTE]
        return [action for action in allowed if action in CALLERS_ACTS]

    @property
    def outcome(self) -> BallotOutcome | None:
        """What it decided, by determination where the tallies did not agree."""
        if self.determination is not None:
            return self.determination.outcome
        return None if self.result is None else self.result.outcome

    @property
    def officers(self) -> frozenset[Subject]:
        """Whoever conducted it so far: they cast no vote in it (P40)."""
        acted = {self.called_by, *(extension.by for extension in self.extensions)}
        return frozenset(acted | ({self.determination.by} if self.determination else set()))

    @property
    def awaits(self) -> RollPurpose | None:
        """Which roll it awaits, if it does."""
        if self.status is BallotStatus.AWAITING_ROLL:
            return RollPurpose.OPENING
        return RollPurpose.CLOSE if self.status is BallotStatus.CLOSED else None

    @property
    def awaited_roll(self) -> CertifiedRoll | None:
        """What was certified of the roll that it awaits."""
        return self.closing if self.status is BallotStatus.CLOSED else self.opening

    def end_notice(self, now: datetime) -> None:
        """The notice has run: the roll of the opening is asked for."""
        if now < self.notice_ends_at:
            raise self._too_early(now)
        self._change(BALLOT.after(self.status, BallotAction.NOTICE_END), now)
        self.waiting_for = WaitingFor.CERTIFICATION

    def take_certification(self, purpose: RollPurpose, roll: CertifiedRoll, now: datetime) -> bool:
        """Keep what membership certified; False where it is not awaited, or known already."""
        if self.awaits is not purpose or self.awaited_roll is not None:
            return False
        if purpose is RollPurpose.OPENING:
            self.opening = roll
        else:
            if roll.instant != self.closes_at:
                raise RollNotOfTheClose
            self.closing = roll
        self.waiting_for = WaitingFor.ROSTER_BEHIND
        self._change(self.status, now)
        return True

    def compare(self, known: KnownRoll | None, now: datetime) -> bool:
        """Whether our roster says what was certified; if not, what it waits for says why."""
        roll = self.awaited_roll
        waits = None
        if roll is None:
            waits = WaitingFor.CERTIFICATION
        elif known is None:
            waits = WaitingFor.ROSTER_BEHIND
        elif (known.count, known.digest) != (roll.count, roll.digest):
            waits = WaitingFor.ROSTER_DIFFERS
        if waits is not self.waiting_for:
            self.waiting_for = waits
            self._change(self.status, now)
        return waits is None

    def open(self, roll: CertifiedRoll, zone: ZoneInfo, now: datetime) -> None:
        """Open it on the certified ``roll``. Opening and close count from the instant of the certification.

        Where the close would have passed already, nobody could vote: it is cancelled, and another may be called.
        """
        status = BALLOT.after(self.status, BallotAction.OPENING)
        closes_at = end_of(self.timing.voting.last_day(civil_day(roll.instant, zone)), zone)
        if closes_at <= now:
            self.cancel("the roll came too late", now)
            return
        self.opened_at, self.closes_at = roll.instant, closes_at
        self.remind_at = self.timing.remind_at(roll.instant, closes_at)
        self._change(status, now)

    def check_takes_votes(self, at: datetime) -> None:
        """Refuse a vote at another instant than from the opening (included) to the close (excluded)."""
        if self.status in (BallotStatus.CALLED, BallotStatus.AWAITING_ROLL):
            raise VotingNotOpen
        if self.status is not BallotStatus.OPEN or self._has_closed(at):
            raise VotingClosed
        if not self._has_opened(at):
            raise VotingNotOpen

    def extend(
        self,
        closes_on: date,
        reason: str,
        by: Subject,
        *,
        has_voted: bool,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        """Let everybody vote to the end of a later day, for a reason (edge case 14). Never after the close."""
        status = BALLOT.after(self.status_at(now), BallotAction.EXTENSION)
        self._check_conducts(by, has_voted=has_voted)
        closes_at = end_of(closes_on, zone)
        if self.closes_at is None or closes_at <= self.closes_at:
            raise ExtensionNotLonger
        self.extensions.append(Extension(closes_at, reason, by, now))
        self.closes_at = closes_at
        if self.remind_at is not None and self.opened_at is not None:
            self.remind_at = self.timing.remind_at(self.opened_at, closes_at)
        self._change(status, now)

    def take_reminder(self, now: datetime) -> bool:
        """Whether those who have not voted are reminded now: once a ballot, and while they can still vote."""
        is_open = self.status_at(now) is BallotStatus.OPEN
        if not is_open or self.remind_at is None or now < self.remind_at:
            return False
        self.remind_at = None
        self._change(self.status, now)
        return True

    def close(self, now: datetime) -> None:
        """Its last second is over: the roll as of the close is asked for. It was closed to votes before this."""
        status = BALLOT.after(self.status, BallotAction.CLOSE)
        if not self._has_closed(now):
            raise self._too_early(now)
        self.waiting_for, self.remind_at = WaitingFor.CERTIFICATION, None
        self._change(status, now)

    def establish(self, result: Result, now: datetime) -> None:
        """Enter the result, once."""
        status = BALLOT.after(self.status, BallotAction.RESULT)
        self.result = result
        self._change(status, now)

    def determine(
        self,
        outcome: BallotOutcome,
        interpretation: Interpretation,
        reasons: str,
        by: Subject,
        *,
        has_voted: bool,
        now: datetime,
    ) -> None:
        """Say how an undetermined result is to be read, by an interpretation issued since and by another (Art. 30)."""
        status = BALLOT.after(self.status, BallotAction.DETERMINATION)
        if self.outcome is not BallotOutcome.UNDETERMINED or self.result is None:
            raise NotAllowedNow(state=status.value, allowed_actions=[])
        self._check_conducts(by, has_voted=has_voted)
        if interpretation.issued_by == by:
            raise InterpreterDetermines
        if (
            interpretation.issued_at <= self.result.established_at
            or interpretation.status is not InterpretationStatus.ISSUED
        ):
            raise InterpretationNotAfterResult
        self.determination = Determination(outcome, interpretation.id, reasons, by, now)
        self._change(status, now)

    def cancel(self, because: str, now: datetime) -> None:
        """Give it up before its opening."""
        status = BALLOT.after(self.status, BallotAction.CANCELLATION)
        self.cancelled_because, self.waiting_for = because, None
        self._change(status, now)

    def _check_conducts(self, by: Subject, *, has_voted: bool) -> None:
        if by in self.subject.proposers:
            raise ProposerConducts
        if has_voted:
            raise VoterConducts

    def _has_opened(self, at: datetime) -> bool:
        """It opens at an instant that membership certified, whose clock may be ahead."""
        return self.opened_at is not None and at >= self.opened_at

    def _has_closed(self, at: datetime) -> bool:
        return self.closes_at is not None and at >= self.closes_at

    def _too_early(self, now: datetime) -> NotAllowedNow:
        return NotAllowedNow(state=self.status.value, allowed_actions=self.allowed_at(now))

    def _change(self, status: BallotStatus, now: datetime) -> None:
        self.status, self.updated_at = status, now
        self.version += 1


CALLERS_ACTS = frozenset({BallotAction.VOTE, BallotAction.EXTENSION, BallotAction.DETERMINATION})
