"""Each service's own role and database on one PostgreSQL server, as the services' addresses name them."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy import make_url

from shared.service import Service


async def make_databases(administrator: str, services: Sequence[Service]) -> None:
    """Make what is missing, and give every role the password that its service will come with.

    ``administrator``: the server's address with the right to make roles and databases. Nobody but its owner may enter a
    service's database.
    """
    connection = await asyncpg.connect(administrator)
    try:
        for service in services:
            url = make_url(service.settings.database_url.get_secret_value())
            await _make_role(connection, url.username, url.password)
            await _make_database(connection, url.database, url.username)
    finally:
        await connection.close()


async def _make_role(
    connection: asyncpg.Connection, name: str | None, password: str | None
) -> None:
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if exists else "CREATE"
    await _execute(connection, f"{verb} ROLE %I LOGIN PASSWORD %L", name, password)


async def _make_database(
    connection: asyncpg.Connection, name: str | None, owner: str | None
) -> None:
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        await _execute(connection, "CREATE DATABASE %I OWNER %I", name, owner)
    await _execute(connection, "REVOKE ALL ON DATABASE %I FROM PUBLIC", name)


async def _execute(connection: asyncpg.Connection, statement: str, *words: str | None) -> None:
    """Run a statement that takes no parameters; the server itself quotes the words."""
    quoted = await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", statement, words)
    await connection.execute(quoted)
