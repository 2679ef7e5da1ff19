"""Since when an endpoint has been entitled to what is announced: while another address is checked, it stays so."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "webhook_endpoints", sa.Column("entitled_since", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute("UPDATE webhook_endpoints SET entitled_since = verified_at")
    op.create_check_constraint(
        "verified_is_entitled",
        "webhook_endpoints",
        "(verified_at IS NOT NULL) <= (entitled_since IS NOT NULL)",
    )


def downgrade() -> None:
    op.drop_constraint("verified_is_entitled", "webhook_endpoints")
    op.drop_column("webhook_endpoints", "entitled_since")
