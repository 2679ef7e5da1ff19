"""One side of the event traffic, assembled from the real parts in the test's loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from shared.contracts.base import Envelope
from shared.db.work import Database
from shared.messaging.bus import Bus
from shared.messaging.handler import Handler, Reactions
from shared.messaging.ingestor import Ingestor
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
    handler = Handler(database, reactions or {})
    ingestor = Ingestor(database, handler)
    running = [
        Relay(database, bus, is_heard=lambda _type: True).run(),
        handler.run(),
        bus.consume(name, listens, ingestor),
    ]
    tasks = [asyncio.create_task(part) for part in running]
    try:
        yield ingestor
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def hear(database: Database, reactions: Reactions, announced: Sequence[Envelope]) -> None:
    """Take in what was announced, in that order, and do all that can be done about it."""
    handler = Handler(database, reactions)
    await Ingestor(database, handler).ingest([event.to_json() for event in announced])
    while await handler.handle_waiting():
        pass
