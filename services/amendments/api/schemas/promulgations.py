"""Promulgations as they are asked for and shown."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from services.amendments.api.schemas.parts import (
    LONG_AGO,
    PROMULGATION_ID,
    PROPOSAL_ID,
    URL,
    BasisOut,
    View,
    sent,
    shown,
)
from services.amendments.domain.promulgation import Promulgation, Publication
from shared.http.strict import Body, Day
from shared.kernel.ids import id_pattern


class Promulgate(Body):
    """The adopted proposal, and from when on it applies: at once, or on a named day."""

    model_config = sent({"proposal_id": PROPOSAL_ID, "in_force_on": "2026-07-01"})

    proposal_id: Annotated[str, Field(pattern=id_pattern("prp"))]
    in_force_on: Annotated[Day | None, Field(description="Today where none is named.")] = None
    applies_from: Annotated[
        dict[Annotated[str, Field(max_length=40)], Day] | None,
        Field(description="Provisions that apply only from a later day.", max_length=200),
    ] = None

    def publication(self) -> Publication:
        """How it is to be published."""
        return Publication(self.in_force_on, self.applies_from)


class PromulgationOut(View):
    """An adopted amendment became a version of the convention. Late or not, the adoption stands (Art. 26, 27, 31)."""

    model_config = shown(
        {
            "id": PROMULGATION_ID,
            "object": "promulgation",
            "url": f"{URL}/promulgations/{PROMULGATION_ID}",
            "proposal_id": PROPOSAL_ID,
            "convention_version": 2,
            "redline_url": f"{URL}/convention/redline?from=1&to=2",
            "valid_on": "2026-06-20",
            "in_force_on": "2026-07-01",
            "due_on": "2026-07-20",
            "due_basis": {
                "rule": "promulgation.publication_term",
                "article": "26",
                "rulebook_version": 1,
            },
            "is_late": False,
            "promulgated_at": LONG_AGO,
        }
    )

    id: str
    object: Literal["promulgation"] = "promulgation"
    url: str
    proposal_id: str
    convention_version: int
    redline_url: str
    valid_on: date
    in_force_on: date
    due_on: Annotated[date, Field(description="The last day in time for the publication.")]
    due_basis: BasisOut
    is_late: bool
    promulgated_at: datetime

    @classmethod
    def of(cls, promulgation: Promulgation, public_url: str) -> "PromulgationOut":
        """The view of ``promulgation``."""
        version = promulgation.convention_version
        return cls(
            id=promulgation.id,
            url=f"{public_url}/v1/promulgations/{promulgation.id}",
            proposal_id=promulgation.proposal_id,
            convention_version=version,
            redline_url=f"{public_url}/v1/convention/redline?from={version - 1}&to={version}",
            valid_on=promulgation.valid_on,
            in_force_on=promulgation.in_force_on,
            due_on=promulgation.due_on,
            due_basis=BasisOut.of(promulgation.due_basis),
            is_late=promulgation.is_late,
            promulgated_at=promulgation.promulgated_at,
        )
