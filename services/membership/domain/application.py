"""An application to accede, from submission to the signed instrument (M1, M2, M5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.membership.domain.errors import (
    AlreadyLive,
    GroundNotLawful,
    HandlerDecidedCancellation,
    HandlerIsParty,
    MissingItemsUnnamed,
    NotEntitledToSign,
    NotTheApplicant,
    ReasonsMissing,
    RulesNotAccepted,
)
from services.membership.domain.identifier import checked_identifier
from services.membership.domain.lifecycle import APPLICATION, ApplicationAction, ApplicationStatus
from services.membership.domain.mandate import Appointment, MandateKind, check_term
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars
from shared.kernel.actor import Scope, Subject
from shared.kernel.rulebook import Basis, Rulebook
from shared.kernel.terms import civil_day

REVIEW_TERM = "application.review_term"


class ApplicationKind(StrEnum):
    """Whether the legal entity applies for the first time or was a member before."""

    FIRST = "first"
    RETURN = "return"


class RefusalGround(StrEnum):
    """The two lawful grounds on which an application is refused, and no other (Art. 28)."""

    NOT_A_PRACTITIONER = "not_a_practitioner"
    RULES_NOT_ACCEPTED = "rules_not_accepted"


@dataclass(frozen=True, slots=True)
class EntrustedMandate:
    """Whom the unit entrusted with signing, as filed: from ``valid_from`` until ``valid_until`` (exclusive)."""

    name: str
    subject: Subject
    valid_from: datetime
    valid_until: datetime | None = None

    def is_valid_at(self, instant: datetime) -> bool:
        """Whether it holds at ``instant``."""
        return self.valid_from <= instant and not self.is_over_at(instant)

    def is_over_at(self, instant: datetime) -> bool:
        """Whether it has ended by ``instant``."""
        return self.valid_until is not None and self.valid_until <= instant


@dataclass(frozen=True, slots=True)
class Accession:
    """A signed instrument: the membership counts from ``signed_at``, with the mandates that come with it."""

    application_id: str
    member_id: str
    kind: ApplicationKind
    signed_by: Subject
    signed_at: datetime
    appointments: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """A live application, or the member that a running period belongs to, and who applied for it."""

    id: str
    applicant: Subject | None


def check_nothing_live(existing: LiveEntry | None, applicant: Subject) -> None:
    """Refuses a second application of a legal entity; only the same applicant learns which one lives (M1)."""
    if existing is not None:
        raise AlreadyLive(
            **({"existing_id": existing.id} if existing.applicant == applicant else {})
        )


@dataclass(slots=True)
class Application:
    """An application. ``cancellation_deciders`` took part in an earlier cancellation of the returning unit.

    ``review_due_on`` is the last day in time for a decision; it rests on ``review_basis``, the rulebook
    under which the application was submitted. ``member_id`` is the former member's, or from accession on the new one's.
    """

    id: str
    kind: ApplicationKind
    applicant: Subject
    identifier: str
    particulars: Particulars
    legal_representative_subject: Subject
    accepts_rules: bool
    entrusted: list[EntrustedMandate]
    member_id: str | None
    cancellation_deciders: frozenset[Subject]
    submitted_at: datetime
    review_due_on: date
    review_basis: Basis
    status: ApplicationStatus = APPLICATION.start
    missing: tuple[str, ...] = ()
    ground: RefusalGround | None = None
    reasons: str | None = None
    decided_at: datetime | None = None
    decided_by: Subject | None = None
    signed_at: datetime | None = None
    signed_by: Subject | None = None
    retracted_at: datetime | None = None
    version: int = 1

    @classmethod
    def submit(
        cls,
        id: str,
        *,
        applicant: Subject,
        identifier: str,
        particulars: Particulars,
        legal_representative_subject: Subject,
        accepts_rules: bool,
        entrusted: Iterable[EntrustedMandate] = (),
        former: Member | None,
        rulebook: Rulebook,
        now: datetime,
        zone: ZoneInfo,
    ) -> "Application":
        """A new application; a return where the legal entity was a member before, as ``former`` (Art. 28).

        Refuses an identifier that is none and a mandate with an impossible term.
        """
        mandates = list(entrusted)
        for mandate in mandates:
            check_term(mandate.valid_from, mandate.valid_until)
        return cls(
            id=id,
            kind=ApplicationKind.RETURN if former else ApplicationKind.FIRST,
            applicant=applicant,
            identifier=checked_identifier(identifier),
            particulars=particulars,
            legal_representative_subject=legal_representative_subject,
            accepts_rules=accepts_rules,
            entrusted=mandates,
            member_id=former.id if former else None,
            cancellation_deciders=former.cancellation_deciders if former else frozenset(),
            submitted_at=now,
            review_due_on=rulebook.term(REVIEW_TERM).last_day(civil_day(now, zone)),
            review_basis=rulebook.basis(REVIEW_TERM),
        )

    @property
    def waiting_for(self) -> str | None:
        """``mandate`` while an approved application waits for someone entitled to sign (edge case 5)."""
        return "mandate" if self.status is ApplicationStatus.APPROVED else None

    @property
    def parties(self) -> frozenset[Subject]:
        """Whose application it is: the applicant, the legal representative, whoever is entrusted."""
        entrusted = (mandate.subject for mandate in self.entrusted)
        return frozenset({self.applicant, self.legal_representative_subject, *entrusted})

    def open_to(self, subject: Subject, now: datetime, *, is_registrar: bool) -> list[str]:
        """The acts that ``subject`` can do now, in the order of the lifecycle's table."""
        handles = is_registrar and subject not in self.parties | self.cancellation_deciders
        others = {
            ApplicationAction.RETURNING: handles,
            ApplicationAction.APPROVAL: handles and self.accepts_rules,
            ApplicationAction.REFUSAL: handles,
            ApplicationAction.INSTRUMENT: self._entitles(subject, now),
        }
        return [
            action
            for action in APPLICATION.allowed(self.status)
            if others.get(ApplicationAction(action), subject == self.applicant)
        ]

    def give_back(self, by: Subject, missing: Sequence[str]) -> None:
        """Return it to the applicant, saying what is missing. Refuses what ``HANDLING_RULES`` say."""
        status = APPLICATION.after(self.status, ApplicationAction.RETURNING)
        for rule in HANDLING_RULES:
            rule(self, by)
        named = tuple(item.strip() for item in missing if item.strip())
        if not named:
            raise MissingItemsUnnamed
        self.status, self.missing = status, named
        self.version += 1

    def resubmit(
        self,
        by: Subject,
        *,
        particulars: Particulars,
        legal_representative_subject: Subject,
        accepts_rules: bool,
    ) -> None:
        """Submit it again with what was missing, for the same legal entity. Only the applicant may."""
        status = APPLICATION.after(self.status, ApplicationAction.RESUBMISSION)
        by_is_the_applicant(self, by)
        self.status, self.missing = status, ()
        self.particulars = particulars
        self.legal_representative_subject = legal_representative_subject
        self.accepts_rules = accepts_rules
        self.version += 1

    def file_mandate(self, by: Subject, mandate: EntrustedMandate) -> None:
        """Put an entrusted one's mandate on file: it counts from now on, not before. Only the applicant may."""
        status = APPLICATION.after(self.status, ApplicationAction.MANDATE)
        by_is_the_applicant(self, by)
        check_term(mandate.valid_from, mandate.valid_until)
        self.status = status
        self.entrusted.append(mandate)
        self.version += 1

    def approve(self, by: Subject, now: datetime) -> None:
        """Find both criteria of Art. 28 met. Refuses what ``APPROVAL_RULES`` say."""
        status = APPLICATION.after(self.status, ApplicationAction.APPROVAL)
        for rule in APPROVAL_RULES:
            rule(self, by)
        self.status, self.decided_by, self.decided_at = status, by, now
        self.version += 1

    def refuse(self, by: Subject, ground: str, reasons: str, now: datetime) -> None:
        """Refuse it on a lawful ground, with reasons (Art. 28). Refuses what ``HANDLING_RULES`` say."""
        status = APPLICATION.after(self.status, ApplicationAction.REFUSAL)
        for rule in HANDLING_RULES:
            rule(self, by)
        lawful_grounds = [lawful.value for lawful in RefusalGround]
        if ground not in lawful_grounds:
            raise GroundNotLawful(lawful_grounds=lawful_grounds)
        if not reasons.strip():
            raise ReasonsMissing
        self.status, self.ground, self.reasons = status, RefusalGround(ground), reasons.strip()
        self.decided_by, self.decided_at = by, now
        self.version += 1

    def sign(self, by: Subject, now: datetime, new_member_id: str) -> Accession:
        """Sign the instrument of accession (Art. 26, M2). A unit that returns keeps its member id.

        Refuses whoever is neither the legal representative nor entrusted by a mandate valid at ``now``.
        """
        status = APPLICATION.after(self.status, ApplicationAction.INSTRUMENT)
        if not self._entitles(by, now):
            raise NotEntitledToSign(waiting_for=self.waiting_for)
        self.status, self.signed_by, self.signed_at = status, by, now
        self.member_id = self.member_id or new_member_id
        self.version += 1
        return Accession(self.id, self.member_id, self.kind, by, now, self._appointments(now))

    def retract(self, by: Subject, now: datetime) -> None:
        """Take it back before it is refused or signed. Only the applicant may."""
        status = APPLICATION.after(self.status, ApplicationAction.RETRACTION)
        by_is_the_applicant(self, by)
        self.status, self.retracted_at = status, now
        self.version += 1

    def _entitles(self, subject: Subject, instant: datetime) -> bool:
        return subject == self.legal_representative_subject or any(
            mandate.subject == subject and mandate.is_valid_at(instant)
            for mandate in self.entrusted
        )

    def _appointments(self, now: datetime) -> tuple[Appointment, ...]:
        """The legal representative's mandate and the last one filed for each entrusted subject, if not over."""
        everything = frozenset({Scope.ALL})
        entrusted = {m.subject: m for m in self.entrusted if not m.is_over_at(now)}
        entrusted.pop(self.legal_representative_subject, None)
        return (
            Appointment(
                MandateKind.LEGAL_REPRESENTATIVE,
                self.legal_representative_subject,
                self.particulars.legal_representative,
                everything,
                now,
            ),
            *(
                Appointment(
                    MandateKind.ENTRUSTED, subject, m.name, everything, m.valid_from, m.valid_until
                )
                for subject, m in entrusted.items()
            ),
        )


def by_is_the_applicant(application: Application, by: Subject) -> None:
    """The applicant's own acts are nobody else's."""
    if by != application.applicant:
        raise NotTheApplicant


def by_is_no_party(application: Application, by: Subject) -> None:
    """Four eyes: nobody handles an application of their own."""
    if by in application.parties:
        raise HandlerIsParty


def by_took_no_part_in_the_cancellation(returning: Application | Member, by: Subject) -> None:
    """A return after a cancellation is handled by others (edge case 11)."""
    if by in returning.cancellation_deciders:
        raise HandlerDecidedCancellation


def the_rules_are_accepted(application: Application, _by: Subject) -> None:
    """Accepting the rules is one of the two criteria of Art. 28."""
    if not application.accepts_rules:
        raise RulesNotAccepted(lawful_ground=RefusalGround.RULES_NOT_ACCEPTED.value)


HANDLING_RULES = (by_is_no_party, by_took_no_part_in_the_cancellation)
APPROVAL_RULES = (*HANDLING_RULES, the_rules_are_accepted)
