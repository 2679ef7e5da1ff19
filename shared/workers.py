"""What a service does all the time beside answering, telling and being told."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from shared.db.work import Database


@dataclass(frozen=True, slots=True)
class Worker:
    """Steady work. ``run`` does it until cancelled, then finishes what it has begun; any number may run at once."""

    name: str
    run: Callable[[Database], Coroutine[None, None, None]]
