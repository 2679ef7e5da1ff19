"""RabbitMQ to effects: incoming events and their reactions against the textbook consumer."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from sqlalchemy import select

from shared.contracts.base import Envelope
from shared.db.roster import ROSTER_EVENTS, enter_changes, members_at, watermark
from shared.db.work import Database
from shared.messaging.bus import Message, Outcome
from shared.messaging.handler import Reaction, Reactions
from shared.messaging.rabbit import RabbitBus
from tests.bench import textbook
from tests.bench.goal import Count, Measured, Ratio, interleaved
from tests.bench.parts import LISTENER, consumer, until_left
from tests.bench.servers import Servers, opened
from tests.support.register import MadeUpRegister

OURS, TEXTBOOK = 6_000, 250
CHANGES_OF_A_MEMBER = 2
PUBLISHED_AT_ONCE = 500
DUPLICATES = 10
"""One message in so many is published twice."""
PATIENCE_SECONDS = 60.0

KEEP_ROSTER: Reactions = {event: [Reaction(enter_changes, at_once=True)] for event in ROSTER_EVENTS}

Names = dict[str, tuple[str, str]]


async def measure(servers: Servers) -> Measured:
    """Events taken in a second, each with one effect although a tenth comes twice; what they come to is compared."""
    bus = RabbitBus(servers.broker)
    counts: list[Count] = []

    def compare(whose: str, found: Names, workload: "Workload") -> None:
        right = sum(found.get(member) == names for member, names in workload.names.items())
        counts.append(Count(f"{whose}: members as they should be", len(workload.names), right))
        counts.append(Count(f"{whose}: members", len(workload.names), len(found)))

    async def ours() -> float:
        workload = Workload(OURS)
        await servers.listening_queue(LISTENER)
        await workload.publish(bus)
        database = opened(await servers.floor())
        left, done = len(workload.sent), asyncio.Event()

        def told(count: int, _instant: float) -> None:
            nonlocal left
            left -= count
            if left <= 0:
                done.set()

        begun = time.perf_counter()
        async with until_left(*consumer(database, bus, KEEP_ROSTER, told)):
            await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
            elapsed = time.perf_counter() - begun
        compare("roster", await _roster(database), workload)
        await database.close()
        return len(workload.sent) / elapsed

    async def peer() -> float:
        workload = Workload(TEXTBOOK)
        queue = await servers.listening_queue(LISTENER)
        copies = await workload.publish(bus)
        async with textbook.opened(await servers.floor()) as sessions:
            elapsed = await _consume(servers.broker, queue, sessions, copies)
            async with sessions() as session:
                members = (await session.scalars(select(textbook.Member))).all()
        compare("textbook", {m.id: (m.name_zh, m.name_en) for m in members}, workload)
        return len(workload.sent) / elapsed

    our_figures, peers = await interleaved(ours, peer)
    await bus.close()
    ratio = Ratio(
        what="incoming: events handled",
        unit="/s",
        ours=our_figures,
        peer="textbook consumer",
        peers=peers,
        at_least=15,
    )
    return Measured([ratio], counts)


class Workload:
    """Changes of a register, and what whoever hears of them must know in the end."""

    def __init__(self, changes: int) -> None:
        register = MadeUpRegister(datetime(2026, 3, 10, 4, 0, tzinfo=UTC))
        members = [register.accede() for _ in range(changes // CHANGES_OF_A_MEMBER)]
        for member in members:
            register.change_particulars(member, name="改名")
        self.sent: Sequence[Envelope] = register.announced(register.changes)
        self.names: Names = {
            str(e.data["member_id"]): (e.data["legal_name_zh"], e.data["legal_name_en"])
            for e in self.sent
        }

    async def publish(self, bus: RabbitBus) -> int:
        """Put the changes into the listener's queue in order, every tenth of them twice; how many that makes."""
        copies = 0
        for start in range(0, len(self.sent), PUBLISHED_AT_ONCE):
            batch = self.sent[start : start + PUBLISHED_AT_ONCE]
            for part in (batch, batch[::DUPLICATES]):
                outcomes = await bus.publish([Message(e.id, e.type, e.to_json()) for e in part])
                assert set(outcomes) == {Outcome.ACCEPTED}
                copies += len(part)
        return copies


async def _roster(database: Database) -> Names:
    async with database.begin() as work:
        known = await watermark(work)
        rows = await work.db.execute(members_at(known.version))
        return {row.member_id: (row.legal_name_zh, row.legal_name_en) for row in rows}


async def _consume(
    broker: str, queue_name: str, sessions: textbook.Sessions, messages: int
) -> float:
    """Let the textbook handle ``messages`` messages, one after the other; the seconds it took."""
    left, done = messages, asyncio.Event()

    async def handle(message: AbstractIncomingMessage) -> None:
        nonlocal left
        await textbook.handle(sessions, message)
        left -= 1
        if not left:
            done.set()

    begun = time.perf_counter()
    connection = await aio_pika.connect(broker)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=1)
        queue = await channel.get_queue(queue_name)
        await queue.consume(handle)
        await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
        return time.perf_counter() - begun
