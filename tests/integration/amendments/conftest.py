"""Amendments, running on a fresh database."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from services.amendments.service import amendments
from services.amendments.settings import AmendmentsSettings
from shared.db.migrations import upgrade
from shared.messaging.memory import MemoryBus
from shared.service import Part, Service
from tests.integration.amendments.house import House
from tests.support.postgres import TestPostgres
from tests.support.suite import SUITE, running


@pytest.fixture
async def service(postgres: TestPostgres) -> Service:
    """Amendments on a fresh database that its migrations made."""
    migrations = amendments(suite=SUITE).migrations
    url = await asyncio.to_thread(
        postgres.clone, "amendments", lambda url: upgrade(url, migrations)
    )
    return amendments(AmendmentsSettings(database_url=SecretStr(url), pool_size=20), SUITE)


@pytest.fixture
async def house(service: Service) -> AsyncIterator[House]:
    """The API of amendments alone; what runs beside it is run by hand. There is no convention yet."""
    async with running(service, MemoryBus(), parts={Part.API}) as app:
        async with app.database.begin() as work:
            now, today = work.now, work.today
        yield House(app, service, now, today)


@pytest.fixture
async def convened(house: House) -> House:
    """The house with a convention in force: version 1 of 31 made-up articles, and the reference rulebook."""
    await house.give_convention()
    return house
