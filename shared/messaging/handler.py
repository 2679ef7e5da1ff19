"""Incoming events that are stored have exactly one effect each, in order per aggregate."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import func, text, update

from shared.contracts.base import Event
from shared.contracts.catalog import CATALOG
from shared.db.mailboxes import incoming_events
from shared.db.work import Database, Work
from shared.kernel.errors import NotFound, Refusal
from shared.logs import get_logger, origin

log = get_logger(__name__)

AGGREGATES = 500
FOLLOWERS = 50
EVENTS = 1000
POLL_SECONDS, LOOK_AGAIN_SECONDS = 1.0, 0.05
RETRY_SECONDS = (1, 5, 30, 120, 600, 3600)
"""Pauses before the second, third … attempt (± 20 %); when they are used up the event is dead."""

_CLAIM = text(
    """
    SELECT a.source, a.aggregate_id, a.handled
    FROM incoming_events AS e JOIN incoming_aggregates AS a USING (source, aggregate_id)
    WHERE e.status = 'pending' AND e.follows <= a.handled AND e.next_attempt_at <= clock_timestamp()
    ORDER BY e.position LIMIT :aggregates FOR UPDATE OF a SKIP LOCKED
    """
)

_NEXT = text(
    """
    SELECT e.source, e.aggregate_id, e.event_id, e.sequence, e.follows, e.type, e.body, e.attempts,
           e.next_attempt_at <= clock_timestamp() AS is_due
    FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS claimed (source, aggregate_id)
    CROSS JOIN LATERAL (
        SELECT * FROM incoming_events AS i
        WHERE i.source = claimed.source AND i.aggregate_id = claimed.aggregate_id
          AND i.status = 'pending'
        ORDER BY i.sequence LIMIT :followers
    ) AS e
    ORDER BY e.source, e.aggregate_id, e.sequence LIMIT :events
    """
)

_SETTLE = text(
    """
    WITH advanced AS (
        UPDATE incoming_aggregates AS a SET handled = greatest(a.handled, settled.sequence)
        FROM (SELECT source, aggregate_id, max(sequence) AS sequence
              FROM unnest(CAST(:sources AS text[]), CAST(:aggregate_ids AS text[]),
                          CAST(:sequences AS integer[])) AS s (source, aggregate_id, sequence)
              GROUP BY source, aggregate_id) AS settled
        WHERE a.source = settled.source AND a.aggregate_id = settled.aggregate_id
    )
    UPDATE incoming_events AS e
    SET status = :status, last_error = :error, handled_at = clock_timestamp()
    FROM unnest(CAST(:sources AS text[]), CAST(:event_ids AS text[])) AS settled (source, event_id)
    WHERE e.source = settled.source AND e.event_id = settled.event_id
    """
)


Aggregate: TypeAlias = tuple[str, str]
"""The publisher of an aggregate's events, and its id."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event that has arrived and is not handled. ``is_due``: no pause after a failed attempt is running."""

    source: str
    aggregate_id: str
    event_id: str
    sequence: int
    follows: int
    type: str
    body: str
    attempts: int = 0
    is_due: bool = True

    @property
    def aggregate(self) -> Aggregate:
        """Whose order it stands in."""
        return self.source, self.aggregate_id


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a service does when it is told something.

    ``at_once``: takes all events of a batch together, before the others. Only for a reaction whose effect does not
    depend on the order between its events.
    """

    handle: Callable[[Work, Sequence[Any]], Awaitable[object]]
    at_once: bool = False


def each(react: Callable[[Work, Any], Awaitable[None]]) -> Reaction:
    """A reaction to one event at a time."""

    async def handle(work: Work, events: Sequence[Any]) -> None:
        for event in events:
            await react(work, event)

    return Reaction(handle)


Reactions = Mapping[type[Event], Sequence[Reaction]]


class Handler:
    """Runs the reactions of one service over its incoming events; any number may run at once."""

    def __init__(self, database: Database, reactions: Reactions) -> None:
        self._database = database
        self._reactions = reactions
        self._stored = asyncio.Event()

    def wake(self) -> None:
        """Something was stored that is not handled: look at once."""
        self._stored.set()

    async def run(self) -> None:
        """Handle until cancelled: whenever woken, and by polling for retries.

        What was stored may stand behind what another process works on at that moment: so it looks again soon, then less
        and less often.
        """
        pause = POLL_SECONDS
        while True:
            try:
                handled = await self.handle_waiting()
            except Exception as fault:  # the database's faults pass; the rows are still there
                log.warning("handler_interrupted", fault=type(fault).__name__)
                handled = 0
            if handled < FOLLOWERS:  # a batch that was not full has left nothing behind
                is_woken = await self._is_woken_within(pause)
                pause = LOOK_AGAIN_SECONDS if is_woken else min(2 * pause, POLL_SECONDS)

    async def handle_waiting(self) -> int:
        """Handle one batch: all at once if nothing refuses or fails, otherwise one by one."""
        try:
            return await self._handle(_all_at_once)
        except Exception as fault:  # of one event: find out of which, let the others through
            log.info("batch_taken_apart", fault=type(fault).__name__)
            return await self._handle(_one_by_one)

    async def react_to(self, work: Work, events: Sequence[Incoming]) -> None:
        """Run the reactions to ``events``, in their order. What a reaction refuses or fails with ends the transaction."""
        await _react_to_all(work, events, self._reactions)

    async def _handle(self, how: "_How") -> int:
        async with self._database.begin() as work:
            claimed = (await work.db.execute(_CLAIM, {"aggregates": AGGREGATES})).all()
            if not claimed:
                return 0
            handled = {(row.source, row.aggregate_id): row.handled for row in claimed}
            runs = _contiguous_runs(handled, await _next_of(work, handled))
            return await how(work, runs, self._reactions)

    async def _is_woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds * random.uniform(0.8, 1.2)):
                await self._stored.wait()
        except TimeoutError:
            return False
        self._stored.clear()
        return True


@dataclass(slots=True)
class _Run:
    """The next events of one aggregate, contiguous with what was handled before."""

    handled: int
    rows: list[Incoming]


_How = Callable[[Work, Sequence[_Run], Reactions], Awaitable[int]]


async def _next_of(work: Work, aggregates: Collection[Aggregate]) -> list[Incoming]:
    rows = await work.db.execute(
        _NEXT,
        {
            "sources": [source for source, _ in aggregates],
            "ids": [aggregate_id for _, aggregate_id in aggregates],
            "followers": FOLLOWERS,
            "events": EVENTS,
        },
    )
    return [Incoming(*row) for row in rows]


def _contiguous_runs(handled: Mapping[Aggregate, int], rows: Iterable[Incoming]) -> list[_Run]:
    runs = {aggregate: _Run(last, []) for aggregate, last in handled.items()}
    open_runs = dict(runs)
    for row in rows:
        run = open_runs.get(row.aggregate)
        if run is None:
            continue
        if row.follows <= run.handled and row.is_due:
            run.rows.append(row)
            run.handled = max(run.handled, row.sequence)
        else:
            del open_runs[row.aggregate]
    return [run for run in runs.values() if run.rows]


async def _all_at_once(work: Work, runs: Sequence[_Run], reactions: Reactions) -> int:
    rows = [row for run in runs for row in run.rows]
    await _react_to_all(work, rows, reactions)
    await _settle(work, rows, "done")
    return len(rows)


async def _react_to_all(work: Work, rows: Sequence[Incoming], reactions: Reactions) -> None:
    told = [(row, event) for row in rows if (event := _event(row)) is not None]
    together: dict[Reaction, list[Event]] = defaultdict(list)
    for _, event in told:
        for reaction in reactions.get(type(event), ()):
            if reaction.at_once:
                together[reaction].append(event)
    for reaction, batch in together.items():
        await reaction.handle(work, batch)
    for row, event in told:
        await _react(work, row, event, [r for r in reactions.get(type(event), ()) if not r.at_once])


async def _one_by_one(work: Work, runs: Sequence[_Run], reactions: Reactions) -> int:
    count = 0
    for run in runs:
        for row in run.rows:
            try:
                async with work.db.begin_nested():
                    if (event := _event(row)) is not None:
                        await _react(work, row, event, reactions.get(type(event), ()))
            except NotFound as overtaken:
                await _try_again_later(work, row, overtaken.code)
                break
            except Refusal as refusal:
                log.warning(
                    "event_refused", type=row.type, event_id=row.event_id, code=refusal.code
                )
                await _settle(work, [row], "refused", refusal.code)
            except Exception as fault:  # a reaction's own fault: counted, retried, then dead
                log.exception("reaction_failed", type=row.type, event_id=row.event_id)
                await _try_again_later(work, row, type(fault).__name__)
                break
            else:
                await _settle(work, [row], "done")
            count += 1
    return count


async def _react(work: Work, row: Incoming, event: Event, reactions: Sequence[Reaction]) -> None:
    if not reactions:
        return
    envelope = json.loads(row.body)
    with origin(envelope.get("requestid"), envelope.get("traceparent")):
        for reaction in reactions:
            await reaction.handle(work, [event])


def _event(row: Incoming) -> Event | None:
    entry = CATALOG.get(row.type)
    if entry is None:
        return None
    return entry.event.model_validate(json.loads(row.body)["data"])


async def _settle(
    work: Work, rows: Sequence[Incoming], status: str, error: str | None = None
) -> None:
    """The rows are over, and what follows them in their aggregates may come next."""
    await work.db.execute(
        _SETTLE,
        {
            "sources": [row.source for row in rows],
            "event_ids": [row.event_id for row in rows],
            "aggregate_ids": [row.aggregate_id for row in rows],
            "sequences": [row.sequence for row in rows],
            "status": status,
            "error": error,
        },
    )


async def _try_again_later(work: Work, row: Incoming, error: str) -> None:
    values: dict[str, Any] = {"attempts": row.attempts + 1, "last_error": error[:200]}
    if row.attempts < len(RETRY_SECONDS):
        pause = RETRY_SECONDS[row.attempts] * random.uniform(0.8, 1.2)
        values["next_attempt_at"] = func.clock_timestamp() + func.make_interval(
            0, 0, 0, 0, 0, 0, pause
        )
    else:
        values["status"] = "dead"
        log.error("event_dead", type=row.type, event_id=row.event_id, error=error)
    await work.db.execute(
        update(incoming_events)
        .where(incoming_events.c.source == row.source, incoming_events.c.event_id == row.event_id)
        .values(values)
    )
