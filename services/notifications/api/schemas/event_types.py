"""What webhooks can tell, as integrators read it."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.notifications.api.schemas.texts import PUBLIC_URL, shown
from services.notifications.domain.event_types import EVENT_TYPES, EventType
from services.notifications.domain.message import CHOSEN, WebhookType
from shared.contracts.catalog import CATALOG

_EXAMPLE = EVENT_TYPES[WebhookType.BULLETIN_PUBLISHED]


class MeaningOut(BaseModel):
    """What a type tells; English is a translation of the Chinese."""

    model_config = ConfigDict(extra="forbid")

    zh: str
    en: str
    authoritative: Literal["zh"] = "zh"


class EventTypeOut(BaseModel):
    """One type of webhook."""

    model_config = shown(
        {
            "object": "event_type",
            "type": _EXAMPLE.type.value,
            "description": {**_EXAMPLE.meaning._asdict(), "authoritative": "zh"},
            "choosable": True,
            "payload_schema": dict(_EXAMPLE.schema),
            "data_example": dict(_EXAMPLE.example),
            "docs_url": f"{PUBLIC_URL}/docs/events#{_EXAMPLE.type.value}",
        }
    )

    object: Literal["event_type"] = "event_type"
    type: WebhookType
    description: MeaningOut
    choosable: Annotated[
        bool, Field(description="False: it is sent to every endpoint, whatever its filter.")
    ]
    payload_schema: Annotated[dict[str, Any], Field(description="JSON Schema of the whole body.")]
    data_example: Annotated[
        dict[str, str | int | None], Field(description="Invented; as a test event carries it.")
    ]
    docs_url: str

    @classmethod
    def of(cls, event_type: EventType, public_url: str) -> Self:
        """The type as shown."""
        type = event_type.type
        page = f"events#{type}" if type in CATALOG else "notifications"
        return cls(
            type=type,
            description=MeaningOut(**event_type.meaning._asdict()),
            choosable=type in CHOSEN,
            payload_schema=dict(event_type.schema),
            data_example=dict(event_type.example),
            docs_url=f"{public_url}/docs/{page}",
        )
