"""How a service asks a publisher to announce again what it missed: by an event, answered into its queue alone."""

from typing import Annotated

from pydantic import Field

from shared.contracts.base import Event


class ReplayRequested(Event):
    """Either the register from ``register_from`` on, or the aggregate ``missing`` from ``sequence_from`` on (both inclusive).

    Subclassed by each asking service, which gives it its type. ``replay_id`` is its own aggregate.
    """

    replay_id: str
    publisher: str
    asker: str
    register_from: Annotated[int, Field(ge=1)] | None = None
    missing: str | None = None
    sequence_from: Annotated[int, Field(ge=1)] | None = None
