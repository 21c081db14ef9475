"""The first tables: consultations, messages, measures, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_consultation()
    _create_outbox()
    _create_incoming()
    _create_use_measure()
    _create_party_measure()
    _create_audit()


def _create_consultation() -> None:
    op.create_table(
        "consultation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("end_reason", sa.String(20)),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_consultation_open", "consultation", ["is_open", "created_at"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("party_key", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("thread_id", sa.String(200), nullable=False),
        sa.Column("mime", sa.String(100), nullable=False),
        sa.Column("sealed_receiver", sa.LargeBinary()),
        sa.Column("sealed_payload", sa.LargeBinary()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("problem", sa.String(100), nullable=False),
        sa.Column("receipt", sa.String(500), nullable=False),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_consultation", "outbox", ["consultation_id", "seq"])
    op.create_index("ix_outbox_due", "outbox", ["due_at", "seq"])
    op.create_index("ix_outbox_message", "outbox", ["message_id", "seq"])
    op.create_index("ix_outbox_state", "outbox", ["state", "seq"])
    op.create_index("ix_outbox_thread", "outbox", ["thread_id", "seq"])


def _create_incoming() -> None:
    op.create_table(
        "incoming_message",
        sa.Column("message_id", sa.String(200), primary_key=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "invitation_news",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("party_key", sa.String(100), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(100), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary()),
        sa.UniqueConstraint("consultation_id", "party_key", "state", "at", name="uq_invitation_news"),
    )


def _create_use_measure() -> None:
    op.create_table(
        "use_measure",
        sa.Column("visit", sa.String(64), primary_key=True),
        sa.Column("practice", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("planned_ahead", sa.Boolean(), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("start_path", sa.String(20), nullable=False),
        sa.Column("replaces", sa.String(20), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("room_ready_ms", sa.Integer()),
        sa.Column("join_ms", sa.Integer()),
        sa.Column("first_audio_ms", sa.Integer()),
        sa.Column("first_video_ms", sa.Integer()),
        sa.Column("two_way_media_s", sa.Float(), nullable=False),
        sa.Column("most_participants", sa.Integer(), nullable=False),
        sa.Column("line_loss_p50", sa.Float()),
        sa.Column("line_loss_p95", sa.Float()),
        sa.Column("line_jitter_ms_p95", sa.Float()),
        sa.Column("line_rtt_ms_p50", sa.Float()),
        sa.Column("line_rtt_ms_p95", sa.Float()),
        sa.Column("line_mos", sa.Float()),
        sa.Column("line_width", sa.Integer()),
        sa.Column("line_height", sa.Integer()),
        sa.Column("line_fps", sa.Float()),
        sa.Column("line_reconnects", sa.Integer(), nullable=False),
        sa.Column("headset", sa.Boolean()),
        sa.Column("client_version", sa.String(40), nullable=False),
        sa.Column("failed_step", sa.String(20), nullable=False),
        sa.Column("reason_code", sa.String(100), nullable=False),
        sa.Column("fallback", sa.String(20), nullable=False),
        sa.Column("actors", sa.Integer(), nullable=False),
        sa.Column("fee_proposed", sa.String(20), nullable=False),
        sa.Column("fee_chosen", sa.String(20), nullable=False),
        sa.Column("note_written", sa.Boolean(), nullable=False),
        sa.Column("end_reason", sa.String(20), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
    )
    op.create_index("ix_use_measure_created", "use_measure", ["created_at"])


def _create_party_measure() -> None:
    op.create_table(
        "party_measure",
        sa.Column("visit", sa.String(64), sa.ForeignKey("use_measure.visit", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("invited_at", sa.BigInteger()),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("waiting_at", sa.BigInteger()),
        sa.Column("admitted_at", sa.BigInteger()),
        sa.Column("first_media_at", sa.BigInteger()),
        sa.Column("left_at", sa.BigInteger()),
        sa.Column("end_reason", sa.String(20), nullable=False),
        sa.Column("late_minutes", sa.Integer(), nullable=False),
        sa.Column("replaced_by_phone", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.String(100), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("consultation_id", sa.Uuid()),
        sa.Column("detail", sa.String(500), nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at", "seq"])
