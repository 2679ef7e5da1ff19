"""The particulars of a member: the rules of each field, and their history with validity (M10)."""

import re
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
from shared.kernel.mail import is_mail_address
from shared.kernel.names import composed, faults_of_name

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
    """What is wrong with ``text`` as a name, or as another line that is shown like one."""
    for fault in faults_of_name(text):
        yield Problem(field, fault)


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
    elif not is_mail_address(address):
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
            composed(legal_name_zh),
            composed(legal_name_en),
            tuple(sorted({_SECTORS[sector] for sector in sectors})),
            composed(legal_representative),
            contact_email.strip(),
            contact_phone.strip() if contact_phone else None,
            composed(group) if group else None,
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
