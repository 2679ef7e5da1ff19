"""Mergers and dissolutions; member lists of several formats, and jobs that give up."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.String(64, collation="C")
STATUSES = "'queued', 'checking', 'refused', 'checked', 'done'"


def upgrade() -> None:
    op.add_column("endings", sa.Column("successor_id", ID))
    op.add_column("endings", sa.Column("dissolved_on", sa.Date))
    op.add_column("endings", sa.Column("evidence", sa.Text))
    op.create_foreign_key("fk_endings_successor_id", "endings", "members", ["successor_id"], ["id"])
    op.create_check_constraint(
        "ck_endings_merged_into_one", "endings", "(kind = 'merged') = (successor_id IS NOT NULL)"
    )
    op.create_index(
        "ix_endings_successor_id",
        "endings",
        ["successor_id"],
        postgresql_where=sa.text("successor_id IS NOT NULL"),
    )
    op.add_column(
        "imports",
        sa.Column("media_type", sa.String(80), server_default="text/csv", nullable=False),
    )
    op.add_column("imports", sa.Column("attempts", sa.Integer, server_default="0", nullable=False))
    _let_status_be(f"{STATUSES}, 'failed'")


def downgrade() -> None:
    op.execute("UPDATE imports SET status = 'refused' WHERE status = 'failed'")
    _let_status_be(STATUSES)
    op.drop_column("imports", "attempts")
    op.drop_column("imports", "media_type")
    for column in ("evidence", "dissolved_on", "successor_id"):
        op.drop_column("endings", column)


def _let_status_be(statuses: str) -> None:
    op.drop_constraint("ck_imports_status_known", "imports")
    op.create_check_constraint("ck_imports_status_known", "imports", f"status IN ({statuses})")
