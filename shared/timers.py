"""What happens because time passes. Any number of processes may run the same timers."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.db.work import Database, Work
from shared.logs import get_logger

log = get_logger(__name__)

TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that becomes due.

    ``run`` does what is due now and returns how much that was; it locks what it takes. ``next_due`` is the procedure
    instant of the next due thing, so that a test clock can walk from one to the next; None: nothing is coming.
    """

    name: str
    run: Callable[[Database], Awaitable[int]]
    next_due: Callable[[Work], Awaitable[datetime | None]] | None = None
    every_seconds: float = TICK_SECONDS


def in_one_work(act: Callable[[Work], Awaitable[int]]) -> Callable[[Database], Awaitable[int]]:
    """A timer's ``run`` that is a single use case in a single transaction."""

    async def run(database: Database) -> int:
        async with database.begin() as work:
            return await act(work)

    return run


def one_by_one(
    due: Callable[[Work], Awaitable[Sequence[str]]], act: Callable[[Work, str], Awaitable[bool]]
) -> Callable[[Database], Awaitable[int]]:
    """A timer's ``run`` that does each due thing in a transaction of its own: one that fails stops none of the others.

    ``due``: the ids of what is due now. ``act`` locks its thing and says whether it did something: what came due may
    have been done by another process meanwhile. A failure is logged with the id, and the thing stays due.
    """

    async def run(database: Database) -> int:
        async with database.begin() as work:
            ids = await due(work)
        done = 0
        for id in ids:
            try:
                async with database.begin() as work:
                    done += await act(work, id)
            except Exception:  # of this one thing
                log.exception("due_thing_failed", act=act.__name__, id=id)
        return done

    return run


async def run_timer(timer: Timer, database: Database) -> None:
    """Run ``timer`` until cancelled; again at once while there is something to do."""
    while True:
        try:
            done = await timer.run(database)
        except Exception:  # told in the log; what is due stays due
            log.exception("timer_failed", timer=timer.name)
            done = 0
        if not done:
            await asyncio.sleep(timer.every_seconds * random.uniform(0.8, 1.2))
