"""What is sent and shown when a text comes in, a divergence is recorded, a wording is mended."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import Row

from services.amendments.api.schemas.parts import View, WordingOut, sent
from services.amendments.api.schemas.texts import VersionOut
from services.amendments.domain.provision import (
    PROVISION_ID_PATTERN,
    ProvisionKind,
    citation,
)
from services.amendments.domain.reading import LeftOut
from services.amendments.usecases.texts import Imported, Mending
from shared.http.strict import Body, Line, Prose
from shared.kernel.text import Language

ProvisionId = Annotated[str, StringConstraints(pattern=PROVISION_ID_PATTERN, max_length=20)]


class LeftOutOut(View):
    """Lines of the page (both included, from 1) that are no part of the text."""

    first_line: int
    last_line: int
    where: Literal["before", "between", "after"]

    @classmethod
    def of(cls, lines: LeftOut) -> "LeftOutOut":
        """The view of ``lines``."""
        return cls(first_line=lines.first_line, last_line=lines.last_line, where=lines.where)


class ImportedOut(View):
    """What was read of a page, and what was left out of it."""

    object: Literal["convention_import"] = "convention_import"
    version: VersionOut
    digest: str
    titles: WordingOut
    chapters: int
    articles: int
    items: int
    left_out: list[LeftOutOut]
    divergences: Annotated[list[int], Field(description="Found by the import itself.")]

    @classmethod
    def of(cls, imported: Imported, url: str) -> "ImportedOut":
        """The view of an import."""
        text = imported.version.text
        counts = {kind: len(list(text.of_kind(kind))) for kind in ProvisionKind}
        return cls(
            version=VersionOut.of(imported.version, url),
            digest=text.digest,
            titles=WordingOut.of(text.titles),
            chapters=counts[ProvisionKind.CHAPTER],
            articles=counts[ProvisionKind.ARTICLE],
            items=counts[ProvisionKind.ITEM],
            left_out=[LeftOutOut.of(lines) for lines in imported.left_out],
            divergences=list(imported.divergences),
        )


class NoteIn(Body):
    """What follows from a divergence; the Chinese is authoritative."""

    zh: Prose
    en: Prose | None = None


class RecordDivergence(Body):
    """A place where the translation differs, with the words on either side as they stand there."""

    model_config = sent(
        {
            "provision_id": "art_27",
            "zh": "或",
            "en": "and",
            "note": {"zh": "“或”表示两者择一即可。", "en": "Either is enough."},
        }
    )

    provision_id: ProvisionId
    zh: Line
    en: Line
    note: NoteIn


class DivergenceOut(View):
    """A divergence. `found_by`: `import` where the text showed it by itself, else `officer`."""

    object: Literal["divergence"] = "divergence"
    number: int
    provision_id: str
    citation: str
    kind: Literal["not_translated", "differs"]
    quotes: WordingOut
    note: WordingOut
    found_by: Literal["import", "officer"]
    convention_version: int
    status: Literal["open", "settled"]
    settled_by: str | None
    recorded_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "DivergenceOut":
        """The divergence in a row."""
        return cls(
            number=row.number,
            provision_id=row.provision_id,
            citation=citation(row.provision_id),
            kind=row.kind,
            quotes=WordingOut(zh=row.zh, en=row.en),
            note=WordingOut(zh=row.note_zh, en=row.note_en),
            found_by="import" if row.found_by is None else "officer",
            convention_version=row.version,
            status="open" if row.settled_at is None else "settled",
            settled_by=row.settled_by,
            recorded_at=row.recorded_at,
            settled_at=row.settled_at,
        )


class CorrectWording(Body):
    """How a provision reads in one language, how it reads from now on, and why."""

    model_config = sent(
        {
            "provision_id": "art_9_2",
            "language": "en",
            "before": None,
            "text": "do not link to websites that carry harmful information;",
            "reasons": "原译文缺少本项。",
        }
    )

    provision_id: ProvisionId
    language: Language
    before: Annotated[Prose | None, Field(description="As it reads now; null: not translated.")]
    text: Prose
    reasons: Prose

    def mending(self) -> Mending:
        """What is to be mended."""
        return Mending(self.provision_id, self.language, self.before, self.text, self.reasons)


class CorrectionOut(View):
    """A correction, with both wordings. `versions` were mended by it; they keep their numbers."""

    object: Literal["correction"] = "correction"
    number: int
    kind: Literal["translation", "corrigendum"]
    provision_id: str
    citation: str
    language: Language
    before: str | None
    after: str
    reasons: str
    versions: list[int]
    corrected_at: datetime

    @classmethod
    def of(cls, row: Row[Any]) -> "CorrectionOut":
        """The correction in a row."""
        return cls(**row._mapping, citation=citation(row.provision_id))
