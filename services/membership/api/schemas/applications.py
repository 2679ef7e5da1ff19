"""The bodies and views of applications."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from services.membership.api.schemas.members import MembershipRecordOut
from services.membership.api.schemas.view import (
    APPLICATION_ID,
    LONG_AGO,
    SUBJECT,
    URL,
    BasisOut,
    SubjectOut,
    View,
)
from services.membership.domain.application import ApplicationKind, EntrustedMandate, RefusalGround
from services.membership.domain.lifecycle import ApplicationStatus
from services.membership.domain.particulars import Particulars, Sector
from shared.http.strict import Body, Choice, Email, Flag, Line, Moment, Prose, SubjectBody

_PARTICULARS: dict[str, JsonValue] = {
    "legal_name_zh": "北京示例网络科技有限公司",
    "legal_name_en": "Beijing Example Network Technology Co., Ltd.",
    "sectors": ["application_service"],
    "legal_representative": "张磊",
    "contact_email": "liaison@unit.example",
}
_COMPLETED: dict[str, JsonValue] = {
    "particulars": _PARTICULARS,
    "legal_representative_subject": {"sub": "zhang.lei"},
    "accepts_rules": True,
}
_APPLICATION: dict[str, JsonValue] = {
    "id": APPLICATION_ID,
    "object": "application",
    "version": 2,
    "url": f"{URL}/applications/{APPLICATION_ID}",
    "status": "approved",
    "waiting_for": "mandate",
    "allowed_actions": ["instrument"],
    "kind": "first",
    "identifier": "91110108QTY458N227",
    "particulars": {
        **_PARTICULARS,
        "contact_phone": None,
        "group": None,
        "unreachable": False,
    },
    "legal_representative_subject": {**SUBJECT},
    "accepts_rules": True,
    "entrusted_count": 0,
    "member_id": None,
    "missing": [],
    "ground": None,
    "reasons": None,
    "review_due_on": "2026-04-09",
    "review_overdue": False,
    "review_basis": {"rule": "application.review_term", "article": "28", "rulebook_version": 1},
    "decided_at": LONG_AGO,
    "signed_at": None,
    "former_membership": None,
    "created_at": LONG_AGO,
    "updated_at": LONG_AGO,
}


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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "李敏", "subject": {"sub": "li.min"}, "valid_from": LONG_AGO}]
        }
    )

    name: Line
    subject: SubjectBody
    valid_from: Moment
    valid_until: Moment | None = None

    def entrusted(self, issuer: str) -> EntrustedMandate:
        """The mandate as filed."""
        return EntrustedMandate(
            self.name, self.subject.within(issuer), self.valid_from, self.valid_until
        )


class ResubmitApplication(Body):
    """What was missing, added."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COMPLETED]})

    particulars: ParticularsIn
    legal_representative_subject: SubjectBody
    accepts_rules: Flag


class SubmitApplication(ResubmitApplication):
    """An application to accede (Art. 28)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"identifier": "91110108QTY458N227", **_COMPLETED}]}
    )

    identifier: Annotated[Line, Field(description="Unified social credit code, 18 characters.")]
    entrusted: list[EntrustedMandateIn] = Field(default_factory=list, max_length=20)


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


class ParticularsOut(View):
    """What the applicant says of the unit."""

    legal_name_zh: str
    legal_name_en: str
    sectors: Sequence[Sector]
    legal_representative: str
    contact_email: str
    contact_phone: str | None
    group: str | None
    unreachable: bool

    @classmethod
    def of(cls, particulars: Particulars) -> "ParticularsOut":
        """The view of ``particulars``."""
        return cls(**asdict(particulars))


class ApplicationOut(View):
    """An application as its parties and the registrar see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_APPLICATION]})

    id: str
    object: Literal["application"] = "application"
    version: int
    url: str
    status: ApplicationStatus
    waiting_for: str | None
    allowed_actions: list[str]
    kind: ApplicationKind
    identifier: str
    particulars: ParticularsOut
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
    former_membership: Annotated[
        MembershipRecordOut | None,
        Field(description="A returning unit's history: for the registrar, who reads it alone."),
    ]
    created_at: datetime
    updated_at: datetime
