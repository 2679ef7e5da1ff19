"""Outgoing events to the bus: at least once, in order per aggregate, with any number of relays."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.mailboxes import outgoing_events, outgoing_replays
from shared.db.wakeups import Topic
from shared.db.work import Database
from shared.logs import get_logger
from shared.messaging.bus import Bus, BusUnavailable, Message, Outcome

log = get_logger(__name__)

HEADS = 200
FOLLOWERS = 50
REJECTED_PAUSE, LONGEST_REJECTED_PAUSE = 1, 60
UNROUTABLE_PAUSE, LONGEST_UNROUTABLE_PAUSE = 5, 300

_CLAIM = text(
    """
    WITH heads AS (
        SELECT aggregate_id, sequence FROM outgoing_events AS head
        WHERE published_at IS NULL AND next_attempt_at <= clock_timestamp()
          AND NOT EXISTS (
            SELECT FROM outgoing_events AS earlier
            WHERE earlier.aggregate_id = head.aggregate_id AND earlier.published_at IS NULL
              AND earlier.sequence < head.sequence)
        ORDER BY position LIMIT :heads FOR UPDATE SKIP LOCKED
    )
    SELECT o.event_id, o.aggregate_id, o.sequence, o.type, o.body, o.attempts,
           (SELECT EXISTS (SELECT FROM outgoing_replays)) AS replays_wait
    FROM heads JOIN outgoing_events AS o
      ON o.aggregate_id = heads.aggregate_id AND o.published_at IS NULL
     AND o.sequence >= heads.sequence AND o.sequence < heads.sequence + :followers
    ORDER BY o.position
    """
)

_PUBLISHED = text(
    """
    UPDATE outgoing_events SET published_at = clock_timestamp(), last_error = NULL
    FROM set_config('synchronous_commit', 'off', true)
    WHERE event_id = ANY (CAST(:ids AS text[]))
    """
)
"""Not waited for on disk: where a crash of the database loses it, events are published once more, as after any crash."""


class Relay:
    """Moves one service's outgoing events to the bus.

    ``is_heard(type)``: whether some service of this deployment listens; its events must find a queue.
    ``reached(point)`` is told between publishing and commit, where a crash leaves a duplicate behind.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        is_heard: Callable[[str], bool],
        reached: Callable[[str], None] = lambda _point: None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._is_heard = is_heard
        self._reached = reached

    async def run(self) -> None:
        """Publish until cancelled: on every announcement of this process, and by polling for those of others."""
        while True:
            try:
                moved = await self.publish_waiting()
            except BusUnavailable as fault:
                log.warning("bus_unavailable", fault=str(fault))
                moved = 0
            except Exception as fault:  # the database's faults pass; the rows are still there
                log.warning("relay_interrupted", fault=type(fault).__name__)
                moved = 0
            if moved < min(HEADS, FOLLOWERS):  # a batch that was not full has left nothing behind
                await self._database.wakeups.wait(Topic.OUTGOING_EVENTS)

    async def publish_waiting(self) -> int:
        """Publish one batch of events and one of replays; the number that the bus accepted."""
        moved, replays_wait = await self._publish_events()
        return moved + (await self._publish_replays() if replays_wait else 0)

    async def _publish_events(self) -> tuple[int, bool]:
        """The number that was accepted, and whether replays may wait."""
        await self._bus.ready()
        async with self._database.engine.begin() as db:
            rows = (await db.execute(_CLAIM, {"heads": HEADS, "followers": FOLLOWERS})).all()
            if not rows:
                return 0, True
            outcomes = await self._bus.publish(
                [
                    Message(r.event_id, r.type, r.body.encode(), mandatory=self._is_heard(r.type))
                    for r in rows
                ]
            )
            self._reached("after_confirm")
            return await _note_outcomes(db, rows, outcomes), rows[0].replays_wait

    async def _publish_replays(self) -> int:
        async with self._database.engine.begin() as db:
            alone = await db.scalar(
                select(func.pg_try_advisory_xact_lock(func.hashtext("outgoing_replays")))
            )
            if not alone:
                return 0
            rows = (
                await db.execute(
                    select(outgoing_replays).order_by(outgoing_replays.c.position).limit(HEADS)
                )
            ).all()
            accepted: list[int] = []
            batch = _without_repeated_ids(rows)
            if batch:
                outcomes = await self._bus.publish(
                    [Message(r.event_id, r.type, r.body.encode(), to=r.asker) for r in batch]
                )
                for row, outcome in zip(batch, outcomes, strict=True):
                    if outcome is not Outcome.ACCEPTED:
                        break
                    accepted.append(row.position)
                await db.execute(
                    delete(outgoing_replays).where(outgoing_replays.c.position.in_(accepted))
                )
            return len(accepted)


def _without_repeated_ids(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    seen: set[str] = set()
    batch = []
    for row in rows:
        if row.event_id in seen:
            break
        seen.add(row.event_id)
        batch.append(row)
    return batch


async def _note_outcomes(
    db: AsyncConnection, rows: Sequence[Row[Any]], outcomes: Sequence[Outcome]
) -> int:
    stopped: set[str] = set()
    published = []
    for row, outcome in zip(rows, outcomes, strict=True):
        if row.aggregate_id in stopped:
            continue
        if outcome is Outcome.ACCEPTED:
            published.append(row.event_id)
            continue
        stopped.add(row.aggregate_id)
        await db.execute(
            update(outgoing_events)
            .where(outgoing_events.c.event_id == row.event_id)
            .values(
                attempts=row.attempts + (outcome is not Outcome.UNKNOWN),
                next_attempt_at=func.clock_timestamp() + _pause(outcome, row.attempts),
                last_error=outcome.value,
            )
        )
    if published:
        await db.execute(_PUBLISHED, {"ids": published})
    return len(published)


def _pause(outcome: Outcome, attempts: int) -> Any:
    first, longest = (
        (UNROUTABLE_PAUSE, LONGEST_UNROUTABLE_PAUSE)
        if outcome is Outcome.UNROUTABLE
        else (REJECTED_PAUSE, LONGEST_REJECTED_PAUSE)
    )
    return func.make_interval(0, 0, 0, 0, 0, 0, min(first * 2 ** min(attempts, 20), longest))
