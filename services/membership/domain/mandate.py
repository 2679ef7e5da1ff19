"""Mandates: who may act for a member, in what, from when, until when (M9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.membership.domain.errors import (
    LastFullMandate,
    MandateOver,
    MandateTermNotValid,
    ScopesNotOfKind,
    SubjectHasMandate,
)
from shared.kernel.actor import Scope, Subject


class MandateKind(StrEnum):
    """On what footing a subject acts for a member."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    ENTRUSTED = "entrusted"
    MACHINE = "machine"


SCOPES_OF_KIND = {
    MandateKind.LEGAL_REPRESENTATIVE: frozenset({Scope.ALL}),
    MandateKind.MACHINE: frozenset({Scope.CIRCULARS}),
}


@dataclass(frozen=True, slots=True)
class Appointment:
    """What whoever appoints asks for: whom, on what footing, for what, from when, until when (exclusive)."""

    kind: MandateKind
    subject: Subject
    name: str
    scopes: frozenset[Scope]
    valid_from: datetime
    valid_until: datetime | None = None


@dataclass(slots=True)
class Mandate:
    """A mandate given in one membership period. It lives at most as long as that period."""

    id: str
    period_id: str
    kind: MandateKind
    subject: Subject
    name: str
    scopes: frozenset[Scope]
    valid_from: datetime
    valid_until: datetime | None = None
    removed_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """The first instant at which it is valid no more, by its own term or by removal; None while open."""
        return min((end for end in (self.valid_until, self.removed_at) if end), default=None)

    def is_over_at(self, instant: datetime) -> bool:
        """Whether it has ended, or was removed, by ``instant``."""
        return self.ends_at is not None and self.ends_at <= instant

    def is_valid_at(self, instant: datetime) -> bool:
        """Whether it holds at ``instant``, as far as the mandate itself goes."""
        return self.valid_from <= instant and not self.is_over_at(instant)

    def allows(self, scope: Scope) -> bool:
        """Whether it covers ``scope``; ``all`` covers the other three."""
        return scope in self.scopes or Scope.ALL in self.scopes

    def meets(self, appointment: Appointment) -> bool:
        """Whether it and the appointment would be valid at some common instant."""
        begins_in_time = (
            appointment.valid_until is None or self.valid_from < appointment.valid_until
        )
        return begins_in_time and not self.is_over_at(appointment.valid_from)

    @classmethod
    def given(cls, id: str, period_id: str, appointment: Appointment) -> "Mandate":
        """The mandate that ``appointment`` asks for."""
        return cls(
            id,
            period_id,
            appointment.kind,
            appointment.subject,
            appointment.name,
            appointment.scopes,
            appointment.valid_from,
            appointment.valid_until,
        )


def check_term(valid_from: datetime, valid_until: datetime | None) -> None:
    """Refuses a term that ends before or as it begins."""
    if valid_until is not None and valid_until <= valid_from:
        raise MandateTermNotValid


def the_scopes_fit_its_kind(appointment: Appointment, _held: Sequence[Mandate]) -> None:
    """A legal representative has ``all``, a machine ``circulars``, an entrusted one something."""
    fixed = SCOPES_OF_KIND.get(appointment.kind)
    if not appointment.scopes or (fixed is not None and appointment.scopes != fixed):
        raise ScopesNotOfKind


def it_is_not_over_before_it_begins(appointment: Appointment, _held: Sequence[Mandate]) -> None:
    """It ends after it begins, and lies not wholly in the past."""
    check_term(appointment.valid_from, appointment.valid_until)


def its_subject_holds_no_other(appointment: Appointment, held: Sequence[Mandate]) -> None:
    """One mandate a subject at a time; a legal representative's takes the place of what the subject held."""
    if appointment.kind is not MandateKind.LEGAL_REPRESENTATIVE and any(
        mandate.subject == appointment.subject and mandate.meets(appointment) for mandate in held
    ):
        raise SubjectHasMandate


APPOINTMENT_RULES = (
    the_scopes_fit_its_kind,
    it_is_not_over_before_it_begins,
    its_subject_holds_no_other,
)


def superseded_by(appointment: Appointment, held: Sequence[Mandate]) -> list[Mandate]:
    """The mandates that give way to a new legal representative: the former one's and the subject's own."""
    if appointment.kind is not MandateKind.LEGAL_REPRESENTATIVE:
        return []
    return [
        mandate
        for mandate in held
        if not mandate.is_over_at(appointment.valid_from)
        and (
            mandate.kind is MandateKind.LEGAL_REPRESENTATIVE
            or mandate.subject == appointment.subject
        )
    ]


def it_is_not_over(mandate: Mandate, _held: Sequence[Mandate], now: datetime) -> None:
    """What is over is not ended again."""
    if mandate.is_over_at(now):
        raise MandateOver


def somebody_else_can_act_in_everything(
    mandate: Mandate, held: Sequence[Mandate], now: datetime
) -> None:
    """A unit never removes the last one who may appoint others: neither of today nor of any later day.

    Coverage is lost, if ever, as the removal bites or as another full mandate ends.
    """
    if not mandate.allows(Scope.ALL):
        return
    others = [other for other in held if other is not mandate and other.allows(Scope.ALL)]
    bites = max(now, mandate.valid_from)
    for instant in (bites, *(o.ends_at for o in others if o.ends_at and o.ends_at > bites)):
        if mandate.is_valid_at(instant) and not any(o.is_valid_at(instant) for o in others):
            raise LastFullMandate


REMOVAL_RULES = (it_is_not_over, somebody_else_can_act_in_everything)
