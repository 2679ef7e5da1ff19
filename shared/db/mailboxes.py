"""The tables every service has for what it tells and what it is told, and for keys of retried requests."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from shared.db.base import IdText, Instant, new_metadata

metadata = new_metadata()

announcement_counts = Table(
    "announcement_counts",
    metadata,
    Column("aggregate_id", IdText, primary_key=True),
    Column("last", Integer, nullable=False),
)

outgoing_events = Table(
    "outgoing_events",
    metadata,
    Column("event_id", IdText, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("aggregate_id", IdText, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False, server_default=func.clock_timestamp()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant, nullable=False, server_default=func.clock_timestamp()),
    Column("last_error", String(200)),
    Column("published_at", Instant),
    UniqueConstraint("aggregate_id", "sequence"),
)
Index(
    "ix_outgoing_events_unpublished_position",
    outgoing_events.c.position,
    postgresql_where=outgoing_events.c.published_at.is_(None),
)
Index(
    "ix_outgoing_events_unpublished_aggregate",
    outgoing_events.c.aggregate_id,
    outgoing_events.c.sequence,
    postgresql_where=outgoing_events.c.published_at.is_(None),
)
Index("ix_outgoing_events_published_at", outgoing_events.c.published_at)

outgoing_replays = Table(
    "outgoing_replays",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("asker", String(40), nullable=False),
    Column("event_id", IdText, nullable=False),
    Column("type", String(120), nullable=False),
    Column("body", Text, nullable=False),
)

incoming_events = Table(
    "incoming_events",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("event_id", IdText, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("aggregate_id", IdText, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("follows", Integer, nullable=False),
    Column("type", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", Instant, nullable=False, server_default=func.clock_timestamp()),
    Column("status", String(12), nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant, nullable=False, server_default=func.clock_timestamp()),
    Column("last_error", String(200)),
    Column("handled_at", Instant),
    UniqueConstraint("source", "aggregate_id", "sequence"),
    CheckConstraint(
        "status IN ('pending', 'done', 'refused', 'dead', 'discarded')", name="status_known"
    ),
)
Index(
    "ix_incoming_events_pending_position",
    incoming_events.c.position,
    postgresql_where=incoming_events.c.status == "pending",
)
Index(
    "ix_incoming_events_pending_aggregate",
    incoming_events.c.source,
    incoming_events.c.aggregate_id,
    incoming_events.c.sequence,
    postgresql_where=incoming_events.c.status == "pending",
)
Index(
    "ix_incoming_events_stuck",
    incoming_events.c.status,
    incoming_events.c.event_id,
    postgresql_where=incoming_events.c.status.in_(["refused", "dead"]),
)
Index(
    "ix_incoming_events_handled_at",
    incoming_events.c.handled_at,
    postgresql_where=incoming_events.c.status == "done",
)

incoming_aggregates = Table(
    "incoming_aggregates",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("aggregate_id", IdText, primary_key=True),
    Column("handled", Integer, nullable=False, server_default="0"),
    Column("asked_at", Instant),
)

poison_messages = Table(
    "poison_messages",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("received_at", Instant, nullable=False, server_default=func.clock_timestamp()),
    Column("reason", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("operation", String(200), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False, server_default=func.clock_timestamp()),
    Index("ix_idempotency_keys_created_at", "created_at"),
)

test_clock = Table(
    "test_clock",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("advance", Interval, nullable=False),
    CheckConstraint('"only"', name="one_row"),
)

PROCEDURE_NOW = """
CREATE FUNCTION procedure_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
'SELECT clock_timestamp() + coalesce((SELECT advance FROM test_clock), interval ''0'')'
"""
