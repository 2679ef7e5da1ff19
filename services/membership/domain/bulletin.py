"""Bulletins: which editions are due, what stands in one, and how one is mended (M7)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.membership.domain.errors import EditionUnknown
from services.membership.domain.register import RegisterHead
from shared.kernel.terms import Term

ONE_DAY = timedelta(days=1)


class MovementKind(StrEnum):
    """What the public learns: that a unit joined or ceased, never why, or bears another name."""

    JOINED = "joined"
    CEASED = "ceased"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Movement:
    """One public movement of the register, effective ``on`` a civil day. Names are those of that day."""

    register_version: int
    kind: MovementKind
    on: date
    member_id: str
    legal_name_zh: str
    legal_name_en: str
    former_name_zh: str | None = None
    former_name_en: str | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """A numbered edition for the days ``from_day`` to ``to_day``, both included, or an erratum to one.

    ``members_count`` is that at the end of ``to_day``; ``register`` is the head it was composed at.
    """

    number: int
    erratum_of: int | None
    from_day: date
    to_day: date
    members_count: int
    movements: tuple[Movement, ...]
    register: RegisterHead

    @property
    def joined_count(self) -> int:
        """How many movements are accessions."""
        return self._count(MovementKind.JOINED)

    @property
    def ceased_count(self) -> int:
        """How many movements are endings."""
        return self._count(MovementKind.CEASED)

    @property
    def renamed_count(self) -> int:
        """How many movements are changes of name."""
        return self._count(MovementKind.RENAMED)

    def _count(self, kind: MovementKind) -> int:
        return sum(movement.kind is kind for movement in self.movements)


def due_editions(
    *, first_change_on: date | None, last_to_day: date | None, today: date, period: Term
) -> Iterator[tuple[date, date]]:
    """The periods (first day, last day) that have ended and have no edition yet, earliest first.

    ``period`` is ``bulletin.period`` of the rulebook. Periods are whole civil months, the first being that of the
    first change; later ones follow on ``last_to_day``. Before the first change there are none.
    """
    if first_change_on is None:
        return
    from_day = last_to_day + ONE_DAY if last_to_day else first_change_on.replace(day=1)
    while (following := period.last_day(from_day)) <= today:
        if following <= from_day:
            raise ValueError("the period of the bulletin must have a length")
        yield from_day, following - ONE_DAY
        from_day = following


def compose(
    number: int,
    from_day: date,
    to_day: date,
    movements: Iterable[Movement],
    *,
    members_count: int,
    register: RegisterHead,
    erratum_of: int | None = None,
) -> Edition:
    """The edition of these days: their ``movements`` in order of day and register version; others are left out."""
    within = (movement for movement in movements if from_day <= movement.on <= to_day)
    in_order = tuple(sorted(within, key=lambda m: (m.on, m.register_version)))
    return Edition(number, erratum_of, from_day, to_day, members_count, in_order, register)


def edition_mended_by(number: int, editions: Mapping[int, int | None]) -> int:
    """The original edition that an erratum to ``number`` mends: where that is an erratum itself, what it mends.

    ``editions`` gives for every number published what it is an erratum of. Refuses an unknown number.
    """
    if number not in editions:
        raise EditionUnknown
    return editions[number] or number
