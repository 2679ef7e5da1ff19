"""The views of the convention's text: versions, provisions, articles, redlines."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Row

from services.amendments.api.schemas.parts import View, WordingOut
from services.amendments.domain.divergence import Divergence, is_settled_by
from services.amendments.domain.interpretation import Interpretation
from services.amendments.domain.numerals import label
from services.amendments.domain.provision import (
    Provision,
    ProvisionKind,
    citation,
)
from services.amendments.domain.redline import Kind, ProvisionRedline, Standing
from services.amendments.domain.version import HistoryEntry, Version, VersionHead
from shared.kernel.text import Language


class BesideOut(View):
    """An interpretation as it is shown beside the text."""

    id: str
    number: int
    url: str
    text: WordingOut
    convention_version: int
    effective_on: date
    stale_since: Annotated[
        int | None, Field(description="The version that amended the provision afterwards.")
    ]


class ProvisionOut(View):
    """A chapter (its text is its title), an article or an item. `texts.en` is null where it is not translated.

    A repealed one stays, without a text. `applies_from`: it applies only from that day on.
    """

    id: str
    kind: ProvisionKind
    number: str
    citation: str
    label: WordingOut
    parent: str | None
    texts: WordingOut
    is_repealed: bool
    is_translated: bool
    applies_from: date | None
    interpretations: list[BesideOut]
    divergences: Annotated[
        list[int], Field(description="Numbers in the register of those that this text has.")
    ]


class Beside:
    """What is shown beside the provisions of a version: interpretations that stand, divergences that its text has.

    ``divergences``: those recorded, by number. Beside an old version stand also those that a later one settled.
    """

    def __init__(
        self,
        interpretations: Sequence[Interpretation],
        divergences: Mapping[int, Divergence],
        url: str,
    ) -> None:
        self._interpretations: dict[str, list[BesideOut]] = {}
        self._divergences: dict[str, list[tuple[int, Divergence]]] = {}
        for interpretation in interpretations:
            self._interpretations.setdefault(interpretation.provision_id, []).append(
                BesideOut(
                    id=interpretation.id,
                    number=interpretation.number,
                    url=f"{url}/v1/interpretations/{interpretation.id}",
                    text=WordingOut.of(interpretation.text),
                    convention_version=interpretation.convention_version,
                    effective_on=interpretation.effective_on,
                    stale_since=interpretation.stale_since,
                )
            )
        for number, divergence in divergences.items():
            self._divergences.setdefault(divergence.provision_id, []).append((number, divergence))

    def provision(self, provision: Provision, version: Version) -> ProvisionOut:
        """A provision as ``version`` has it, with what stands beside it."""
        return ProvisionOut(
            id=provision.id,
            kind=provision.kind,
            number=provision.number,
            citation=citation(provision.id),
            label=WordingOut(zh=label(provision, "zh"), en=label(provision, "en")),
            parent=provision.parent,
            texts=WordingOut.of(provision.texts),
            is_repealed=provision.is_repealed,
            is_translated=provision.is_translated,
            applies_from=version.applies_from.get(provision.id),
            interpretations=self._interpretations.get(provision.id, []),
            divergences=[
                number
                for number, divergence in self._divergences.get(provision.id, ())
                if not is_settled_by(divergence, version.text)
            ],
        )


class VersionOut(View):
    """A version of the convention. `valid_on` and `in_force_on` are two dates (Art. 26, 31)."""

    object: Literal["convention_version"] = "convention_version"
    version: int
    url: str
    source: Annotated[str, Field(description="`import`, `bundled`, or the id of the proposal.")]
    valid_on: date | None
    in_force_on: date | None
    promulgated_at: datetime | None
    rulebook_version: int
    redline_url: str | None

    @classmethod
    def of(cls, version: Version | VersionHead | Row[Any], url: str) -> "VersionOut":
        """A version, with or without its text, or its row."""
        before = version.number - 1
        base = f"{url}/v1/convention"
        return cls(
            version=version.number,
            url=f"{base}?version={version.number}" if version.number else base,
            source=version.source,
            valid_on=version.valid_on,
            in_force_on=version.in_force_on,
            promulgated_at=version.promulgated_at,
            rulebook_version=version.rulebook_version,
            redline_url=f"{base}/redline?from={before}&to={version.number}" if before > 0 else None,
        )


class ConventionOut(View):
    """The consolidated text: of the day asked for, or of a version.

    `is_summary`: no text was imported, this is our own summary of each article. `is_expected`: the day is still to
    come, and this is the text as it will be by what has been promulgated; `to_come` lists what that is.
    """

    object: Literal["convention"] = "convention"
    authoritative: Literal["zh"] = "zh"
    version: VersionOut
    on: date | None
    is_summary: bool
    is_in_force: bool
    is_expected: bool
    to_come: list[VersionOut]
    digest: str
    titles: WordingOut
    provisions: list[ProvisionOut]


class ArticleOut(View):
    """An article, or how it stood from a version on: itself, then its items."""

    object: Literal["article"] = "article"
    number: str
    url: str
    version: VersionOut
    is_summary: bool
    provisions: list[ProvisionOut]

    @classmethod
    def of(
        cls, version: Version, provisions: Sequence[Provision], beside: Beside, url: str
    ) -> "ArticleOut":
        """The article as ``version`` has it: ``provisions`` are itself and its items."""
        return cls(
            number=provisions[0].number,
            url=f"{url}/v1/convention/articles/{provisions[0].number}",
            version=VersionOut.of(version, url),
            is_summary=version.is_summary,
            provisions=[beside.provision(p, version) for p in provisions],
        )


class ArticleHistoryOut(View):
    """The versions in which an article was new or changed, the oldest first."""

    object: Literal["article_history"] = "article_history"
    number: str
    entries: list[ArticleOut]


def history_out(
    number: str, entries: Sequence[HistoryEntry], beside: Beside, url: str
) -> ArticleHistoryOut:
    """An article's history."""
    return ArticleHistoryOut(
        number=number,
        entries=[ArticleOut.of(entry.version, entry.provisions, beside, url) for entry in entries],
    )


class OpcodeOut(View):
    """`old` became `new`. One after another, `old` makes the old wording and `new` the new one."""

    kind: Kind
    old: str
    new: str


class ProvisionRedlineOut(View):
    """What became of one provision; `taken_out` and `restored` only where `to` is the earlier version.

    One that is `changed` in Chinese is so in either language, also where its translation reads the same or is missing.
    """

    id: str
    kind: ProvisionKind
    standing: Standing
    opcodes: list[OpcodeOut]

    @classmethod
    def of(cls, part: ProvisionRedline) -> "ProvisionRedlineOut":
        """The view of one provision's redline."""
        return cls(
            id=part.provision_id,
            kind=part.kind,
            standing=part.standing,
            opcodes=[OpcodeOut(kind=o.kind, old=o.old_text, new=o.new_text) for o in part.opcodes],
        )


class RedlineOut(View):
    """What differs between two versions in one language; a token is a Han character or a Latin word."""

    object: Literal["redline"] = "redline"
    from_version: int
    to_version: int
    language: Language
    provisions: list[ProvisionRedlineOut]
