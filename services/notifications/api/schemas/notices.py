"""Notices as a member sees them in its inbox."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field
from sqlalchemy import Row

from services.notifications.api.schemas.texts import (
    AUTHORITATIVE,
    BODY,
    CIRCULAR_ID,
    DEADLINE,
    ISSUED_AT,
    NOTICE_ID,
    PUBLIC_URL,
    READ_AT,
    TITLE,
    DeadlineOut,
    WordingOut,
    shown,
)
from services.notifications.domain.lifecycle import NoticeStatus
from services.notifications.domain.notice import (
    AudienceKind,
    Heading,
    Notice,
    NoticeCategory,
    NoticeKind,
    Reading,
    allowed_actions,
)
from services.notifications.store.notices import heading_from, reading_from
from shared.contracts.membership import Sector

_HEADING = {
    "id": NOTICE_ID,
    "object": "notice",
    "url": f"{PUBLIC_URL}/v1/inbox/{NOTICE_ID}",
    "status": "read",
    "allowed_actions": ["acknowledgement"],
    "kind": "circular",
    "category": "regulation",
    "mandatory": True,
    "number": "C-2026-031",
    "title": TITLE | AUTHORITATIVE,
    "link": f"{PUBLIC_URL}/v1/circulars/{CIRCULAR_ID}",
    "audience": "all",
    "sector": None,
    "register_version": 48,
    "register_head": "44e397ad7b2c35b323eadfaf9eb7f4adc7425c4f0d85615939812e5342002264",
    "acknowledgement_required": True,
    "acknowledge_by": DEADLINE,
    "issued_at": ISSUED_AT,
    "read_at": READ_AT,
    "acknowledged_at": None,
    "created_at": ISSUED_AT,
    "updated_at": READ_AT,
}


class HeadingOut(BaseModel):
    """A notice as the inbox lists it: all but its body. ``status`` is what the caller's unit has done with it."""

    model_config = shown(_HEADING)

    id: str
    object: Literal["notice"] = "notice"
    url: str
    status: NoticeStatus
    allowed_actions: list[str]
    kind: NoticeKind
    category: NoticeCategory
    mandatory: Annotated[bool, Field(description="Whether it cannot be muted.")]
    number: Annotated[str | None, Field(description="None for what is not counted.")]
    title: WordingOut
    link: Annotated[str, Field(description="What the notice tells of.")]
    audience: AudienceKind
    sector: Sector | None
    register_version: Annotated[
        int, Field(description="Who was a member at this version was addressed.")
    ]
    register_head: Annotated[str, Field(description="The register's chain head at that version.")]
    acknowledgement_required: bool
    acknowledge_by: DeadlineOut | None
    issued_at: datetime
    read_at: datetime | None
    acknowledged_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of_row(cls, row: Row[Any], public_url: str) -> Self:
        """The heading in a row of the inbox."""
        return cls.model_validate(_fields(heading_from(row), reading_from(row), public_url))


class NoticeOut(HeadingOut):
    """A whole notice."""

    model_config = shown(_HEADING | {"body": BODY | AUTHORITATIVE})

    body: WordingOut

    @classmethod
    def of(cls, received: tuple[Notice, Reading], public_url: str) -> Self:
        """The notice as one of its addressees has it."""
        notice, reading = received
        return cls.model_validate(_fields(notice, reading, public_url) | {"body": notice.body})


def _fields(heading: Heading, reading: Reading, public_url: str) -> dict[str, Any]:
    is_required = heading.acknowledge_by is not None
    return {
        "id": heading.id,
        "url": f"{public_url}/v1/inbox/{heading.id}",
        "status": reading.status,
        "allowed_actions": allowed_actions(reading.status, acknowledgement_required=is_required),
        "kind": heading.kind,
        "category": heading.category,
        "mandatory": heading.is_mandatory,
        "number": heading.number,
        "title": heading.title,
        "link": f"{public_url}{heading.link}",
        "audience": heading.audience.kind,
        "sector": heading.audience.sector,
        "register_version": heading.register_version,
        "register_head": heading.register_head,
        "acknowledgement_required": is_required,
        "acknowledge_by": DeadlineOut.of(heading.acknowledge_by),
        "issued_at": heading.issued_at,
        "read_at": reading.read_at,
        "acknowledged_at": reading.acknowledged_at,
        "created_at": heading.issued_at,
        "updated_at": reading.acknowledged_at or reading.read_at or heading.issued_at,
    }
