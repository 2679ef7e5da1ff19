"""Where the translation says something else than the text: recorded, shown, and settled when it is mended."""

from dataclasses import dataclass
from enum import StrEnum

from services.amendments.domain.provision import (
    AUTHORITATIVE,
    LANGUAGES,
    ConventionText,
    Wording,
)
from services.amendments.domain.text_errors import QuoteNotFound


class DivergenceKind(StrEnum):
    """A provision has no translation, or its translation differs."""

    NOT_TRANSLATED = "not_translated"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Divergence:
    """One place where the languages part: the words on either side, and what follows from it.

    ``quotes``: the words that differ, of each language; both are None where a provision is not translated at all.
    """

    provision_id: str
    kind: DivergenceKind
    quotes: Wording
    note: Wording


_NOT_TRANSLATED: Wording = {
    "zh": "译文缺少本条款；本条款有效，可以引用，序号不变。",
    "en": "Missing from the translation: it is in force and can be cited; numbers are not shifted.",
}


def not_translated(text: ConventionText) -> list[Divergence]:
    """What the import finds by itself: every provision that has no translation."""
    return [
        Divergence(
            provision.id,
            DivergenceKind.NOT_TRANSLATED,
            dict.fromkeys(LANGUAGES),
            _NOT_TRANSLATED,
        )
        for provision in text.provisions
        if not provision.is_repealed and not provision.is_translated
    ]


def is_settled_by(divergence: Divergence, text: ConventionText) -> bool:
    """Whether a divergence is over in ``text``: now translated, repealed, or without the quoted words."""
    provision = text.by_id.get(divergence.provision_id)
    if provision is None or provision.is_repealed:
        return True
    if divergence.kind is DivergenceKind.NOT_TRANSLATED:
        return provision.is_translated
    return any(
        quote not in (provision.texts.get(language) or "")
        for language in LANGUAGES
        if language != AUTHORITATIVE and (quote := divergence.quotes.get(language))
    )


def check_quotes(text: ConventionText, provision_id: str, quotes: Wording) -> None:
    """Refuse with ``QuoteNotFound`` words that do not stand in a provision, and an unknown provision."""
    provision = text.get(provision_id)
    absent = [
        f"/{language}"
        for language, quote in quotes.items()
        if quote is not None and quote not in (provision.texts.get(language) or "")
    ]
    if absent:
        raise QuoteNotFound(pointers=absent)
