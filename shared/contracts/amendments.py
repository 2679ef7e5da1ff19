"""What amendments announces and others already listen for (A3, A5, rulebook)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.base import Classification, Event
from shared.contracts.membership import Sector


class RatioValue(BaseModel):
    """An exact ratio as it travels."""

    model_config = ConfigDict(frozen=True)

    numerator: int
    denominator: int
    inclusive: bool
    of: str


class TermValue(BaseModel):
    """A term as it travels: months and days together."""

    model_config = ConfigDict(frozen=True)

    months: int
    days: int


class RulebookEntry(BaseModel):
    """One entry of the rulebook, with what it rests on."""

    model_config = ConfigDict(frozen=True)

    key: str
    value: RatioValue | TermValue
    article: str
    given_by: Literal["text", "house"]


class RulebookInForce(
    Event,
    type="amendments.rulebook.in_force.v1",
    aggregate="rulebook",
    about="rulebook_id",
    classification=Classification.PUBLIC,
):
    """A version of the rulebook took force, whole (Art. 27, 30)."""

    rulebook_id: str
    rulebook_version: Annotated[int, Field(ge=1)]
    in_force_at: AwareDatetime
    entries: list[RulebookEntry]


class BallotRollRequested(
    Event, type="amendments.ballot.roll_requested.v1", aggregate="ballot", about="ballot_id"
):
    """A ballot asks for the certified roll at its opening, or as of the instant of its close."""

    ballot_id: str
    purpose: Literal["opening", "close"]
    instant: AwareDatetime | None


class InitiatingUnit(BaseModel):
    """A unit that signed the convention at its founding (Art. 26)."""

    model_config = ConfigDict(frozen=True)

    legal_name_zh: str
    legal_name_en: str
    identifier: str
    sectors: list[Sector]
    legal_representative: str
    subject_issuer: str
    subject_sub: str
    contact_email: str


class ConventionFounded(
    Event,
    type="amendments.convention.founded.v1",
    aggregate="convention",
    about="convention_id",
):
    """The convention became valid; its initiating units are members from ``valid_on`` (Art. 26)."""

    convention_id: str
    valid_on: date
    initiating_units: list[InitiatingUnit]
