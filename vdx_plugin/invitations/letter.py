"""The words of a letter to a partner. Danish whatever language the program shows: the reader is a Danish organisation.

Everything the reader needs is in the text, because an older system shows nothing but the text: when, where, who takes
part, how to answer. The link stands alone on its line, since some systems break lines after a fixed width. Only the
patient the letter is about is meant, and never by name: the message itself carries who it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from vdx_plugin.domain.parties import Partner, PartyRole, Purpose
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.spoken_time import short, span

_ROLE_WORDS = {
    PartyRole.PATIENT: "patienten",
    PartyRole.HOSPITAL: "sygehuset",
    PartyRole.MUNICIPALITY: "kommunen",
    PartyRole.NURSING_HOME: "plejehjemmet",
    PartyRole.INTERPRETER: "tolk",
    PartyRole.OTHER: "anden deltager",
}

# What a party is called in the room, so that the doctor knows who knocks; it goes into the link.
_ROLE_LABELS = {
    PartyRole.PATIENT: "Patient",
    PartyRole.HOSPITAL: "Sygehus",
    PartyRole.MUNICIPALITY: "Kommune",
    PartyRole.NURSING_HOME: "Plejehjem",
    PartyRole.INTERPRETER: "Tolk",
    PartyRole.OTHER: "Deltager",
}


SUBJECT_LENGTH = 70
"""What the older format has room for, category and comma included."""

_TOPICS = {
    Purpose.CONSULTATION: "Videomøde",
    Purpose.DISCHARGE: "Videomøde om udskrivelse",
    Purpose.NETWORK: "Netværksmøde på video",
    Purpose.EXTENDED_CARE: "Videomøde, 72-timers ordning",
    Purpose.HOME_NURSING: "Videomøde om sygepleje",
}

_MEETINGS = {
    Purpose.CONSULTATION: "videomøde",
    Purpose.DISCHARGE: "udskrivelseskonference på video",
    Purpose.NETWORK: "netværksmøde på video",
    Purpose.EXTENDED_CARE: "videomøde under det udvidede behandlingsansvar (72 timer)",
    Purpose.HOME_NURSING: "videomøde om sygepleje",
}


def role_label(role: PartyRole) -> str:
    """Return what a party is called in the room: its role, never a person's name."""
    return _ROLE_LABELS[role]


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a letter says about a meeting. ``pin`` is the guest PIN, None where the partner does not want it told.

    ``served`` names the part of the receiver that is meant, where that part cannot be addressed itself.
    """

    start: datetime
    end: datetime
    link: Secret
    alias: str
    pin: Secret | None
    participants: str
    starts_now: bool = False
    served: str = ""
    purpose: Purpose = Purpose.CONSULTATION


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, and where to call at once."""

    name: str
    role: str
    practice: str
    phone: str


def topic(start: datetime, category: str, purpose: Purpose, news: str = "", own: str = "") -> str:
    """Say what a letter is about, with the day and time, after ``news`` such as ``Aflyst``.

    After conversion to the older format category and topic share 70 characters, so the words are as many as fit; day
    and time are always there. ``own`` are words that the region has agreed on.
    """
    room = SUBJECT_LENGTH - len(f"{codes.CATEGORIES.get(category, category)}, ")
    prefix = f"{news}: " if news else ""
    made = [f"{prefix}{words} {short(start)}" for words in (own, _TOPICS[purpose], "Videomøde", "Video") if words]
    return next((one for one in made if len(one) <= room), made[-1])


def link_title(start: datetime) -> str:
    """Title of the link attachment; without a file ending, as MedCom's clinical guidelines want."""
    return f"Link til videomøde {short(start)}"


def participants(parties: Iterable[tuple[PartyRole, Partner | None]]) -> str:
    """Name who takes part by role, organisations also by name: ``egen læge, patienten, sygehuset (Afsnit X)``."""
    named = [f"{_ROLE_WORDS[role]} ({partner.name})" if partner else _ROLE_WORDS[role] for role, partner in parties]
    return ", ".join(["egen læge", *named])


def invitation(meeting: Meeting, signature: Signature) -> str:
    """The letter that invites."""
    return "\n".join(
        [
            f"Invitation til {_MEETINGS[meeting.purpose]} om patienten i denne besked.",
            *([f"Gives videre til: {meeting.served}"] if meeting.served else []),
            "",
            f"Tid: {span(meeting.start, meeting.end)}",
            *(["Mødet begynder nu."] if meeting.starts_now else []),
            *_way_in(meeting),
            f"Deltagere: {meeting.participants}",
            "",
            "Åbn linket i en browser. Lægen lukker jer ind.",
            *_answer(signature),
            *_signed(signature),
        ]
    )


def move(meeting: Meeting, old_start: datetime, old_end: datetime, signature: Signature) -> str:
    """The letter that moves a meeting; the first line says so."""
    return "\n".join(
        [
            "ÆNDRET TID",
            *([f"Gives videre til: {meeting.served}"] if meeting.served else []),
            "",
            f"Før: {span(old_start, old_end)}",
            f"Nu: {span(meeting.start, meeting.end)}",
            *_way_in(meeting),
            f"Deltagere: {meeting.participants}",
            "",
            *_answer(signature),
            *_signed(signature),
        ]
    )


def cancellation(start: datetime, end: datetime, link: str, signature: Signature) -> str:
    """The letter that cancels; the first line says so. ``link`` is the one that no longer works."""
    return "\n".join(
        [
            "AFLYST",
            "",
            f"Videomødet {span(start, end)} er aflyst.",
            *(["Dette link virker ikke længere:", link] if link else []),
            "",
            f"Ring, hvis I har spørgsmål: {signature.phone}",
            *_signed(signature),
        ]
    )


def reminder(meeting: Meeting, signature: Signature) -> str:
    """The letter that reminds of a meeting; everything needed is in it once more."""
    return "\n".join(
        [
            "PÅMINDELSE",
            "",
            f"Tid: {span(meeting.start, meeting.end)}",
            *_way_in(meeting),
            f"Deltagere: {meeting.participants}",
            "",
            *_answer(signature),
            *_signed(signature),
        ]
    )


def delay(meeting: Meeting, signature: Signature, minutes: int) -> str:
    """The letter that says that the doctor is late; time and link hold as they are."""
    return "\n".join(
        [
            f"FORSINKET CA. {minutes} MINUTTER",
            "",
            f"Lægen er forsinket til videomødet {span(meeting.start, meeting.end)}.",
            "Linket er det samme:",
            meeting.link.reveal(),
            "",
            f"Kan I ikke vente, så ring: {signature.phone}",
            *_signed(signature),
        ]
    )


def _way_in(meeting: Meeting) -> list[str]:
    room = [f"Møderum: {meeting.alias}"]
    pin = [f"Gæste-PIN: {meeting.pin.reveal()}"] if meeting.pin else []
    return ["Link:", meeting.link.reveal(), *room, *pin]


def _answer(signature: Signature) -> list[str]:
    return [
        "Svar på denne besked, om I deltager.",
        f"Haster det, så ring: {signature.phone}",
    ]


def _signed(signature: Signature) -> list[str]:
    return ["", "Venlig hilsen", f"{signature.name}, {signature.role}", signature.practice]
