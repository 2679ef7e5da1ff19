"""The bus inside one process. Only bytes cross it; a message is accepted when every listener has stored it."""

import asyncio
from collections.abc import Sequence

from shared.logs import get_logger
from shared.messaging.bus import Inlet, Message, Outcome, direct_key, topic_matches

log = get_logger(__name__)


class MemoryBus:
    """Delivers while publishing: the publisher's outgoing event stays until the listeners' tables hold it."""

    def __init__(self) -> None:
        self._listeners: dict[str, tuple[tuple[str, ...], Inlet]] = {}

    async def ready(self) -> None:
        """Always."""

    async def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Give each listener its share of the batch in order; its failure leaves that share's outcome unknown."""
        outcomes = [
            Outcome.ACCEPTED if self._routes(m) or not m.mandatory else Outcome.UNROUTABLE
            for m in messages
        ]
        for service, (_, inlet) in list(self._listeners.items()):
            share = [i for i, m in enumerate(messages) if service in self._routes(m)]
            if not share:
                continue
            try:
                await inlet.ingest([messages[i].body for i in share])
            except Exception as fault:  # of its database: its share is tried again
                log.warning("listener_unavailable", service=service, fault=type(fault).__name__)
                for i in share:
                    outcomes[i] = Outcome.UNKNOWN
        return outcomes

    async def consume(self, service: str, bindings: Sequence[str], inlet: Inlet) -> None:
        """Listen until cancelled."""
        self._listeners[service] = ((*bindings, direct_key(service)), inlet)
        try:
            await asyncio.Event().wait()
        finally:
            del self._listeners[service]

    async def close(self) -> None:
        """Nothing to let go of."""

    def _routes(self, message: Message) -> list[str]:
        key = direct_key(message.to) if message.to else message.routing_key
        return [
            service
            for service, (bindings, _) in self._listeners.items()
            if any(topic_matches(binding, key) for binding in bindings)
        ]
