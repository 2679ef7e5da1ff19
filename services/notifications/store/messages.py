"""Messages, and the deliveries that are made of them, endpoint by endpoint."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from services.notifications.domain.endpoint import LISTENING, filters_matching
from services.notifications.domain.lifecycle import EndpointStatus
from services.notifications.domain.message import Message, WebhookType
from services.notifications.store.queries import was_in_audience
from services.notifications.store.tables import (
    notices,
    webhook_endpoints,
    webhook_messages,
)
from shared.db.wakeups import Topic
from shared.db.work import Work
from shared.kernel.ids import new_id

_ADD_DELIVERIES = text(
    """
    INSERT INTO webhook_deliveries
        (id, endpoint_id, message_id, status, created_at, next_attempt_at)
    SELECT made.id, made.endpoint_id, :message, 'pending', :created_at, clock_timestamp()
    FROM unnest(CAST(:ids AS text[]), CAST(:endpoints AS text[])) AS made (id, endpoint_id)
    """
)

_MAKE_DUE = text(
    """
    WITH held AS (
        SELECT endpoint_id FROM webhook_queues
        WHERE endpoint_id = ANY (:endpoints) ORDER BY endpoint_id FOR UPDATE
    )
    UPDATE webhook_queues AS q
    SET due_at = CASE
        WHEN running = '{}' THEN greatest(least(due_at, clock_timestamp()), held_until) ELSE due_at
    END
    FROM held WHERE q.endpoint_id = held.endpoint_id
    """
)
"""Every row is locked until the commit, also one that is being worked on: whoever releases it then sees what is new."""


async def add_messages(work: Work, *messages: Message) -> None:
    """Keep messages that are to be delivered; whoever delivers is woken by the commit."""
    if not messages:
        return
    await work.db.execute(
        insert(webhook_messages),
        [
            {
                "id": message.id,
                "type": message.type.value,
                "data": dict(message.data),
                "link": message.link,
                "is_test": message.is_test,
                "created_at": message.created_at,
                "notice_id": message.notice_id,
                "member_id": message.member_id,
                "endpoint_id": message.endpoint_id,
            }
            for message in messages
        ],
    )
    work.wakes.add(Topic.DELIVERIES)


async def expand_next(work: Work, chunk: int) -> int:
    """Make the deliveries of the oldest message to at most ``chunk`` further endpoints; 0 when none waits.

    One process at a time; what it has made is in one transaction with how far it has come, so that whoever goes on
    after a crash neither skips an endpoint nor makes a delivery twice.
    """
    found = await work.db.execute(
        select(webhook_messages, notices.c.audience, notices.c.sector, notices.c.register_version)
        .outerjoin(notices, notices.c.id == webhook_messages.c.notice_id)
        .where(~webhook_messages.c.is_expanded)
        .order_by(webhook_messages.c.id)
        .limit(1)
        .with_for_update(of=webhook_messages, skip_locked=True)
    )
    row = found.first()
    if row is None:
        return 0
    endpoints = list(
        await work.db.scalars(
            select(webhook_endpoints.c.id)
            .where(webhook_endpoints.c.id > (row.expanded_to or ""), _gets(row))
            .order_by(webhook_endpoints.c.id)
            .limit(chunk)
        )
    )
    if endpoints:
        await work.db.execute(
            _ADD_DELIVERIES,
            {
                "ids": [new_id("dlv") for _ in endpoints],
                "endpoints": endpoints,
                "message": row.id,
                "created_at": row.created_at,
            },
        )
        await work.db.execute(_MAKE_DUE, {"endpoints": endpoints})
    await work.db.execute(
        update(webhook_messages)
        .where(webhook_messages.c.id == row.id)
        .values(
            expanded_to=endpoints[-1] if endpoints else row.expanded_to,
            is_expanded=len(endpoints) < chunk,
        )
    )
    return max(1, len(endpoints))


def message_from(row: Row[Any]) -> Message:
    """The message in a row of its table."""
    return Message(
        id=row.id,
        type=WebhookType(row.type),
        data=row.data,
        link=row.link,
        created_at=row.created_at,
        notice_id=row.notice_id,
        member_id=row.member_id,
        endpoint_id=row.endpoint_id,
        is_test=row.is_test,
    )


def _gets(message: Row[Any]) -> ColumnElement[bool]:
    """SQL: whether a row of ``webhook_endpoints`` gets a message.

    One that was verified for the first time later gets nothing old: it is told of what it was entitled to then (edge
    case 15). One whose new address is being checked gets its deliveries, which wait for the end of the check.
    """
    if message.endpoint_id is not None:
        return webhook_endpoints.c.id == literal(message.endpoint_id)
    wants: ColumnElement[bool] = or_(
        func.cardinality(webhook_endpoints.c.event_types) == 0,
        webhook_endpoints.c.event_types.bool_op("&&")(list(filters_matching(message.type))),
    )
    ended_since: ColumnElement[bool] = and_(
        webhook_endpoints.c.status == EndpointStatus.RETIRED,
        webhook_endpoints.c.verified_at.is_not(None),
        webhook_endpoints.c.updated_at >= message.created_at,
    )
    is_ready: ColumnElement[bool] = and_(
        or_(webhook_endpoints.c.status.in_(LISTENING), ended_since),
        webhook_endpoints.c.entitled_since <= message.created_at,
        wants,
    )
    if message.member_id is not None:
        return and_(is_ready, webhook_endpoints.c.member_id == message.member_id)
    is_addressed = was_in_audience(
        message.audience,
        message.notice_id,
        message.sector,
        message.register_version,
        webhook_endpoints.c.member_id,
    )
    return and_(is_ready, is_addressed)
