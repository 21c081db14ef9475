"""The tables as they are after the newest migration (``HEAD``); a test holds the two together.

Times are whole microseconds since 1970 in UTC, so they sort and compare alike on every engine. Columns named
``sealed_...`` hold what ``sealing`` made; no other column says who the patient is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)

HEAD = "0007"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def in_microseconds(moment: datetime) -> int:
    """Return an aware time as it is stored. Raises ValueError for a naive one, which is a mistake of ours."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be stored")
    return (moment - _EPOCH) // _MICROSECOND


class UtcTime(TypeDecorator[datetime]):
    """An aware time; a naive one is a mistake of ours and raises ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else in_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


# SQLite counts rows by itself only in a column of exactly this type.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

consultation = Table(
    "consultation",
    metadata,
    Column("id", Uuid(), primary_key=True),
    Column("meeting_id", Uuid(), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("is_open", Boolean(), nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("started_at", UtcTime()),
    Column("ended_at", UtcTime()),
    Column("end_reason", String(20)),
    Column("sealed_content", LargeBinary(), nullable=False),
    Index("ix_consultation_open", "is_open", "created_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False),
    Column("consultation_id", Uuid(), nullable=False),
    Column("party_key", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("thread_id", String(200), nullable=False),
    Column("mime", String(100), nullable=False),
    Column("sealed_receiver", LargeBinary()),
    Column("sealed_payload", LargeBinary()),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer(), nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    # When a worker may take the row; null for what no worker is to take.
    Column("due_at", UtcTime()),
    Column("sent_at", UtcTime()),
    Column("settled_at", UtcTime()),
    Column("problem", String(100), nullable=False),
    Column("receipt", String(500), nullable=False),
    Column("format", String(20), nullable=False, server_default="native"),
    Column("starts_at", UtcTime()),
    Column("expires_at", UtcTime()),
    Column("queued_at", UtcTime()),
    # When the row was last written: a time ahead of now means that the clock was set back.
    Column("changed_at", UtcTime()),
    Column("sends", Integer(), nullable=False, server_default="0"),
    # The run of a host that is sending the row, and until when it is believed to live without another word.
    Column("owner", String(80)),
    Column("lease_until", BigInteger()),
    # Which rules have passed which payload, as a digest; a payload holds random ids, so the digest tells nobody.
    Column("checked_by", String(100), nullable=False, server_default=""),
    UniqueConstraint("key", name="uq_outbox_key"),
    Index("ix_outbox_due", "due_at", "seq"),
    Index("ix_outbox_state", "state", "seq"),
    Index("ix_outbox_message", "message_id", "seq"),
    Index("ix_outbox_thread", "thread_id", "seq"),
    Index("ix_outbox_consultation", "consultation_id", "seq"),
)

incoming_letter = Table(
    "incoming_letter",
    metadata,
    Column("message_id", String(200), primary_key=True),
    Column("thread_id", String(200), nullable=False),
    Column("written_at", UtcTime(), nullable=False),
    Column("received_at", UtcTime(), nullable=False),
    # Null while nobody knows which consultation it speaks of.
    Column("consultation_id", Uuid()),
    Column("party_key", String(100), nullable=False),
    Column("mark", String(20), nullable=False),
    Column("changed_at", UtcTime(), nullable=False),
    Column("mime", String(100), nullable=False),
    Column("sealed_content", LargeBinary()),
    Column("sealed_payload", LargeBinary()),
    Index("ix_incoming_letter_consultation", "consultation_id", "written_at"),
)

invitation_news = Table(
    "invitation_news",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("consultation_id", Uuid(), nullable=False),
    Column("party_key", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("at", UtcTime(), nullable=False),
    Column("problem", String(100), nullable=False),
    Column("sealed_answer", LargeBinary()),
    UniqueConstraint("consultation_id", "party_key", "state", "at", name="uq_invitation_news"),
)

usual_team = Table(
    "usual_team",
    metadata,
    # A keyed digest of the national number; without the key it tells nobody.
    Column("patient", LargeBinary(32), primary_key=True),
    Column("team_id", String(100), nullable=False),
    Column("chosen_at", UtcTime(), nullable=False),
)

use_measure = Table(
    "use_measure",
    metadata,
    Column("visit", String(64), primary_key=True),
    Column("practice", String(64), nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("planned_ahead", Boolean(), nullable=False),
    Column("planned_minutes", Integer(), nullable=False),
    Column("start_path", String(20), nullable=False),
    Column("replaces", String(20), nullable=False),
    Column("region", String(64), nullable=False),
    Column("is_test", Boolean(), nullable=False),
    Column("room_ready_ms", Integer()),
    Column("join_ms", Integer()),
    Column("first_audio_ms", Integer()),
    Column("first_video_ms", Integer()),
    Column("two_way_media_s", Float(), nullable=False),
    Column("most_participants", Integer(), nullable=False),
    Column("line_loss_p50", Float()),
    Column("line_loss_p95", Float()),
    Column("line_jitter_ms_p95", Float()),
    Column("line_rtt_ms_p50", Float()),
    Column("line_rtt_ms_p95", Float()),
    Column("line_mos", Float()),
    Column("line_width", Integer()),
    Column("line_height", Integer()),
    Column("line_fps", Float()),
    Column("line_reconnects", Integer(), nullable=False),
    Column("headset", Boolean()),
    Column("client_version", String(40), nullable=False),
    Column("failed_step", String(20), nullable=False),
    Column("reason_code", String(100), nullable=False),
    Column("fallback", String(20), nullable=False),
    Column("actors", Integer(), nullable=False),
    Column("fee_proposed", String(20), nullable=False),
    Column("fee_chosen", String(20), nullable=False),
    Column("note_written", Boolean(), nullable=False),
    Column("end_reason", String(20), nullable=False),
    Column("ended_at", UtcTime()),
    Index("ix_use_measure_created", "created_at"),
)

party_measure = Table(
    "party_measure",
    metadata,
    Column("visit", String(64), ForeignKey("use_measure.visit", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer(), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("invited_at", UtcTime()),
    Column("delivered_at", UtcTime()),
    Column("answered_at", UtcTime()),
    Column("waiting_at", UtcTime()),
    Column("admitted_at", UtcTime()),
    Column("first_media_at", UtcTime()),
    Column("left_at", UtcTime()),
    Column("end_reason", String(20), nullable=False),
    Column("late_minutes", Integer(), nullable=False),
    Column("replaced_by_phone", Boolean(), nullable=False),
    Column("language", String(20), nullable=False),
)

workplace_check = Table(
    "workplace_check",
    metadata,
    Column("host", String(80), primary_key=True),
    Column("at", UtcTime(), primary_key=True),
    Column("findings", String(500), nullable=False),
    Column("loss", Float()),
    Column("rtt_ms", Float()),
    Column("kbps", Float()),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("at", UtcTime(), nullable=False),
    Column("user", String(100), nullable=False),
    Column("action", String(100), nullable=False),
    Column("consultation_id", Uuid()),
    Column("detail", String(500), nullable=False),
    Index("ix_audit_at", "at", "seq"),
)
