"""The migrations make what the code declares, and take it away again."""

import asyncio

from shared.db.migrations import downgrade, upgrade
from shared.service import Service
from tests.integration.amendments.house import House
from tests.support.migrations import steps
from tests.support.postgres import TestPostgres


async def test_the_migrations_make_exactly_the_declared_tables(service: Service) -> None:
    url = service.settings.database_url.get_secret_value()
    lacking, _ = await steps(url, service.tables)
    assert lacking.strip() == "pass", f"a revision should say:\n{lacking}"


async def test_the_migrations_can_be_taken_back_and_run_again(
    service: Service, postgres: TestPostgres
) -> None:
    url = service.settings.database_url.get_secret_value()
    await asyncio.to_thread(downgrade, url, service.migrations, "base")
    _, surplus = await steps(url, service.tables)
    assert surplus.count("op.drop_table") == sum(len(m.tables) for m in service.tables)
    await asyncio.to_thread(upgrade, url, service.migrations)
    lacking, _ = await steps(url, service.tables)
    assert lacking.strip() == "pass"


async def test_a_migrated_service_is_ready(house: House) -> None:
    answer = await house.app.public.get("/readyz")
    assert answer["services"]["amendments"] == {
        "database": "ok",
        "migrations": "ok",
        "parts": "ok",
    }
