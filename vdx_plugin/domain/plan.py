"""The plan: who takes part and when. Made in one click, changed with few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole, Purpose
from vdx_plugin.domain.phone_numbers import takes_text, text_number

DEFAULT_LENGTH = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A planned consultation known to the clinic system. ``id`` is the system's own."""

    id: str
    patient_ref: str
    """The clinic system's key of the patient (not a personal number)."""
    start: datetime
    end: datetime
    reason: str = ""
    is_video: bool = True
    partner_glns: tuple[str, ...] = ()
    """Location numbers of the organisations the clinic system put on the appointment."""
    status: str = "booked"
    patient_label: str = ""
    """How today's list names the patient on screen; never logged."""

    def __repr__(self) -> str:
        return f"Appointment({self.id!r}, {self.start.isoformat()})"


@dataclass(frozen=True, slots=True)
class Plan:
    """Parties and time of one consultation. ``start`` may lie in the past by a moment: that means now."""

    start: datetime
    end: datetime
    parties: tuple[Party, ...]
    planned_ahead: bool = False
    """True for a consultation agreed beforehand, False for an ad hoc call (fee rules and measures differ)."""
    organised_by: str = ""
    """E-mail address of the colleague it is booked for at VDX; empty for our own name."""
    purpose: Purpose = Purpose.CONSULTATION
    withdrawn: tuple[Party, ...] = ()
    """Who was invited and is not expected any longer; kept so that it stays known whether they were told."""

    def with_party(self, party: Party) -> Plan:
        """Return the plan with ``party`` added, or in the place of the party of the same key."""
        if all(each.key != party.key for each in self.parties):
            return replace(self, parties=(*self.parties, party))
        return replace(self, parties=tuple(party if each.key == party.key else each for each in self.parties))

    def with_more(self, parties: Sequence[Party]) -> Plan:
        """Return the plan with these parties besides."""
        return replace(self, parties=(*self.parties, *parties)) if parties else self

    def without(self, key: str) -> Plan:
        """Return the plan without the party of that key."""
        return replace(self, parties=tuple(p for p in self.parties if p.key != key))

    def uninvited(self, key: str) -> Plan:
        """Return the plan with the party of that key no longer expected."""
        gone = tuple(each for each in self.parties if each.key == key)
        return replace(self.without(key), withdrawn=(*self.withdrawn, *gone))


def patient_party(context: ClinicContext, key: str, *, can_text: bool = False) -> Party:
    """The patient as a party: by e-mail, else by text message, else by a link that the doctor passes on."""
    patient = context.patient
    if patient.email:
        return Party(key, PartyRole.PATIENT, Channel.EMAIL, address=patient.email)
    if can_text and patient.mobile and takes_text(patient.mobile):
        return Party(key, PartyRole.PATIENT, Channel.SMS, address=text_number(patient.mobile))
    return Party(key, PartyRole.PATIENT, Channel.LINK)


def partner_party(partner: Partner, key: str) -> Party:
    """A partner from the directory as a party, over the partner's own channel."""
    address = partner.mobile if partner.channel is Channel.SMS else partner.email
    return Party(key, partner.role, partner.channel, partner=partner, address=address)


def default_plan(
    context: ClinicContext,
    appointment: Appointment | None,
    directory: Sequence[Partner],
    now: datetime,
    keys: Sequence[str],
    *,
    can_text: bool = False,
) -> Plan:
    """The plan behind one click on Start video: the patient, and the partners the appointment names.

    ``keys`` supplies opaque party keys and must be at least one longer than the appointment's partners.
    """
    parties = [patient_party(context, keys[0], can_text=can_text)]
    wanted = appointment.partner_glns if appointment else ()
    known = {partner.gln: partner for partner in directory if partner.gln}
    parties += [partner_party(known[gln], key) for gln, key in zip(wanted, keys[1:], strict=False) if gln in known]
    end = max(now + DEFAULT_LENGTH, appointment.end) if appointment else now + DEFAULT_LENGTH
    return Plan(now, end, tuple(parties), planned_ahead=appointment is not None)
