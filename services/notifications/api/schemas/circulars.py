"""Circulars as they are sent and shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import Row

from services.notifications.api.schemas.texts import (
    AUTHORITATIVE,
    BODY,
    CIRCULAR_ID,
    DEADLINE,
    DRAFTED_AT,
    ISSUED_AT,
    MEMBER_ID,
    PUBLIC_URL,
    READ_AT,
    TITLE,
    DeadlineOut,
    WordingOut,
    sent,
    shown,
)
from services.notifications.domain.circular import Circular, CircularCategory, Content, Preview
from services.notifications.domain.lifecycle import CircularStatus
from services.notifications.domain.notice import Audience, AudienceKind, Wording
from services.notifications.usecases.circulars import Acknowledged
from shared.contracts.base import MemberId
from shared.contracts.membership import Sector
from shared.http.paging import Page
from shared.http.strict import Body, Choice, Flag, Line, Moment, Prose


class Title(Body):
    """A title of one line: Chinese, and its translation where there is one."""

    zh: Line
    en: Line | None = None


class Text(Body):
    """A text of several lines: Chinese, and its translation where there is one."""

    zh: Prose
    en: Prose | None = None


class ToAll(Body):
    """To all members."""

    kind: Literal["all"]

    def audience(self) -> Audience:
        """The audience meant."""
        return Audience(AudienceKind.ALL)


class ToSector(Body):
    """To the members of one sector."""

    kind: Literal["sector"]
    sector: Choice[Sector]

    def audience(self) -> Audience:
        """The audience meant."""
        return Audience(AudienceKind.SECTOR, sector=self.sector.value)


def _each_once(ids: Sequence[str]) -> Sequence[str]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("repeated_item", "A unit is named once")
    return ids


class ToMembers(Body):
    """To the members named, each once, at most 1,000."""

    kind: Literal["members"]
    members: Annotated[
        list[MemberId], Field(min_length=1, max_length=1000), AfterValidator(_each_once)
    ]

    def audience(self) -> Audience:
        """The audience meant."""
        return Audience(AudienceKind.MEMBERS, member_ids=tuple(self.members))


class DraftCircular(Body):
    """What a circular says, and to whom."""

    model_config = sent(
        {
            "category": "regulation",
            "title": TITLE,
            "body": BODY,
            "audience": {"kind": "all"},
            "acknowledgement_required": True,
        }
    )

    category: Choice[CircularCategory]
    title: Title
    body: Text
    audience: Annotated[ToAll | ToSector | ToMembers, Field(discriminator="kind")]
    acknowledgement_required: Flag = False

    def content(self) -> Content:
        """The content meant."""
        return Content(
            self.category,
            Wording(self.title.zh, self.title.en),
            Wording(self.body.zh, self.body.en),
            self.audience.audience(),
            self.acknowledgement_required,
        )


class ScheduleCircular(Body):
    """When a circular is to be issued."""

    model_config = sent({"issue_at": "2026-10-09T10:00:00+08:00"})

    issue_at: Moment


class AudienceOut(BaseModel):
    """Whom a circular is for. ``members`` is shown to its writers only."""

    model_config = ConfigDict(extra="forbid")

    kind: AudienceKind
    sector: Sector | None
    members: list[str] | None


class CircularOut(BaseModel):
    """A circular. What concerns only its writers is null, and ``allowed_actions`` empty, for a unit."""

    model_config = shown(
        {
            "id": CIRCULAR_ID,
            "object": "circular",
            "version": 2,
            "url": f"{PUBLIC_URL}/v1/circulars/{CIRCULAR_ID}",
            "status": "issued",
            "allowed_actions": ["correction"],
            "number": "C-2026-031",
            "category": "regulation",
            "title": TITLE | AUTHORITATIVE,
            "body": BODY | AUTHORITATIVE,
            "audience": {"kind": "all", "sector": None, "members": None},
            "acknowledgement_required": True,
            "issue_at": None,
            "scheduling_refused": None,
            "ordered_by": "li.secretary",
            "issued_at": ISSUED_AT,
            "register_version": 48,
            "corrects": None,
            "correction_id": None,
            "corrected_by": None,
            "created_at": DRAFTED_AT,
            "updated_at": ISSUED_AT,
        }
    )

    id: str
    object: Literal["circular"] = "circular"
    version: int
    url: str
    status: CircularStatus
    allowed_actions: list[str]
    number: str | None
    category: CircularCategory
    title: WordingOut
    body: WordingOut
    audience: AudienceOut
    acknowledgement_required: bool
    issue_at: datetime | None
    scheduling_refused: Annotated[
        str | None, Field(description="The code of the refusal that undid its scheduling.")
    ]
    ordered_by: Annotated[
        str | None, Field(description="The subject that issued it, or scheduled its issue.")
    ]
    issued_at: datetime | None
    register_version: int | None
    corrects: str | None
    correction_id: Annotated[str | None, Field(description="What corrects it, from its draft on.")]
    corrected_by: Annotated[str | None, Field(description="What corrects it, once that is issued.")]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, circular: Circular, *, public_url: str, for_writer: bool) -> "CircularOut":
        """The circular as its writers, or a unit that may read it, see it."""
        content, ordered_by = circular.content, circular.ordered_by
        sector, named = content.audience.sector, list(content.audience.member_ids) or None
        return cls(
            id=circular.id,
            version=circular.version,
            url=f"{public_url}/v1/circulars/{circular.id}",
            status=circular.status,
            allowed_actions=circular.allowed_actions if for_writer else [],
            number=circular.number,
            category=content.category,
            title=WordingOut.model_validate(content.title),
            body=WordingOut.model_validate(content.body),
            audience=AudienceOut(
                kind=content.audience.kind,
                sector=Sector(sector) if sector else None,
                members=named if for_writer else None,
            ),
            acknowledgement_required=content.acknowledgement_required,
            issue_at=circular.issue_at,
            scheduling_refused=circular.scheduling_refused,
            ordered_by=ordered_by.sub if ordered_by and for_writer else None,
            issued_at=circular.issued_at,
            register_version=circular.register_version,
            corrects=circular.corrects,
            correction_id=circular.correction_id if for_writer else None,
            corrected_by=circular.corrected_by,
            created_at=circular.created_at,
            updated_at=circular.updated_at,
        )


class PreviewOut(BaseModel):
    """The notice of a circular as it would read if it were issued now, and whom it would reach."""

    model_config = shown(
        {
            "object": "circular_preview",
            "title": TITLE | AUTHORITATIVE,
            "body": BODY | AUTHORITATIVE,
            "acknowledge_by": DEADLINE,
            "register_version": 48,
            "reach": 132,
        }
    )

    object: Literal["circular_preview"] = "circular_preview"
    title: WordingOut
    body: WordingOut
    acknowledge_by: DeadlineOut | None
    register_version: Annotated[int, Field(description="How far the register is known now.")]
    reach: Annotated[int, Field(description="How many members it would go to.")]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """The preview as shown."""
        return cls(
            title=WordingOut.model_validate(preview.title),
            body=WordingOut.model_validate(preview.body),
            acknowledge_by=DeadlineOut.of(preview.acknowledge_by),
            register_version=preview.register_version,
            reach=preview.reach,
        )


class AddresseeOut(BaseModel):
    """A unit that a circular went to, by the name it bore then, and what it has done with it."""

    model_config = ConfigDict(extra="forbid")

    member_id: str
    legal_name_zh: str
    legal_name_en: str
    read_at: datetime | None
    acknowledged_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """The addressee in a row of the list."""
        return cls.model_validate(dict(row._mapping))


class AcknowledgementsOut(Page[AddresseeOut]):
    """How many have acknowledged a circular, and a page of its addressees."""

    model_config = shown(
        {
            "object": "acknowledgements",
            "url": f"{PUBLIC_URL}/v1/circulars/{CIRCULAR_ID}/acknowledgements",
            "number": "C-2026-031",
            "register_version": 48,
            "acknowledge_by": DEADLINE,
            "addressed": 132,
            "acknowledged": 131,
            "outstanding": 1,
            "items": [
                {
                    "member_id": MEMBER_ID,
                    "legal_name_zh": "北方网络接入有限公司",
                    "legal_name_en": "Northern Access Ltd.",
                    "read_at": READ_AT,
                    "acknowledged_at": None,
                }
            ],
            "next_cursor": None,
        }
    )

    object: Literal["acknowledgements"] = "acknowledgements"
    url: str
    number: str
    register_version: int
    acknowledge_by: DeadlineOut | None
    addressed: int
    acknowledged: int
    outstanding: int

    @classmethod
    def of(cls, counted: Acknowledged, page: Page[AddresseeOut], public_url: str) -> Self:
        """The counts and the page as shown."""
        notice = counted.notice
        return cls(
            url=f"{public_url}{notice.link}/acknowledgements",
            number=str(notice.number),
            register_version=notice.register_version,
            acknowledge_by=DeadlineOut.of(notice.acknowledge_by),
            addressed=counted.addressed,
            acknowledged=counted.acknowledged,
            outstanding=counted.addressed - counted.acknowledged,
            items=page.items,
            next_cursor=page.next_cursor,
        )
