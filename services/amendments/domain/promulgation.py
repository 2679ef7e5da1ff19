"""The promulgation of an adopted amendment: when it was due, and whether it came in time (A6, Art. 26, 27, 31)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.amendments.domain.deadline import Deadline
from shared.kernel.actor import Subject
from shared.kernel.rulebook import Basis
from shared.kernel.terms import civil_day


@dataclass(frozen=True, slots=True)
class Adoption:
    """A proposal was adopted at an instant, and is to be promulgated in a term."""

    at: datetime
    due: Deadline

    def is_overdue_at(self, now: datetime) -> bool:
        """Whether the term is over."""
        return now >= self.due.ends_at


@dataclass(frozen=True, slots=True)
class Publication:
    """How an amendment is to be published: in force at once or on a named day, some provisions only later."""

    in_force_on: date | None = None
    applies_from: Mapping[str, date] | None = None


@dataclass(frozen=True, slots=True)
class Promulgation:
    """An adopted proposal became a version of the convention; valid since its adoption, ``is_late`` after ``due_on``."""

    id: str
    proposal_id: str
    convention_version: int
    valid_on: date
    in_force_on: date
    due_on: date
    due_basis: Basis
    is_late: bool
    proposed_by: Subject
    promulgated_by: Subject
    promulgated_at: datetime

    @classmethod
    def of(
        cls,
        id: str,
        proposal_id: str,
        convention_version: int,
        *,
        adoption: Adoption,
        in_force_on: date,
        proposed_by: Subject,
        promulgated_by: Subject,
        now: datetime,
        zone: ZoneInfo,
    ) -> "Promulgation":
        """The promulgation made now, held against the term that it had."""
        return cls(
            id,
            proposal_id,
            convention_version,
            civil_day(adoption.at, zone),
            in_force_on,
            adoption.due.on,
            adoption.due.basis,
            adoption.is_overdue_at(now),
            proposed_by,
            promulgated_by,
            now,
        )
