"""Over which channels a party could be invited. Pure.

Patients never get a letter between organisations, interpreters never one that names the patient.
"""

from __future__ import annotations

from dataclasses import replace

from vdx_plugin.domain.parties import Channel, Party, PartyRole
from vdx_plugin.domain.patients import Patient

_NO_LETTERS = (PartyRole.PATIENT, PartyRole.INTERPRETER)


def ways(party: Party, patient: Patient | None = None) -> tuple[Party, ...]:
    """Return the party as it could be invited, the way it is now first, those where nothing is sent last.

    ``patient`` is asked for the addresses of the patient's own party.
    """
    partner = party.partner
    email, mobile = (partner.email, partner.mobile) if partner is not None else (None, None)
    if party.role is PartyRole.PATIENT and patient is not None:
        email, mobile = patient.email, patient.mobile
    found = []
    if partner is not None and partner.receiver is not None and party.role not in _NO_LETTERS:
        found.append(replace(party, channel=Channel.MEDCOM))
    if email:
        found.append(replace(party, channel=Channel.EMAIL, address=email))
    if mobile:
        found.append(replace(party, channel=Channel.SMS, address=mobile))
    found += [replace(party, channel=each, address=None) for each in (Channel.PHONE, Channel.LINK)]
    return (party, *(each for each in found if each.channel is not party.channel))
