"""The founding of a convention: its initiating units sign it, with the last signature it is valid (Art. 26)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.amendments.domain.deadline import reminders_of, still_to_come
from services.amendments.domain.lifecycle import FOUNDING, FoundingAction, FoundingStatus
from services.amendments.domain.text_errors import (
    FoundingBegun,
    SignedAlready,
    UnitNotAcceptable,
    UnitsNotDistinct,
)
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound
from shared.kernel.identifier import fault_of_identifier
from shared.kernel.mail import is_mail_address
from shared.kernel.names import faults_of_name
from shared.kernel.rulebook import Basis, Rulebook

PUBLICATION_TERM = "founding.publication_term"
NAMES = ("legal_name_zh", "legal_name_en", "legal_representative")


@dataclass
class InitiatingUnit:
    """A unit that founds the convention, and who may sign for it: its legal representative, or one it entrusted."""

    identifier: str
    particulars: Mapping[str, object]
    legal_representative: Subject
    entrusted: Subject | None = None
    signed_by: Subject | None = None
    signed_at: datetime | None = None

    def may_sign(self, subject: Subject) -> bool:
        """Whether ``subject`` is its legal or its entrusted representative."""
        return subject in (self.legal_representative, self.entrusted)


@dataclass
class Founding:
    """The founding of the one convention, from the naming of its units to the publication of the text they signed.

    ``remind_on``: the days to come on which the organ is reminded to publish it.
    """

    text_digest: str
    units: Sequence[InitiatingUnit]
    named_at: datetime
    updated_at: datetime
    status: FoundingStatus = FOUNDING.start
    valid_at: datetime | None = None
    valid_on: date | None = None
    publish_by: date | None = None
    basis: Basis | None = None
    published_at: datetime | None = None
    published_on: date | None = None
    version: int = 1
    remind_on: tuple[date, ...] = ()

    def sign(self, subject: Subject, *, rulebook: Rulebook, now: datetime, today: date) -> bool:
        """Sign for every unit that ``subject`` represents; True where that was the last signature.

        Refuses with ``NotFound`` a subject that represents none, and with ``SignedAlready``.
        """
        represented = [unit for unit in self.units if unit.may_sign(subject)]
        if not represented:
            raise NotFound
        unsigned = [unit for unit in represented if unit.signed_at is None]
        if not unsigned:
            raise SignedAlready
        remaining = sum(unit.signed_at is None for unit in self.units) - len(unsigned)
        action = FoundingAction.SIGNATURE if remaining else FoundingAction.COMPLETION
        after = FOUNDING.after(self.status, action)
        for unit in unsigned:
            unit.signed_by, unit.signed_at = subject, now
        self._move(after, now)
        if remaining:
            return False
        self.valid_at, self.valid_on = now, today
        self.publish_by = rulebook.term(PUBLICATION_TERM).last_day(today)
        self.basis = rulebook.basis(PUBLICATION_TERM)
        self.remind_on = reminders_of(self.publish_by, today, rulebook)
        return True

    def take_the_place_of(self, earlier: "Founding") -> None:
        """Go on where ``earlier`` stood; refuses with ``FoundingBegun`` once anyone has signed that."""
        if any(unit.signed_at is not None for unit in earlier.units):
            raise FoundingBegun
        self.version = earlier.version + 1

    def publish(self, now: datetime, today: date) -> None:
        """Publish the text to society: after the term it is late, which is recorded, and not void (Art. 26)."""
        after = FOUNDING.after(self.status, FoundingAction.PUBLICATION)
        self.published_at, self.published_on = now, today
        self._move(after, now)

    def take_reminder(self, today: date) -> bool:
        """Whether the organ is to be reminded today that the text is to be published; each day is taken once."""
        left = still_to_come(self.remind_on, today)
        if self.status is not FoundingStatus.VALID or left == self.remind_on:
            return False
        self.remind_on = left
        return True

    def is_late(self, today: date) -> bool:
        """Whether the publication came, or is still to come, after the last day in time."""
        return self.publish_by is not None and (self.published_on or today) > self.publish_by

    def _move(self, status: FoundingStatus, now: datetime) -> None:
        self.status, self.updated_at = status, now
        self.version += 1


def begin(text_digest: str, units: Sequence[InitiatingUnit], now: datetime) -> Founding:
    """A founding by ``units`` of the text with this digest.

    Refuses with ``UnitNotAcceptable`` what the register would not take, and with ``UnitsNotDistinct``.
    """
    wrong: list[str] = []
    twice: list[str] = []
    seen: set[str] = set()
    for place, unit in enumerate(units):
        wrong += [f"/units/{place}/{field}" for field in _faulty_fields(unit)]
        if unit.identifier in seen:
            twice.append(f"/units/{place}/identifier")
        seen.add(unit.identifier)
    if wrong:
        raise UnitNotAcceptable(pointers=wrong)
    if twice or not units:
        raise UnitsNotDistinct(pointers=twice)
    return Founding(text_digest, units, now, now)


def _faulty_fields(unit: InitiatingUnit) -> Iterator[str]:
    if fault_of_identifier(unit.identifier):
        yield "identifier"
    for name in NAMES:
        if any(faults_of_name(str(unit.particulars[name]))):
            yield name
    if not is_mail_address(str(unit.particulars["contact_email"])):
        yield "contact_email"
