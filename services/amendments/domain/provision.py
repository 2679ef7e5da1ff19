"""The convention as provisions: chapters, articles and items with ids that never shift and are never used again."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from services.amendments.domain.text_errors import ProvisionUnknown
from shared.kernel.chain import canonical
from shared.kernel.text import Language, is_unseen

AUTHORITATIVE: Language = "zh"
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Wording = Mapping[Language, str | None]
"""A text by language; ``en`` is a translation, None where there is none."""

WORDING_CHARACTERS = 20_000
_WITHOUT_MEANING = frozenset({"Co", "Cn"})

_NUMBER = r"[1-9]\d{0,2}(?:-[1-9]\d?)?"
NUMBER_PATTERN = f"^{_NUMBER}$"
PROVISION_ID_PATTERN = f"^(ch|art)_{_NUMBER}$|^art_{_NUMBER}_{_NUMBER}$"
_ID = re.compile(rf"(ch|art)_({_NUMBER})(?:_({_NUMBER}))?", re.ASCII)


def is_wording(text: str) -> bool:
    """Whether ``text`` can be a provision's: one line, trimmed, not empty, not too long, nothing unseen in it.

    Nor has it characters that Unicode gives no meaning (private use, unassigned): every reader's font shows another.
    """
    return (
        0 < len(text) <= WORDING_CHARACTERS
        and text == text.strip()
        and not any(is_unseen(c) or unicodedata.category(c) in _WITHOUT_MEANING for c in text)
    )


class ProvisionKind(StrEnum):
    """What a provision is."""

    CHAPTER = "chapter"
    ARTICLE = "article"
    ITEM = "item"


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """The number of a provision among its kind: 9, or 9-1 for the first that was inserted after it (第九条之一)."""

    whole: int
    inserted: int = 0

    @classmethod
    def parse(cls, text: str) -> "Number":
        """The inverse of ``str``."""
        whole, _, inserted = text.partition("-")
        return cls(int(whole), int(inserted or 0))

    def __str__(self) -> str:
        return f"{self.whole}-{self.inserted}" if self.inserted else str(self.whole)

    @property
    def predecessor(self) -> "Number | None":
        """The number that must exist before this one can; None for the first of all."""
        if self.inserted:
            return Number(self.whole, self.inserted - 1)
        return Number(self.whole - 1) if self.whole > 1 else None


@dataclass(frozen=True, slots=True)
class Provision:
    """A chapter, an article or an item. A chapter's text is its title; a repealed provision stays, without a text."""

    id: str
    kind: ProvisionKind
    number: str
    parent: str | None
    texts: Wording
    is_repealed: bool = False

    @property
    def law(self) -> tuple[str | None, bool]:
        """What of it is law: the authoritative text, and whether it is repealed."""
        return self.texts.get(AUTHORITATIVE), self.is_repealed

    @property
    def is_translated(self) -> bool:
        """Whether every language has a text."""
        return all(self.texts.get(language) for language in LANGUAGES)

    def as_data(self) -> dict[str, object]:
        """The provision as plain values."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "number": self.number,
            "parent": self.parent,
            "texts": {language: self.texts.get(language) for language in LANGUAGES},
            "is_repealed": self.is_repealed,
        }


@dataclass(frozen=True)
class ConventionText:
    """The whole text, its provisions in order: a chapter, its articles, each followed by its items."""

    provisions: tuple[Provision, ...]
    titles: Wording

    @cached_property
    def by_id(self) -> Mapping[str, Provision]:
        """Every provision, repealed ones too, by its id."""
        return {provision.id: provision for provision in self.provisions}

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over the canonical JSON of the whole text."""
        return hashlib.sha256(canonical(self.as_data())).hexdigest()

    def get(self, provision_id: str) -> Provision:
        """One provision; refuses with ``ProvisionUnknown``."""
        try:
            return self.by_id[provision_id]
        except KeyError:
            raise ProvisionUnknown from None

    def of_kind(self, kind: ProvisionKind) -> Iterator[Provision]:
        """All provisions of one kind, in order."""
        return (provision for provision in self.provisions if provision.kind is kind)

    def children(self, parent: str | None) -> list[Provision]:
        """The articles of a chapter, the items of an article, or (None) what stands at the top; in order."""
        return [provision for provision in self.provisions if provision.parent == parent]

    def within(self, provision_id: str) -> list[Provision]:
        """A provision and everything under it, in order."""
        found = [self.get(provision_id)]
        ids = {provision_id}
        for provision in self.provisions:
            if provision.parent in ids:
                ids.add(provision.id)
                found.append(provision)
        return found

    def as_data(self) -> dict[str, object]:
        """The text as plain values, of which ``digest`` is taken."""
        return {
            "titles": {language: self.titles.get(language) for language in LANGUAGES},
            "provisions": [provision.as_data() for provision in self.provisions],
        }


def text_from(data: Mapping[str, Any]) -> ConventionText:
    """The inverse of ``ConventionText.as_data``."""
    return ConventionText(tuple(map(_provision_from, data["provisions"])), data["titles"])


def _provision_from(data: Mapping[str, Any]) -> Provision:
    return Provision(**{**data, "kind": ProvisionKind(data["kind"])})


@dataclass(frozen=True, slots=True)
class Place:
    """What a provision id says: the kind, the number, and for an item the article it belongs to."""

    kind: ProvisionKind
    number: Number
    article: str | None = None

    @classmethod
    def of(cls, provision_id: str) -> "Place":
        """Read an id such as ``ch_1``, ``art_9-1`` or ``art_9_2``; refuses with ``ProvisionUnknown``."""
        match = _ID.fullmatch(provision_id)
        if match is None or (match[1] == "ch" and match[3]):
            raise ProvisionUnknown
        if match[3]:
            return cls(ProvisionKind.ITEM, Number.parse(match[3]), f"art_{match[2]}")
        kind = ProvisionKind.CHAPTER if match[1] == "ch" else ProvisionKind.ARTICLE
        return cls(kind, Number.parse(match[2]))

    @property
    def id(self) -> str:
        """The id that says this."""
        if self.article is not None:
            return f"{self.article}_{self.number}"
        return f"{'ch' if self.kind is ProvisionKind.CHAPTER else 'art'}_{self.number}"


def citation(provision_id: str) -> str:
    """How a provision is quoted in short: ``9(2)`` for ``art_9_2``, ``9`` for ``art_9``, ``chapter 1`` for ``ch_1``."""
    place = Place.of(provision_id)
    if place.article is not None:
        return f"{place.article.removeprefix('art_')}({place.number})"
    return f"chapter {place.number}" if place.kind is ProvisionKind.CHAPTER else str(place.number)
