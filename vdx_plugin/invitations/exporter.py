"""The Exports port: a consultation as an appointment for the record, and the card for an interpreter's agency."""

from __future__ import annotations

from datetime import datetime

from vdx_plugin.domain.consultation import Consultation, EndReason, Stage
from vdx_plugin.domain.parties import Party, PartyRole
from vdx_plugin.domain.room import guest_link
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Refused
from vdx_plugin.invitations import appointment, calendar_file
from vdx_plugin.invitations.appointment import AppointmentRecord, Attendee
from vdx_plugin.invitations.sender import SenderSettings, link_for
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.invitations.text_files import read_language
from vdx_plugin.invitations.wording import Wording
from vdx_plugin.ports import AppointmentFiles, InterpreterCard, TextForm, TextKind

_SOR = "urn:oid:1.2.208.176.1.1"

_BY_STAGE = {
    Stage.PLANNED: "pending",
    Stage.BOOKING: "pending",
    Stage.CANCELLING: "cancelled",
    Stage.CANCELLED: "cancelled",
    Stage.IN_CALL: "arrived",
}
_BY_END = {
    EndReason.HELD: "fulfilled",
    # One visit all the same.
    EndReason.TO_PHONE: "fulfilled",
    EndReason.NO_SHOW: "noshow",
    EndReason.TECHNICAL: "cancelled",
    EndReason.CANCELLED: "cancelled",
}


class Exporter:
    """Implements ``ports.Exports``."""

    def __init__(self, settings: SenderSettings, book: TextBook) -> None:
        self._settings = settings
        self._book = book

    def appointment(self, consultation: Consultation, now: datetime) -> AppointmentFiles:
        """Return the appointment in both forms; see ``ports.Exports``."""
        record = self._record(consultation, now)
        words = read_language(self._settings.mail_language).words
        title = words["entry"].format(clinic=self._settings.organisation.name)
        # Counts on with each export, so that a calendar takes the newest.
        sequence = max(0, int((now - consultation.created_at).total_seconds()))
        return AppointmentFiles(appointment.write_fhir(record), appointment.write_ical(record, title, sequence, now))

    def interpreter_card(self, consultation: Consultation, party: Party, now: datetime) -> InterpreterCard:
        """Return the card; see ``ports.Exports``."""
        room = consultation.room
        if room is None or not room.guest_pin:
            raise Refused("room.not_ready")
        wording = Wording(self._settings, self._book, consultation, party)
        subject, body = (wording.say(TextKind.INVITATION, form, room) for form in (TextForm.SUBJECT, TextForm.BODY))
        plan = consultation.plan
        entry = calendar_file.Entry(
            f"{consultation.id}.{party.key}",
            plan.start,
            plan.end,
            wording.entry,
            link_for(self._settings, room, party),
            max(0, int((now - consultation.created_at).total_seconds())),
        )
        requisition = party.interpreting.requisition if party.interpreting else ""
        return InterpreterCard(
            f"{subject}\n\n{body}", calendar_file.write(entry, now), requisition, self._fee_notice(consultation)
        )

    def _fee_notice(self, consultation: Consultation) -> str:
        """In the patient's language, to be read out or handed over where nothing is sent to the patient."""
        patient = next((one for one in consultation.plan.parties if one.role is PartyRole.PATIENT), None)
        if patient is None or not self._settings.tells_fee:
            return ""
        return Wording(self._settings, self._book, consultation, patient).fee_notice(TextForm.BODY)

    def _record(self, consultation: Consultation, now: datetime) -> AppointmentRecord:
        plan, room, status = consultation.plan, consultation.room, _status(consultation)
        return AppointmentRecord(
            id=consultation.id,
            meeting_id=consultation.meeting_id,
            status=status,
            start=plan.start,
            end=plan.end,
            doctor=self._doctor(consultation),
            attendees=tuple(_attendee(consultation, party) for party in plan.parties),
            link=self._link(consultation),
            address=room.alias if room else "",
            guest_pin=room.guest_pin if room and room.guest_pin else Secret(""),
            planned_ahead=plan.planned_ahead,
            reason=_reason(consultation) if status in ("cancelled", "noshow") else "",
            updated_at=now,
        )

    def _doctor(self, consultation: Consultation) -> str:
        user = consultation.context.user
        return (user.name if user.name and user.name.family else self._settings.author).full

    def _link(self, consultation: Consultation) -> Secret:
        """The patient's own, since it stands in the patient's record; else one that names nobody."""
        room = consultation.room
        if room is None or not room.guest_pin:
            return Secret("")
        patient = next((one for one in consultation.plan.parties if one.role is PartyRole.PATIENT), None)
        if patient is not None:
            return link_for(self._settings, room, patient)
        return guest_link(room, portal=self._settings.portal, tag="record", name="")


def _status(consultation: Consultation) -> str:
    if consultation.end_reason is not None:
        return _BY_END[consultation.end_reason]
    return _BY_STAGE.get(consultation.stage, "booked")


def _reason(consultation: Consultation) -> str:
    if consultation.end_reason is EndReason.NO_SHOW:
        return "pat"
    return "other-err" if consultation.end_reason is EndReason.TECHNICAL else "prov"


def _attendee(consultation: Consultation, party: Party) -> Attendee:
    if party.role is PartyRole.PATIENT:
        person, number = consultation.context.patient, consultation.context.patient.national_id
        name = person.name.full if person.name else ""
        return Attendee("Patient", name, number.system if number else "", number.value if number else "")
    name = party.partner.name if party.partner else ""
    if party.role is PartyRole.INTERPRETER:
        return Attendee("interpreter", name)
    sor = party.partner.sor if party.partner else None
    # R4 lets no organisation take part; a ward is a place, and both R4 and FUT take places.
    return Attendee("Location", name, _SOR if sor else "", sor or "")
