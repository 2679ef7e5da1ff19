"""Many verified endpoints at once, put straight into the tables."""

import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import insert, text

from services.notifications.domain.lifecycle import EndpointStatus
from services.notifications.store.keyring import Keyring
from services.notifications.store.tables import webhook_endpoints, webhook_queues, webhook_secrets
from services.notifications.usecases.deliveries import LEASE
from shared.db.work import Database
from shared.kernel.ids import new_id


async def many_endpoints(
    database: Database, keyring: Keyring, urls: Mapping[str, str]
) -> dict[str, bytes]:
    """One active endpoint for each member of ``urls`` (member id to URL); the secret of each member's."""
    keys = {member_id: secrets.token_bytes(32) for member_id in urls}
    ids = {member_id: new_id("whe") for member_id in urls}
    async with database.begin() as work:
        await work.db.execute(
            insert(webhook_endpoints),
            [
                {
                    "id": ids[member_id],
                    "member_id": member_id,
                    "url": url,
                    "description": "",
                    "event_types": [],
                    "status": EndpointStatus.ACTIVE,
                    "version": 2,
                    "verified_at": work.now,
                    "entitled_since": work.now,
                    "created_at": work.now,
                    "updated_at": work.now,
                }
                for member_id, url in urls.items()
            ],
        )
        await work.db.execute(
            insert(webhook_secrets),
            [
                {"endpoint_id": ids[m], "place": 0, "sealed": keyring.seal(keys[m], ids[m])}
                for m in urls
            ],
        )
        await work.db.execute(insert(webhook_queues), [{"endpoint_id": ids[m]} for m in urls])
    return keys


async def end_leases(database: Database, *, older_than: timedelta = timedelta(0)) -> None:
    """Let leases run out now; ``older_than``: only those that a process has which was killed, as no run takes so long."""
    async with database.begin() as work:
        await work.db.execute(
            text(
                """
                UPDATE webhook_queues SET due_at = clock_timestamp() WHERE endpoint_id IN (
                    SELECT endpoint_id FROM webhook_queues
                    WHERE running <> '{}' AND due_at <= clock_timestamp() + CAST(:left AS interval)
                    ORDER BY endpoint_id FOR UPDATE
                )
                """
            ),
            {"left": LEASE - older_than},
        )


async def bring_forward(database: Database) -> None:
    """Make every attempt due now that would wait for minutes: the schedule has tests of its own."""
    async with database.begin() as work:
        await work.db.execute(
            text(
                """
                WITH early AS (
                    UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp()
                    WHERE status = 'pending' AND next_attempt_at > clock_timestamp() + interval '10 s'
                    RETURNING endpoint_id
                )
                UPDATE webhook_queues SET due_at = clock_timestamp()
                WHERE running = '{}' AND endpoint_id IN (SELECT endpoint_id FROM early)
                """
            )
        )
