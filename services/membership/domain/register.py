"""The register: its version and chain head, its rolls, and what can be asked about a day (M6, M8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.membership.domain.errors import DayInTheFuture, InstantNotReached
from shared.kernel.chain import EMPTY_HEAD, next_head, roll_digest
from shared.kernel.text import Text

NO_MEMBERS_YET = Text("该日尚无成员登记", "The register had no entry on that day")


@dataclass(frozen=True, slots=True)
class RegisterHead:
    """The last register version and the chain head that proves everything up to it."""

    version: int = 0
    head: str = EMPTY_HEAD

    def next(self, change: Mapping[str, object]) -> "RegisterHead":
        """The head after ``change``: plain JSON values, among them its own ``register_version``, the next one."""
        if change["register_version"] != self.version + 1:
            raise ValueError("a change must carry the next register version")
        return RegisterHead(self.version + 1, next_head(self.head, change))


@dataclass(frozen=True, slots=True)
class Roll:
    """The electorate of a ballot: all members at ``instant``, as the register knew them at ``register`` (M8)."""

    register: RegisterHead
    instant: datetime
    count: int
    digest: str

    @classmethod
    def of(cls, member_ids: Iterable[str], instant: datetime, register: RegisterHead) -> "Roll":
        """The roll of these members, each counted once."""
        electorate = frozenset(member_ids)
        return cls(register, instant, len(electorate), roll_digest(electorate))


def check_reached(instant: datetime, now: datetime) -> None:
    """Refuses an ``instant`` that has not come: until then its electorate can still change (M8)."""
    if instant > now:
        raise InstantNotReached


def why_empty(as_of: date, *, first_change_on: date | None, today: date) -> Text | None:
    """Why the register of the day ``as_of`` is empty, or None where it is not (edge case 21).

    ``first_change_on`` is the civil day of the first change, if there was any. Refuses a future day.
    """
    if as_of > today:
        raise DayInTheFuture(latest_on=today.isoformat())
    if first_change_on is None or as_of < first_change_on:
        return NO_MEMBERS_YET
    return None
