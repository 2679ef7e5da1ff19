"""Mending a typing error in a draft: a small, visible change that leaves the supports as they are (edge case 6)."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.amendments.domain.changes import Change, Draft, RepealProvision
from services.amendments.domain.correction import touches_meaning
from services.amendments.domain.errors import NotMereTypo
from services.amendments.domain.provision import Wording
from shared.kernel.text import Language

TITLE, REASONS = "title", "reasons"


@dataclass(frozen=True, slots=True)
class TypoCorrection:
    """``wrong`` became ``right``. ``place``: the id of a provision that the draft changes, ``title`` or ``reasons``."""

    place: str
    language: Language
    wrong: str
    right: str
    at: datetime

    def is_where(self, earlier: "TypoCorrection") -> bool:
        """Whether ``earlier`` mended the same text in the same language."""
        return (self.place, self.language) == (earlier.place, earlier.language)

    def applied_to(self, draft: Draft) -> Draft:
        """The draft with the error mended; refuses with ``NotMereTypo`` what is none."""
        if self.wrong == self.right:
            raise NotMereTypo(reason="nothing changed")
        if self.place == TITLE:
            return replace(draft, title=self._mended(draft.title))
        if self.place == REASONS:
            return replace(draft, reasons=self._mended(draft.reasons))
        changes = tuple(c if c.id != self.place else self._mended_change(c) for c in draft.changes)
        if changes == draft.changes:
            raise NotMereTypo(reason="place")
        return replace(draft, changes=changes)

    def _mended_change(self, change: Change) -> Change:
        if isinstance(change, RepealProvision):
            raise NotMereTypo(reason="place")
        return replace(change, texts=self._mended(change.texts))

    def _mended(self, texts: Wording) -> Wording:
        text = texts.get(self.language) or ""
        if text.count(self.wrong) != 1:
            raise NotMereTypo(reason="occurrences")
        mended = text.replace(self.wrong, self.right)
        if touches_meaning(text, mended):
            raise NotMereTypo(reason="meaning")
        return {**texts, self.language: mended}
