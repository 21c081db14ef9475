"""MedCom messages that a record system carries with its own mail, which is on the network already."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordLetter:
    """One message to be sent. ``name`` is its statistical name, ``MCM:FDIS91#telemedicine``.

    ``message_id`` stays the same when the message is sent once more, so that the record may pass over a repeat.
    """

    message_id: str
    receiver_gln: str
    name: str
    mime: str
    body: bytes

    def __repr__(self) -> str:
        return f"RecordLetter({self.name!r}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class RecordIncoming:
    """One message that came for us. ``receipt`` names it in the record until it is settled."""

    receipt: str
    sender_gln: str
    mime: str
    body: bytes

    def __repr__(self) -> str:
        return f"RecordIncoming({self.receipt!r}, {len(self.body)} bytes)"
