"""One side of the event traffic, assembled from the real parts and running in the test's loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from shared.db.work import Database
from shared.messaging.bus import Bus
from shared.messaging.consumer import Handler, Ingestor, Reactions
from shared.messaging.relay import Relay


@asynccontextmanager
async def side(
    name: str,
    database: Database,
    bus: Bus,
    *,
    listens: Sequence[str] = (),
    reactions: Reactions | None = None,
) -> AsyncIterator[Ingestor]:
    """Relay, ingestor and handler of service ``name`` until the block ends."""
    ingestor = Ingestor(database)
    running = [
        Relay(database, bus, is_heard=lambda _type: True).run(),
        Handler(database, reactions or {}, ingestor.arrived).run(),
        bus.consume(name, listens, ingestor),
    ]
    tasks = [asyncio.create_task(part) for part in running]
    try:
        yield ingestor
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
