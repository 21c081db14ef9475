"""The practice as sender, and the link it gives each party."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vdx_plugin.domain.context import Organisation
from vdx_plugin.domain.parties import Channel, Party, PartyRole, Purpose
from vdx_plugin.domain.patients import PersonName
from vdx_plugin.domain.room import Room, guest_link
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations import codes, letter


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """The practice as sender. ``author`` signs when the record does not say who is signed in.

    ``organisation`` needs SOR id, location number and phone for MedCom; ``mail_from`` is the address mails come from.
    """

    organisation: Organisation
    author: PersonName
    author_role: str
    portal: str
    mail_from: str = ""
    mail_language: str = "da"
    """Language of messages to interpreters, and to patients who are written to in none of their own."""
    fee: str = ""
    """What the region charges for an interpreter by video, as text; empty leaves the sentence out."""
    tells_fee: bool = True
    """Whether a patient with an interpreter is told that the region may charge for it."""
    mime: str = codes.FHIR_JSON
    """Form of letters; every receiver must take both."""
    topics: Mapping[Purpose, str] = field(default_factory=dict)
    """What letters for a purpose are called, where the region has agreed on words of its own."""


def link_for(settings: SenderSettings, room: Room, party: Party) -> Secret:
    """Return the link for one party; its name in the room is its role.

    Only the patient's tells who calls, and not in a text message, where it would cost a second one: letters are read
    by systems that break long addresses, and say so anyway.
    """
    tells_caller = party.role is PartyRole.PATIENT and party.channel is not Channel.SMS
    caller = settings.organisation.name if tells_caller else ""
    return guest_link(room, portal=settings.portal, tag=party.key, name=letter.role_label(party.role), caller=caller)


def label_of(party: Party) -> str:
    """Return what a problem calls the party: the organisation's name, else the role."""
    return party.partner.name if party.partner else letter.role_label(party.role)
