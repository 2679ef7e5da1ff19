"""Notices that bear no number, and several of one kind about the same thing."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_FORGET = (
    "CREATE TEMPORARY TABLE forgotten AS SELECT id FROM notices WHERE number IS NULL OR occasion <> ''",
    "DELETE FROM webhook_deliveries USING webhook_messages AS m, forgotten AS f"
    " WHERE message_id = m.id AND m.notice_id = f.id",
    "DELETE FROM webhook_messages USING forgotten AS f WHERE notice_id = f.id",
    "DELETE FROM notice_readings USING forgotten AS f WHERE notice_id = f.id",
    "DELETE FROM notice_addressees USING forgotten AS f WHERE notice_id = f.id",
    "DELETE FROM notices USING forgotten AS f WHERE notices.id = f.id",
    "DROP TABLE forgotten",
)


def upgrade() -> None:
    op.add_column(
        "notices", sa.Column("occasion", sa.String(120), server_default="", nullable=False)
    )
    op.alter_column("notices", "number", nullable=True)
    op.create_unique_constraint("uq_notices_number", "notices", ["number"])
    op.drop_index("uq_notices_kind_about", table_name="notices")
    op.create_index(
        "uq_notices_kind_about_occasion", "notices", ["kind", "about_id", "occasion"], unique=True
    )


def downgrade() -> None:
    """What could not be kept before is taken away: it was announced, and can be announced again."""
    for statement in _FORGET:
        op.execute(statement)
    op.drop_index("uq_notices_kind_about_occasion", table_name="notices")
    op.create_index("uq_notices_kind_about", "notices", ["kind", "about_id"], unique=True)
    op.drop_constraint("uq_notices_number", "notices")
    op.alter_column("notices", "number", nullable=False)
    op.drop_column("notices", "occasion")
