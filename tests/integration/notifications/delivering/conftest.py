"""Notifications that deliver to this machine, and members with systems on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from services.notifications.domain.attempt import DEADLINE
from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Sender
from services.notifications.service import notifications
from services.notifications.settings import NotificationsSettings
from services.notifications.workers import Deliverer
from shared.db.work import Database
from shared.service import Service
from tests.integration.notifications.conftest import House
from tests.support.endpoints import many_endpoints
from tests.support.receiving import Receiver
from tests.support.suite import SUITE

KEYS = "a2V5IGZvciB0aGUgdGVzdHMgb2YgZGVsaXZlcmluZy4="


@pytest.fixture
def service(service: Service) -> Service:
    """Notifications that may deliver to this machine."""
    settings = NotificationsSettings(
        database_url=service.settings.database_url,
        pool_size=20,
        webhook_keys=SecretStr(KEYS),
        webhook_plain_http=True,
        webhook_ports=frozenset(),
        webhook_networks=("127.0.0.0/8",),
    )
    return notifications(settings, SUITE)


def settings_of(house: House) -> NotificationsSettings:
    """The service's own settings."""
    assert isinstance(house.service.settings, NotificationsSettings)
    return house.service.settings


async def members_with_systems(house: House, count: int, receiver: Receiver) -> dict[str, bytes]:
    """``count`` new members, each with an active endpoint whose path is the member's id; their secrets."""
    units = [house.register.accede() for _ in range(count)]
    await house.tell()
    urls = {unit: receiver.url(unit) for unit in units}
    return await many_endpoints(house.database, settings_of(house).keyring, urls)


def deliverer(
    house: House, *, deadline_seconds: float = DEADLINE.total_seconds(), **options: Any
) -> Deliverer:
    """What delivers, for this process."""
    settings = settings_of(house)
    return Deliverer(
        house.database,
        Sender(Resolver(allowed=settings.allowed_networks), deadline_seconds=deadline_seconds),
        settings.keyring,
        settings.target_rules(SUITE),
        SUITE.public_url,
        **options,
    )


@asynccontextmanager
async def delivering(house: House, **options: Any) -> AsyncIterator[None]:
    """Deliver until the block ends; what has no answer by then is broken off."""
    task = asyncio.create_task(deliverer(house, grace_seconds=0, **options).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def count_pending(database: Database) -> int:
    """How many deliveries have still to be made, those counted that no row has been written for (as one)."""
    async with database.begin() as work:
        count: int = await work.db.scalar(
            text(
                "SELECT (SELECT count(*) FROM webhook_deliveries WHERE status = 'pending')"
                " + (SELECT count(*) FROM webhook_messages WHERE NOT is_expanded)"
            )
        )
        return count
