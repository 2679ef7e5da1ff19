"""The delivery log: what was to be told to an endpoint, and what came of each attempt. Instants of attempts are machine time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select, text, true

from services.notifications.domain.attempt import AttemptOutcome
from services.notifications.domain.lifecycle import DeliveryStatus
from services.notifications.domain.message import Message
from services.notifications.store.endpoints import machine_now
from services.notifications.store.keyring import Keyring, SealBroken
from services.notifications.store.messages import message_from
from services.notifications.store.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_messages,
)
from shared.db.work import Work
from shared.kernel.errors import NotFound
from shared.kernel.ids import least_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One message on its way to one endpoint. ``tried``: how often; ``last_*``: what came of the last attempt."""

    id: str
    endpoint_id: str
    member_id: str
    message: Message
    status: DeliveryStatus
    tried: int
    next_attempt_at: datetime | None
    settled_at: datetime | None
    last_at: datetime | None
    last_outcome: AttemptOutcome | None
    last_status_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAttempt:
    """One request and its answer. ``answer``: the beginning of its body, where that was kept.

    ``target_url``: where it went; None where whoever sent it was killed before telling.
    """

    number: int
    started_at: datetime
    duration_ms: int
    outcome: AttemptOutcome
    target_url: str | None
    status_code: int | None
    answer: bytes | None


_FORGET = text(
    """
    WITH outworn AS (
        SELECT id FROM webhook_deliveries WHERE id < :before_id AND settled_at < :before
        ORDER BY id LIMIT :limit
    )
    DELETE FROM webhook_deliveries AS d USING outworn WHERE d.id = outworn.id
    """
)
"""An id is at least as old as its delivery's end, and has an index."""

_FORGET_MESSAGES = text(
    """
    WITH outworn AS (
        SELECT m.id FROM webhook_messages AS m
        WHERE m.id < :before_id AND m.is_expanded
          AND NOT EXISTS (SELECT FROM webhook_deliveries AS d WHERE d.message_id = m.id)
        ORDER BY m.id LIMIT :limit
    )
    DELETE FROM webhook_messages AS m USING outworn WHERE m.id = outworn.id
    """
)


async def forget_settled(work: Work, kept: timedelta, limit: int) -> int:
    """Remove up to ``limit`` deliveries that ended longer ago than ``kept``, and messages of which none is left."""
    before = await machine_now(work) - kept
    deliveries = await work.db.execute(
        _FORGET, {"before_id": least_id("dlv", before), "before": before, "limit": limit}
    )
    messages = await work.db.execute(
        _FORGET_MESSAGES, {"before_id": least_id("whm", before), "limit": limit}
    )
    return deliveries.rowcount + messages.rowcount


def log_of(endpoint_id: str, status: DeliveryStatus | None) -> Select[Any]:
    """An endpoint's deliveries, of one ``status`` or of any, the latest first."""
    statement = _logged().where(webhook_deliveries.c.endpoint_id == endpoint_id)
    if status is not None:
        statement = statement.where(webhook_deliveries.c.status == status)
    return statement.order_by(webhook_deliveries.c.id.desc())


async def find_logged(work: Work, delivery_id: str, member_id: str) -> Logged:
    """A delivery to one of a member's endpoints; refuses with ``NotFound``."""
    found = await work.db.execute(
        _logged().where(
            webhook_deliveries.c.id == delivery_id, webhook_endpoints.c.member_id == member_id
        )
    )
    row = found.first()
    if row is None:
        raise NotFound
    return logged_from(row)


async def attempts_at(work: Work, keyring: Keyring, delivery_id: str) -> Sequence[LoggedAttempt]:
    """Every attempt at a delivery, the first one first. An answer that no key opens any more is not shown."""
    found = await work.db.execute(
        select(webhook_attempts)
        .where(webhook_attempts.c.delivery_id == delivery_id)
        .order_by(webhook_attempts.c.number)
    )
    return [
        LoggedAttempt(
            number=row.number,
            started_at=row.started_at,
            duration_ms=row.duration_ms,
            outcome=row.outcome,
            target_url=row.target_url,
            status_code=row.status_code,
            answer=_opened(keyring, row),
        )
        for row in found
    ]


def logged_from(row: Row[Any]) -> Logged:
    """The delivery in a row of the log."""
    return Logged(
        id=row.delivery_id,
        endpoint_id=row.to_endpoint,
        member_id=row.to_member,
        message=message_from(row),
        status=row.delivery_status,
        tried=row.tried,
        next_attempt_at=row.next_attempt_at,
        settled_at=row.settled_at,
        last_at=row.last_at,
        last_outcome=row.last_outcome,
        last_status_code=row.last_status_code,
    )


def _logged() -> Select[Any]:
    last = (
        select(
            webhook_attempts.c.started_at.label("last_at"),
            webhook_attempts.c.outcome.label("last_outcome"),
            webhook_attempts.c.status_code.label("last_status_code"),
        )
        .where(webhook_attempts.c.delivery_id == webhook_deliveries.c.id)
        .order_by(webhook_attempts.c.number.desc())
        .limit(1)
        .lateral()
    )
    return (
        select(
            webhook_messages,
            webhook_deliveries.c.id.label("delivery_id"),
            webhook_deliveries.c.status.label("delivery_status"),
            webhook_deliveries.c.attempts.label("tried"),
            webhook_deliveries.c.next_attempt_at,
            webhook_deliveries.c.settled_at,
            webhook_endpoints.c.id.label("to_endpoint"),
            webhook_endpoints.c.member_id.label("to_member"),
            last,
        )
        .join_from(webhook_deliveries, webhook_messages)
        .join(webhook_endpoints, webhook_endpoints.c.id == webhook_deliveries.c.endpoint_id)
        .outerjoin(last, true())
    )


def _opened(keyring: Keyring, row: Row[Any]) -> bytes | None:
    if row.excerpt is None:
        return None
    try:
        return keyring.open(row.excerpt, row.delivery_id)
    except SealBroken:
        return None
