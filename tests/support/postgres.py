"""Fresh databases on one real PostgreSQL server of the test run."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.embedded.data_folder import remove_abandoned
from deploy.embedded.postgres import EmbeddedPostgres
from shared.db import mailboxes, roster, rulebooks
from shared.db.mailboxes import PROCEDURE_NOW

ZONE = ZoneInfo("Asia/Shanghai")
FOLDER = "gongyue-test-"
MEMORY_BYTES = 4 * 1024**3
DROPPED_TOGETHER = 20
FLOOR = (mailboxes.metadata, roster.metadata, rulebooks.metadata)


class TestPostgres:
    """A server for the whole run; databases are cloned from templates, each made once."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = _folder_in_memory()
        self.server = EmbeddedPostgres(self._folder, durable=False)
        self._templates: set[str] = set()
        self._in_use: list[str] = []
        self._unused: list[str] = []
        self._numbers = count(1)

    def stop(self) -> None:
        """Stop the server and remove what it had."""
        self.server.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """The address of database ``name`` for its owner."""
        return self.server.url(name, "tester")

    def clone(self, template: str, fill: Callable[[str], None]) -> str:
        """The address of a new database like ``template``, which ``fill(url)`` makes once."""
        original = f"template_{template}"
        if original not in self._templates:
            self.server.create_database(original, owner="tester")
            fill(self.url(original))
            self._templates.add(original)
        name = f"{template}_{next(self._numbers)}"
        self.server.create_database(name, owner="tester", template=original)
        self._in_use.append(name)
        return self.url(name)

    @contextmanager
    def giving_back(self) -> Iterator[None]:
        """The databases that are made in the block are dropped after it, some together."""
        before = len(self._in_use)
        yield
        self._unused += self._in_use[before:]
        del self._in_use[before:]
        if len(self._unused) >= DROPPED_TOGETHER:
            self.server.drop_databases(self._unused)
            self._unused.clear()

    def floor(self) -> str:
        """The address of a new database with the floor's tables only."""
        return self.clone("floor", lambda url: create_tables(url, FLOOR))


def _folder_in_memory() -> Path | None:
    """A folder on the memory file system where it is large enough: there a database is cloned ten times faster."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        return None
    remove_abandoned(memory, FOLDER)
    if shutil.disk_usage(memory).free < MEMORY_BYTES:
        return None
    return memory / f"{FOLDER}{os.getpid()}"


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
