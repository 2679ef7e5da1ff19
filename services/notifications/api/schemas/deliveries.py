"""The delivery log as an endpoint's owner sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.notifications.api.schemas.endpoints import ENDPOINT_ID, TARGET_URL, WEBHOOK_ID
from services.notifications.api.schemas.texts import ISSUED_AT, PUBLIC_URL, READ_AT, shown
from services.notifications.domain.attempt import AttemptOutcome
from services.notifications.domain.lifecycle import DeliveryStatus
from services.notifications.domain.message import WebhookType
from services.notifications.domain.signing import webhook_id
from services.notifications.store.log import Logged, LoggedAttempt

DELIVERY_ID = "dlv_01a11a8b90f17c3bb0c2d4e6f8a1b3c5"

_DELIVERY: dict[str, JsonValue] = {
    "id": DELIVERY_ID,
    "object": "webhook_delivery",
    "url": f"{PUBLIC_URL}/v1/deliveries/{DELIVERY_ID}",
    "status": "pending",
    "allowed_actions": [],
    "endpoint_id": ENDPOINT_ID,
    "webhook_id": WEBHOOK_ID,
    "type": "notifications.circular.issued.v1",
    "test": False,
    "tried": 1,
    "last_outcome": "refused",
    "last_status_code": 503,
    "next_attempt_at": READ_AT,
    "settled_at": None,
    "created_at": ISSUED_AT,
    "updated_at": ISSUED_AT,
}
_ATTEMPT: JsonValue = {
    "number": 1,
    "started_at": ISSUED_AT,
    "duration_ms": 212,
    "outcome": "refused",
    "target_url": TARGET_URL,
    "status_code": 503,
    "response_excerpt": "upstream is starting",
}
_BODY = (
    '{"type":"notifications.circular.issued.v1","timestamp":"2026-10-09T02:00:00.537120Z",'
    '"data":{"notice_id":"ntc_01a11a86c2d37b10a3a0f3c3b2f7a1d4"}}'
)


class DeliveryOut(BaseModel):
    """One message on its way to one endpoint. `failed`: every attempt did, or the receiver is gone."""

    model_config = shown(_DELIVERY)

    id: str
    object: Literal["webhook_delivery"] = "webhook_delivery"
    url: str
    status: DeliveryStatus
    allowed_actions: Sequence[str] = ()
    endpoint_id: str
    webhook_id: Annotated[str, Field(description="The header of that name, in every attempt.")]
    type: WebhookType
    test: Annotated[bool, Field(description="Whether it is a test event, with invented data.")]
    tried: Annotated[int, Field(description="How many attempts were made.")]
    last_outcome: AttemptOutcome | None
    last_status_code: int | None
    next_attempt_at: Annotated[
        datetime | None,
        Field(
            description="Not before this; later while the endpoint is not active, or its receiver asked by"
            " Retry-After to wait."
        ),
    ]
    settled_at: Annotated[datetime | None, Field(description="When it was delivered, or failed.")]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, logged: Logged, public_url: str) -> Self:
        """The delivery as the list shows it."""
        return cls.model_validate(_fields(logged, public_url))


class RequestOut(BaseModel):
    """What is sent in each attempt. Timestamp and signatures are made anew each time, and not kept."""

    model_config = ConfigDict(extra="forbid")

    webhook_id: str
    body: Annotated[
        str,
        Field(description="The bytes sent, as text; without the challenge of an ownership check."),
    ]


class AttemptOut(BaseModel):
    """One request and what came of it."""

    model_config = ConfigDict(extra="forbid")

    number: int
    started_at: datetime
    duration_ms: int
    outcome: AttemptOutcome
    target_url: Annotated[
        str | None,
        Field(
            description="Where it went, wherever the endpoint is now. Null: it was cut off before that was noted."
        ),
    ]
    status_code: Annotated[int | None, Field(description="Null: no answer came.")]
    response_excerpt: Annotated[
        str | None,
        Field(description="The first KiB of the answer; what cannot be seen is escaped."),
    ]

    @classmethod
    def of(cls, attempt: LoggedAttempt) -> Self:
        """The attempt as shown."""
        return cls(
            number=attempt.number,
            started_at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            outcome=attempt.outcome,
            target_url=attempt.target_url,
            status_code=attempt.status_code,
            response_excerpt=None if attempt.answer is None else legible(attempt.answer),
        )


class DeliveryDetailOut(DeliveryOut):
    """A delivery with its request and every attempt."""

    model_config = shown(
        {
            **_DELIVERY,
            "request": {"webhook_id": WEBHOOK_ID, "body": _BODY},
            "attempts": [_ATTEMPT],
        }
    )

    request: RequestOut
    attempts: Sequence[AttemptOut]

    @classmethod
    def detailed(cls, logged: Logged, attempts: Sequence[LoggedAttempt], public_url: str) -> Self:
        """The delivery whole."""
        fields = _fields(logged, public_url)
        request = RequestOut(
            webhook_id=fields["webhook_id"],
            body=logged.message.shown_body(public_url),
        )
        return cls.model_validate(
            fields | {"request": request, "attempts": [AttemptOut.of(a) for a in attempts]}
        )


def legible(answer: bytes) -> str:
    """An answer as text of characters that the eye can tell; all others are escaped."""
    text = answer.decode("utf-8", "replace")
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text
    )


def _fields(logged: Logged, public_url: str) -> dict[str, Any]:
    message = logged.message
    return {
        "id": logged.id,
        "url": f"{public_url}/v1/deliveries/{logged.id}",
        "status": logged.status,
        "endpoint_id": logged.endpoint_id,
        "webhook_id": webhook_id(message.id, logged.member_id),
        "type": message.type,
        "test": message.is_test,
        "tried": logged.tried,
        "last_outcome": logged.last_outcome,
        "last_status_code": logged.last_status_code,
        "next_attempt_at": logged.next_attempt_at,
        "settled_at": logged.settled_at,
        "created_at": message.created_at,
        "updated_at": logged.settled_at or logged.last_at or message.created_at,
    }
