"""How every service's migrations run. Serving never imports this: alembic stays out of it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

LOCK = 7_271_833
"""Advisory lock under which one migration job runs at a time."""


def upgrade(url: str, migrations: Path, revision: str = "head") -> None:
    """Bring the database at ``url`` to ``revision``; a second job running at once waits for the first."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["url"] = url
    command.upgrade(config, revision)


def downgrade(url: str, migrations: Path, revision: str) -> None:
    """Take the database at ``url`` back to ``revision``."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["url"] = url
    command.downgrade(config, revision)


def run(metadata: Sequence[sa.MetaData]) -> None:
    """The body of a service's ``migrations/env.py``."""

    async def connect() -> None:
        engine = create_async_engine(context.config.attributes["url"], poolclass=sa.NullPool)
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
            await connection.commit()
        await engine.dispose()

    def migrate(connection: sa.Connection) -> None:
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.configure(connection=connection, target_metadata=list(metadata))
        with context.begin_transaction():
            context.run_migrations()

    asyncio.run(connect())
