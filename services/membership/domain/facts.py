"""What the verbs of a member report: facts from which the use case makes announcements."""

from dataclasses import dataclass
from datetime import date, datetime

from services.membership.domain.mandate import Mandate
from services.membership.domain.period import AccessionBasis, Ending


@dataclass(frozen=True, slots=True)
class PeriodOpened:
    """A membership period opened, or runs again, with ``register_version``."""

    period_id: str
    basis: AccessionBasis
    application_id: str | None
    effective_on: date
    register_version: int


@dataclass(frozen=True, slots=True)
class PeriodEnded:
    """A membership period ended with ``register_version``; its mandates ended with it.

    ``successor_id`` is the member that a merged unit goes on in.
    """

    period_id: str
    ending: Ending
    effective_on: date
    ground_case_id: str | None
    register_version: int
    successor_id: str | None = None


@dataclass(frozen=True, slots=True)
class EndingAnnounced:
    """The running period will end on a later day."""

    ending: Ending
    effective_on: date


@dataclass(frozen=True, slots=True)
class EndingRetracted:
    """The running period will not end on that day after all."""

    ending: Ending
    effective_on: date


@dataclass(frozen=True, slots=True)
class CancellationMoot:
    """A cancellation that ends nothing: the membership had ended by ``ended_by`` before it."""

    case_id: str
    decision_number: str
    ended_by: Ending


@dataclass(frozen=True, slots=True)
class CancellationKnown:
    """This case's cancellation was decided here before: nothing happened."""

    case_id: str


@dataclass(frozen=True, slots=True)
class MandateGiven:
    """A mandate was put on the register."""

    mandate: Mandate


@dataclass(frozen=True, slots=True)
class MandateRemoved:
    """A mandate ends at ``removed_at``; what was done under it before stays valid."""

    mandate_id: str
    period_id: str
    removed_at: datetime


Fact = (
    PeriodOpened
    | PeriodEnded
    | EndingAnnounced
    | EndingRetracted
    | CancellationMoot
    | CancellationKnown
    | MandateGiven
    | MandateRemoved
)
