"""The convention's texts and versions, its founding, divergences and interpretations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "convention",
        sa.Column("only", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("rulebook_id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint('"only"', name="ck_convention_one_row"),
        sa.PrimaryKeyConstraint("only", name="pk_convention"),
        comment="The one convention: its row is locked by whoever gives a number or publishes a version",
    )
    op.create_table(
        "foundings",
        sa.Column("only", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False),
        sa.Column("named_at", INSTANT, nullable=False),
        sa.Column("valid_at", INSTANT),
        sa.Column("valid_on", sa.Date),
        sa.Column("publish_by", sa.Date),
        sa.Column("publish_rule", sa.JSON),
        sa.Column("published_at", INSTANT),
        sa.Column("published_on", sa.Date),
        sa.Column("remind_on", sa.ARRAY(sa.Date), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint('"only"', name="ck_foundings_one_row"),
        sa.PrimaryKeyConstraint("only", name="pk_foundings"),
    )
    op.create_table(
        "initiating_units",
        sa.Column("identifier", sa.String(18), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("particulars", sa.JSON, nullable=False),
        sa.Column("legal_representative", sa.Text, nullable=False),
        sa.Column("entrusted", sa.Text),
        sa.Column("signed_by", sa.Text),
        sa.Column("signed_at", INSTANT),
        sa.CheckConstraint(
            "(signed_by IS NULL) = (signed_at IS NULL)", name="ck_initiating_units_signed_whole"
        ),
        sa.PrimaryKeyConstraint("identifier", name="pk_initiating_units"),
        sa.UniqueConstraint("place", name="uq_initiating_units_place"),
    )
    op.create_table(
        "versions",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("text", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("rulebook_version", sa.Integer, nullable=False),
        sa.Column("valid_on", sa.Date),
        sa.Column("in_force_on", sa.Date),
        sa.Column("promulgated_at", INSTANT),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("applies_from", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("number >= 1", name="ck_versions_counted_from_one"),
        sa.PrimaryKeyConstraint("number", name="pk_versions"),
        comment="The text as promulgated; corrections made since stand in their own table",
    )
    op.create_table(
        "corrections",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("provision_id", sa.String(20), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("corrected_by", sa.Text, nullable=False),
        sa.Column("corrected_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(kind = 'corrigendum') = (language = 'zh')", name="ck_corrections_kind_of_language"
        ),
        sa.CheckConstraint(
            "kind IN ('translation', 'corrigendum')", name="ck_corrections_kind_known"
        ),
        sa.ForeignKeyConstraint(["version"], ["versions.number"], name="fk_corrections_version"),
        sa.PrimaryKeyConstraint("number", "version", name="pk_corrections"),
        comment="One act may mend several versions: those in force or to come that have the same wording",
    )
    op.create_table(
        "divergences",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("provision_id", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("zh", sa.Text),
        sa.Column("en", sa.Text),
        sa.Column("note_zh", sa.Text, nullable=False),
        sa.Column("note_en", sa.Text),
        sa.Column("found_by", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("settled_by", sa.String(20)),
        sa.Column("settled_at", INSTANT),
        sa.CheckConstraint(
            "kind IN ('not_translated', 'differs')", name="ck_divergences_kind_known"
        ),
        sa.ForeignKeyConstraint(["version"], ["versions.number"], name="fk_divergences_version"),
        sa.PrimaryKeyConstraint("number", name="pk_divergences"),
        comment="found_by null: by the text itself; settled_by: the correction or version that removed it",
    )
    op.create_table(
        "interpretations",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("provision_id", sa.String(20), nullable=False),
        sa.Column("convention_version", sa.Integer, nullable=False),
        sa.Column("text_zh", sa.Text, nullable=False),
        sa.Column("text_en", sa.Text),
        sa.Column("reasons_zh", sa.Text, nullable=False),
        sa.Column("reasons_en", sa.Text),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("in_own_case", sa.Boolean, nullable=False),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("stale_since", sa.Integer),
        sa.Column("supersedes", ID),
        sa.Column("superseded_by", ID),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(status = 'superseded') = (superseded_by IS NOT NULL)",
            name="ck_interpretations_superseded_whole",
        ),
        sa.ForeignKeyConstraint(
            ["convention_version"],
            ["versions.number"],
            name="fk_interpretations_convention_version",
        ),
        sa.ForeignKeyConstraint(
            ["stale_since"], ["versions.number"], name="fk_interpretations_stale_since"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_interpretations"),
        sa.UniqueConstraint("id", name="uq_interpretations_id"),
    )
    op.create_index("ix_interpretations_provision", "interpretations", ["provision_id", "number"])
    op.create_table(
        "text_imports",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("left_out", sa.JSON, nullable=False),
        sa.Column("imported_by", sa.Text, nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["version"], ["versions.number"], name="fk_text_imports_version"),
        sa.PrimaryKeyConstraint("version", name="pk_text_imports"),
    )


def downgrade() -> None:
    op.drop_table("text_imports")
    op.drop_index("ix_interpretations_provision", table_name="interpretations")
    op.drop_table("interpretations")
    op.drop_table("divergences")
    op.drop_table("corrections")
    op.drop_table("versions")
    op.drop_table("initiating_units")
    op.drop_table("foundings")
    op.drop_table("convention")
