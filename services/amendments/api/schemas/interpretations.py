"""The bodies and views of interpretations."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.amendments.api.schemas.parts import URL, View, WordingOut, sent, shown
from services.amendments.domain.interpretation import Interpretation
from services.amendments.domain.lifecycle import InterpretationStatus
from services.amendments.domain.provision import PROVISION_ID_PATTERN, citation
from services.amendments.usecases.interpretations import Reading
from shared.http.strict import Body, Day, Flag, Prose
from shared.kernel.ids import id_pattern

INTERPRETATION_ID = "itp_019a0c5f3b7e7c4d8a21f0e5d6c7b8c1"


class ProseIn(Body):
    """A text; the Chinese is authoritative."""

    zh: Prose
    en: Prose | None = None


class IssueInterpretation(Body):
    """What a provision means, why, and from which day on."""

    model_config = sent(
        {
            "provision_id": "art_27",
            "text": {"zh": "“以上”含本数。", "en": "The number itself is included."},
            "reasons": {"zh": "依法律用语通例。"},
        }
    )

    provision_id: Annotated[str, StringConstraints(pattern=PROVISION_ID_PATTERN, max_length=20)]
    text: ProseIn
    reasons: ProseIn
    effective_on: Annotated[Day | None, Field(description="Today, if not given.")] = None
    in_own_case: Annotated[
        Flag, Field(description="The organ is itself concerned by the question; it is shown.")
    ] = False
    supersedes: Annotated[str, StringConstraints(pattern=id_pattern("itp"))] | None = None

    def reading(self) -> Reading:
        """What is to be issued."""
        return Reading(
            self.provision_id,
            {"zh": self.text.zh, "en": self.text.en},
            {"zh": self.reasons.zh, "en": self.reasons.en},
            self.effective_on,
            self.in_own_case,
            self.supersedes,
        )


class InterpretationOut(View):
    """An interpretation. It never changes, but for being flagged `stale_since` a version, or superseded."""

    model_config = shown(
        {
            "id": INTERPRETATION_ID,
            "object": "interpretation",
            "version": 1,
            "url": f"{URL}/interpretations/{INTERPRETATION_ID}",
            "number": 3,
            "status": "issued",
            "provision_id": "art_27",
            "citation": "27",
            "convention_version": 1,
            "text": {"zh": "“以上”含本数。", "en": "The number itself is included."},
            "reasons": {"zh": "依法律用语通例。", "en": None},
            "effective_on": "2026-03-10",
            "in_own_case": False,
            "stale_since": None,
            "supersedes": None,
            "superseded_by": None,
            "issued_at": "2026-03-10T04:00:00Z",
            "updated_at": "2026-03-10T04:00:00Z",
        }
    )

    id: str
    object: Literal["interpretation"] = "interpretation"
    version: int
    url: str
    number: int
    status: InterpretationStatus
    provision_id: str
    citation: str
    convention_version: int
    text: WordingOut
    reasons: WordingOut
    effective_on: date
    in_own_case: bool
    stale_since: int | None
    supersedes: str | None
    superseded_by: str | None
    issued_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, interpretation: Interpretation, url: str) -> "InterpretationOut":
        """The view of ``interpretation``."""
        return cls(
            id=interpretation.id,
            version=interpretation.version,
            url=f"{url}/v1/interpretations/{interpretation.id}",
            number=interpretation.number,
            status=interpretation.status,
            provision_id=interpretation.provision_id,
            citation=citation(interpretation.provision_id),
            convention_version=interpretation.convention_version,
            text=WordingOut.of(interpretation.text),
            reasons=WordingOut.of(interpretation.reasons),
            effective_on=interpretation.effective_on,
            in_own_case=interpretation.in_own_case,
            stale_since=interpretation.stale_since,
            supersedes=interpretation.supersedes,
            superseded_by=interpretation.superseded_by,
            issued_at=interpretation.issued_at,
            updated_at=interpretation.updated_at,
        )
