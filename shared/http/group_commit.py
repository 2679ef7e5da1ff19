"""Group commit: many requests for one thing are written in one transaction, and each is answered after its commit.

Only for an act that is asked for by very many at once, and that is decided by what is read once for all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import Context
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response

from shared.db.work import Database, Work
from shared.http.problems import Unavailable, refusal_for
from shared.http.route import Call, WorkRoute
from shared.kernel.actor import Actor, Scope
from shared.kernel.errors import Refusal

BATCH = 1_000
MOST_WAITING = 10_000

A = TypeVar("A")
R = TypeVar("R")
Write = Callable[[Work, str, Sequence[A]], Awaitable[Sequence[R | Refusal]]]
"""Writes acts upon one thing, in their order: for each its outcome, or the refusal that it alone meets."""

_Waiting = tuple[Any, "asyncio.Future[Any]"]


class GroupCommit:
    """The acts that wait in this process. One transaction at a time for each thing; several processes may do the same."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[tuple[Write[Any, Any], str], list[_Waiting]] = {}
        self._writers: set[asyncio.Task[None]] = set()

    async def submit(self, write: Write[A, R], thing: str, act: A) -> R:
        """Have ``act`` upon ``thing`` written with whatever else waits; returns when it is committed.

        Refuses with its own refusal, and with ``Unavailable`` where too much waits already.
        """
        key = (write, thing)
        queue = self._waiting.get(key)
        if queue is None:
            queue = self._waiting[key] = []
            task = asyncio.create_task(self._write_all(key, queue), context=Context())
            self._writers.add(task)
            task.add_done_callback(self._writers.discard)
        if len(queue) >= MOST_WAITING:
            raise Unavailable
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        queue.append((act, future))
        return await future

    async def _write_all(self, key: tuple[Write[Any, Any], str], queue: list[_Waiting]) -> None:
        """Write what waits, batch after batch, until nothing does."""
        await asyncio.sleep(0)  # what this turn of the loop still submits goes into the first batch
        while queue:
            batch = queue[:BATCH]
            del queue[:BATCH]
            await self._write(key, batch)
        del self._waiting[key]

    async def _write(self, key: tuple[Write[Any, Any], str], batch: Sequence[_Waiting]) -> None:
        write, thing = key
        try:
            async with self._database.begin() as work:
                outcomes = await write(work, thing, [act for act, _ in batch])
        except asyncio.CancelledError:
            _settle(batch, [Unavailable()] * len(batch))
            raise
        except Exception as fault:
            if len(batch) == 1 or isinstance(refusal_for(fault), Unavailable):
                _settle(batch, [fault] * len(batch))
                return
            for one in batch:  # a fault of one of them: it fails alone
                await self._write(key, [one])
            return
        _settle(batch, outcomes)


def _settle(batch: Sequence[_Waiting], outcomes: Sequence[Any]) -> None:
    for (_, future), outcome in zip(batch, outcomes, strict=True):
        with suppress(asyncio.InvalidStateError):  # whoever asked has gone
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


class GroupCommitRoute(WorkRoute):
    """A route without a work of its own: the batch decides whether the caller's mandate holds, with everything else.

    For PUT only: what is repeated comes to the same, so there is no idempotency row.
    """

    async def answer(self, request: Request, call: Call) -> Response:
        """Check what the token alone can tell, then run the handler, which awaits the batch."""
        await call.access.check(request, call.actor, _decided_in_the_batch)
        return await call.handle(request)


async def _decided_in_the_batch(_actor: Actor, _scope: Scope, _former: bool) -> bool:
    return True


async def _group_commit(request: Request) -> GroupCommit:
    commits: GroupCommit = request.app.state.group_commit
    return commits


GroupCommits = Annotated[GroupCommit, Depends(_group_commit)]
