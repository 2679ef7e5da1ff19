"""Membership, running."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from services.membership.service import membership
from services.membership.settings import MembershipSettings
from shared.db.migrations import upgrade
from shared.messaging.memory import MemoryBus
from shared.service import Part, Service
from tests.integration.membership.office import Office
from tests.support.postgres import TestPostgres
from tests.support.suite import SUITE, running

ALONE = SUITE.model_copy(update={"services": frozenset({"membership"})})


@pytest.fixture
async def service(postgres: TestPostgres) -> Service:
    """Membership on a fresh database that its migrations made."""
    migrations = membership(suite=ALONE).migrations
    url = await asyncio.to_thread(
        postgres.clone, "membership", lambda url: upgrade(url, migrations)
    )
    return membership(MembershipSettings(database_url=SecretStr(url), pool_size=20), ALONE)


@pytest.fixture
async def office(service: Service) -> AsyncIterator[Office]:
    """Membership on the bus inside the process; its timers run when the office's clock moves."""
    bus = MemoryBus()
    async with running(service, bus, parts={Part.API, Part.RELAY, Part.CONSUMER}) as app:
        yield Office(app, service, bus)
