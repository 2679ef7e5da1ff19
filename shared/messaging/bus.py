"""What a bus promises. Two kinds keep it: RabbitMQ, and one inside the process; both pass one conformance suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Inlet(Protocol):
    """Where a bus puts what arrives for a service."""

    async def ingest(self, bodies: Sequence[bytes]) -> None:
        """Store a batch durably; raises when it could not, and then none of it counts as received."""

    async def take_in(self, bodies: Sequence[bytes]) -> None:
        """The same for a bus whose publishers do not wait for it: what is little may be handled before it returns."""
        await self.ingest(bodies)

    async def set_aside(self, body: bytes, reason: str) -> None:
        """Keep a message unread: a process died of reading it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way out. ``to``: a single service's queue, instead of whoever is bound to the key."""

    id: str
    routing_key: str
    body: bytes
    mandatory: bool = True
    to: str | None = None


class Outcome(StrEnum):
    """What became of a published message. After ``unknown`` it may or may not have arrived."""

    ACCEPTED = "accepted"
    UNROUTABLE = "unroutable"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class BusUnavailable(Exception):
    """The bus cannot be reached now."""


class Bus(Protocol):
    """Carries bytes at least once, in order per publisher call."""

    async def ready(self) -> None:
        """Return when publishing can be tried; raise ``BusUnavailable`` otherwise. Call it before a transaction."""

    async def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Publish in order; one outcome a message. ``accepted`` means every bound queue holds it durably."""

    async def consume(self, service: str, bindings: Sequence[str], inlet: Inlet) -> None:
        """Give ``inlet`` what arrives for ``service``, until cancelled; rides out every fault by itself."""

    async def close(self) -> None:
        """Let go of every connection."""


def direct_key(service: str) -> str:
    """The routing key that reaches the queue of ``service`` alone."""
    return f"to.{service}"


def topic_matches(binding: str, routing_key: str) -> bool:
    """Whether a topic ``binding`` (words; ``#`` at the end: any rest) matches ``routing_key``."""
    if binding.endswith(".#"):
        return routing_key.startswith(binding[:-1]) or routing_key == binding[:-2]
    return binding == routing_key
