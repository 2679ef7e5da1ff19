"""Webhook endpoints as they are sent and shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, JsonValue

from services.notifications.api.schemas.texts import (
    DRAFTED_AT,
    ISSUED_AT,
    PUBLIC_URL,
    sent,
    shown,
)
from services.notifications.domain.endpoint import Check, DisabledReason, Endpoint
from services.notifications.domain.lifecycle import EndpointStatus
from services.notifications.domain.message import WebhookType
from services.notifications.usecases.endpoints import Issued
from shared.http.strict import Body, Choice, Flag, Line

ENDPOINT_ID = "whe_01a11a8a41f27d0e9d1c5b7a3e2f4c6d"
WEBHOOK_ID = "msg_6b1f0c9a2d3e4f5061728394a5b6c7d8"
TARGET_URL = "https://hooks.unit.example/gongyue"
SECRET = "whsec_aW52ZW50ZWQgZm9yIHRoaXMgb25lIGV4YW1wbGUuLi4="  # noqa: S105 - invented
FILTERS: list[JsonValue] = ["notifications.*", "membership.bulletin.published.v1"]

_ENDPOINT: dict[str, JsonValue] = {
    "id": ENDPOINT_ID,
    "object": "webhook_endpoint",
    "version": 2,
    "url": f"{PUBLIC_URL}/v1/webhook-endpoints/{ENDPOINT_ID}",
    "status": "active",
    "allowed_actions": ["change", "secret-rotation", "test-event"],
    "target_url": TARGET_URL,
    "description": "生产环境",
    "event_types": FILTERS,
    "ownership_check": None,
    "verified_at": ISSUED_AT,
    "disabled_reason": None,
    "created_at": DRAFTED_AT,
    "updated_at": ISSUED_AT,
}
_UNVERIFIED: dict[str, JsonValue] = {
    **_ENDPOINT,
    "version": 1,
    "status": "unverified",
    "allowed_actions": ["change", "secret-rotation", "enabling"],
    "ownership_check": "running",
    "verified_at": None,
    "updated_at": DRAFTED_AT,
}

TargetUrl = Annotated[
    str,
    Field(description="Where webhooks are sent: https, a public name, port 443 or 8443."),
]
EventFilters = Annotated[
    list[Line],
    Field(
        max_length=50,
        description="Types of `/v1/event-types`, or prefixes followed by `.*`. None: everything.",
    ),
]


class RegisterEndpoint(Body):
    """Where the own unit's systems are to be told, and of what."""

    model_config = sent(
        {"target_url": TARGET_URL, "description": "生产环境", "event_types": FILTERS}
    )

    target_url: TargetUrl
    description: Line | None = None
    event_types: EventFilters = Field(default_factory=list)


def _absent() -> Any:
    """What a field holds that was not sent; ``null`` is no value for it."""


class ChangeEndpoint(Body):
    """What changes; what is not sent stays."""

    model_config = sent({"event_types": ["membership.*"]})

    target_url: TargetUrl = Field(default_factory=_absent)
    description: Line | None = None
    event_types: EventFilters = Field(default_factory=_absent)

    @property
    def new_description(self) -> str | None:
        """The description meant, empty to have none; None: as it was."""
        return (self.description or "") if "description" in self.model_fields_set else None


class RotateSecret(Body):
    """Whether the secrets so far may be known to somebody else."""

    model_config = sent({"compromised": False})

    compromised: Flag = False


class SendTestEvent(Body):
    """What the test event is to look like."""

    model_config = sent({"type": "notifications.circular.issued.v1"})

    type: Choice[WebhookType]


class EndpointOut(BaseModel):
    """Where one unit's systems are told. It gets nothing but its ownership check until it is `active`."""

    model_config = shown(_ENDPOINT)

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    version: int
    url: str
    status: EndpointStatus
    allowed_actions: Sequence[str]
    target_url: str
    description: str | None
    event_types: Annotated[Sequence[str], Field(description="Empty: it is told of everything.")]
    ownership_check: Annotated[
        Check | None, Field(description="How it stands, until it has succeeded.")
    ]
    verified_at: datetime | None
    disabled_reason: Annotated[
        DisabledReason | None,
        Field(
            description="`gone`: its receiver answered 410. What is announced until it is enabled is not sent to it."
        ),
    ]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, endpoint: Endpoint, public_url: str) -> Self:
        """The endpoint as its owner sees it."""
        return cls.model_validate(_fields(endpoint, public_url))


class IssuedSecretOut(EndpointOut):
    """An endpoint with its new secret, which is shown this once."""

    model_config = shown({**_UNVERIFIED, "secret": SECRET, "former_secrets_until": None})

    secret: Annotated[str, Field(description="`whsec_` and base64, as Standard Webhooks has it.")]
    former_secrets_until: Annotated[
        datetime | None, Field(description="Until when replaced secrets sign along.")
    ]

    @classmethod
    def issued(cls, issued: Issued, public_url: str) -> Self:
        """The endpoint with its secret, as its owner gets it once."""
        return cls.model_validate(
            _fields(issued.endpoint, public_url)
            | {"secret": issued.secret, "former_secrets_until": issued.former_until}
        )


class TestEventOut(BaseModel):
    """A test event that is on its way."""

    model_config = shown(
        {
            "object": "test_event",
            "webhook_id": WEBHOOK_ID,
            "type": "notifications.circular.issued.v1",
            "deliveries_url": f"{PUBLIC_URL}/v1/webhook-endpoints/{ENDPOINT_ID}/deliveries",
        }
    )

    object: Literal["test_event"] = "test_event"
    webhook_id: Annotated[str, Field(description="The header of that name, in every attempt.")]
    type: WebhookType
    deliveries_url: Annotated[str, Field(description="Where it can be seen what came of it.")]


def _fields(endpoint: Endpoint, public_url: str) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "version": endpoint.version,
        "url": f"{public_url}/v1/webhook-endpoints/{endpoint.id}",
        "status": endpoint.status,
        "allowed_actions": endpoint.allowed_actions,
        "target_url": endpoint.url,
        "description": endpoint.description or None,
        "event_types": list(endpoint.event_types),
        "ownership_check": endpoint.check,
        "verified_at": endpoint.verified_at,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }
