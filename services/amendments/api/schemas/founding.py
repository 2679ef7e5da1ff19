"""The bodies and views of the founding."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from services.amendments.api.schemas.parts import BasisOut, View, sent
from services.amendments.domain.founding import Founding, InitiatingUnit
from services.amendments.domain.lifecycle import FOUNDING, FoundingStatus
from shared.contracts.membership import Sector
from shared.http.strict import Body, Choice, Email, Line, SubjectBody
from shared.kernel.identifier import normalised

MOST_UNITS = 200


class InitiatingUnitIn(Body):
    """A unit that founds the convention: what the register needs, and who may sign for it."""

    legal_name_zh: Line
    legal_name_en: Line
    identifier: Annotated[Line, Field(description="The unified social credit code.")]
    sectors: Annotated[list[Choice[Sector]], Field(min_length=1, max_length=7)]
    legal_representative: Annotated[Line, Field(description="The person's name.")]
    legal_representative_subject: SubjectBody
    entrusted_subject: SubjectBody | None = None
    contact_email: Email

    def unit(self, issuer: str) -> InitiatingUnit:
        """The unit meant, where tokens come from ``issuer``."""
        entrusted = self.entrusted_subject
        return InitiatingUnit(
            normalised(self.identifier),
            {
                "legal_name_zh": self.legal_name_zh,
                "legal_name_en": self.legal_name_en,
                "sectors": sorted({sector.value for sector in self.sectors}),
                "legal_representative": self.legal_representative,
                "contact_email": self.contact_email,
            },
            self.legal_representative_subject.within(issuer),
            None if entrusted is None else entrusted.within(issuer),
        )


class NameInitiatingUnits(Body):
    """Every unit that founds the convention."""

    model_config = sent(
        {
            "units": [
                {
                    "legal_name_zh": "北京示例网络科技有限公司",
                    "legal_name_en": "Beijing Example Network Technology Co., Ltd.",
                    "identifier": "91110108QTY458N227",
                    "sectors": ["application_service"],
                    "legal_representative": "张磊",
                    "legal_representative_subject": {"sub": "zhang.lei"},
                    "contact_email": "liaison@unit.example",
                }
            ]
        }
    )

    units: Annotated[list[InitiatingUnitIn], Field(min_length=1, max_length=MOST_UNITS)]

    def initiating_units(self, issuer: str) -> list[InitiatingUnit]:
        """The units in their order."""
        return [unit.unit(issuer) for unit in self.units]


class InitiatingUnitOut(View):
    """An initiating unit, and when it signed."""

    legal_name_zh: str
    legal_name_en: str
    signed_at: datetime | None


class FoundingOut(View):
    """The founding. `publish_by`: the last day in time to publish; `is_late`: it was published later, or is overdue."""

    object: Literal["founding"] = "founding"
    version: int
    status: FoundingStatus
    allowed_actions: list[str]
    text_digest: str
    units: list[InitiatingUnitOut]
    valid_at: datetime | None
    valid_on: date | None
    publish_by: date | None
    publish_basis: BasisOut | None
    published_at: datetime | None
    published_on: date | None
    is_late: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, founding: Founding, today: date) -> "FoundingOut":
        """The view of ``founding`` on ``today``."""
        return cls(
            version=founding.version,
            status=founding.status,
            allowed_actions=[
                action for action in FOUNDING.allowed(founding.status) if action != "completion"
            ],
            text_digest=founding.text_digest,
            units=[
                InitiatingUnitOut(
                    legal_name_zh=str(unit.particulars["legal_name_zh"]),
                    legal_name_en=str(unit.particulars["legal_name_en"]),
                    signed_at=unit.signed_at,
                )
                for unit in founding.units
            ],
            valid_at=founding.valid_at,
            valid_on=founding.valid_on,
            publish_by=founding.publish_by,
            publish_basis=None if founding.basis is None else BasisOut.of(founding.basis),
            published_at=founding.published_at,
            published_on=founding.published_on,
            is_late=founding.is_late(today),
            created_at=founding.named_at,
            updated_at=founding.updated_at,
        )
