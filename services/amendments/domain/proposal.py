"""A proposal to change the convention, from its draft to its promulgation (A4, A6, Art. 27)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.amendments.domain.changes import Draft
from services.amendments.domain.deadline import Deadline, reminders_of, still_to_come
from services.amendments.domain.draft_digest import Base
from services.amendments.domain.errors import (
    BaseNoLongerMatches,
    BaseOutdated,
    DraftChangedSince,
    DraftLatched,
    NothingToRebase,
    NotMereTypo,
    ProposerIsPromulgator,
    PutToTheVote,
)
from services.amendments.domain.lifecycle import PROPOSAL, ProposalAction, ProposalStatus
from services.amendments.domain.promulgation import Adoption
from services.amendments.domain.subject import BallotOutcome, check_rests_on
from services.amendments.domain.support import Initiative, Latch, Standing
from services.amendments.domain.typo import TypoCorrection
from shared.kernel.actor import Subject
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.rulebook import Rulebook
from shared.kernel.terms import civil_day

ADOPTION = "amendment.adoption"
SUPPORT_TERM = "proposal.support_term"
PUBLICATION_TERM = "promulgation.publication_term"


class ProposerKind(StrEnum):
    """Who proposes (Art. 27): the organ, or (或) at least one tenth of the members together."""

    ORGAN = "organ"
    COALITION = "coalition"


@dataclass(frozen=True, slots=True)
class Proposer:
    """Whose proposal it is; ``member_id`` is the coalition's first signer, ``subject`` whoever filed it."""

    kind: ProposerKind
    subject: Subject
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What a caller is to a proposal."""

    is_proposer: bool = False
    is_supporter: bool = False
    may_support: bool = False
    may_call_ballot: bool = False
    may_promulgate: bool = False
    base_is_outdated: bool = False


@dataclass(slots=True)
class Proposal:
    """A proposal. ``initiative``: how much support it needs; ``lapse`` is set while it gathers that.

    ``authors``: everyone who wrote its draft or changed it; they count as its proposers (P40). ``was_in_ballot``: a
    ballot on it has opened, once. ``tested_version``: the register version up to which the ratio was tested.
    ``remind_on``: the days to come on which the organ is reminded to promulgate it. ``overdue_since``: its term for that
    was missed. ``repeats`` names the rejected proposal with the same changes (edge case 20).
    """

    id: str
    proposer: Proposer
    authors: frozenset[Subject]
    draft: Draft
    draft_digest: str
    touched: frozenset[str]
    base_version: int
    initiative: Initiative
    created_at: datetime
    updated_at: datetime
    status: ProposalStatus = PROPOSAL.start
    version: int = 1
    lapse: Deadline | None = None
    tested_version: int = 0
    latch: Latch | None = None
    corrections: tuple[TypoCorrection, ...] = ()
    repeats: str | None = None
    ballot_id: str | None = None
    was_in_ballot: bool = False
    decided_at: datetime | None = None
    adoption: Adoption | None = None
    remind_on: tuple[date, ...] = ()
    overdue_since: datetime | None = None
    promulgated_version: int | None = None

    @classmethod
    def submit(
        cls,
        id: str,
        proposer: Proposer,
        draft: Draft,
        base: Base,
        *,
        rulebook: Rulebook,
        now: datetime,
        zone: ZoneInfo,
        repeats: str | None = None,
    ) -> "Proposal":
        """A new proposal under the ``rulebook`` in force. The organ's needs nobody's support (Art. 27)."""
        proposal = cls(
            id=id,
            proposer=proposer,
            authors=frozenset({proposer.subject}),
            draft=draft,
            draft_digest=base.digest_of(draft),
            touched=base.touched_by(draft),
            base_version=base.number,
            initiative=Initiative.under(rulebook),
            created_at=now,
            updated_at=now,
            repeats=repeats,
        )
        if proposer.kind is ProposerKind.ORGAN:
            proposal.status = PROPOSAL.after(proposal.status, ProposalAction.ADMISSION)
        else:
            proposal.lapse = Deadline.after(now, rulebook, SUPPORT_TERM, zone)
        return proposal

    @property
    def is_the_organs(self) -> bool:
        """Whether the organ proposes."""
        return self.proposer.kind is ProposerKind.ORGAN

    def status_at(self, now: datetime) -> ProposalStatus:
        """Its status: lapsed from the first instant after its term on, whether a timer ran or not."""
        if (
            self.status is ProposalStatus.GATHERING
            and self.lapse is not None
            and now >= self.lapse.ends_at
        ):
            return PROPOSAL.after(self.status, ProposalAction.LAPSE)
        return self.status

    def open_to(self, part: Part, now: datetime) -> list[str]:
        """The acts that a caller with this ``part`` in it can do now, in the order of the lifecycle's table."""
        is_free = self.latch is None
        allowed = {
            ProposalAction.DRAFT: part.is_proposer and is_free,
            ProposalAction.TYPO_CORRECTION: part.is_proposer,
            ProposalAction.SUPPORT: part.may_support,
            ProposalAction.SUPPORT_RETRACTION: part.is_supporter,
            ProposalAction.REBASE: part.is_proposer and part.base_is_outdated,
            ProposalAction.RETRACTION: not self.was_in_ballot
            and (part.is_supporter or (part.is_proposer and self.is_the_organs)),
            ProposalAction.BALLOT: part.may_call_ballot and not part.base_is_outdated,
            ProposalAction.PROMULGATION: part.may_promulgate and not part.base_is_outdated,
        }
        return [
            action
            for action in PROPOSAL.allowed(self.status_at(now))
            if allowed.get(ProposalAction(action))
        ]

    def edit(self, draft: Draft, base: Base, by: Subject, now: datetime) -> None:
        """Replace the draft: every support must be confirmed for the new hash (edge case 6)."""
        status = self._after(ProposalAction.DRAFT, now)
        if self.latch is not None:
            raise DraftLatched
        self.draft, self.draft_digest = draft, base.digest_of(draft)
        self.touched = base.touched_by(draft)
        self.authors |= {by}
        self._change(status, now)

    def correct_typo(
        self, correction: TypoCorrection, base: Base, by: Subject, now: datetime
    ) -> None:
        """Mend a typing error: the supports go with it, and it is shown for good (edge case 6).

        What was mended is not mended again: many small corrections would make another draft of it.
        """
        status = self._after(ProposalAction.TYPO_CORRECTION, now)
        if any(correction.is_where(earlier) for earlier in self.corrections):
            raise NotMereTypo(reason="mended before")
        self.draft = correction.applied_to(self.draft)
        self.draft_digest = base.digest_of(self.draft)
        self.corrections = (*self.corrections, correction)
        self.authors |= {by}
        self._change(status, now)

    def check_supportable(self, draft_digest: str, now: datetime) -> None:
        """Refuse a support that comes too late, or for another draft than the present one."""
        self._after(ProposalAction.SUPPORT, now)
        if draft_digest != self.draft_digest:
            raise DraftChangedSince

    def check_support_retractable(self, now: datetime) -> None:
        """A support is free to go before the latch, and never after it (edge case 5)."""
        self._after(ProposalAction.SUPPORT_RETRACTION, now)

    def admit(self, standing: Standing, roll_digest: str, now: datetime) -> Latch:
        """Enough members are behind it: it is the members' proposal from now on, and that stays (edge case 3)."""
        status = self._after(ProposalAction.ADMISSION, now)
        self.latch = Latch(
            standing.register_version,
            roll_digest,
            standing.supporters,
            self.initiative.ratio.needed_of(standing.members),
            standing.members,
            self.initiative.basis,
            now,
        )
        self.lapse = None
        self._change(status, now)
        return self.latch

    def retract(self, now: datetime) -> None:
        """Withdraw it, before a ballot on it opens and never after (edge cases 7 and 8)."""
        self._change(self.check_retractable(now), now)

    def check_retractable(self, now: datetime) -> ProposalStatus:
        """Refuse to withdraw what its status keeps, or what was put to the vote; its status after that."""
        status = self._after(ProposalAction.RETRACTION, now)
        if self.was_in_ballot:
            raise PutToTheVote
        return status

    def let_lapse(self, now: datetime) -> None:
        """Note that its term for gathering support is over."""
        self._change(PROPOSAL.after(self.status, ProposalAction.LAPSE), now)

    def rebase(
        self,
        draft: Draft,
        base: Base,
        by: Subject,
        *,
        rulebook: Rulebook,
        now: datetime,
        zone: ZoneInfo,
    ) -> None:
        """Put it on the latest version, after another amendment was promulgated; a fresh ballot follows (edge case 17).

        Where the hash is another one, what its supporters supported is gone: it gathers support anew, for a new term.
        """
        digest = base.digest_of(draft)
        is_other = digest != self.draft_digest
        anew = is_other and self.latch is not None
        action = ProposalAction.RECONFIRMATION if anew else ProposalAction.REBASE
        status = self._after(action, now)
        if base.number == self.base_version:
            raise NothingToRebase
        if anew:
            self.latch = None
            self.initiative = Initiative.under(rulebook)
            self.lapse = Deadline.after(now, rulebook, SUPPORT_TERM, zone)
        if draft != self.draft:
            self.authors |= {by}
        self.draft, self.draft_digest, self.base_version = draft, digest, base.number
        self.touched = base.touched_by(draft)
        self.ballot_id = self.decided_at = self.adoption = self.overdue_since = None
        self.remind_on = ()
        self._change(status, now)

    def check_ballotable(self, latest_version: int, now: datetime) -> None:
        """Refuse a ballot that its status does not allow, or on a text that has changed since."""
        self._after(ProposalAction.BALLOT, now)
        if self.base_version != latest_version:
            raise BaseOutdated(latest_version=latest_version)

    def note_ballot_called(self, ballot_id: str, now: datetime) -> None:
        """Its ballot was called; until that opens it can be withdrawn."""
        status = self._after(ProposalAction.BALLOT, now)
        self.ballot_id = ballot_id
        self._change(status, now)

    def note_ballot_opened(self, ballot_id: str, now: datetime) -> None:
        """Its ballot is open: nothing of it changes any more."""
        check_rests_on(ballot_id, self.ballot_id)
        status = self._after(ProposalAction.OPENING, now)
        self.was_in_ballot = True
        self._change(status, now)

    def note_outcome(
        self,
        ballot_id: str,
        outcome: BallotOutcome,
        *,
        rulebook: Rulebook,
        now: datetime,
        zone: ZoneInfo,
    ) -> None:
        """What its ballot decided, or a determination afterwards. An adopted one is promulgated within a term.

        ``rulebook``: by which the ballot was called, for its whole proceeding.
        """
        check_rests_on(ballot_id, self.ballot_id)
        status = self._after(_ACTION_OF[outcome], now)
        match outcome:
            case BallotOutcome.ADOPTED:
                due = Deadline.after(now, rulebook, PUBLICATION_TERM, zone)
                self.adoption, self.decided_at = Adoption(now, due), now
                self.remind_on = reminders_of(due.on, civil_day(now, zone), rulebook)
            case BallotOutcome.REJECTED:
                self.decided_at = now
            case BallotOutcome.CANCELLED:
                self.ballot_id = None
        self._change(status, now)

    def take_reminder(self, today: date) -> Deadline | None:
        """The term for its promulgation, if the organ is to be reminded of it today; each day is taken once."""
        left = still_to_come(self.remind_on, today)
        if self.status is not ProposalStatus.ADOPTED or left == self.remind_on:
            return None
        self.remind_on = left
        return self._adopted().due

    def is_overdue_at(self, now: datetime) -> bool:
        """Whether it was not promulgated in its term; the adoption stands all the same (edge case 21)."""
        if self.overdue_since is not None or self.adoption is None:
            return self.overdue_since is not None
        return self.status is ProposalStatus.ADOPTED and self.adoption.is_overdue_at(now)

    def note_overdue(self, now: datetime) -> Deadline:
        """Note that the term for its promulgation was missed; the term."""
        PROPOSAL.after(self.status, ProposalAction.PROMULGATION)
        self.overdue_since = now
        self._change(self.status, now)
        return self._adopted().due

    def promulgate(
        self, by: Subject, supporters: frozenset[Subject], latest_version: int, now: datetime
    ) -> Adoption:
        """Make it the version after the latest (Art. 27, 31); the adoption that this rests on.

        Refuses its authors and its ``supporters`` (P40), and a base that no longer matches (edge case 17).
        """
        status = self._after(ProposalAction.PROMULGATION, now)
        if by in self.authors | supporters:
            raise ProposerIsPromulgator
        if self.base_version != latest_version:
            raise BaseNoLongerMatches(latest_version=latest_version)
        if self.is_overdue_at(now):
            self.overdue_since = self.overdue_since or now
        self.promulgated_version = latest_version + 1
        self._change(status, now)
        return self._adopted()

    def _adopted(self) -> Adoption:
        if self.adoption is None:
            raise NotAllowedNow(state=self.status.value, allowed_actions=[])
        return self.adoption

    def _after(self, action: ProposalAction, now: datetime) -> ProposalStatus:
        return PROPOSAL.after(self.status_at(now), action)

    def _change(self, status: ProposalStatus, now: datetime) -> None:
        self.status, self.updated_at = status, now
        self.version += 1


_ACTION_OF = {
    BallotOutcome.ADOPTED: ProposalAction.ADOPTION,
    BallotOutcome.REJECTED: ProposalAction.REJECTION,
    BallotOutcome.UNDETERMINED: ProposalAction.INDETERMINACY,
    BallotOutcome.CANCELLED: ProposalAction.CANCELLATION,
}
