"""Checks of the workplace are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workplace_check",
        sa.Column("host", sa.String(80), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("findings", sa.String(500), nullable=False),
        sa.Column("loss", sa.Float()),
        sa.Column("rtt_ms", sa.Float()),
        sa.Column("kbps", sa.Float()),
    )
