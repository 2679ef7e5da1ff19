"""Membership, running."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy import MetaData

from services.membership.service import membership
from services.membership.settings import MembershipSettings
from services.membership.store import tables
from shared.messaging.memory import MemoryBus
from tests.support.postgres import FLOOR, TestPostgres, create_tables
from tests.support.suite import SUITE, RunningApp, running

TABLES: tuple[MetaData, ...] = (*FLOOR, tables.metadata)


@pytest.fixture
async def app(postgres: TestPostgres) -> AsyncIterator[RunningApp]:
    """Membership alone, on a fresh database."""
    url = await asyncio.to_thread(
        postgres.clone, "membership", lambda url: create_tables(url, TABLES)
    )
    service = membership(MembershipSettings(database_url=SecretStr(url)), SUITE)
    async with running(service, MemoryBus()) as app:
        yield app
