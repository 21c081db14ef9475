"""What waits for the record system to fetch it by its long poll, and its receipts: notes, and letters to be posted."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vdx_plugin.adapters.local.calls import ReceiptBody
from vdx_plugin.api.v1 import ClinicContext, NotFound, RecordLetter, Summary

MAX_KEPT = 200


class Kind(StrEnum):
    """What an entry is, and under which name the poll's answer lists it."""

    NOTE = "entries"
    LETTER = "letters"
    SETTLED = "settled"
    """Word that a letter which the record brought has been dealt with. It wants no receipt."""


@dataclass(slots=True)
class Entry:
    """One thing to fetch. ``handed_out``: the record has had it, so it may have acted whatever became of the receipt.

    The content is dropped when the receipt comes; key and receipt stay, for a record that asks twice.
    """

    kind: Kind
    number: int
    body: Mapping[str, object] | None
    handed_out: bool = False
    receipt: ReceiptBody | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class Letterbox:
    """Keeps each entry under its key until it has a receipt, and the last receipts for those who ask twice."""

    def __init__(self) -> None:
        self.stirred = asyncio.Event()
        """Set when there is something new to fetch; whoever waits clears it first."""
        self._entries: dict[tuple[Kind, str], Entry] = {}
        self._asked: dict[str, Kind] = {}
        self._last = 0

    def put(self, kind: Kind, key: str, body: Mapping[str, object]) -> Entry:
        """Offer something under its key.

        What was already accepted stays as it is. What was fetched and never answered, or refused, is offered again.
        """
        known = self._entries.get((kind, key))
        if known is not None and ((known.receipt and known.receipt.accepted) or not known.handed_out):
            return known
        self._last += 1
        self._entries.pop((kind, key), None)
        entry = self._entries[kind, key] = Entry(kind, self._last, body)
        entry.handed_out = known is not None
        self._forget_settled()
        self.stirred.set()
        return entry

    def since(self, number: int) -> list[Entry]:
        """Return what has no receipt and was put after ``number``; it counts as handed out."""
        waiting = self._after(number)
        for entry in waiting:
            entry.handed_out = True
        return waiting

    def has_after(self, number: int) -> bool:
        """True when ``since`` would return something."""
        return bool(self._after(number))

    def _after(self, number: int) -> list[Entry]:
        # A number that was never given out is of a session before ours: that record has seen nothing yet.
        known = number if number <= self._last else 0
        return [entry for entry in self._entries.values() if entry.number > known and entry.receipt is None]

    def settle(self, kind: Kind, key: str, receipt: ReceiptBody) -> None:
        """Take a receipt; a second one changes nothing. Raises NotFound(``writeback.not_found``)."""
        entry = self._entries.get((kind, key))
        if entry is None:
            raise NotFound("writeback.not_found")
        if entry.receipt is None:
            entry.receipt = receipt
            entry.body = None
            self.asked_enough(kind, key)
            entry.settled.set()

    def ask(self, kind: Kind, key: str) -> Entry:
        """Let the record be asked, at its poll, for the receipt of what it may have had; its answer is a receipt."""
        entry = self._entries.setdefault((kind, key), Entry(kind, self._last, None, handed_out=True))
        if entry.receipt is None:
            self._asked[key] = kind
            self.stirred.set()
        return entry

    def asked_enough(self, kind: Kind, key: str) -> None:
        """Ask no longer."""
        if self._asked.get(key) is kind:
            del self._asked[key]

    def asked(self) -> list[str]:
        """Return the keys that are asked for."""
        return list(self._asked)

    def withdraw(self, kind: Kind, key: str) -> None:
        """Take back what nobody has fetched, so that it is not filed after the doctor has done it by hand."""
        entry = self._entries.get((kind, key))
        if entry is not None and not entry.handed_out:
            del self._entries[kind, key]

    def _forget_settled(self) -> None:
        # Word of what is dealt with gets no receipt, so it goes with age alone.
        over = [key for key, entry in self._entries.items() if entry.receipt or entry.kind is Kind.SETTLED]
        for key in over[: max(0, len(self._entries) - MAX_KEPT)]:
            del self._entries[key]


def answer_of(entries: list[Entry], since: int) -> dict[str, object]:
    """Return the answer to a poll: a list for each kind, and the number to ask with next."""
    lists: dict[str, object] = {
        str(kind): [entry.body for entry in entries if entry.kind is kind and entry.body is not None] for kind in Kind
    }
    return {**lists, "next": max((entry.number for entry in entries), default=since)}


def note_of(context: ClinicContext, summary: Summary) -> dict[str, object]:
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


def letter_of(letter: RecordLetter) -> dict[str, object]:
    """Return a MedCom message as the record is to post it, unchanged."""
    return {
        "message_id": letter.message_id,
        "receiver_gln": letter.receiver_gln,
        "name": letter.name,
        "mime": letter.mime,
        "body": b64encode(letter.body).decode(),
    }
