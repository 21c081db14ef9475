"""Notes that wait for the record system to fetch them, and its receipts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from uuid import UUID

from vdx_plugin.adapters.local.calls import ReceiptBody
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.summary import Summary
from vdx_plugin.errors import NotFound

MAX_KEPT = 200


@dataclass(slots=True)
class Entry:
    """One note. ``handed_out``: the record has had it, so it may have been filed whatever became of the receipt."""

    number: int
    body: dict[str, object]
    handed_out: bool = False
    receipt: ReceiptBody | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class Letterbox:
    """Keeps each note under its key until it has a receipt, and the last receipts for those who ask twice."""

    def __init__(self) -> None:
        self.stirred = asyncio.Event()
        """Set when there is something new to fetch; whoever waits clears it first."""
        self._entries: dict[UUID, Entry] = {}
        self._last = 0

    def put(self, context: ClinicContext, summary: Summary) -> Entry:
        """Offer a note under its key.

        One already accepted stays as it is. One that was fetched and never answered, or refused, is offered again.
        """
        known = self._entries.get(summary.key)
        if known is not None and ((known.receipt and known.receipt.accepted) or not known.handed_out):
            return known
        self._last += 1
        self._entries.pop(summary.key, None)
        entry = self._entries[summary.key] = Entry(self._last, body_of(context, summary))
        entry.handed_out = known is not None
        self._forget_settled()
        self.stirred.set()
        return entry

    def since(self, number: int) -> list[Entry]:
        """Return notes without a receipt that were put after ``number``; they count as handed out."""
        waiting = [entry for entry in self._entries.values() if entry.number > number and entry.receipt is None]
        for entry in waiting:
            entry.handed_out = True
        return waiting

    def has_after(self, number: int) -> bool:
        """True when ``since`` would return something."""
        return any(entry.number > number and entry.receipt is None for entry in self._entries.values())

    def settle(self, key: UUID, receipt: ReceiptBody) -> None:
        """Take a receipt; a second one changes nothing. Raises NotFound(``writeback.not_found``)."""
        entry = self._entries.get(key)
        if entry is None:
            raise NotFound("writeback.not_found")
        if entry.receipt is None:
            entry.receipt = receipt
            entry.settled.set()

    def withdraw(self, key: UUID) -> None:
        """Take back a note nobody has fetched, so that it is not filed after the doctor has done it by hand."""
        entry = self._entries.get(key)
        if entry is not None and not entry.handed_out:
            del self._entries[key]

    def _forget_settled(self) -> None:
        settled = [key for key, entry in self._entries.items() if entry.receipt is not None]
        for key in settled[: max(0, len(self._entries) - MAX_KEPT)]:
            del self._entries[key]


def body_of(context: ClinicContext, summary: Summary) -> dict[str, object]:
    """Return the note as it goes to the record; times are ISO 8601 with zone, lengths in seconds."""
    fee = summary.fee.fee
    return {
        "key": str(summary.key),
        "patient": [{"system": item.system, "value": item.value} for item in context.patient.identifiers],
        "local_patient_id": context.patient.local_id,
        "user_id": context.user.id,
        "appointment_id": context.appointment_id,
        "planned_ahead": summary.planned_ahead,
        "started_at": summary.started_at.isoformat() if summary.started_at else None,
        "ended_at": summary.ended_at.isoformat(),
        "outcome": str(summary.outcome),
        "participants": [
            {"role": str(item.role), "name": item.label, "present_s": item.present_s} for item in summary.attendance
        ],
        "fee_proposal": {"code": fee.code, "text": fee.label} if fee else None,
        "note": summary.note,
        "interpreter_requisitions": [item.requisition for item in summary.attendance if item.requisition],
        "appointment": json.loads(summary.appointment_fhir) if summary.appointment_fhir else None,
        "appointment_ical": summary.appointment_ical or None,
    }
