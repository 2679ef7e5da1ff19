"""What notifications announces (N1)."""

from typing import Literal

from pydantic import AwareDatetime

from shared.contracts.base import Event
from shared.contracts.replay import ReplayRequested


class CircularIssued(
    Event, type="notifications.circular.issued.v1", aggregate="circular", about="circular_id"
):
    """A circular went out to its audience, frozen at ``register_version`` (Art. 19)."""

    circular_id: str
    number: str
    category: Literal["regulation", "policy", "self_discipline"]
    audience: Literal["all", "sector", "members"]
    register_version: int
    corrects: str | None
    issued_at: AwareDatetime


class NotificationsReplayRequested(
    ReplayRequested,
    type="notifications.replay.requested.v1",
    aggregate="replay",
    about="replay_id",
):
    """Notifications asks a publisher to announce again what it missed."""
