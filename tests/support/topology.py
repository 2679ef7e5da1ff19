"""A clean topology on the run's RabbitMQ node."""

from collections.abc import Sequence

import aio_pika

from shared.messaging.rabbit import (
    DEAD_LETTER_EXCHANGE,
    EVENTS_EXCHANGE,
    dead_letter_queue_name,
    declare_topology,
    queue_name,
)


async def fresh_topology(url: str, services: Sequence[str], *, delivery_limit: int = 50) -> None:
    """Queues and exchanges for ``services``, empty whatever stood there before."""
    connection = await aio_pika.connect(url, timeout=10)
    async with connection:
        channel = await connection.channel()
        for service in services:
            await channel.queue_delete(queue_name(service))
            await channel.queue_delete(dead_letter_queue_name(service))
        await channel.exchange_delete(EVENTS_EXCHANGE)
        await channel.exchange_delete(DEAD_LETTER_EXCHANGE)
    await declare_topology(url, services, delivery_limit=delivery_limit)
