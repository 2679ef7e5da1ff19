"""Deadlines of proceedings, each with what it rests on, and when the organ is reminded of what it has to publish."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.kernel.rulebook import Basis, Rulebook
from shared.kernel.terms import civil_day, end_of

FIRST_REMINDER = "publication.first_reminder_term"
SECOND_REMINDER = "publication.second_reminder_term"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last civil day in time, the first instant that is too late, and what the day rests on."""

    on: date
    ends_at: datetime
    basis: Basis

    @classmethod
    def after(cls, now: datetime, rulebook: Rulebook, key: str, zone: ZoneInfo) -> "Deadline":
        """The deadline that a term of ``rulebook`` sets from ``now``."""
        on = rulebook.term(key).last_day(civil_day(now, zone))
        return cls(on, end_of(on, zone), rulebook.basis(key))


def reminders_of(due_on: date, since: date, rulebook: Rulebook) -> tuple[date, ...]:
    """The days on which the organ is reminded of a publication duty that began on ``since`` (Art. 26).

    Those of ``rulebook`` that come before the last day in time, and that day itself.
    """
    named = {rulebook.term(key).last_day(since) for key in (FIRST_REMINDER, SECOND_REMINDER)}
    return (*sorted(day for day in named if day < due_on), due_on)


def still_to_come(days: tuple[date, ...], today: date) -> tuple[date, ...]:
    """What is left of ``days`` when today's reminder, and any that was missed before it, has been given."""
    return tuple(day for day in days if day > today)
