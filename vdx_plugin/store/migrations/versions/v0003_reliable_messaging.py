"""Messages say their state in MedCom's words, when they are too late, and which host has them in hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("format", sa.String(20), nullable=False, server_default="native"),
        sa.Column("starts_at", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("queued_at", sa.BigInteger()),
        sa.Column("changed_at", sa.BigInteger()),
        sa.Column("sends", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("owner", sa.String(80)),
        sa.Column("lease_until", sa.BigInteger()),
    ):
        op.add_column("outbox", column)
    for statement in (
        "UPDATE outbox SET queued_at = created_at, changed_at = COALESCE(settled_at, sent_at, created_at)",
        "UPDATE outbox SET sends = 1 WHERE sent_at IS NOT NULL",
        "UPDATE outbox SET state = 'in_error' WHERE state = 'rejected'",
        "UPDATE outbox SET state = 'waiting_for_retry' WHERE state = 'queued' AND attempts > 0",
        "UPDATE outbox SET state = 'awaiting_ack'"
        " WHERE state = 'sent' AND channel = 'medcom' AND kind <> 'acknowledgement'",
    ):
        op.execute(statement)
