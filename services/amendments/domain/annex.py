"""Self-discipline agreements of a branch of the industry, annexed to the convention (A7, Art. 29)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.amendments.domain.annex_text import Amendment, AnnexText, digest_of
from services.amendments.domain.changes import is_bounded, value_data
from services.amendments.domain.errors import (
    AnnexDraftNotValid,
    BindsWholeBranch,
    DraftChangedSince,
    NoAmendmentOpen,
    NotTheDrafter,
    ParentNotInForce,
    PutToTheVote,
)
from services.amendments.domain.lifecycle import ANNEX, AnnexAction, AnnexStatus
from services.amendments.domain.provision import ConventionText, Wording
from services.amendments.domain.subject import BallotOutcome, check_rests_on
from services.amendments.domain.support import Standing, first_reached
from services.amendments.domain.version import Version
from shared.kernel.actor import Subject
from shared.kernel.ratio import Ratio
from shared.kernel.terms import Term, civil_day

CONSENT = "annex.adoption"


class AdherentRule(StrEnum):
    """Whom an annex binds: the members of the branch that sign it (the default), or all of the branch."""

    SIGNATORIES = "signatories"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Profile:
    """An annex's own rules, frozen when the members consented: whom it binds, who amends it, how long it is on trial."""

    adherents: AdherentRule
    amendment: Ratio
    trial: Term | None

    def check(self) -> None:
        """Refuse a ratio or a trial beyond what any rule of the rulebook can be, and a trial of no time at all."""
        trial = self.trial
        if not is_bounded(self.amendment):
            raise AnnexDraftNotValid(reason="ratio")
        if trial is not None and not (is_bounded(trial) and trial.days + trial.months):
            raise AnnexDraftNotValid(reason="trial")

    def as_data(self) -> dict[str, object]:
        """The profile as plain values."""
        return {
            "adherents": self.adherents.value,
            "amendment": value_data(self.amendment),
            "trial": None if self.trial is None else value_data(self.trial),
        }


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A provision of the annex contradicts one of the convention, which prevails (edge case 23)."""

    number: int
    provision_id: str
    reasons: Wording
    marked_by: Subject
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """What a caller is to an annex."""

    drafts: bool = False
    adheres: bool = False
    may_adhere: bool = False
    may_call_ballot: bool = False
    may_mark_conflicts: bool = False


@dataclass(slots=True)
class Annex:
    """An annex under ``parent``, a provision of the convention, for one ``sector`` of the industry.

    ``authors``: everyone who wrote its draft or changed it, none of whom calls its ballot (P40). ``was_in_ballot``: a
    ballot on it has opened, once.
    ``number`` and ``adopted_at`` from the consent on. ``text_version`` counts its texts, ``highest`` is the highest
    number that a provision of it ever had. ``trial_until``: the last day of its trial; that it was over was told at
    ``trial_ended_at``. ``tested_version``: the register version up to which the open amendment's consents were counted.
    ``ends_on``: the day from which its parent is law no longer.
    """

    id: str
    sector: str
    parent: str
    text: AnnexText
    profile: Profile
    drafted_by: Subject
    drafter: str
    authors: frozenset[Subject]
    created_at: datetime
    updated_at: datetime
    status: AnnexStatus = ANNEX.start
    version: int = 1
    number: int | None = None
    text_version: int = 0
    highest: int = 0
    ballot_id: str | None = None
    was_in_ballot: bool = False
    adopted_at: datetime | None = None
    trial_until: date | None = None
    trial_ended_at: datetime | None = None
    amendment: Amendment | None = None
    tested_version: int = 0
    conflicts: tuple[Contradiction, ...] = ()
    ends_on: date | None = None

    @classmethod
    def draft(
        cls,
        id: str,
        *,
        sector: str,
        parent: str,
        text: AnnexText,
        profile: Profile,
        by: Subject,
        drafter: str,
        convention: ConventionText,
        now: datetime,
    ) -> "Annex":
        """Begin an annex; refuses one under a provision that is not law, numbers or own rules that cannot be."""
        _check_draft(convention, parent, text, profile)
        return cls(id, sector, parent, text, profile, by, drafter, frozenset({by}), now, now)

    @property
    def digest(self) -> str:
        """SHA-256 over all that the members consent to: the text, the profile, whose it is and where it hangs."""
        return digest_of(
            {
                "sector": self.sector,
                "parent": self.parent,
                "text": self.text.as_data(),
                "profile": self.profile.as_data(),
            }
        )

    def status_at(self, today: date) -> AnnexStatus:
        """Its status; ended from the day on which its parent is law no longer."""
        if self.ends_on is not None and today >= self.ends_on:
            return ANNEX.after(self.status, AnnexAction.ENDING)
        return self.status

    def is_on_trial(self, today: date) -> bool:
        """Whether its trial runs. When that is over it binds as before: nothing in Art. 29 ends an agreement by the clock."""
        in_force = self.status_at(today) is AnnexStatus.IN_FORCE
        return in_force and self.trial_until is not None and today <= self.trial_until

    def open_to(self, part: Part, today: date) -> list[str]:
        """The acts that a caller with this ``part`` in it can do now, in the order of the lifecycle's table."""
        signs = self.profile.adherents is AdherentRule.SIGNATORIES
        allowed = {
            AnnexAction.DRAFT: part.drafts,
            AnnexAction.RETRACTION: part.drafts and not self.was_in_ballot,
            AnnexAction.BALLOT: part.may_call_ballot,
            AnnexAction.ADHERENCE: part.may_adhere and signs and not part.adheres,
            AnnexAction.LEAVING: part.adheres and signs,
            AnnexAction.AMENDMENT: part.adheres,
            AnnexAction.CONSENT: part.adheres and self.amendment is not None,
            AnnexAction.CONFLICT: part.may_mark_conflicts,
        }
        return [
            action
            for action in ANNEX.allowed(self.status_at(today))
            if allowed.get(AnnexAction(action))
        ]

    def edit(
        self,
        by: Subject,
        unit: str,
        *,
        text: AnnexText,
        profile: Profile,
        parent: str,
        convention: ConventionText,
        now: datetime,
        today: date,
    ) -> None:
        """Replace the draft, before its ballot is called."""
        status = self._after(AnnexAction.DRAFT, today)
        self._check_drafter(unit)
        _check_draft(convention, parent, text, profile)
        self.text, self.profile, self.parent = text, profile, parent
        self.authors |= {by}
        self._change(status, now)

    def retract(self, by: str, now: datetime, today: date) -> None:
        """Give it up, before a ballot on it opens and never after."""
        status = self._after(AnnexAction.RETRACTION, today)
        self._check_drafter(by)
        if self.was_in_ballot:
            raise PutToTheVote
        self._change(status, now)

    def check_ballotable(self, convention: ConventionText, today: date) -> None:
        """Refuse a ballot that its status does not allow, or under a provision that is not law any more."""
        self._after(AnnexAction.BALLOT, today)
        check_parent(convention, self.parent)

    def note_ballot_called(self, ballot_id: str, now: datetime) -> None:
        """Its ballot was called."""
        status = ANNEX.after(self.status, AnnexAction.BALLOT)
        self.ballot_id = ballot_id
        self._change(status, now)

    def note_ballot_opened(self, ballot_id: str, now: datetime) -> None:
        """Its ballot is open."""
        check_rests_on(ballot_id, self.ballot_id)
        status = ANNEX.after(self.status, AnnexAction.OPENING)
        self.was_in_ballot = True
        self._change(status, now)

    def note_outcome(
        self,
        ballot_id: str,
        outcome: BallotOutcome,
        *,
        number: int,
        parent_until: date | None,
        now: datetime,
        zone: ZoneInfo,
    ) -> None:
        """What the members decided. Consented, it is annexed as ``number`` and its profile is frozen (edge case 23).

        ``parent_until``: the day from which its parent is law no longer, where a version that repeals it is promulgated.
        """
        check_rests_on(ballot_id, self.ballot_id)
        today = civil_day(now, zone)
        status = self._after(_ACTION_OF[outcome], today)
        if outcome is BallotOutcome.ADOPTED:
            self.number, self.adopted_at, self.text_version = number, now, 1
            self.highest = max(self.text.numbers)
            if self.profile.trial is not None:
                self.trial_until = self.profile.trial.last_day(today)
            if parent_until is not None:
                self.ends_on = max(parent_until, today)
        if outcome is BallotOutcome.CANCELLED:
            self.ballot_id = None
        self._change(status, now)

    def check_signable(self, today: date) -> None:
        """Refuse a signature where it is not in force, or binds the whole branch without one."""
        self._after(AnnexAction.ADHERENCE, today)
        self._check_signed()

    def check_leavable(self, today: date) -> None:
        """Refuse to let go where it is not in force, or binds the whole branch."""
        self._after(AnnexAction.LEAVING, today)
        self._check_signed()

    def end_trial(self, now: datetime, today: date) -> date | None:
        """Note that its trial is over; the last day that it had, None where that was noted or is still to come."""
        status = ANNEX.after(self.status, AnnexAction.TRIAL_END)
        until = self.trial_until
        if until is None or today <= until or self.trial_ended_at is not None:
            return None
        self.trial_ended_at = now
        self._change(status, now)
        return until

    def propose_amendment(self, amendment: Amendment, today: date) -> None:
        """Put another text to the adherents, in place of what was proposed before (edge case 23: by its own rule)."""
        status = self._after(AnnexAction.AMENDMENT, today)
        amendment.text.check_numbers(self.text.numbers, self.highest)
        if amendment.text == self.text:
            raise AnnexDraftNotValid(reason="nothing changed")
        self.amendment = amendment
        self._change(status, amendment.proposed_at)

    def check_consent(self, digest: str, today: date) -> Amendment:
        """The open amendment, if it is the one with this hash."""
        self._after(AnnexAction.CONSENT, today)
        if self.amendment is None:
            raise NoAmendmentOpen
        if self.amendment.digest != digest:
            raise DraftChangedSince
        return self.amendment

    def amend_where_agreed(
        self, tested: Iterable[Standing], now: datetime, today: date
    ) -> Standing | None:
        """Make the open amendment its text at the first standing at which enough of its adherents consented.

        That standing; None where there is none, or where it is in force no longer.
        """
        amendment = self.amendment
        if amendment is None or self.status_at(today) is not AnnexStatus.IN_FORCE:
            return None
        reached = first_reached(self.profile.amendment, tested)
        if reached is None:
            return None
        self.text, self.amendment = amendment.text, None
        self.text_version += 1
        self.highest = max(self.highest, *self.text.numbers)
        self.conflicts = tuple(c for c in self.conflicts if c.number in self.text.numbers)
        self._change(self.status, now)
        return reached

    def mark_conflict(
        self, conflict: Contradiction, convention: ConventionText, today: date
    ) -> None:
        """Mark a provision as contradicting one of the convention: the parent prevails (edge case 23)."""
        status = self._after(AnnexAction.CONFLICT, today)
        check_parent(convention, conflict.provision_id)
        if conflict.number not in self.text.numbers:
            raise AnnexDraftNotValid(reason="no such provision")
        others = (
            c
            for c in self.conflicts
            if (c.number, c.provision_id) != (conflict.number, conflict.provision_id)
        )
        self.conflicts = (*others, conflict)
        self._change(status, conflict.marked_at)

    def note_parent_repealed(self, on: date, now: datetime) -> None:
        """Its parent is law no longer from a day on, and neither is it (edge case 23)."""
        ANNEX.after(self.status, AnnexAction.ENDING)
        self.ends_on = on
        self._change(self.status, now)

    def _check_signed(self) -> None:
        if self.profile.adherents is not AdherentRule.SIGNATORIES:
            raise BindsWholeBranch

    def _check_drafter(self, by: str) -> None:
        if by != self.drafter:
            raise NotTheDrafter

    def _after(self, action: AnnexAction, today: date) -> AnnexStatus:
        return ANNEX.after(self.status_at(today), action)

    def _change(self, status: AnnexStatus, now: datetime) -> None:
        self.status, self.updated_at = status, now
        self.version += 1


def _check_draft(
    convention: ConventionText, parent: str, text: AnnexText, profile: Profile
) -> None:
    check_parent(convention, parent)
    text.check_numbers(frozenset(), 0)
    profile.check()


def check_parent(convention: ConventionText, provision_id: str) -> None:
    """Refuse what is no law in the text of the ``convention`` that is in force: unknown, or repealed."""
    found = convention.by_id.get(provision_id)
    if found is None or found.is_repealed:
        raise ParentNotInForce


def repealed_from(versions: Iterable[Version], provision_id: str) -> date | None:
    """The day from which a provision is law no longer, by what has been promulgated; None where nothing repeals it."""
    for version in sorted(versions, key=lambda version: version.number):
        found = version.text.by_id.get(provision_id)
        if found is not None and found.is_repealed:
            return version.in_force_on
    return None


_ACTION_OF = {
    BallotOutcome.ADOPTED: AnnexAction.ADOPTION,
    BallotOutcome.REJECTED: AnnexAction.REJECTION,
    BallotOutcome.UNDETERMINED: AnnexAction.INDETERMINACY,
    BallotOutcome.CANCELLED: AnnexAction.CANCELLATION,
}
