"""Endpoints, their sealed secrets, and their place among those that something is due for."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.notifications.domain.endpoint import Endpoint, Secret
from services.notifications.domain.lifecycle import EndpointStatus
from services.notifications.domain.message import WebhookType
from services.notifications.store.keyring import Keyring, SealBroken
from services.notifications.store.tables import (
    webhook_endpoints,
    webhook_messages,
    webhook_queues,
    webhook_secrets,
)
from shared.db.work import Work
from shared.kernel.errors import NotFound


def endpoints_owned_by(member_id: str) -> Select[Any]:
    """A member's endpoints, oldest first."""
    return (
        select(webhook_endpoints)
        .where(webhook_endpoints.c.member_id == member_id)
        .order_by(webhook_endpoints.c.id)
    )


async def lock_owner(work: Work, member_id: str) -> None:
    """Let nobody else count a member's endpoints or checks in this transaction."""
    await work.db.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"endpoints of {member_id}", 0)))
    )


async def count_endpoints(work: Work, member_id: str) -> int:
    """How many endpoints a member has that are not retired."""
    count: int | None = await work.db.scalar(
        select(func.count()).where(
            webhook_endpoints.c.member_id == member_id,
            webhook_endpoints.c.status != EndpointStatus.RETIRED,
        )
    )
    return count or 0


async def checks_since(work: Work, member_id: str, since: datetime) -> list[datetime]:
    """When a member caused ownership checks after ``since``, in order; also of endpoints that it deleted."""
    asked = await work.db.scalars(
        select(webhook_messages.c.created_at)
        .where(
            webhook_messages.c.type == WebhookType.VERIFICATION_REQUESTED.value,
            webhook_messages.c.data["member_id"].as_string() == member_id,
            webhook_messages.c.created_at > since,
        )
        .order_by(webhook_messages.c.created_at)
    )
    return list(asked)


async def find_endpoint(work: Work, endpoint_id: str, member_id: str) -> Endpoint:
    """A member's own endpoint as it stands; refuses with ``NotFound``."""
    return await _get(work, endpoint_id, member_id, lock=False)


async def get_endpoint(work: Work, endpoint_id: str, member_id: str) -> Endpoint:
    """A member's own endpoint, locked; refuses with ``NotFound``."""
    return await _get(work, endpoint_id, member_id, lock=True)


async def endpoints_of(work: Work, member_ids: Sequence[str]) -> list[Endpoint]:
    """Every endpoint of these members, locked, in the order of their ids."""
    found = await work.db.execute(
        select(webhook_endpoints)
        .where(webhook_endpoints.c.member_id == func.any(list(member_ids)))
        .order_by(webhook_endpoints.c.id)
        .with_for_update()
    )
    return [endpoint_from(row) for row in found]


async def lock_endpoints(work: Work, ids: Collection[str]) -> dict[str, Endpoint]:
    """Those of these endpoints that there still are, locked in the order of their ids."""
    found = await work.db.execute(
        select(webhook_endpoints)
        .where(webhook_endpoints.c.id == func.any(list(ids)))
        .order_by(webhook_endpoints.c.id)
        .with_for_update()
    )
    return {row.id: endpoint_from(row) for row in found}


async def save_endpoint(work: Work, endpoint: Endpoint) -> None:
    """Write an endpoint; a new one also gets its place among those that something is due for."""
    row = {
        "id": endpoint.id,
        "member_id": endpoint.member_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": list(endpoint.event_types),
        "status": endpoint.status,
        "version": endpoint.version,
        "challenge": endpoint.challenge,
        "ownership_check": endpoint.check,
        "verified_at": endpoint.verified_at,
        "entitled_since": endpoint.entitled_since,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }
    await work.db.execute(
        insert(webhook_endpoints)
        .values(row)
        .on_conflict_do_update(
            index_elements=[webhook_endpoints.c.id],
            set_={name: value for name, value in row.items() if name != "id"},
        )
    )
    await work.db.execute(
        insert(webhook_queues).values(endpoint_id=endpoint.id).on_conflict_do_nothing()
    )


async def end_hold(work: Work, endpoint: Endpoint) -> None:
    """Forget that an endpoint's receiver asked to be sent nothing for a while: it has another now."""
    await work.db.execute(
        update(webhook_queues)
        .where(webhook_queues.c.endpoint_id == endpoint.id)
        .values(held_until=None)
    )


async def delete_endpoint(work: Work, endpoint: Endpoint) -> None:
    """Delete an endpoint with its secrets and its log. Which checks it caused stays known.

    Its place in the queue goes first: whoever delivers locks that before anything below it.
    """
    await work.db.execute(delete(webhook_queues).where(webhook_queues.c.endpoint_id == endpoint.id))
    await work.db.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint.id))


async def read_secrets(work: Work, keyring: Keyring, endpoint_id: str) -> list[Secret]:
    """An endpoint's secrets, the current one first; without those that no key opens any more."""
    found = await work.db.execute(
        select(webhook_secrets)
        .where(webhook_secrets.c.endpoint_id == endpoint_id)
        .order_by(webhook_secrets.c.place)
    )
    opened = []
    for row in found:
        with suppress(SealBroken):
            opened.append(Secret(keyring.open(row.sealed, endpoint_id), row.until))
    return opened


async def save_secrets(
    work: Work, keyring: Keyring, endpoint_id: str, secrets: Sequence[Secret]
) -> None:
    """Write an endpoint's secrets, the current one first, in place of those it had."""
    await work.db.execute(
        delete(webhook_secrets).where(webhook_secrets.c.endpoint_id == endpoint_id)
    )
    await work.db.execute(
        insert(webhook_secrets),
        [
            {
                "endpoint_id": endpoint_id,
                "place": place,
                "sealed": keyring.seal(secret.key, endpoint_id),
                "until": secret.until,
            }
            for place, secret in enumerate(secrets)
        ],
    )


async def machine_now(work: Work) -> datetime:
    """Machine time: secrets and attempts are counted by it, whatever the procedure's clock says."""
    now: datetime = (await work.db.execute(select(func.clock_timestamp()))).scalar_one()
    return now


def endpoint_from(row: Row[Any]) -> Endpoint:
    """The endpoint in a row of its table."""
    return Endpoint(
        id=row.id,
        member_id=row.member_id,
        url=row.url,
        description=row.description,
        event_types=tuple(row.event_types),
        status=row.status,
        version=row.version,
        challenge=row.challenge,
        check=row.ownership_check,
        verified_at=row.verified_at,
        entitled_since=row.entitled_since,
        disabled_reason=row.disabled_reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def _get(work: Work, endpoint_id: str, member_id: str, *, lock: bool) -> Endpoint:
    statement = select(webhook_endpoints).where(
        webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.member_id == member_id
    )
    if lock:
        statement = statement.with_for_update()
    row = (await work.db.execute(statement)).first()
    if row is None:
        raise NotFound
    return endpoint_from(row)
