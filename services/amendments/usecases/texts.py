"""Bringing the published text in, recording where its languages diverge, mending a wording (A1, A2)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.amendments.domain.correction import CorrectionKind, correct
from services.amendments.domain.divergence import Divergence, DivergenceKind, check_quotes
from services.amendments.domain.provision import Wording
from services.amendments.domain.reading import LeftOut, read_published_text
from services.amendments.domain.text_errors import (
    BeforeTheMembers,
    ConventionImported,
    DatesOutOfOrder,
    PublishedTextUnreadable,
    WordingChangedSince,
)
from services.amendments.domain.version import Version, imported
from services.amendments.store import convention, proposals, texts
from services.amendments.usecases.convention import announce_first_version
from shared.contracts.amendments import ConventionCorrected
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.text import Language


@dataclass(frozen=True, slots=True)
class ImportDates:
    """When the convention became valid and took force; None where it waits for its founding."""

    valid_on: date | None
    in_force_on: date | None


@dataclass(frozen=True, slots=True)
class Mending:
    """How a provision reads in one language (None: not translated), how it is to read from now on, and why."""

    provision_id: str
    language: Language
    before: str | None
    after: str
    reasons: str


@dataclass(frozen=True, slots=True)
class Imported:
    """Version 1, what of the page was left out, and the numbers of the divergences found."""

    version: Version
    left_out: Sequence[LeftOut]
    divergences: Sequence[int]


def dates_of_import(
    work: Work, *, valid_on: date | None, in_force_on: date | None, awaits_founding: bool
) -> ImportDates:
    """The dates of version 1: as given, else today; none where the text awaits its founding."""
    if awaits_founding:
        if valid_on or in_force_on:
            raise DatesOutOfOrder
        return ImportDates(None, None)
    first = valid_on or in_force_on or work.today
    return ImportDates(first, in_force_on or first)


async def import_text(
    work: Work, page: bytes, by: Subject, *, dates: ImportDates, titles: Wording
) -> Imported:
    """Make version 1 of a published page; ``titles`` stand where the page has none.

    Refuses with ``ConventionImported`` where there is a version, and what cannot be read, with its line.
    """
    await convention.hold_convention(work)
    if await convention.has_version(work):
        raise ConventionImported
    read = read_published_text(_decoded(page))
    version = imported(read.text, titles, dates.valid_on, dates.in_force_on)
    await convention.add_version(work, version)
    await texts.add_import(
        work, version.number, hashlib.sha256(page).hexdigest(), read.left_out, by
    )
    numbers = await texts.add_divergences(work, version.number, read.divergences)
    if dates.in_force_on is not None:
        await announce_first_version(work, version, dates.in_force_on, "import")
    return Imported(version, read.left_out, numbers)


async def record_divergence(
    work: Work, provision_id: str, quotes: Wording, note: Wording, by: Subject
) -> int:
    """Record that the translation of a provision differs, quoting both as the law of today has them; its number.

    Where no text is in force yet, as the one that waits for its founding has them.
    """
    await convention.hold_convention(work)
    version = await convention.present_version(work)
    check_quotes(version.text, provision_id, quotes)
    divergence = Divergence(provision_id, DivergenceKind.DIFFERS, quotes, note)
    (number,) = await texts.add_divergences(work, version.number, [divergence], by)
    return number


async def correct_wording(work: Work, mending: Mending, by: Subject) -> int:
    """Mend a provision's wording in the version in force and in those to come that have it; the act's number.

    No ballot: a translation expresses the same text anew (edge case 27), a corrigendum mends a typing error (28).
    Refuses what ``correct`` refuses, with ``WordingChangedSince``, and with ``BeforeTheMembers`` a corrigendum of what
    a ballot is about.
    """
    held = await convention.hold_convention(work)
    law = await convention.version_in_force(work)
    to_come = [v for v in await convention.all_versions(work) if v.number > law.number]
    provision_id, language = mending.provision_id, mending.language
    version = law
    if provision_id not in law.text.by_id:
        version = next((v for v in to_come if provision_id in v.text.by_id), law)
    correction = correct(
        version.text,
        provision_id,
        language,
        mending.after,
        promulgated=await texts.wording_as_promulgated(
            work, version.number, provision_id, language
        ),
    )
    if correction.before != mending.before:
        raise WordingChangedSince
    if correction.kind is CorrectionKind.CORRIGENDUM and await proposals.is_before_the_members(
        work, provision_id
    ):
        raise BeforeTheMembers
    mended = [v.number for v in (law, *to_come) if correction.fits_as_in(version.text, v.text)]
    number = await texts.add_correction(work, correction, mended, mending.reasons, by)
    latest = await convention.latest_version(work)
    await texts.settle_divergences(work, latest.text, f"correction {number}")
    present = await convention.version_in_force(work)
    await work.announce(
        ConventionCorrected(
            convention_id=held.id,
            number=number,
            kind=correction.kind.value,
            provision=provision_id,
            versions=mended,
            text_digest=present.text.digest,
        )
    )
    return number


def _decoded(page: bytes) -> str:
    try:
        return page.decode()
    except UnicodeDecodeError as fault:
        line = page[: fault.start].count(b"\n") + 1
        raise PublishedTextUnreadable(reason="encoding", line=line) from None
