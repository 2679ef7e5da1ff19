"""The tables of membership, with those that every service has."""

import sqlalchemy as sa
from alembic import op

from shared.db.mailboxes import PROCEDURE_NOW

revision = "0001"
down_revision = None

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")
PENDING, UNPUBLISHED = "status = 'pending'", "published_at IS NULL"

TABLES = """
    announcement_counts idempotency_keys incoming_aggregates incoming_events outgoing_events
    outgoing_replays poison_messages test_clock rulebooks applications bulletins imports
    live_entities members register_changes register_head rolls claim_codes endings import_rows
    particulars periods mandates
"""


def index(table: str, name: str, columns: str, where: str | None = None) -> None:
    op.create_index(
        f"ix_{table}_{name}", table, columns.split(), postgresql_where=where and sa.text(where)
    )


def unique_index(table: str, name: str, columns: str, where: str | None = None) -> None:
    op.create_index(
        f"uq_{table}_{name}",
        table,
        columns.split(),
        unique=True,
        postgresql_where=where and sa.text(where),
    )


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
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("principal", "operation", "key", name="pk_idempotency_keys"),
    )
    index("idempotency_keys", "created_at", "created_at")
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
        sa.Column("received_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("status", sa.String(12), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_attempt_at", INSTANT, server_default=NOW, nullable=False),
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
    index("incoming_events", "handled_at", "handled_at", "status = 'done'")
    index("incoming_events", "pending_aggregate", "source aggregate_id sequence", PENDING)
    index("incoming_events", "pending_position", "position", PENDING)
    index("incoming_events", "stuck", "status event_id", "status IN ('refused', 'dead')")
    op.create_table(
        "outgoing_events",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("aggregate_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("recorded_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_attempt_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("last_error", sa.String(200)),
        sa.Column("published_at", INSTANT),
        sa.PrimaryKeyConstraint("event_id", name="pk_outgoing_events"),
        sa.UniqueConstraint(
            "aggregate_id", "sequence", name="uq_outgoing_events_aggregate_id_sequence"
        ),
    )
    index("outgoing_events", "published_at", "published_at")
    index("outgoing_events", "unpublished_aggregate", "aggregate_id sequence", UNPUBLISHED)
    index("outgoing_events", "unpublished_position", "position", UNPUBLISHED)
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
        sa.Column("received_at", INSTANT, server_default=NOW, nullable=False),
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
        "rulebooks",
        sa.Column("rulebook_version", sa.Integer, nullable=False),
        sa.Column("in_force_at", INSTANT, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("rulebook_version", name="pk_rulebooks"),
    )
    op.create_table(
        "applications",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("applicant", sa.Text, nullable=False),
        sa.Column("identifier", sa.String(18), nullable=False),
        sa.Column("particulars", sa.JSON, nullable=False),
        sa.Column("legal_representative_subject", sa.Text, nullable=False),
        sa.Column("accepts_rules", sa.Boolean, nullable=False),
        sa.Column("entrusted", sa.JSON, nullable=False),
        sa.Column("member_id", ID),
        sa.Column("cancellation_deciders", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("submitted_at", INSTANT, nullable=False),
        sa.Column("review_due_on", sa.Date, nullable=False),
        sa.Column("review_rule", sa.JSON, nullable=False),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.Column("ground", sa.String(40)),
        sa.Column("reasons", sa.Text),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text),
        sa.Column("signed_at", INSTANT),
        sa.Column("signed_by", sa.Text),
        sa.Column("retracted_at", INSTANT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
    )
    index("applications", "applicant_id", "applicant id")
    index("applications", "status_id", "status id")
    op.create_table(
        "bulletins",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("erratum_of", sa.Integer),
        sa.Column("from_day", sa.Date, nullable=False),
        sa.Column("to_day", sa.Date, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("register_version", sa.Integer, nullable=False),
        sa.Column("register_head", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["erratum_of"], ["bulletins.number"], name="fk_bulletins_erratum_of"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_bulletins"),
        sa.UniqueConstraint("id", name="uq_bulletins_id"),
    )
    unique_index("bulletins", "period", "from_day", "erratum_of IS NULL")
    op.create_table(
        "imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("file", sa.LargeBinary),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("rows_total", sa.Integer),
        sa.Column("rows_checked", sa.Integer, server_default="0", nullable=False),
        sa.Column("rows_accepted", sa.Integer, server_default="0", nullable=False),
        sa.Column("rows_refused", sa.Integer, server_default="0", nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'checking', 'refused', 'checked', 'done')",
            name="ck_imports_status_known",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    index("imports", "status_id", "status id")
    op.create_table(
        "live_entities",
        sa.Column("identifier", sa.String(18), nullable=False),
        sa.Column("holder_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("identifier", name="pk_live_entities"),
        comment="One live application or membership per legal entity (M1)",
    )
    op.create_table(
        "members",
        sa.Column("id", ID, nullable=False),
        sa.Column("identifier", sa.String(18), nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("identifier", name="uq_members_identifier"),
    )
    index("members", "due_at", "due_at", "due_at IS NOT NULL")
    op.create_table(
        "register_changes",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("aggregate_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("counts_from", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_register_changes"),
        sa.UniqueConstraint("event_id", name="uq_register_changes_event_id"),
        comment="Every change of the register, whole, with the chain head: kept for ever, the source of replays",
    )
    index("register_changes", "aggregate", "aggregate_id sequence")
    index("register_changes", "counts_from", "counts_from")
    index(
        "register_changes",
        "movements",
        "aggregate_id version",
        "type IN ('membership.member.acceded.v1', 'membership.member.ended.v1')",
    )
    op.create_table(
        "register_head",
        sa.Column("only", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer, server_default="0", nullable=False),
        sa.Column(
            "head",
            sa.String(64),
            server_default="0000000000000000000000000000000000000000000000000000000000000000",
            nullable=False,
        ),
        sa.CheckConstraint('"only"', name="ck_register_head_one_row"),
        sa.PrimaryKeyConstraint("only", name="pk_register_head"),
    )
    op.create_table(
        "rolls",
        sa.Column("id", ID, nullable=False),
        sa.Column("ballot_id", ID, nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("instant", INSTANT, nullable=False),
        sa.Column("register_version", sa.Integer, nullable=False),
        sa.Column("register_head", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("certified_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rolls"),
    )
    unique_index("rolls", "ballot_purpose", "ballot_id purpose")
    op.create_table(
        "claim_codes",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("superseded_at", INSTANT),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_claim_codes_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_claim_codes"),
        sa.UniqueConstraint("digest", name="uq_claim_codes_digest"),
    )
    index("claim_codes", "member_id", "member_id")
    op.create_table(
        "endings",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.Column("case_id", ID),
        sa.Column("decision_number", sa.String(80)),
        sa.Column("deciders", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("outcome", sa.String(40)),
        sa.Column("settled_at", INSTANT),
        sa.Column("ended_by", sa.String(40)),
        sa.Column("ended_on", sa.Date),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_endings_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_endings"),
        comment="Announced endings: outcome null while pending or in effect, else why it does not stand",
    )
    index("endings", "member_id", "member_id")
    op.create_table(
        "import_rows",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("problems", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("member_id", ID),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_import_rows_import_id"),
        sa.PrimaryKeyConstraint("import_id", "line", name="pk_import_rows"),
    )
    op.create_table(
        "particulars",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("entered_version", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("legal_name_zh", sa.Text, nullable=False),
        sa.Column("legal_name_en", sa.Text, nullable=False),
        sa.Column("sectors", sa.ARRAY(sa.String(40)), nullable=False),
        sa.Column("legal_representative", sa.Text, nullable=False),
        sa.Column("contact_email", sa.Text, nullable=False),
        sa.Column("contact_phone", sa.Text),
        sa.Column("group", sa.Text),
        sa.Column("unreachable", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_particulars_member_id"),
        sa.PrimaryKeyConstraint("member_id", "entered_version", name="pk_particulars"),
        comment="valid_until: the day from which a later row holds; null while it is the latest",
    )
    op.create_table(
        "periods",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("opened_version", sa.Integer, nullable=False),
        sa.Column("basis", sa.String(40), nullable=False),
        sa.Column("application_id", ID),
        sa.Column("ending_id", ID),
        sa.Column("ended_on", sa.Date),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_version", sa.Integer),
        sa.CheckConstraint(
            "(ending_id IS NULL) = (ended_on IS NULL)", name="ck_periods_ended_whole"
        ),
        sa.CheckConstraint("ended_on >= opened_on", name="ck_periods_ends_after_it_opens"),
        sa.ForeignKeyConstraint(["ending_id"], ["endings.id"], name="fk_periods_ending_id"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_periods_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_periods"),
    )
    index("periods", "days", "opened_on ended_on")
    index("periods", "member_id", "member_id")
    unique_index("periods", "running", "member_id", "ending_id IS NULL")
    op.create_table(
        "mandates",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("period_id", ID, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.String(20)), nullable=False),
        sa.Column("valid_from", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT),
        sa.Column("removed_at", INSTANT),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_mandates_member_id"),
        sa.ForeignKeyConstraint(["period_id"], ["periods.id"], name="fk_mandates_period_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mandates"),
    )
    index("mandates", "member_subject", "member_id subject")
    op.execute(PROCEDURE_NOW)


def downgrade() -> None:
    op.execute("DROP FUNCTION procedure_now()")
    for table in reversed(TABLES.split()):
        op.drop_table(table)
