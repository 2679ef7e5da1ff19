"""Publishing versions of the convention and of its rulebook (A2, A6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.amendments.domain.changes import value_data
from services.amendments.domain.divergence import not_translated
from services.amendments.domain.provision import ConventionText
from services.amendments.domain.text_errors import DayOrVersion
from services.amendments.domain.version import (
    Version,
    VersionHead,
    amended,
    changed,
    in_force,
    law_on,
)
from services.amendments.store import convention, interpretations, texts
from services.amendments.store.rulebook import (
    keep_rulebook,
    newest_rulebook,
    rulebook_in_force,
    rulebook_version,
)
from services.amendments.store.summary import bundled_summary
from shared.contracts.amendments import ConventionPromulgated, RulebookEntry, RulebookInForce
from shared.db.work import Work
from shared.kernel.rulebook import Entry, Rulebook
from shared.kernel.terms import start_of

IN_FORCE_TERM = "promulgation.in_force_term"

Occasion = Literal["import", "founding", "amendment"]


async def publish_version(
    work: Work,
    text: ConventionText,
    rulebook_entries: Sequence[Entry] | None,
    in_force_on: date,
    source: str,
    *,
    valid_on: date | None = None,
    applies_from: Mapping[str, date] | None = None,
) -> Version:
    """Publish the next version, and the next rulebook where ``rulebook_entries`` are given, from ``in_force_on`` on.

    ``source``: the id of the adopted proposal; ``valid_on``: the day of its adoption (today). Interpretations of what
    changes are flagged. Refuses what ``Version.followed_by`` refuses.
    """
    await convention.hold_convention(work)
    latest = await convention.latest_version(work)
    newest = await newest_rulebook(work)
    rulebook = newest
    if rulebook_entries is not None:
        rulebook = Rulebook(newest.version + 1, tuple(rulebook_entries))
    version = latest.followed_by(
        text,
        rulebook_version=rulebook.version,
        valid_on=valid_on or work.today,
        in_force_on=in_force_on,
        source=source,
        applies_from=applies_from or {},
        latest_on=(await rulebook_in_force(work)).term(IN_FORCE_TERM).last_day(work.today),
        now=work.now,
        today=work.today,
    )
    await convention.add_version(work, version)
    await interpretations.flag_stale(work, amended(latest.text, text), version.number)
    await _review_divergences(work, version)
    if rulebook.version != newest.version:
        await announce_rulebook(work, rulebook, in_force_on)
    await announce_version(work, version, "amendment", changed(latest.text, text))
    return version


async def _review_divergences(work: Work, version: Version) -> None:
    """Settle what the new text no longer has, and record what it has without a translation."""
    await texts.settle_divergences(work, version.text, f"version {version.number}")
    known = await texts.untranslated_on_record(work)
    new = [d for d in not_translated(version.text) if d.provision_id not in known]
    await texts.add_divergences(work, version.number, new)


async def announce_first_version(
    work: Work, version: Version, in_force_on: date, occasion: Occasion
) -> None:
    """Tell of version 1 and of the rulebook that goes with it, once it has its dates."""
    rulebook = await rulebook_version(work, version.rulebook_version)
    await announce_rulebook(work, rulebook, in_force_on)
    await announce_version(work, version, occasion, [p.id for p in version.text.provisions])


async def announce_version(
    work: Work, version: Version, occasion: Occasion, changes: Sequence[str]
) -> None:
    """Tell of a version that has its dates."""
    held = await convention.hold_convention(work)
    before = version.number - 1
    await work.announce(
        ConventionPromulgated.model_validate(
            {
                "convention_id": held.id,
                "version": version.number,
                "occasion": occasion,
                "source": version.source,
                "valid_on": version.valid_on,
                "in_force_on": version.in_force_on,
                "rulebook_version": version.rulebook_version,
                "text_digest": version.text.digest,
                "changed": list(changes),
                "redline_url": f"/v1/convention/redline?from={before}&to={version.number}"
                if before
                else None,
            }
        )
    )


async def announce_rulebook(work: Work, rulebook: Rulebook, in_force_on: date) -> None:
    """Tell of a version of the rulebook, in force from ``in_force_on`` on: at once where that is today or was before."""
    held = await convention.hold_convention(work)
    event = RulebookInForce(
        rulebook_id=held.rulebook_id,
        rulebook_version=rulebook.version,
        in_force_at=_from_instant(work, in_force_on),
        entries=[
            RulebookEntry.model_validate(
                {
                    "key": entry.key,
                    "value": value_data(entry.value),
                    "article": entry.article,
                    "given_by": entry.given_by,
                }
            )
            for entry in rulebook.entries.values()
        ],
    )
    await keep_rulebook(work, event)
    await work.announce(event)


def _from_instant(work: Work, day: date) -> datetime:
    return start_of(day, work.zone) if day != work.today else work.now


@dataclass(frozen=True, slots=True)
class TextShown:
    """The version that a reader gets, those before it, and what has been promulgated but is not yet in force.

    ``is_expected``: the day asked for is still to come.
    """

    version: Version
    earlier: Sequence[VersionHead]
    to_come: Sequence[VersionHead]
    is_in_force: bool
    is_expected: bool


async def find_text(work: Work, on: date | None = None, number: int | None = None) -> TextShown:
    """The text of a day (today) or of a version; our own summary where no text was imported and no day is named.

    Refuses with ``DayOrVersion`` who asks for both, with ``NotYetInForce`` and ``VersionUnknown``.
    """
    if on is not None and number is not None:
        raise DayOrVersion
    heads = await convention.version_heads(work)
    if not heads and on is None and number is None:
        return TextShown(bundled_summary(), (), (), is_in_force=False, is_expected=False)
    if number is None:
        number = in_force(heads, on or work.today).number
    version = await convention.get_version(work, number)
    return TextShown(
        version,
        [head for head in heads if head.number < number],
        [head for head in heads if head.in_force_on and head.in_force_on > work.today],
        is_in_force=version.head == law_on(heads, work.today),
        is_expected=on is not None and on > work.today,
    )
