"""Civil-day terms in the organ's own time zone. Instants are UTC; days belong to the zone."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Term:
    """A length of civil time: so many months (a year is twelve) and days."""

    days: int = 0
    months: int = 0

    def last_day(self, start: date) -> date:
        """The last day in time. The starting day is not counted: day 30 is in time, day 31 is late."""
        months = start.month - 1 + self.months
        year, month = start.year + months // 12, months % 12 + 1
        day = min(start.day, monthrange(year, month)[1])
        return date(year, month, day) + timedelta(days=self.days)


def civil_day(instant: datetime, zone: ZoneInfo) -> date:
    """The organ's calendar day at ``instant`` (aware)."""
    return instant.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which ``day`` begins in ``zone``."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) that no longer belongs to ``day`` in ``zone``."""
    return start_of(day + timedelta(days=1), zone)
