"""The bus on RabbitMQ: quorum queues, publisher confirms, crash-only channels.

After a timeout or a lost connection the outcome of a publish is unknown and the connection is dropped: publishing the
same message again on the same channel could be answered by the first one's confirm.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, cast

import aio_pika
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractIncomingMessage,
)
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError
from aiormq import spec
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel as FrameChannel
from aiormq.exceptions import ChannelInvalidStateError

from shared.logs import get_logger
from shared.messaging.bus import BusUnavailable, Inlet, Message, Outcome, direct_key

log = get_logger(__name__)

EVENTS_EXCHANGE = "gongyue.events"
DEAD_LETTER_EXCHANGE = "gongyue.dead_letters"
CONNECT_SECONDS = 5
BATCH_SECONDS = 10
HEARTBEAT_SECONDS = 10
PREFETCH = 500
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 15.0

Arrived: TypeAlias = "asyncio.Queue[DeliveredMessage | None]"
"""What was delivered and not yet taken in; None when no more will come on this connection.

What is frequent goes through the protocol's own client, aiormq: to wrap each message would cost as much as to carry it.
"""

_LOST = (AMQPError, ChannelInvalidStateError, ConnectionError, OSError, RuntimeError)


def queue_name(service: str) -> str:
    """The queue that ``service`` reads."""
    return f"{service}.events.v1"


def dead_letter_queue_name(service: str) -> str:
    """Where the broker puts what it delivered to ``service`` too often."""
    return f"{queue_name(service)}.dlq"


class RabbitBus:
    """One process's connections to the broker: one for publishing, one for each consumer."""

    def __init__(self, url: str, *, prefetch: int = PREFETCH) -> None:
        self._url = url
        self._prefetch = prefetch
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._frames: FrameChannel | None = None
        self._connecting = asyncio.Lock()

    async def ready(self) -> None:
        """Connect if needed; raise ``BusUnavailable`` when the broker does not answer in time."""
        async with self._connecting:
            if self._channel is not None and not self._channel.is_closed:
                return
            await self._drop()
            try:
                self._connection = await _connect(self._url)
                self._channel = await asyncio.wait_for(
                    self._connection.channel(publisher_confirms=True, on_return_raises=True),
                    CONNECT_SECONDS,
                )
                self._frames = cast("FrameChannel", await self._channel.get_underlay_channel())
            except (*_LOST, TimeoutError) as fault:
                await self._drop()
                raise BusUnavailable(type(fault).__name__) from fault

    async def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Publish with confirms, all in flight at once, within ``BATCH_SECONDS``."""
        ids = [m.id for m in messages]
        if len(set(ids)) != len(ids):
            raise ValueError("two messages in flight may not share an id on one channel")
        await self.ready()
        frames = self._frames
        if frames is None:
            raise BusUnavailable("connection lost")
        tasks = [asyncio.create_task(_publish_one(frames, m)) for m in messages]
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                outcomes = await asyncio.gather(*tasks)
        except TimeoutError:
            outcomes = [_outcome_so_far(task) for task in tasks]
        except asyncio.CancelledError:
            await self._drop()
            raise
        if Outcome.UNKNOWN in outcomes:
            await self._drop()
        return outcomes

    async def consume(self, service: str, bindings: Sequence[str], inlet: Inlet) -> None:
        """Read the queue of ``service`` and its dead letters until cancelled; reconnect with growing pauses."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._consume_once(service, bindings, inlet)
                pause = FIRST_PAUSE_SECONDS
            except (*_LOST, TimeoutError) as fault:
                log.warning("consumer_interrupted", service=service, fault=type(fault).__name__)
            except Exception as fault:  # not taken: the batch stays with the broker
                log.warning("ingest_failed", service=service, fault=type(fault).__name__)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def close(self) -> None:
        """Drop the publishing connection; consumers end when they are cancelled."""
        await self._drop()

    async def _consume_once(self, service: str, bindings: Sequence[str], inlet: Inlet) -> None:
        connection = await _connect(self._url)
        try:
            arrived: Arrived = asyncio.Queue()
            connection.close_callbacks.add(lambda *_: arrived.put_nowait(None))
            channel = await _listening_channel(connection, self._prefetch, arrived)
            queue = await channel.declare_queue(queue_name(service), passive=True)
            for key in (*bindings, direct_key(service)):
                await queue.bind(EVENTS_EXCHANGE, key)
            frames = await channel.get_underlay_channel()
            frames.on_consumer_cancel_callbacks.add(lambda _: arrived.put_nowait(None))
            await frames.basic_consume(queue.name, arrived.put)
            rescuing = await _listening_channel(connection, 1, arrived)
            dead_letters = await rescuing.declare_queue(
                dead_letter_queue_name(service), passive=True
            )
            await dead_letters.consume(_rescue_into(inlet, arrived))
            log.info("consumer_connected", service=service)
            while (batch := await _next_batch(arrived, self._prefetch)) is not None:
                await inlet.take_in([m.body for m in batch])
                last = cast("int", batch[-1].delivery_tag)  # None only of what is no delivery
                await frames.basic_ack(last, multiple=True)
        finally:
            await _close(connection)

    async def _drop(self) -> None:
        connection = self._connection
        self._connection = self._channel = self._frames = None
        if connection is not None:
            await _close(connection)


async def _publish_one(frames: FrameChannel, message: Message) -> Outcome:
    try:
        await frames.basic_publish(
            message.body,
            exchange=EVENTS_EXCHANGE,
            routing_key=direct_key(message.to) if message.to else message.routing_key,
            properties=spec.Basic.Properties(
                message_id=message.id,
                content_type="application/cloudevents+json",
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            ),
            mandatory=message.mandatory,
            wait=False,  # for the confirm, not for the socket
        )
    except PublishError:
        return Outcome.UNROUTABLE
    except DeliveryError:
        return Outcome.REJECTED
    except (*_LOST, asyncio.CancelledError):
        return Outcome.UNKNOWN
    return Outcome.ACCEPTED


async def declare_topology(url: str, services: Sequence[str], *, delivery_limit: int = 50) -> None:
    """Declare exchanges and queues: a one-shot job, run by the only user with the right to configure.

    Both switches stand on every queue without which dead-lettering loses messages: at-least-once and reject-publish.
    """
    connection = await _connect(url)
    try:
        channel = await connection.channel()
        await channel.declare_exchange(EVENTS_EXCHANGE, "topic", durable=True)
        dead = await channel.declare_exchange(DEAD_LETTER_EXCHANGE, "direct", durable=True)
        for service in services:
            dead_queue = await channel.declare_queue(
                dead_letter_queue_name(service),
                durable=True,
                arguments={"x-queue-type": "quorum", "x-delivery-limit": 1_000_000},
            )
            await dead_queue.bind(dead, queue_name(service))
            await channel.declare_queue(
                queue_name(service),
                durable=True,
                arguments={
                    "x-queue-type": "quorum",
                    "x-dead-letter-exchange": DEAD_LETTER_EXCHANGE,
                    "x-dead-letter-routing-key": queue_name(service),
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                    "x-delivery-limit": delivery_limit,
                },
            )
    finally:
        await _close(connection)


async def _connect(url: str) -> AbstractConnection:
    return await aio_pika.connect(url, timeout=CONNECT_SECONDS, heartbeat=HEARTBEAT_SECONDS)


async def _close(connection: AbstractConnection) -> None:
    with contextlib.suppress(Exception):  # it is being given up: however it ends, it is gone
        await asyncio.wait_for(connection.close(), CONNECT_SECONDS)


async def _listening_channel(
    connection: AbstractConnection,
    prefetch: int,
    arrived: Arrived,
) -> AbstractChannel:
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=prefetch)
    channel.close_callbacks.add(lambda *_: arrived.put_nowait(None))
    return channel


def _rescue_into(
    inlet: Inlet, arrived: Arrived
) -> Callable[[AbstractIncomingMessage], Awaitable[None]]:
    """Takes dead letters in one at a time, so that the one that comes back is the one its reader died of."""

    async def rescue(message: AbstractIncomingMessage) -> None:
        try:
            if message.redelivered:
                await inlet.set_aside(message.body, "a process died of reading it")
            else:
                await inlet.ingest([message.body])
            await message.ack()
        except Exception as fault:  # not stored: it stays with the broker
            log.warning("dead_letter_not_rescued", fault=type(fault).__name__)
            arrived.put_nowait(None)

    return rescue


async def _next_batch(arrived: Arrived, most: int) -> list[DeliveredMessage] | None:
    batch: list[DeliveredMessage] = []
    item = await arrived.get()
    while item is not None:
        batch.append(item)
        if len(batch) == most or arrived.empty():
            return batch
        item = arrived.get_nowait()
    return None


def _outcome_so_far(task: "asyncio.Task[Outcome]") -> Outcome:
    if task.done() and not task.cancelled() and task.exception() is None:
        return task.result()
    task.cancel()
    return Outcome.UNKNOWN
