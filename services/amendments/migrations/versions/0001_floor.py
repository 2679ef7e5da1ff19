"""The tables that every service has, with the roster and the rulebook."""

import sqlalchemy as sa
from alembic import op

from shared.db.mailboxes import PROCEDURE_NOW

revision = "0001"
down_revision = None

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "announcement_counts",
        sa.Column("aggregate_id", ID, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("aggregate_id", name="pk_announcement_counts"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("operation", sa.String(200), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column(
            "created_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("principal", "operation", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "incoming_aggregates",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("aggregate_id", ID, nullable=False),
        sa.Column("handled", sa.Integer, server_default="0", nullable=False),
        sa.Column("asked_at", INSTANT),
        sa.PrimaryKeyConstraint("source", "aggregate_id", name="pk_incoming_aggregates"),
    )
    op.create_table(
        "incoming_events",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("aggregate_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("follows", sa.Integer, nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column(
            "received_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("status", sa.String(12), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column(
            "next_attempt_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("last_error", sa.String(200)),
        sa.Column("handled_at", INSTANT),
        sa.CheckConstraint(
            "status IN ('pending', 'done', 'refused', 'dead', 'discarded')",
            name="ck_incoming_events_status_known",
        ),
        sa.PrimaryKeyConstraint("source", "event_id", name="pk_incoming_events"),
        sa.UniqueConstraint(
            "source",
            "aggregate_id",
            "sequence",
            name="uq_incoming_events_source_aggregate_id_sequence",
        ),
    )
    op.create_index(
        "ix_incoming_events_handled_at",
        "incoming_events",
        ["handled_at"],
        postgresql_where=sa.text("status = 'done'"),
    )
    op.create_index(
        "ix_incoming_events_pending_aggregate",
        "incoming_events",
        ["source", "aggregate_id", "sequence"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_incoming_events_pending_position",
        "incoming_events",
        ["position"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_incoming_events_stuck",
        "incoming_events",
        ["status", "event_id"],
        postgresql_where=sa.text("status IN ('refused', 'dead')"),
    )
    op.create_table(
        "outgoing_events",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("aggregate_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column(
            "recorded_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column(
            "next_attempt_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("last_error", sa.String(200)),
        sa.Column("published_at", INSTANT),
        sa.PrimaryKeyConstraint("event_id", name="pk_outgoing_events"),
        sa.UniqueConstraint(
            "aggregate_id", "sequence", name="uq_outgoing_events_aggregate_id_sequence"
        ),
    )
    op.create_index("ix_outgoing_events_published_at", "outgoing_events", ["published_at"])
    op.create_index(
        "ix_outgoing_events_unpublished_aggregate",
        "outgoing_events",
        ["aggregate_id", "sequence"],
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index(
        "ix_outgoing_events_unpublished_position",
        "outgoing_events",
        ["position"],
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "outgoing_replays",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("asker", sa.String(40), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_outgoing_replays"),
    )
    op.create_table(
        "poison_messages",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column(
            "received_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_poison_messages"),
    )
    op.create_table(
        "test_clock",
        sa.Column("only", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("advance", sa.Interval, nullable=False),
        sa.CheckConstraint('"only"', name="ck_test_clock_one_row"),
        sa.PrimaryKeyConstraint("only", name="pk_test_clock"),
    )
    op.create_table(
        "roster_arrivals",
        sa.Column("register_version", sa.Integer, nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column(
            "received_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("register_version", name="pk_roster_arrivals"),
    )
    op.create_table(
        "roster_mandates",
        sa.Column("representative_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("period_id", ID, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.String(40)), nullable=False),
        sa.Column("valid_from", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT),
        sa.Column("removed_at", INSTANT),
        sa.PrimaryKeyConstraint("representative_id", name="pk_roster_mandates"),
    )
    op.create_index(
        "ix_roster_mandates_member_subject", "roster_mandates", ["member_id", "subject"]
    )
    op.create_table(
        "roster_particulars",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("entered_version", sa.Integer, nullable=False),
        sa.Column("until_version", sa.Integer),
        sa.Column("legal_name_zh", sa.Text, nullable=False),
        sa.Column("legal_name_en", sa.Text, nullable=False),
        sa.Column("sectors", sa.ARRAY(sa.String(40)), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "entered_version", name="pk_roster_particulars"),
    )
    op.create_table(
        "roster_periods",
        sa.Column("period_id", ID, nullable=False),
        sa.Column("entered_version", sa.Integer, nullable=False),
        sa.Column("left_version", sa.Integer),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("ending", sa.String(40)),
        sa.Column("left_at", INSTANT),
        sa.PrimaryKeyConstraint("period_id", "entered_version", name="pk_roster_periods"),
    )
    op.create_index("ix_roster_periods_member_id", "roster_periods", ["member_id"])
    op.create_index(
        "ix_roster_periods_versions", "roster_periods", ["entered_version", "left_version"]
    )
    op.create_table(
        "roster_state",
        sa.Column("only", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("watermark", sa.Integer, server_default="0", nullable=False),
        sa.Column(
            "head",
            sa.String(64),
            server_default="0000000000000000000000000000000000000000000000000000000000000000",
            nullable=False,
        ),
        sa.Column("asked_at", INSTANT),
        sa.CheckConstraint('"only"', name="ck_roster_state_one_row"),
        sa.PrimaryKeyConstraint("only", name="pk_roster_state"),
    )
    op.create_table(
        "rulebooks",
        sa.Column("rulebook_version", sa.Integer, nullable=False),
        sa.Column("in_force_at", INSTANT, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("rulebook_version", name="pk_rulebooks"),
    )
    op.execute(PROCEDURE_NOW)


def downgrade() -> None:
    op.execute("DROP FUNCTION procedure_now()")
    for table in (
        "rulebooks",
        "roster_state",
        "roster_periods",
        "roster_particulars",
        "roster_mandates",
        "roster_arrivals",
        "test_clock",
        "poison_messages",
        "outgoing_replays",
        "outgoing_events",
        "incoming_events",
        "incoming_aggregates",
        "idempotency_keys",
        "announcement_counts",
    ):
        op.drop_table(table)
