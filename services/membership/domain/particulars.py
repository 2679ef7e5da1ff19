"""The particulars of a member: the rules of each field, and their history with validity (M10)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.membership.domain.errors import (
    DayInTheFuture,
    NothingChanged,
    ParticularsBackDated,
    ParticularsNotValid,
    Problem,
)

MOST_CHARACTERS = 200
MOST_MARKS_IN_A_ROW = 3
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)"
    r"[A-Za-z0-9_][A-Za-z0-9_%+'-]*(?:\.[A-Za-z0-9_%+'-]+)*"
    rf"@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])"
)
_TELEPHONE = re.compile(r"[+(]?[0-9][0-9 ()./-]{3,38}")


class Sector(StrEnum):
    """What a practitioner of the industry does (Art. 2)."""

    ACCESS_SERVICE = "access_service"
    APPLICATION_SERVICE = "application_service"
    INFORMATION_SERVICE = "information_service"
    PRODUCT_MAKER = "product_maker"
    RESOURCE_DEVELOPER = "resource_developer"
    RESEARCH_EDUCATION_SERVICE = "research_education_service"
    VENUE_OPERATOR = "venue_operator"


_SECTORS = {sector.value: sector for sector in Sector}


def check_name(field: str, text: str) -> Iterator[Problem]:
    """What is wrong with ``text`` as the name of a unit, a group or a person."""
    name = _trimmed(text)
    if not name:
        yield Problem(field, "missing")
        return
    if FORMULA_STARTS & {text.lstrip(" ")[0], name[0]}:
        yield Problem(field, "starts like a spreadsheet formula")
    if len(name) > MOST_CHARACTERS:
        yield Problem(field, f"longer than {MOST_CHARACTERS} characters")
    if _UNPRINTABLE.search(name):
        yield Problem(field, "control characters")
    if not name.isascii() and _piles_up_marks(name):
        yield Problem(field, "too many combining marks")


def check_sectors(field: str, values: Iterable[str]) -> Iterator[Problem]:
    """What is wrong with ``values`` as the sectors of a practitioner: at least one, each known (Art. 2)."""
    given = set(values)
    if not given:
        yield Problem(field, "missing")
    elif not given <= _SECTORS.keys():
        yield Problem(field, "unknown value")


def check_email(field: str, text: str) -> Iterator[Problem]:
    """What is wrong with ``text`` as a mail address."""
    address = text.strip()
    if not address:
        yield Problem(field, "missing")
    elif not _ADDRESS.fullmatch(address):
        yield Problem(field, "not an address")


def check_phone(field: str, text: str) -> Iterator[Problem]:
    """What is wrong with ``text`` as a telephone number."""
    if not _TELEPHONE.fullmatch(text.strip()):
        yield Problem(field, "not a telephone number")


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the register says about a unit beside its identifier; ``checked`` makes one from what was sent.

    ``sectors`` are sorted and unique. ``group`` is the disclosed affiliation: affiliated units count one each.
    ``unreachable`` is a remark and ends nothing.
    """

    legal_name_zh: str
    legal_name_en: str
    sectors: tuple[Sector, ...]
    legal_representative: str
    contact_email: str
    contact_phone: str | None = None
    group: str | None = None
    unreachable: bool = False

    @classmethod
    def checked(
        cls,
        *,
        legal_name_zh: str,
        legal_name_en: str,
        sectors: Iterable[str],
        legal_representative: str,
        contact_email: str,
        contact_phone: str | None = None,
        group: str | None = None,
        unreachable: bool = False,
    ) -> "Particulars":
        """The particulars with names trimmed and in NFC; refuses with ``ParticularsNotValid``, all problems at once."""
        sectors = tuple(sectors)
        problems = [
            *check_name("legal_name_zh", legal_name_zh),
            *check_name("legal_name_en", legal_name_en),
            *check_sectors("sectors", sectors),
            *check_name("legal_representative", legal_representative),
            *check_email("contact_email", contact_email),
            *(check_phone("contact_phone", contact_phone) if contact_phone else ()),
            *(check_name("group", group) if group else ()),
        ]
        if problems:
            raise ParticularsNotValid(problems)
        return cls(
            _trimmed(legal_name_zh),
            _trimmed(legal_name_en),
            tuple(sorted({_SECTORS[sector] for sector in sectors})),
            _trimmed(legal_representative),
            contact_email.strip(),
            contact_phone.strip() if contact_phone else None,
            _trimmed(group) if group else None,
            unreachable,
        )


@dataclass(frozen=True, slots=True)
class ParticularsRow:
    """Particulars as they are from ``valid_from`` on, entered with register version ``entered_version``."""

    valid_from: date
    entered_version: int
    particulars: Particulars


@dataclass(frozen=True, slots=True)
class ParticularsChange:
    """A change asked for on ``today``: ``particulars`` are to replace ``latest`` from ``valid_from`` on."""

    latest: ParticularsRow
    particulars: Particulars
    valid_from: date
    today: date


def it_is_valid_from_no_future_day(change: ParticularsChange) -> None:
    """The register does not foretell names."""
    if change.valid_from > change.today:
        raise DayInTheFuture(latest_on=change.today.isoformat())


def it_does_not_reach_behind_the_latest(change: ParticularsChange) -> None:
    """Nothing is entered before the latest row."""
    if change.valid_from < change.latest.valid_from:
        raise ParticularsBackDated(earliest_on=change.latest.valid_from.isoformat())


def it_changes_something(change: ParticularsChange) -> None:
    """A register version is taken only by a change."""
    if change.particulars == change.latest.particulars:
        raise NothingChanged


CHANGE_RULES = (
    it_is_valid_from_no_future_day,
    it_does_not_reach_behind_the_latest,
    it_changes_something,
)


def row_of(day: date, history: Sequence[ParticularsRow]) -> ParticularsRow:
    """The row that the register of ``day`` shows: the latest valid then; before the first, the first."""
    valid = [row for row in history if row.valid_from <= day]
    if not valid:
        return min(history, key=_validity)
    return max(valid, key=_validity)


def changed(
    history: Sequence[ParticularsRow],
    particulars: Particulars,
    *,
    valid_from: date,
    today: date,
    register_version: int,
) -> ParticularsRow:
    """The row to append to ``history``. Refuses a future day, a day before the latest row, a change of nothing."""
    change = ParticularsChange(max(history, key=_validity), particulars, valid_from, today)
    for rule in CHANGE_RULES:
        rule(change)
    return ParticularsRow(valid_from, register_version, particulars)


def _validity(row: ParticularsRow) -> tuple[date, int]:
    return row.valid_from, row.entered_version


def _trimmed(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


def _piles_up_marks(name: str) -> bool:
    run = 0
    for character in name:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run > MOST_MARKS_IN_A_ROW:
            return True
    return False
