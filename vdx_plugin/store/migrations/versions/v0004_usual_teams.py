"""Which team was last chosen for a patient."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usual_team",
        sa.Column("patient", sa.LargeBinary(32), primary_key=True),
        sa.Column("team_id", sa.String(100), nullable=False),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
    )
