"""How long the mailboxes keep what has been dealt with."""

from datetime import timedelta

from sqlalchemy import text

from shared.db.work import Work

KEPT_PUBLISHED = timedelta(days=90)
KEPT_HANDLED = timedelta(days=400)
KEPT_IDEMPOTENCY = timedelta(hours=24)
"""Events stay 90 days for replay, handled ones 400 days against late duplicates, keys a day (machine time)."""

_OUTWORN = (
    ("outgoing_events", "event_id", "published_at", KEPT_PUBLISHED),
    ("incoming_events", "event_id", "handled_at", KEPT_HANDLED),
)


async def clear_outworn(work: Work) -> int:
    """Remove one batch of what need not be kept any longer; how many rows went."""
    gone = 0
    for table, key, instant, kept in _OUTWORN:
        result = await work.db.execute(
            text(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} "  # noqa: S608 - our own names
                f"WHERE {instant} < clock_timestamp() - CAST(:kept AS interval) LIMIT 1000)"
            ),
            {"kept": kept},
        )
        gone += result.rowcount
    result = await work.db.execute(
        text(
            "DELETE FROM idempotency_keys WHERE (principal, operation, key) IN (SELECT principal,"
            " operation, key FROM idempotency_keys WHERE created_at < clock_timestamp() - CAST(:kept AS interval)"
            " LIMIT 1000)"
        ),
        {"kept": KEPT_IDEMPOTENCY},
    )
    return gone + result.rowcount
