"""What membership announces (M1 to M10)."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import Classification, Digest, Event, MemberId, RegisterChange
from shared.kernel.actor import Scope


class Sector(StrEnum):
    """What a practitioner of the industry does (Art. 2)."""

    ACCESS_SERVICE = "access_service"
    APPLICATION_SERVICE = "application_service"
    INFORMATION_SERVICE = "information_service"
    PRODUCT_MAKER = "product_maker"
    RESOURCE_DEVELOPER = "resource_developer"
    RESEARCH_EDUCATION_SERVICE = "research_education_service"
    VENUE_OPERATOR = "venue_operator"


class Ending(StrEnum):
    """How a membership period ends. Internal: the public register says only that a unit ceased."""

    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    MERGED = "merged"
    DISSOLVED = "dissolved"


class MandateKind(StrEnum):
    """On what footing a subject acts for a member."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    ENTRUSTED = "entrusted"
    MACHINE = "machine"


class AccessionBasis(StrEnum):
    """Why a membership period opened or runs again."""

    APPLICATION = "application"
    FOUNDING = "founding"
    IMPORT = "import"
    REINSTATED = "reinstated"
    READMITTED = "readmitted"


class ApplicationSubmitted(
    Event,
    type="membership.application.submitted.v1",
    aggregate="application",
    about="application_id",
):
    """A practitioner of the industry applied to accede (Art. 28)."""

    application_id: str
    kind: Literal["first", "return"]


class ApplicationReturned(
    Event,
    type="membership.application.returned.v1",
    aggregate="application",
    about="application_id",
):
    """The registrar gave an application back, saying what is missing."""

    application_id: str
    kind: Literal["first", "return"]


class ApplicationApproved(
    Event,
    type="membership.application.approved.v1",
    aggregate="application",
    about="application_id",
):
    """The application meets both criteria of Art. 28; accession waits for a valid signature."""

    application_id: str
    kind: Literal["first", "return"]


class ApplicationRefused(
    Event,
    type="membership.application.refused.v1",
    aggregate="application",
    about="application_id",
):
    """The application was refused on one of the two lawful grounds (Art. 28)."""

    application_id: str
    kind: Literal["first", "return"]
    ground: Literal["not_a_practitioner", "rules_not_accepted"]


class ApplicationRetracted(
    Event,
    type="membership.application.retracted.v1",
    aggregate="application",
    about="application_id",
):
    """The applicant took the application back."""

    application_id: str
    kind: Literal["first", "return"]


class MemberAcceded(
    RegisterChange,
    type="membership.member.acceded.v1",
    aggregate="member",
    about="member_id",
    classification=Classification.PUBLIC,
):
    """A membership period opened, or runs again after an annulled cancellation (Art. 26, 28)."""

    period_id: str
    basis: AccessionBasis
    application_id: str | None
    effective_on: date
    legal_name_zh: str
    legal_name_en: str
    identifier: str
    sectors: list[Sector]


class MemberEnded(
    RegisterChange, type="membership.member.ended.v1", aggregate="member", about="member_id"
):
    """A membership period ended; every mandate given in it ended with it (Art. 23, 28)."""

    period_id: str
    ending: Ending
    effective_on: date
    ground_case_id: str | None
    successor_member_id: MemberId | None


class MemberEndingAnnounced(
    Event, type="membership.member.ending_announced.v1", aggregate="member", about="member_id"
):
    """A membership period will end on a later day (Art. 28)."""

    member_id: MemberId
    ending: Ending
    effective_on: date


class MemberEndingRetracted(
    Event, type="membership.member.ending_retracted.v1", aggregate="member", about="member_id"
):
    """An announced ending will not come: it was taken back, annulled, or has lapsed."""

    member_id: MemberId
    effective_on: date


class MemberCancellationMoot(
    Event,
    type="membership.member.cancellation_moot.v1",
    aggregate="member",
    about="member_id",
    classification=Classification.CONFIDENTIAL,
):
    """A cancellation found no running membership to end: the unit had left first (Art. 23)."""

    member_id: MemberId
    case_id: str
    decision_number: str
    ended_by: Ending


class MemberParticularsChanged(
    RegisterChange,
    type="membership.member.particulars_changed.v1",
    aggregate="member",
    about="member_id",
    classification=Classification.PUBLIC,
):
    """The public particulars of a member as they are from ``valid_from`` on."""

    valid_from: date
    legal_name_zh: str
    legal_name_en: str
    identifier: str
    sectors: list[Sector]


class RepresentativeAppointed(
    RegisterChange,
    type="membership.representative.appointed.v1",
    aggregate="member",
    about="member_id",
):
    """A mandate: who may act for a member, in what, from when, until when (exclusive; null: open)."""

    representative_id: str
    period_id: str
    kind: MandateKind
    subject_issuer: str
    subject_sub: str
    scopes: list[Scope]
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None


class RepresentativeRemoved(
    RegisterChange,
    type="membership.representative.removed.v1",
    aggregate="member",
    about="member_id",
):
    """A mandate ended at ``removed_at``; what was done before under it stays valid."""

    representative_id: str
    period_id: str
    removed_at: AwareDatetime


class BulletinPublished(
    Event,
    type="membership.bulletin.published.v1",
    aggregate="bulletin",
    about="bulletin_id",
    classification=Classification.PUBLIC,
):
    """A numbered edition of the member bulletin, or an erratum to one (Art. 28)."""

    bulletin_id: str
    number: Annotated[int, Field(ge=1)]
    erratum_of: int | None
    from_day: date
    to_day: date
    members_count: int
    joined_count: int
    ceased_count: int
    register_version: int
    register_head: Digest


class RollCertified(
    Event, type="membership.roll.certified.v1", aggregate="ballot", about="ballot_id"
):
    """The electorate of a ballot: everyone who is a member at ``instant``, as of ``register_version``."""

    ballot_id: str
    roll_id: str
    purpose: Literal["opening", "close"]
    instant: AwareDatetime
    register_version: int
    register_head: Digest
    count: int
    digest: Digest
    certified_at: AwareDatetime
