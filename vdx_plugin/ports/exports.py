"""What is handed out of the program besides messages: the appointment for a record, the card for an interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Party


@dataclass(frozen=True, slots=True)
class AppointmentFiles:
    """One consultation as a FHIR R4 Appointment (JSON) and as an iCalendar file.

    The first names the patient and belongs in the patient's record; the second does not.
    """

    fhir: str
    ical: str

    def __repr__(self) -> str:
        return "AppointmentFiles(…)"


@dataclass(frozen=True, slots=True)
class InterpreterCard:
    """What is pasted into an interpreter agency's portal, with a calendar file. Nothing in them tells of the patient.

    ``requisition`` is for the record and ``fee_notice`` for the patient; neither goes to the agency.
    """

    text: str
    ical: str
    requisition: str = ""
    fee_notice: str = ""

    def __repr__(self) -> str:
        return "InterpreterCard(…)"


class Exports(Protocol):
    """Builds them. Pure: times come in."""

    def appointment(self, consultation: Consultation, now: datetime) -> AppointmentFiles:
        """Return the consultation as it is now: booked, moved, held or off."""
        ...

    def interpreter_card(self, consultation: Consultation, party: Party, now: datetime) -> InterpreterCard:
        """Return the card for a party whose role is interpreter. Raises Refused(``room.not_ready``)."""
        ...
