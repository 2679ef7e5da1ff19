"""Fresh databases on one real PostgreSQL server of the test run."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import count
from zoneinfo import ZoneInfo

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.embedded.postgres import EmbeddedPostgres
from shared.db import mailboxes, roster, rulebooks
from shared.db.mailboxes import PROCEDURE_NOW

ZONE = ZoneInfo("Asia/Shanghai")
FLOOR = (mailboxes.metadata, roster.metadata, rulebooks.metadata)


class TestPostgres:
    """A server for the whole run; databases are cloned from templates, each made once."""

    __test__ = False

    def __init__(self) -> None:
        self.server = EmbeddedPostgres(durable=False)
        self._templates: set[str] = set()
        self._numbers = count(1)

    def url(self, name: str) -> str:
        """The address of database ``name`` for its owner."""
        return self.server.url(name, "tester")

    def clone(self, template: str, fill: Callable[[str], None]) -> str:
        """The address of a new database like ``template``, which ``fill(url)`` makes once."""
        if template not in self._templates:
            self.server.create_database(template, owner="tester")
            fill(self.url(template))
            self._templates.add(template)
        name = f"{template}_{next(self._numbers)}"
        self.server.create_database(name, owner="tester", template=template)
        return self.url(name)

    def floor(self) -> str:
        """The address of a new database with the floor's tables only."""
        return self.clone("floor", lambda url: create_tables(url, FLOOR))


def create_tables(url: str, tables: Iterable[MetaData]) -> None:
    """Make the tables and the procedure clock in the empty database at ``url``."""
    asyncio.run(_create(url, tables))


async def _create(url: str, tables: Iterable[MetaData]) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as db:
        for metadata in tables:
            await db.run_sync(metadata.create_all)
        await db.execute(text(PROCEDURE_NOW))
    await engine.dispose()
