"""What cases announces and membership already listens for (M4)."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.base import Classification, Event, MemberId


class Decider(BaseModel):
    """The token subject of an officer who took part in a decision."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    sub: str


class CancellationDecided(
    Event,
    type="cases.measure.cancellation_decided.v1",
    aggregate="case",
    about="case_id",
    classification=Classification.CONFIDENTIAL,
):
    """The organ decided to cancel a membership (Art. 23)."""

    case_id: str
    member_id: MemberId
    decision_number: str
    effective_at: AwareDatetime
    deciders: list[Decider]


class MeasureAnnulled(
    Event,
    type="cases.measure.annulled.v1",
    aggregate="case",
    about="case_id",
    classification=Classification.CONFIDENTIAL,
):
    """A cancellation was set aside: the unit never ceased, or is readmitted from a day (Art. 23)."""

    case_id: str
    member_id: MemberId
    outcome: Literal["never_ceased", "readmitted"]
    readmitted_from: date | None
