"""What is recorded of a request: filled in by its route, written down by the outermost layer."""

from dataclasses import dataclass


@dataclass(slots=True)
class Record:
    """What will be recorded of this request; the route fills it in. ``unrecorded`` leaves no trace at all."""

    route: str = "(no route)"
    unrecorded: bool = False
    status: int = 0
