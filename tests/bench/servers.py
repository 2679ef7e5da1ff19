"""The servers that everything is measured on: a RabbitMQ node, and PostgreSQL that really writes to disk."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from deploy.embedded.postgres import EmbeddedPostgres
from shared.contracts.catalog import bindings_of
from shared.db.migrations import upgrade
from shared.db.work import Database
from shared.messaging.rabbit import EVENTS_EXCHANGE, queue_name
from tests.support.broker import RabbitNode
from tests.support.postgres import ZONE, TestPostgres
from tests.support.topology import fresh_topology

DRAINING_SECONDS = 30.0


class DurablePostgres(TestPostgres):
    """The tests' server with nothing switched off: every commit is on disk when it returns."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = None
        self.server = EmbeddedPostgres()


class Servers:
    """What the measures run on. ``broker``: the address of the RabbitMQ node."""

    def __init__(self, postgres: DurablePostgres, broker: str) -> None:
        self._postgres = postgres
        self.broker = broker

    async def floor(self) -> str:
        """The address of a new database with the floor's tables."""
        return await asyncio.to_thread(self._postgres.floor)

    async def migrated(self, service: str, migrations: Path) -> str:
        """The address of a new database of ``service`` as its ``migrations`` make it."""
        return await asyncio.to_thread(
            self._postgres.clone, service, lambda url: upgrade(url, migrations)
        )

    async def listening_queue(self, service: str) -> str:
        """The name of the queue of ``service``, empty and bound as its consumer would bind it."""
        await fresh_topology(self.broker, [service])
        connection = await aio_pika.connect(self.broker)
        async with connection:
            channel = await connection.channel()
            queue = await channel.get_queue(queue_name(service))
            for key in bindings_of(service):
                await queue.bind(EVENTS_EXCHANGE, key)
        return queue.name

    async def drained(self, queue_name: str, expected: int) -> list[str]:
        """The ids of the messages in a queue, taken out of it; not waiting for more than ``expected``."""
        ids: list[str] = []
        complete = asyncio.Event()

        async def take(message: AbstractIncomingMessage) -> None:
            ids.append(str(message.message_id))
            if len(ids) >= expected:
                complete.set()

        connection = await aio_pika.connect(self.broker)
        async with connection:
            channel = await connection.channel()
            queue = await channel.get_queue(queue_name)
            await queue.consume(take, no_ack=True)
            with suppress(TimeoutError):  # where some are missing the count tells how many
                await asyncio.wait_for(complete.wait(), DRAINING_SECONDS)
        return ids


def opened(url: str) -> Database:
    """The database at ``url`` as a service opens it."""
    return Database(url, zone=ZONE)


@contextmanager
def running_servers(folder: Path) -> Iterator[Servers]:
    """Both servers, their files below ``folder`` (on a disk, not in memory), until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(dir=folder.resolve(), ignore_cleanup_errors=True) as own:
        tempfile.tempdir = own
        postgres = DurablePostgres()
        try:
            postgres.server.start()
            with RabbitNode() as node:
                yield Servers(postgres, node.url)
        finally:
            postgres.stop()
            tempfile.tempdir = before
