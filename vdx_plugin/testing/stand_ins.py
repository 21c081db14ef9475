"""Stand-ins for the program around an adapter: a clock that the test moves, VDX's side of the desk, test patients."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.fees import VIDEO_CONFERENCE, FeeProposal
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.patients import Identifier, Patient, PersonName, cpr
from vdx_plugin.domain.summary import Attendance, Summary
from vdx_plugin.ports import ContextChange

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
PRACTICE = Organisation("Lægehuset Eksempel", "1017421000016003", "5790000000104", "012345")

# Personal numbers whose day of birth is 60 too high: no person can have one.
KNOWN = Patient((cpr("8512484901"),), PersonName("Prøvesen", "Ditte"), date(1948, 12, 25))
"""A patient whom the record of every peer knows."""
OTHER = Patient((cpr("7103792202"),), PersonName("Eksempelsen", "Åge"), date(1979, 3, 11))
"""Another one."""
STRANGER = Patient((cpr("9999999999"),), PersonName("Ukendt", "Ulla"), date(1999, 1, 1))
"""One whom no record knows."""
HARD_NAMES = (
    PersonName("Ærøskøbing-Ågård", "Åse Østergård"),
    PersonName("Kûitse", "Aqqalu ĸaavigarsuaĸ"),
    PersonName("الحسن", "ليلى"),
)
"""Danish, Greenlandic with the old orthography's kra, Arabic."""
TELL_TALES = ("8512484901", "851248-4901", "7103792202", "710379-2202", "Prøvesen", "Eksempelsen", "uge 50")
"""What must stand in no log, file, address or diagnosis."""


class VirtualClock:
    """Stands still until the test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **delta: float) -> None:
        """Let time pass: ``pass_by(seconds=61)``."""
        self.time += timedelta(**delta)


@dataclass
class FakeVdx:
    """The program's side of the desk, small: binds a consultation to the patient it was begun with.

    Hears what adapters tell through the host, as the real desk does, and keeps to the same rules: a change of patient
    is followed while idle and refused while a consultation is under way.
    """

    context: ClinicContext | None = None
    session: ClinicContext | None = None
    """The patient the running consultation is bound to."""
    opened_contexts: list[ClinicContext] = field(default_factory=list)
    starts: list[ClinicContext] = field(default_factory=list)
    refused_changes: list[ClinicContext] = field(default_factory=list)
    closings: list[ContextChange] = field(default_factory=list)
    merges: list[tuple[Identifier, Identifier]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def in_call(self) -> bool:
        return self.session is not None

    def start_consultation(self) -> None:
        """Begin a consultation with the open patient. Raises ValueError when that is not possible."""
        if self.context is None or not self.context.patient.is_complete:
            raise ValueError("no complete patient is open")
        self.session = self.context

    def end_consultation(self) -> None:
        self.session = None

    def opened(self, context: ClinicContext) -> None:
        self.opened_contexts.append(context)
        self.context = context
        if self.session is not None and not self.session.patient.is_same_person(context.patient):
            self.refused_changes.append(context)
        self.told.set()

    def start_wanted(self, context: ClinicContext) -> None:
        self.starts.append(context)
        self.context = context
        self.told.set()

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        self.closings.append(reason)
        self.context = None
        self.told.set()

    def appointments_changed(self) -> None:
        self.told.set()

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        self.merges.append((retired, survivor))
        self.told.set()

    def notice(self, code: str, **facts: str | int) -> None:
        self.notices.append(code)
        self.told.set()


def context_of(source: str, patient: Patient = KNOWN, opened_at: datetime = NOON) -> ClinicContext:
    """Return the patient's record as open in ``source``."""
    return ClinicContext(source, patient, ClinicUser("user-1", "HH"), PRACTICE, opened_at)


def summary_of(number: int = 1, note: str = "Samtale på video.\nAftalt kontrol i uge 50.") -> Summary:
    """Return a consultation's summary; ``number`` chooses its key."""
    return Summary(
        UUID(int=number),
        planned_ahead=True,
        started_at=NOON - timedelta(minutes=12),
        ended_at=NOON,
        outcome=EndReason.HELD,
        attendance=(
            Attendance(PartyRole.PATIENT, 700.0),
            Attendance(PartyRole.HOSPITAL, 600.0, "Ældremedicinsk Afsnit"),
        ),
        fee=FeeProposal(VIDEO_CONFERENCE, "fee.three_actors"),
        note=note,
    )


def named(patient: Patient, name: PersonName | None) -> Patient:
    """Return the patient under another name."""
    return replace(patient, name=name)
