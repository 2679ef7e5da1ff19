"""The bodies and views of membership's API."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.membership.domain.application import ApplicationKind, EntrustedMandate, RefusalGround
from services.membership.domain.lifecycle import ApplicationStatus, MembershipStatus
from services.membership.domain.mandate import Appointment, MandateKind
from services.membership.domain.particulars import Particulars, Sector
from services.membership.domain.period import AccessionBasis, Ending
from shared.http.strict import Body, Choice, Day, Email, Flag, Line, Moment, Prose, SubjectBody
from shared.kernel.actor import Scope, Subject


class View(BaseModel):
    """The base of all views: what is documented and nothing else."""

    model_config = ConfigDict(extra="forbid")


class SubjectOut(View):
    """A person or machine as its issuer names it."""

    issuer: str
    sub: str

    @classmethod
    def of(cls, subject: Subject) -> "SubjectOut":
        """The view of ``subject``."""
        return cls(issuer=subject.issuer, sub=subject.sub)


class BasisOut(View):
    """Which entry of which rulebook a computed number comes from."""

    rule: str
    article: str
    rulebook_version: int


class ParticularsIn(Body):
    """What a unit says of itself."""

    legal_name_zh: Line
    legal_name_en: Line
    sectors: Annotated[list[Choice[Sector]], Field(min_length=1, max_length=7)]
    legal_representative: Line
    contact_email: Email
    contact_phone: Line | None = None
    group: Annotated[Line | None, Field(description="The disclosed affiliation, if any.")] = None

    def checked(self) -> Particulars:
        """The particulars by the domain's rules of each field."""
        return Particulars.checked(**self.model_dump())


class EntrustedMandateIn(Body):
    """Whom a unit entrusts with signing for it; ``valid_until`` is exclusive."""

    name: Line
    subject: SubjectBody
    valid_from: Moment
    valid_until: Moment | None = None

    def entrusted(self, issuer: str) -> EntrustedMandate:
        """The mandate as filed."""
        return EntrustedMandate(
            self.name, self.subject.within(issuer), self.valid_from, self.valid_until
        )


_PARTICULARS = {
    "legal_name_zh": "北京示例网络科技有限公司",
    "legal_name_en": "Beijing Example Network Technology Co., Ltd.",
    "sectors": ["application_service"],
    "legal_representative": "张磊",
    "contact_email": "liaison@unit.example",
}


class SubmitApplication(Body):
    """An application to accede (Art. 28)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "identifier": "91110108QTY458N227",
                    "particulars": _PARTICULARS,
                    "legal_representative_subject": {"sub": "zhang.lei"},
                    "accepts_rules": True,
                }
            ]
        }
    )

    identifier: Annotated[Line, Field(description="Unified social credit code, 18 characters.")]
    particulars: ParticularsIn
    legal_representative_subject: SubjectBody
    accepts_rules: Flag
    entrusted: Annotated[list[EntrustedMandateIn], Field(max_length=20)] = []


class ResubmitApplication(Body):
    """What was missing, added."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "particulars": _PARTICULARS,
                    "legal_representative_subject": {"sub": "zhang.lei"},
                    "accepts_rules": True,
                }
            ]
        }
    )

    particulars: ParticularsIn
    legal_representative_subject: SubjectBody
    accepts_rules: Flag


class ReturnApplication(Body):
    """What is missing, item by item."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"missing": ["Proof of the legal representative"]}]}
    )

    missing: Annotated[list[Line], Field(min_length=1, max_length=50)]


class RefuseApplication(Body):
    """A lawful ground (Art. 28) and the reasons."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"ground": "not_a_practitioner", "reasons": "Runs no Internet business."}]
        }
    )

    ground: Annotated[str, Field(max_length=80, description="One of the two lawful grounds.")]
    reasons: Prose


class ApplicationOut(View):
    """An application as its parties and the registrar see it."""

    id: str
    object: Literal["application"] = "application"
    version: int
    url: str
    status: ApplicationStatus
    waiting_for: str | None
    allowed_actions: list[str]
    kind: ApplicationKind
    identifier: str
    particulars: dict[str, Any]
    legal_representative_subject: SubjectOut
    accepts_rules: bool
    entrusted_count: int
    member_id: str | None
    missing: list[str]
    ground: RefusalGround | None
    reasons: str | None
    review_due_on: date
    review_overdue: bool
    review_basis: BasisOut
    decided_at: datetime | None
    signed_at: datetime | None
    former_periods: Annotated[
        list["PeriodOut"] | None, Field(description="A returning unit's history; registrar only.")
    ]
    created_at: datetime
    updated_at: datetime


class PeriodOut(View):
    """A membership period, with how it ended: for the member and the registrar."""

    id: str
    opened_on: date
    basis: AccessionBasis
    ended_on: date | None
    ending: Ending | None
    ground_case_id: str | None


class AnnouncedEndingOut(View):
    """An ending that will take effect on a later day."""

    kind: Ending
    effective_on: date
    effective_at: datetime


class MemberDetailsOut(View):
    """What only the member itself and the registrar see."""

    legal_representative: str
    contact_email: str
    contact_phone: str | None
    unreachable: bool
    announced_endings: list[AnnouncedEndingOut]
    periods: list[PeriodOut]


class MemberOut(View):
    """A unit on the register. Everyone sees that a unit ceased, nobody here why."""

    id: str
    object: Literal["member"] = "member"
    version: int
    url: str
    status: MembershipStatus
    allowed_actions: list[str]
    identifier: str
    legal_name_zh: str
    legal_name_en: str
    sectors: list[Sector]
    group: str | None
    member_since: date
    ceased_on: date | None
    details: MemberDetailsOut | None
    created_at: datetime
    updated_at: datetime


class ChangeParticulars(Body):
    """What changes, from which day on (today where none is given). Only the registrar sets ``unreachable``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"legal_name_zh": "北京新名网络科技有限公司", "valid_from": "2026-11-01"}]
        }
    )

    valid_from: Day | None = None
    legal_name_zh: Line | None = None
    legal_name_en: Line | None = None
    sectors: Annotated[list[Choice[Sector]] | None, Field(min_length=1, max_length=7)] = None
    legal_representative: Line | None = None
    contact_email: Email | None = None
    contact_phone: Line | None = None
    group: Line | None = None
    unreachable: Flag | None = None


class Withdraw(Body):
    """Leave at once, or on a later day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"effective_on": "2026-12-31"}]})

    effective_on: Day | None = None


class HistoryEntryOut(View):
    """What a member was called, and when."""

    valid_from: date
    register_version: int
    legal_name_zh: str
    legal_name_en: str
    sectors: list[Sector]


class MemberHistoryOut(View):
    """Names and periods of a unit; the reasons for endings only for itself and the registrar."""

    object: Literal["member_history"] = "member_history"
    member_id: str
    names: list[HistoryEntryOut]
    periods: list[dict[str, Any]]


class AppointRepresentative(Body):
    """A mandate for a token subject; ``valid_until`` is exclusive, open where absent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "entrusted",
                    "name": "李敏",
                    "subject": {"sub": "li.min"},
                    "scopes": ["circulars"],
                }
            ]
        }
    )

    kind: Choice[MandateKind]
    name: Line
    subject: SubjectBody
    scopes: Annotated[list[Choice[Scope]], Field(min_length=1, max_length=4)]
    valid_from: Moment | None = None
    valid_until: Moment | None = None

    def appointment(self, issuer: str, now: datetime) -> Appointment:
        """What is asked for; from now on where no day is given."""
        return Appointment(
            self.kind,
            self.subject.within(issuer),
            self.name,
            frozenset(self.scopes),
            self.valid_from or now,
            self.valid_until,
        )


class RepresentativeOut(View):
    """A mandate on the register."""

    id: str
    object: Literal["representative"] = "representative"
    member_id: str
    url: str
    status: Literal["valid", "not_yet_valid", "ended"]
    allowed_actions: list[str]
    kind: MandateKind
    name: str
    subject: SubjectOut
    scopes: list[Scope]
    valid_from: datetime
    valid_until: datetime | None
    removed_at: datetime | None


class ClaimCodeOut(View):
    """A claim code, shown this once."""

    object: Literal["claim_code"] = "claim_code"
    member_id: str
    code: str
    expires_at: datetime


class Claim(Body):
    """Become a member's legal representative with the code that the registrar gave."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "ABCDEFG-ABCDEFG-ABCDEFG-ABCDEFG", "name": "张磊"}]}
    )

    code: Line
    name: Line
