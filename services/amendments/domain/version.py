"""Versions of the convention: two dates each, and which of them is the law on a day (Art. 26, 27, 31)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.amendments.domain.provision import (
    LANGUAGES,
    ConventionText,
    Provision,
    ProvisionKind,
    Wording,
)
from services.amendments.domain.text_errors import (
    BackDated,
    ConventionNotImported,
    DatesOutOfOrder,
    InForceTooLate,
    NothingPublished,
    NotPutOff,
    NotYetInForce,
    ProvisionUnknown,
)
from shared.kernel.rulebook import REFERENCE_RULEBOOK

IMPORT, BUNDLED = "import", "bundled"


@dataclass(frozen=True, slots=True)
class VersionHead:
    """A version without its text: its number, its days and where it comes from."""

    number: int
    rulebook_version: int
    valid_on: date | None
    in_force_on: date | None
    promulgated_at: datetime | None
    source: str


@dataclass(frozen=True)
class Version:
    """A version of the text, with the rulebook it goes with.

    ``valid_on``: the day it became valid; ``in_force_on``: the day from which it applies; both None while version 1
    waits for its founding. ``source``: ``import``, ``bundled`` (our own summary, number 0), or the id of the proposal.
    ``applies_from``: provisions that apply only from a later day than the rest (edge case 22).
    """

    number: int
    text: ConventionText
    rulebook_version: int
    valid_on: date | None
    in_force_on: date | None
    promulgated_at: datetime | None
    source: str
    applies_from: Mapping[str, date] = field(default_factory=dict)

    @property
    def is_summary(self) -> bool:
        """Whether this is the bundled summary and not the convention's wording."""
        return self.source == BUNDLED

    @property
    def head(self) -> VersionHead:
        """It without its text."""
        return VersionHead(
            self.number,
            self.rulebook_version,
            self.valid_on,
            self.in_force_on,
            self.promulgated_at,
            self.source,
        )

    def followed_by(
        self,
        text: ConventionText,
        *,
        rulebook_version: int,
        valid_on: date,
        in_force_on: date,
        source: str,
        applies_from: Mapping[str, date],
        latest_on: date,
        now: datetime,
        today: date,
    ) -> "Version":
        """The next version, promulgated now and in force from ``in_force_on``, never before it was promulgated.

        What it changes may apply only from a later day; what earlier versions so put off and this one does not change
        stays put off. Refuses with ``NothingPublished`` (nothing differs: a version exists only where something
        changed), with ``BackDated`` (before today, or before this version takes force), with ``InForceTooLate`` (a day
        after ``latest_on``) and with ``NotPutOff`` (``applies_from`` names what this version does not change, or
        repeals).
        """
        if text.digest == self.text.digest and rulebook_version == self.rulebook_version:
            raise NothingPublished
        if self.in_force_on is None:
            raise ConventionNotImported
        earliest = max(today, self.in_force_on)
        if in_force_on < earliest or any(day < in_force_on for day in applies_from.values()):
            raise BackDated(earliest_on=earliest.isoformat())
        if max([in_force_on, *applies_from.values()]) > latest_on:
            raise InForceTooLate(latest_on=latest_on.isoformat())
        touched = set(changed(self.text, text))
        if not {i for i in touched if not text.get(i).is_repealed}.issuperset(applies_from):
            raise NotPutOff
        waiting = {i: day for i, day in self.applies_from.items() if i not in touched}
        return Version(
            self.number + 1,
            text,
            rulebook_version,
            valid_on,
            in_force_on,
            now,
            source,
            {i: day for i, day in {**waiting, **applies_from}.items() if day > in_force_on},
        )


def imported(
    text: ConventionText, titles: Wording, valid_on: date | None, in_force_on: date | None
) -> Version:
    """Version 1 of a published text. ``titles`` stand where it has none; refuses with ``DatesOutOfOrder``."""
    if valid_on and in_force_on and in_force_on < valid_on:
        raise DatesOutOfOrder
    titled = {language: text.titles.get(language) or titles.get(language) for language in LANGUAGES}
    text = replace(text, titles=titled)
    return Version(1, text, REFERENCE_RULEBOOK.version, valid_on, in_force_on, None, IMPORT)


def in_force(versions: Iterable[VersionHead], on: date) -> VersionHead:
    """The version that is the law on ``on``; refuses with ``NotYetInForce`` where none is yet (edge case 29)."""
    law = law_on(versions, on)
    if law is None:
        raise NotYetInForce
    return law


def present(versions: Sequence[VersionHead], on: date) -> VersionHead:
    """The law of ``on``, or where none has taken force yet the text that waits for its founding or its day.

    Refuses with ``ConventionNotImported`` where there is none.
    """
    if not versions:
        raise ConventionNotImported
    return law_on(versions, on) or min(versions, key=lambda version: version.number)


def law_on(versions: Iterable[VersionHead], on: date) -> VersionHead | None:
    """The last version that has taken force by ``on``; None before the first."""
    taken = [v for v in versions if v.in_force_on is not None and v.in_force_on <= on]
    return max(taken, key=lambda version: version.number, default=None)


def changed(before: ConventionText, after: ConventionText) -> list[str]:
    """The provisions whose authoritative text or standing differs, those that are new included; in order of ``after``."""
    was = {p.id: p.law for p in before.provisions}
    return [p.id for p in after.provisions if was.get(p.id) != p.law]


def amended(before: ConventionText, after: ConventionText) -> frozenset[str]:
    """What an amendment touches: the provisions that changed, and the articles whose items did."""
    ids = changed(before, after)
    articles = {str(after.get(i).parent) for i in ids if after.get(i).kind is ProvisionKind.ITEM}
    return frozenset(ids) | articles


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """How an article stood from a version on: itself and its items."""

    version: Version
    provisions: tuple[Provision, ...]


def history(versions: Sequence[Version], article_id: str) -> list[HistoryEntry]:
    """The versions in which an article was new or changed, with how it stood, oldest first.

    Refuses with ``ProvisionUnknown`` where no version has it.
    """
    entries: list[HistoryEntry] = []
    for version in sorted(versions, key=lambda v: v.number):
        if article_id not in version.text.by_id:
            continue
        stood = tuple(version.text.within(article_id))
        if not entries or [p.as_data() for p in stood] != [
            p.as_data() for p in entries[-1].provisions
        ]:
            entries.append(HistoryEntry(version, stood))
    if not entries:
        raise ProvisionUnknown
    return entries
