"""What amendments announces and others already listen for (A3, A5, rulebook)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.base import Classification, Digest, Event, MemberId
from shared.contracts.membership import Sector
from shared.contracts.replay import ReplayRequested


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


class BasisValue(BaseModel):
    """Which entry of which rulebook a number comes from, as it travels."""

    model_config = ConfigDict(frozen=True)

    rule: str
    article: str
    rulebook_version: int


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


class RollRequested(
    Event, type="amendments.roll.requested.v1", aggregate="roll_request", about="request_id"
):
    """A ballot asks for the certified roll at its opening, or as of the instant of its close.

    Each request is an aggregate of its own: whoever listens to it is not sent what else is announced of the ballot.
    """

    request_id: str
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


class ConventionPromulgated(
    Event,
    type="amendments.convention.promulgated.v1",
    aggregate="convention",
    about="convention_id",
    classification=Classification.PUBLIC,
):
    """A version of the convention was published: imported, at the founding, or by an amendment (Art. 26, 27, 31).

    ``changed``: the provisions that are new or differ from the version before. ``source``: the id of the proposal
    of an amendment.
    """

    convention_id: str
    version: Annotated[int, Field(ge=1)]
    occasion: Literal["import", "founding", "amendment"]
    source: str
    valid_on: date
    in_force_on: date
    rulebook_version: int
    text_digest: Digest
    changed: list[str]
    redline_url: str | None


class ConventionPublicationDue(
    Event,
    type="amendments.convention.publication_due.v1",
    aggregate="convention",
    about="convention_id",
):
    """The organ is reminded that the convention, valid by its last signature, is to be published by a day (Art. 26)."""

    convention_id: str
    due_on: date
    basis: BasisValue


class ConventionCorrected(
    Event,
    type="amendments.convention.corrected.v1",
    aggregate="convention",
    about="convention_id",
    classification=Classification.PUBLIC,
):
    """The wording of a provision was mended in ``versions`` without an amendment: a translation, or a typing error.

    ``text_digest``: how the version in force reads from now on.
    """

    convention_id: str
    number: Annotated[int, Field(ge=1)]
    kind: Literal["translation", "corrigendum"]
    provision: str
    versions: list[Annotated[int, Field(ge=1)]]
    text_digest: str


class InterpretationIssued(
    Event,
    type="amendments.interpretation.issued.v1",
    aggregate="interpretation",
    about="interpretation_id",
    classification=Classification.PUBLIC,
):
    """The organ interpreted a provision, as it stands in a version, from ``effective_on`` on (Art. 30)."""

    interpretation_id: str
    number: Annotated[int, Field(ge=1)]
    provision: str
    convention_version: int
    effective_on: date
    supersedes: str | None
    in_own_case: bool


class InterpretationSuperseded(
    Event,
    type="amendments.interpretation.superseded.v1",
    aggregate="interpretation",
    about="interpretation_id",
    classification=Classification.PUBLIC,
):
    """A later interpretation took the place of this one, which stays on record (Art. 30)."""

    interpretation_id: str
    number: Annotated[int, Field(ge=1)]
    provision: str
    superseded_by: str


class ProposalSubmitted(
    Event,
    type="amendments.proposal.submitted.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """An amendment was proposed, by the organ or by a first supporter who seeks others until ``support_until`` (Art. 27)."""

    proposal_id: str
    proposer: Literal["organ", "coalition"]
    first_supporter: MemberId | None
    base_version: int
    touched: list[str]
    support_until: date | None
    submitted_at: AwareDatetime


class ProposalSupportedEnough(
    Event,
    type="amendments.proposal.supported_enough.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """Enough members stand behind a proposal, at ``register_version``; this stays (Art. 27)."""

    proposal_id: str
    reached: int
    needed: int
    of: int
    basis: BasisValue
    register_version: int
    roll_digest: Digest
    latched_at: AwareDatetime


class ProposalRebased(
    Event,
    type="amendments.proposal.rebased.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """A proposal was put on the latest version; ``support_until``: it gathers support anew (Art. 27)."""

    proposal_id: str
    base_version: int
    touched: list[str]
    support_until: date | None
    rebased_at: AwareDatetime


class UnconfirmedSupporter(BaseModel):
    """A unit that supported an earlier draft and has not confirmed its support since."""

    model_config = ConfigDict(frozen=True)

    member_id: MemberId


class ProposalDraftChanged(
    Event,
    type="amendments.proposal.draft_changed.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """A draft has another hash: these units may confirm their support of it until ``support_until`` (Art. 27).

    One event for every 4,000 of them; none where nobody else supported it.
    """

    proposal_id: str
    draft_digest: Digest
    supporters: list[UnconfirmedSupporter]
    support_until: date
    changed_at: AwareDatetime


class ProposalRetracted(
    Event,
    type="amendments.proposal.retracted.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """Its proposers withdrew a proposal before its ballot opened."""

    proposal_id: str
    retracted_at: AwareDatetime


class ProposalLapsed(
    Event,
    type="amendments.proposal.lapsed.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """A proposal did not find enough support in its term; ``lapsed_at`` is the first instant after it."""

    proposal_id: str
    lapsed_at: AwareDatetime
    basis: BasisValue


class ProposalPromulgationDue(
    Event,
    type="amendments.proposal.promulgation_due.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """The organ is reminded that an adopted amendment is to be promulgated by a day (Art. 26, by analogy)."""

    proposal_id: str
    due_on: date
    basis: BasisValue


class ProposalPromulgationOverdue(
    Event,
    type="amendments.proposal.promulgation_overdue.v1",
    aggregate="proposal",
    about="proposal_id",
):
    """An adopted amendment was not promulgated in its term; the adoption stands (Art. 26, by analogy)."""

    proposal_id: str
    due_on: date
    basis: BasisValue


class AnnexAdopted(
    Event,
    type="amendments.annex.adopted.v1",
    aggregate="annex",
    about="annex_id",
    classification=Classification.PUBLIC,
):
    """The members consented to an agreement of a branch: it is annex ``number`` under ``provision`` (Art. 29)."""

    annex_id: str
    number: Annotated[int, Field(ge=1)]
    provision: str
    convention_version: int
    sector: Sector
    trial_until: date | None
    adopted_at: AwareDatetime


class AnnexTrialEnded(
    Event,
    type="amendments.annex.trial_ended.v1",
    aggregate="annex",
    about="annex_id",
    classification=Classification.PUBLIC,
):
    """The trial of annex ``number`` is over since the end of ``trial_until``; it binds its adherents as before (Art. 29)."""

    annex_id: str
    number: Annotated[int, Field(ge=1)]
    sector: Sector
    trial_until: date


class AmendmentsReplayRequested(
    ReplayRequested, type="amendments.replay.requested.v1", aggregate="replay", about="replay_id"
):
    """Amendments asks a publisher to announce again what it missed."""
