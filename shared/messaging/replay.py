"""Announcing again what another service missed, into its queue alone; and noticing what we miss ourselves."""

from datetime import datetime, timedelta

from sqlalchemy import Table, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from shared.contracts.replay import ReplayRequested
from shared.db.mailboxes import incoming_aggregates
from shared.db.roster import roster_arrivals, roster_state
from shared.db.wakeups import Topic
from shared.db.work import Work
from shared.kernel.ids import new_id
from shared.logs import get_logger

log = get_logger(__name__)

GAP = timedelta(seconds=60)
"""How long something may be missing, or a request for it unanswered, before it is asked for (machine time)."""

_AGAIN = """
    INSERT INTO outgoing_replays (asker, event_id, type, body)
    SELECT :asker, event_id, type,
           (CAST(body AS jsonb) || jsonb_build_object('follows', lpad(CAST(follows AS text), 12, '0')))
    FROM (SELECT *, coalesce(lag(sequence) OVER (PARTITION BY aggregate_id ORDER BY sequence), :before)
                 AS follows
          FROM {table}) AS history
    WHERE {wanted}
    ORDER BY {order}
"""


async def announce_aggregate_again(work: Work, request: ReplayRequested) -> None:
    """Queue what is still kept of one aggregate's announcements, from the asked sequence on, for the asker alone."""
    start = request.sequence_from or 1
    await work.db.execute(
        text(
            _AGAIN.format(
                table="outgoing_events WHERE aggregate_id = :missing AND sequence >= :start",
                wanted="true",
                order="sequence",
            )
        ),
        {"asker": request.asker, "missing": request.missing, "start": start, "before": start - 1},
    )
    work.wakes.add(Topic.OUTGOING_EVENTS)


async def announce_history_again(
    work: Work, request: ReplayRequested, history: Table, version_column: str
) -> None:
    """Queue the rows of ``history`` (a table of kept envelopes) from the asked register version on, for the asker."""
    await work.db.execute(
        text(
            _AGAIN.format(
                table=history.name, wanted=f"{version_column} >= :start", order=version_column
            )
        ),
        {"asker": request.asker, "start": request.register_from or 1, "before": 0},
    )
    work.wakes.add(Topic.OUTGOING_EVENTS)


async def ask_for_missing_events(
    work: Work, service: str, request: type[ReplayRequested], gap: timedelta = GAP
) -> int:
    """Ask each publisher for what lies between the handled and the waiting events of an aggregate; how many were asked."""
    rows = (
        await work.db.execute(
            text(
                """
                SELECT a.source, a.aggregate_id, a.handled FROM incoming_aggregates AS a
                WHERE (a.asked_at IS NULL OR a.asked_at < clock_timestamp() - CAST(:gap AS interval))
                  AND EXISTS (SELECT FROM incoming_events AS e
                    WHERE e.source = a.source AND e.aggregate_id = a.aggregate_id
                      AND e.status = 'pending' AND e.follows > a.handled
                      AND e.received_at < clock_timestamp() - CAST(:gap AS interval))
                  AND NOT EXISTS (SELECT FROM incoming_events AS e
                    WHERE e.source = a.source AND e.aggregate_id = a.aggregate_id
                      AND e.status IN ('pending', 'dead') AND e.follows <= a.handled)
                LIMIT 100 FOR UPDATE SKIP LOCKED
                """
            ),
            {"gap": gap},
        )
    ).all()
    for row in rows:
        await work.announce(
            request(
                replay_id=new_id("rpl"),
                publisher=row.source,
                asker=service,
                missing=row.aggregate_id,
                sequence_from=row.handled + 1,
            )
        )
        await work.db.execute(
            update(incoming_aggregates)
            .where(
                incoming_aggregates.c.source == row.source,
                incoming_aggregates.c.aggregate_id == row.aggregate_id,
            )
            .values(asked_at=func.clock_timestamp())
        )
    return len(rows)


async def ask_for_missing_register(
    work: Work, service: str, request: type[ReplayRequested], gap: timedelta = GAP
) -> int:
    """Ask membership for the register from the watermark on: where there is none yet, and when a version stays away."""
    await work.db.execute(insert(roster_state).values(only=True).on_conflict_do_nothing())
    state = (await work.db.execute(select(roster_state).with_for_update(skip_locked=True))).first()
    if state is None:
        return 0
    asked_lately = await _asked_within(work, state.asked_at, gap)
    is_empty = state.watermark == 0 and not await _asked_within(work, state.asked_at, 10 * gap)
    is_late = await work.db.scalar(
        select(literal(True)).where(
            select(func.min(roster_arrivals.c.received_at)).scalar_subquery()
            < func.clock_timestamp() - gap
        )
    )
    if asked_lately or not (is_empty or is_late):
        return 0
    await work.announce(
        request(
            replay_id=new_id("rpl"),
            publisher="membership",
            asker=service,
            register_from=state.watermark + 1,
        )
    )
    await work.db.execute(update(roster_state).values(asked_at=func.clock_timestamp()))
    log.info("register_asked_for", register_from=state.watermark + 1)
    return 1


async def _asked_within(work: Work, asked_at: datetime | None, while_: timedelta) -> bool:
    lately = select(literal(True)).where(literal(asked_at) > func.clock_timestamp() - while_)
    return asked_at is not None and bool(await work.db.scalar(lately))
