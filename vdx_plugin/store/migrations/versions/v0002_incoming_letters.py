"""Letters that partners wrote to us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incoming_letter",
        sa.Column("message_id", sa.String(200), primary_key=True),
        sa.Column("thread_id", sa.String(200), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("consultation_id", sa.Uuid()),
        sa.Column("party_key", sa.String(100), nullable=False),
        sa.Column("mark", sa.String(20), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.String(100), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary()),
        sa.Column("sealed_payload", sa.LargeBinary()),
    )
    op.create_index("ix_incoming_letter_consultation", "incoming_letter", ["consultation_id", "written_at"])
