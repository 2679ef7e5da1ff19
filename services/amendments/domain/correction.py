"""Mending a wording without amending the text: another translation, or a typing error in the Chinese."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum

from services.amendments.domain.provision import AUTHORITATIVE, ConventionText, is_wording
from services.amendments.domain.redline import Opcode, between
from services.amendments.domain.text_errors import (
    CorrectionChangesNothing,
    CorrigendumTouchesMeaning,
    ProvisionUnknown,
    WordingNotValid,
)
from shared.kernel.text import Language

CORRIGENDUM_TOKENS = 2
ALIKE = 0.6
OPERATIVE = frozenset(
    "〇零一二三四五六七八九十百千万两半0123456789不未无非禁勿或和与及并且应须必可得以上下内外"
    "日月年周时天前后起止全各每均仅除但过同反准许"
)
OPERATIVE_WORDS = frozenset(
    {"no", "not", "nor", "never", "none", "without", "except", "or", "and", "shall", "must", "may"}
    | {"least", "most", "more", "less", "than", "above", "below", "all", "any", "every", "each"}
    | {"before", "after", "day", "days", "month", "months", "year", "years"}
)
"""Characters and words by which a rule is decided: no typing error in one of them is mended without a vote."""


class CorrectionKind(StrEnum):
    """A translation expresses the same text anew; a corrigendum mends a typing error in the authoritative text."""

    TRANSLATION = "translation"
    CORRIGENDUM = "corrigendum"


@dataclass(frozen=True, slots=True)
class Correction:
    """One provision's wording in one language, as it was (None: not translated) and as it reads from now on."""

    provision_id: str
    language: Language
    before: str | None
    after: str

    @property
    def kind(self) -> CorrectionKind:
        """What it is follows from the language it is in."""
        is_translation = self.language != AUTHORITATIVE
        return CorrectionKind.TRANSLATION if is_translation else CorrectionKind.CORRIGENDUM

    def made_in(self, text: ConventionText) -> ConventionText:
        """``text`` with the correction; as it is where its wording is another."""
        if not self.fits(text):
            return text
        return replace(
            text,
            provisions=tuple(
                replace(p, texts={**p.texts, self.language: self.after})
                if p.id == self.provision_id
                else p
                for p in text.provisions
            ),
        )

    def fits_as_in(self, source: ConventionText, text: ConventionText) -> bool:
        """Whether ``text`` has the wording that is to be mended, for the same law as ``source``: the same Chinese."""
        return (
            self.fits(text) and text.get(self.provision_id).law == source.get(self.provision_id).law
        )

    def fits(self, text: ConventionText) -> bool:
        """Whether ``text`` has the wording that is to be mended."""
        provision = text.by_id.get(self.provision_id)
        return (
            provision is not None
            and not provision.is_repealed
            and provision.texts.get(self.language) == self.before
        )


def correct(
    text: ConventionText,
    provision_id: str,
    language: Language,
    after: str,
    *,
    promulgated: str | None = None,
) -> Correction:
    """The correction of a provision's wording to ``after``; ``promulgated``: how it read before any correction.

    Refuses an unknown or repealed provision, a wording that is none, one that changes nothing, and a corrigendum of
    more than a few characters, or of one by which the rule is decided: that needs Art. 27 (edge case 28). Whatever was
    mended before counts as well: many small errors do not make another law.
    """
    provision = text.get(provision_id)
    if provision.is_repealed:
        raise ProvisionUnknown
    if not is_wording(after):
        raise WordingNotValid
    before = provision.texts.get(language)
    if after == before:
        raise CorrectionChangesNothing
    if language == AUTHORITATIVE and any(
        touches_meaning(earlier, after) for earlier in {before or "", promulgated or before or ""}
    ):
        raise CorrigendumTouchesMeaning(most=CORRIGENDUM_TOKENS)
    return Correction(provision_id, language, before, after)


def corrected(text: ConventionText, corrections: Iterable[Correction]) -> ConventionText:
    """``text`` with ``corrections`` made, one after another."""
    for correction in corrections:
        text = correction.made_in(text)
    return text


def touches_meaning(before: str, after: str) -> bool:
    """Whether more than two characters or words differ, two beside each other, or one by which a rule is decided.

    A word that is replaced must still be much like what it was; a Chinese character cannot be held against that.
    """
    changes = [opcode for opcode in between(before, after) if opcode.is_change]
    return len(changes) > CORRIGENDUM_TOKENS or any(map(_may_decide, changes))


def _may_decide(change: Opcode) -> bool:
    if max(len(change.old), len(change.new)) > 1:
        return True
    tokens = {token.lower() for token in change.old + change.new}
    if (
        tokens & OPERATIVE_WORDS
        or {character for token in tokens for character in token} & OPERATIVE
    ):
        return True
    is_word_replaced = bool(change.old and change.new) and len(change.old_text) > 1
    return (
        is_word_replaced and SequenceMatcher(None, change.old_text, change.new_text).ratio() < ALIKE
    )
