"""Membership, running."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from services.membership.service import membership
from services.membership.settings import MembershipSettings
from shared.db.migrations import upgrade
from shared.messaging.memory import MemoryBus
from shared.service import Service
from tests.support.postgres import TestPostgres
from tests.support.suite import SUITE, RunningApp, running


@pytest.fixture
async def service(postgres: TestPostgres) -> Service:
    """Membership on a fresh database that its migrations made."""
    migrations = membership(suite=SUITE).migrations
    url = await asyncio.to_thread(
        postgres.clone, "membership", lambda url: upgrade(url, migrations)
    )
    return membership(MembershipSettings(database_url=SecretStr(url), pool_size=20), SUITE)


@pytest.fixture
async def app(service: Service) -> AsyncIterator[RunningApp]:
    """Membership alone, on a fresh database."""
    async with running(service, MemoryBus()) as app:
        yield app
