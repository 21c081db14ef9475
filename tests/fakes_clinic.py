"""Hand-made stand-ins for tests of clinic systems: a clock that the test moves and a sink that remembers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.fees import VIDEO_CONFERENCE, FeeProposal
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.patients import Identifier, Patient
from vdx_plugin.domain.summary import Attendance, Summary
from vdx_plugin.ports import ContextChange

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
PRACTICE = Organisation("Lægehuset Eksempel", "1017421000016003", "5790000000104", "012345")


class HandClock:
    """Stands still until the test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **delta: float) -> None:
        self.time += timedelta(**delta)


class RememberingSink:
    """Keeps what an adapter tells, and lets a test wait for the next thing it tells."""

    def __init__(self) -> None:
        self.contexts: list[ClinicContext] = []
        self.starts: list[ClinicContext] = []
        self.closings: list[ContextChange] = []
        self.merges: list[tuple[Identifier, Identifier]] = []
        self.notices: list[str] = []
        self.changes = 0
        self.invocations: list[str] = []
        self.in_call = False
        self.told = asyncio.Event()

    def opened(self, context: ClinicContext) -> None:
        self.contexts.append(context)
        self.told.set()

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        self.closings.append(reason)
        self.told.set()

    def start_wanted(self, context: ClinicContext) -> None:
        self.starts.append(context)
        self.told.set()

    def invoked(self, action_id: str, context: ClinicContext) -> None:
        self.invocations.append(action_id)
        self.told.set()

    def appointments_changed(self) -> None:
        self.changes += 1
        self.told.set()

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        self.merges.append((retired, survivor))
        self.told.set()

    def notice(self, code: str, **facts: str | int) -> None:
        self.notices.append(code)
        self.told.set()


def context_of(source: str, patient: Patient, opened_at: datetime = NOON) -> ClinicContext:
    """Return the patient's record as open in ``source``."""
    return ClinicContext(source, patient, ClinicUser("user-1", "HH"), PRACTICE, opened_at)


def summary(number: int = 1, note: str = "Samtale på video.\nAftalt kontrol | uge 50.") -> Summary:
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
