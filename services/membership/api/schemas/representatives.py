"""The bodies and views of mandates and claims."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from services.membership.api.schemas.view import (
    LONG_AGO,
    MEMBER_ID,
    REPRESENTATIVE_ID,
    SUBJECT,
    URL,
    SubjectOut,
    View,
)
from services.membership.domain.mandate import Appointment, MandateKind
from shared.http.strict import Body, Choice, Line, Moment, SubjectBody
from shared.kernel.actor import Scope


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
    """A mandate on the register. ``member_version`` is what ``If-Match`` compares: mandates are the member's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": REPRESENTATIVE_ID,
                    "object": "representative",
                    "member_id": MEMBER_ID,
                    "member_version": 2,
                    "url": f"{URL}/members/{MEMBER_ID}/representatives/{REPRESENTATIVE_ID}",
                    "status": "valid",
                    "allowed_actions": ["removal"],
                    "kind": "legal_representative",
                    "name": "张磊",
                    "subject": {**SUBJECT},
                    "scopes": ["all"],
                    "valid_from": LONG_AGO,
                    "valid_until": None,
                    "removed_at": None,
                }
            ]
        }
    )

    id: str
    object: Literal["representative"] = "representative"
    member_id: str
    member_version: int
    url: str
    status: Literal["valid", "not_yet_valid", "ended"]
    allowed_actions: Sequence[str]
    kind: MandateKind
    name: str
    subject: SubjectOut
    scopes: Sequence[Scope]
    valid_from: datetime
    valid_until: datetime | None
    removed_at: datetime | None


class ClaimCodeOut(View):
    """A claim code, shown this once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "object": "claim_code",
                    "member_id": MEMBER_ID,
                    "code": "ABCDEFG-ABCDEFG-ABCDEFG-ABCDEFG",
                    "expires_at": LONG_AGO,
                }
            ]
        }
    )

    object: Literal["claim_code"] = "claim_code"
    member_id: str
    code: str
    expires_at: datetime


class Claim(Body):
    """Become a member's legal representative with the code that the registrar gave."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"code": "ABCDEFG-ABCDEFG-ABCDEFG-ABCDEFG", "name": "张磊"}]
        }
    )

    code: Line
    name: Line
