"""One consultation with every kind of party, and ids and times that never change.

The patients are MedCom's published test persons.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import ProvisionStatus, Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.invitations.resources import Party as End
from vdx_plugin.invitations.sender import SenderSettings

NOW = datetime(2026, 10, 7, 7, 12, tzinfo=UTC)
START = datetime(2026, 10, 14, 11, 0, tzinfo=UTC)
PRACTICE = Organisation("Lægehuset Eksempel", "1017421000016003", "5790000000104", phone="35000000")
OWN = End("", PRACTICE.name, PRACTICE.sor or "", PRACTICE.gln or "")
PATIENT = Patient(
    (cpr("2509479989"),), PersonName("Elmer", "Bruno Test"), date(1947, 9, 25), email="bruno@patient.example"
)
HOSPITAL = Partner(
    "hospital-geriatrics",
    "Ældremedicinsk Afsnit, Eksempel Sygehus",
    PartyRole.HOSPITAL,
    Channel.MEDCOM,
    "441211000016000",
    "5790000000203",
)
MUNICIPALITY = Partner(
    "municipality-homecare",
    "Hjemmesygeplejen, Eksempel Kommune",
    PartyRole.MUNICIPALITY,
    Channel.MEDCOM,
    "953741000016009",
    "5790000000302",
    category="nursing",
    wants_pin=False,
)
AGENCY = Partner(
    "interpreter-agency",
    "Eksempel Tolkebureau",
    PartyRole.INTERPRETER,
    Channel.EMAIL,
    email="tolk@tolkebureau.example",
)
HOSPITAL_PARTY = Party("p-hosp", PartyRole.HOSPITAL, Channel.MEDCOM, HOSPITAL)
MUNICIPALITY_PARTY = Party("p-muni", PartyRole.MUNICIPALITY, Channel.MEDCOM, MUNICIPALITY)
PATIENT_PARTY = Party("p-pat", PartyRole.PATIENT, Channel.EMAIL, address="bruno@patient.example")
SMS_PARTY = Party("p-sms", PartyRole.PATIENT, Channel.SMS, address="20 12 34 56")
INTERPRETER_PARTY = Party("p-int", PartyRole.INTERPRETER, Channel.EMAIL, AGENCY, AGENCY.email, "ar")
ROOM = Room(
    UUID("00000000-0000-4000-8000-0000000000aa"),
    "721834@rooms.vdx.example",
    Secret("918273"),
    Secret("3788"),
    ProvisionStatus.PROVISIONED_OK,
)
SETTINGS = SenderSettings(
    PRACTICE,
    PersonName("Madsen", "Karen Test"),
    "speciallaegeipraksis",
    "https://gaest.vdx.example",
    "video@laegehuset.example",
)


def ids(start: int = 1) -> Callable[[], UUID]:
    """Uuids of version 4 that count up from ``start``."""
    counter = itertools.count(start)
    return lambda: UUID(int=(0x4000 << 64) | (0x8000 << 48) | next(counter))


def composer(*, mime: str = SETTINGS.mime) -> MessageComposer:
    return MessageComposer(replace(SETTINGS, mime=mime))


def consultation(
    *parties: Party, start: datetime = START, patient: Patient = PATIENT, user: ClinicUser | None = None
) -> Consultation:
    everybody = parties or (PATIENT_PARTY, HOSPITAL_PARTY, MUNICIPALITY_PARTY, INTERPRETER_PARTY)
    plan = Plan(start, start + timedelta(minutes=30), everybody, planned_ahead=True)
    context = ClinicContext("dummy", patient, user or ClinicUser("km"), PRACTICE, NOW)
    return Consultation(
        UUID("00000000-0000-4000-8000-0000000000cc"), ROOM.meeting_id, Stage.LOCKED, context, plan, NOW, ROOM
    )
