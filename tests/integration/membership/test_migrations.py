"""The migrations make what the code declares, and take it away again."""

import asyncio
import sys
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db.migrations import LOCK, downgrade, upgrade
from shared.service import Service
from tests.support.eventually import eventually
from tests.support.migrations import steps
from tests.support.postgres import TestPostgres

WAITING = text("SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


async def lacking(url: str, service: Service) -> str:
    """What a revision would still have to make; ``pass``: nothing."""
    return (await steps(url, service.tables))[0].strip()


async def test_the_migrations_make_exactly_the_declared_tables(service: Service) -> None:
    url = service.settings.database_url.get_secret_value()
    assert await steps(url, service.tables) == ("    pass", "    pass")


async def test_the_migrations_can_be_taken_back_and_run_again(service: Service) -> None:
    url = service.settings.database_url.get_secret_value()
    await asyncio.to_thread(downgrade, url, service.migrations, "base")
    assert (await lacking(url, service)).count("op.create_table") == sum(
        len(metadata.tables) for metadata in service.tables
    )
    engine = create_async_engine(url)
    async with engine.connect() as db:
        assert await db.scalar(text("SELECT to_regproc('procedure_now')")) is None
    await engine.dispose()
    await asyncio.to_thread(upgrade, url, service.migrations)
    assert await lacking(url, service) == "pass"


async def upgrading(url: str, service: Service) -> asyncio.subprocess.Process:
    """A process of its own that upgrades: alembic runs once at a time in a process."""
    act = "import sys, pathlib, shared.db.migrations as m; m.upgrade(sys.argv[1], pathlib.Path(sys.argv[2]))"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", act, url, str(service.migrations), cwd=Path(__file__).parents[3]
    )


async def test_two_upgrades_at_once_happen_one_after_the_other(
    postgres: TestPostgres, service: Service
) -> None:
    """Replicas that start together all run the migrations: one does the work, the other finds it done."""
    url = await asyncio.to_thread(postgres.clone, "empty", lambda _url: None)
    engine = create_async_engine(url)
    async with engine.begin() as first, engine.connect() as watching:
        await first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        processes = [await upgrading(url, service), await upgrading(url, service)]
        await eventually(lambda: watching.scalar(WAITING))
        assert await lacking(url, service) != "pass"
    assert [await process.wait() for process in processes] == [0, 0]
    await engine.dispose()
    assert await lacking(url, service) == "pass"
