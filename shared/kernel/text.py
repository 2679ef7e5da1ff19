"""A text in the two languages of the suite, and which characters of a text nobody sees."""

from typing import Final, Literal, NamedTuple
from unicodedata import category

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One text in Chinese (authoritative) and English (a translation)."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """The text in ``language``."""
        return self.zh if language == "zh" else self.en


_UNSEEN_KINDS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FILLERS: Final = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
_VARIATION_SELECTORS: Final = (
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
)
_UNSEEN: Final = frozenset(_FILLERS) | {chr(point) for point in _VARIATION_SELECTORS}


def is_unseen(character: str) -> bool:
    """Whether the eye cannot tell that ``character`` is there: controls, bidi marks, zero widths, fillers, selectors."""
    return category(character) in _UNSEEN_KINDS or character in _UNSEEN
