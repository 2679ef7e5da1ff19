"""Membership periods, the endings announced for them, and what became of those (M2 to M5)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.kernel.actor import Subject
from shared.kernel.terms import civil_day, start_of


class Ending(StrEnum):
    """How a membership period ends. The public register says only that a unit ceased."""

    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    MERGED = "merged"
    DISSOLVED = "dissolved"


class AccessionBasis(StrEnum):
    """Why a membership period opened or runs again."""

    APPLICATION = "application"
    FOUNDING = "founding"
    IMPORT = "import"
    REINSTATED = "reinstated"
    READMITTED = "readmitted"


class AnnulmentOutcome(StrEnum):
    """What the annulment of a cancellation says: continuity, or membership again from a day (Art. 23)."""

    NEVER_CEASED = "never_ceased"
    READMITTED = "readmitted"


class EndingOutcome(StrEnum):
    """What became of an ending that does not stand."""

    RETRACTED = "retracted"
    REPLACED = "replaced"
    MOOT = "moot"
    ANNULLED = "annulled"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a verb acts: the instant (aware), the organ's zone, and the register version a change would take."""

    now: datetime
    zone: ZoneInfo
    register_version: int

    @property
    def today(self) -> date:
        """The organ's civil day."""
        return civil_day(self.now, self.zone)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What a case decided: the end of a membership from ``effective_at``, and who took part in deciding it."""

    case_id: str
    decision_number: str
    effective_at: datetime
    deciders: frozenset[Subject]


@dataclass(frozen=True, slots=True)
class Annulment:
    """What set a cancellation aside says: the unit never ceased, or is readmitted from a day (Art. 23, C7)."""

    case_id: str
    outcome: AnnulmentOutcome
    readmitted_from: date | None = None


@dataclass(frozen=True, slots=True)
class AnnouncedEnding:
    """An ending by notice or by decision, in effect from ``effective_at``, which falls on ``effective_on``.

    ``case_id``, ``decision_number`` and ``deciders`` belong to a cancellation: its case, its decision, and who took part
    in deciding. ``successor_id`` is the member that a merged unit goes on in; ``dissolved_on`` the day on which a
    dissolved one ceased to exist; ``evidence`` the reference of the act behind either.
    """

    id: str
    kind: Ending
    effective_at: datetime
    effective_on: date
    announced_at: datetime
    case_id: str | None = None
    decision_number: str | None = None
    deciders: frozenset[Subject] = frozenset()
    successor_id: str | None = None
    dissolved_on: date | None = None
    evidence: str | None = None

    @classmethod
    def from_day(cls, id: str, kind: Ending, on: date, at: Moment) -> "AnnouncedEnding":
        """An ending by notice or by a registrar's act: at once where ``on`` is today, else at 00:00 of that day."""
        effective_at = at.now if on == at.today else start_of(on, at.zone)
        return cls(id, kind, effective_at, on, at.now)

    @classmethod
    def by_decision(cls, id: str, cancellation: Cancellation, at: Moment) -> "AnnouncedEnding":
        """A cancellation: from the instant its decision names, never from before it became known here."""
        effective_at = max(cancellation.effective_at, at.now)
        return cls(
            id,
            Ending.CANCELLED,
            effective_at,
            civil_day(effective_at, at.zone),
            at.now,
            cancellation.case_id,
            cancellation.decision_number,
            cancellation.deciders,
        )


@dataclass(frozen=True, slots=True)
class SettledEnding:
    """An ending that does not stand, kept as a fact.

    ``ended_by`` and ``ended_on`` name, for a moot one, the ending that came first.
    """

    ending: AnnouncedEnding
    outcome: EndingOutcome
    settled_at: datetime
    ended_by: Ending | None = None
    ended_on: date | None = None


@dataclass(slots=True)
class Period:
    """A membership period: from ``opened_at`` (on the civil day ``opened_on``) until ``ended`` took effect."""

    id: str
    opened_on: date
    opened_at: datetime
    opened_version: int
    basis: AccessionBasis
    application_id: str | None = None
    ended: AnnouncedEnding | None = None
    ended_version: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether no ending has been applied to it."""
        return self.ended is None
