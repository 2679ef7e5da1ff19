"""Webhook endpoints, what is to be delivered to them, and every attempt."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("event_types", sa.ARRAY(sa.String(120)), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("challenge", sa.String(64)),
        sa.Column("ownership_check", sa.String(40)),
        sa.Column("verified_at", INSTANT),
        sa.Column("entitled_since", INSTANT),
        sa.Column("disabled_reason", sa.String(40)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(status = 'active') <= (verified_at IS NOT NULL)",
            name="ck_webhook_endpoints_active_is_verified",
        ),
        sa.CheckConstraint(
            "(verified_at IS NOT NULL) <= (entitled_since IS NOT NULL)",
            name="ck_webhook_endpoints_verified_is_entitled",
        ),
        sa.CheckConstraint(
            "(status = 'disabled') = (disabled_reason IS NOT NULL)",
            name="ck_webhook_endpoints_disabled_has_reason",
        ),
        sa.CheckConstraint(
            "(challenge IS NULL) = (ownership_check IS NULL)",
            name="ck_webhook_endpoints_challenge_is_checked",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_member_id", "webhook_endpoints", ["member_id"])
    op.create_table(
        "webhook_messages",
        sa.Column("id", ID, nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("link", sa.String(200), nullable=False),
        sa.Column("is_test", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("notice_id", ID),
        sa.Column("member_id", ID),
        sa.Column("endpoint_id", ID),
        sa.Column("expanded_to", ID),
        sa.Column("is_expanded", sa.Boolean, server_default="false", nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(notice_id, member_id, endpoint_id) = 1",
            name="ck_webhook_messages_one_kind_of_addressee",
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name="fk_webhook_messages_notice_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_messages"),
        sa.UniqueConstraint("notice_id", name="uq_webhook_messages_notice_id"),
        comment="One row for all endpoints; deliveries are made of it endpoint by endpoint, in their order",
    )
    op.create_index(
        "ix_webhook_messages_to_expand",
        "webhook_messages",
        ["id"],
        postgresql_where=sa.text("NOT is_expanded"),
    )
    op.create_index(
        "ix_webhook_messages_checks",
        "webhook_messages",
        [sa.literal_column("(data ->> 'member_id')"), "created_at"],
        postgresql_where=sa.text("type = 'notifications.endpoint.verification_requested.v1'"),
    )
    op.create_table(
        "webhook_queues",
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("held_until", INSTANT),
        sa.Column("is_slow", sa.Boolean, server_default="false", nullable=False),
        sa.Column("epoch", sa.Integer, server_default="0", nullable=False),
        sa.Column(
            "running", sa.ARRAY(sa.String(64)), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("numbers", sa.ARRAY(sa.Integer), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name="fk_webhook_queues_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name="pk_webhook_queues"),
        comment="When an endpoint's deliveries may be taken next; while one process has them, when its lease ends;"
        " not before its receiver asked for",
    )
    op.create_index(
        "ix_webhook_queues_due",
        "webhook_queues",
        ["is_slow", "due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("until", INSTANT),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name="fk_webhook_secrets_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "place", name="pk_webhook_secrets"),
        comment="Sealed secrets, the current one at place 0; a former one signs along until its instant (machine time)",
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("failures", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.CheckConstraint(
            "(status = 'pending') = (next_attempt_at IS NOT NULL)",
            name="ck_webhook_deliveries_pending_is_due",
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name="fk_webhook_deliveries_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["webhook_messages.id"], name="fk_webhook_deliveries_message_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint(
            "message_id", "endpoint_id", name="uq_webhook_deliveries_message_id_endpoint_id"
        ),
        comment="Instants of attempts are machine time",
    )
    op.create_index(
        "ix_webhook_deliveries_endpoint_id_id", "webhook_deliveries", ["endpoint_id", "id"]
    )
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["endpoint_id", "next_attempt_at"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("target_url", sa.Text),
        sa.Column("status_code", sa.Integer),
        sa.Column("excerpt", sa.LargeBinary),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_deliveries.id"],
            name="fk_webhook_attempts_delivery_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_webhook_attempts"),
        comment="What came of each request; the excerpt of the answer is sealed",
    )


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_index(
        "ix_webhook_deliveries_pending",
        table_name="webhook_deliveries",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_index("ix_webhook_deliveries_endpoint_id_id", table_name="webhook_deliveries")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_secrets")
    op.drop_index(
        "ix_webhook_queues_due",
        table_name="webhook_queues",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("webhook_queues")
    op.drop_index(
        "ix_webhook_messages_checks",
        table_name="webhook_messages",
        postgresql_where=sa.text("type = 'notifications.endpoint.verification_requested.v1'"),
    )
    op.drop_index(
        "ix_webhook_messages_to_expand",
        table_name="webhook_messages",
        postgresql_where=sa.text("NOT is_expanded"),
    )
    op.drop_table("webhook_messages")
    op.drop_index("ix_webhook_endpoints_member_id", table_name="webhook_endpoints")
    op.drop_table("webhook_endpoints")
