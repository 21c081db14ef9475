"""The specimen: an adapter that does everything, dully and without a network. Read it before you write your own.

An adapter derives from ``Adapter`` and so fills ``ClinicSystem``. It says in ``capabilities`` what it can do, tells
the host what happens in the record through the ``sink`` it gets in ``start``, and answers when the host asks. The
host calls it on one asyncio loop, one time limit for each call, so whatever waits must be awaited and nothing may
block.

It keeps three rules that every adapter must keep:

- an identifier goes with its system, and what the record does not say stays None;
- writing the same summary twice, by its key, leaves one note;
- after ``stop`` nothing of it runs any longer, and ``start`` may come again.

``open_record``, ``click_start`` and ``close_record`` are what a person does in a real record system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from vdx_plugin.api.v1 import (
    Action,
    Adapter,
    AdapterSetup,
    AdapterSink,
    Appointment,
    Capabilities,
    Capability,
    ClinicContext,
    ClinicUser,
    Clock,
    Health,
    HealthState,
    Identifier,
    Organisation,
    Patient,
    PersonName,
    RecordIncoming,
    RecordLetter,
    Refused,
    Register,
    Summary,
    WriteBackReceipt,
    cpr,
    hookimpl,
)

NAME = "dummy"

# Personal numbers whose day of birth is 60 too high: no person can have one.
PATIENTS = (
    Patient((cpr("8512484901"),), PersonName("Prøvesen", "Ditte"), date(1948, 12, 25), "D1", "patient@example.test"),
    Patient((cpr("7103792202"),), PersonName("Eksempelsen", "Åge"), date(1979, 3, 11), "D2"),
)
USER = ClinicUser("dummy-user", "DU", PersonName("Dummy", "Dr."))
PRACTICE = Organisation("Lægehuset Eksempel", sor="1017421000016003", gln="5790000000104")


class DummySystem(Adapter):
    """A record system in memory with two patients, today's appointments and a drawer for notes."""

    name = NAME
    capabilities = Capabilities(frozenset(Capability))

    def __init__(self, clock: Clock, practice: Organisation = PRACTICE, greeting: str = "") -> None:
        self.notes: dict[UUID, tuple[Summary, WriteBackReceipt]] = {}
        self.out_tray: dict[str, RecordLetter] = {}
        """Letters that we have handed over, by their message id: a repeat lies there once."""
        self.in_tray: dict[str, RecordIncoming] = {}
        """Letters for us, by their receipt."""
        self.menu: tuple[Action, ...] = ()
        """What stands in the record's menu."""
        self._greeting = greeting
        self._clock = clock
        self._practice = practice
        self._sink: AdapterSink | None = None
        self._open: ClinicContext | None = None

    async def start(self, sink: AdapterSink) -> None:
        """Connect to the record. A real adapter opens its socket here and raises Unavailable if it cannot."""
        self._sink = sink

    async def stop(self) -> None:
        self._sink = None
        self._open = None

    async def current(self) -> ClinicContext | None:
        return self._open

    async def confirm(self, context: ClinicContext) -> bool:
        return self._open is not None and self._open.patient.is_same_person(context.patient)

    async def complete(self, context: ClinicContext) -> ClinicContext:
        for known in PATIENTS:
            if known.is_same_person(context.patient):
                return replace(context, patient=context.patient.filled_from(known))
        return context

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        """One appointment in the next half hour for the first patient: today, whichever day it is."""
        soon = self._clock.now() + timedelta(minutes=30)
        planned = Appointment("dummy-1", "D1", soon, soon + timedelta(minutes=15), "VIDEO", patient_label="Ditte P.")
        return [planned] if planned.start < end and planned.end > start else []

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        if not any(known.is_same_person(context.patient) for known in PATIENTS):
            raise Refused("writeback.refused", "no such patient")
        if summary.key not in self.notes:
            receipt = WriteBackReceipt(self.name, f"note-{len(self.notes) + 1}", self._clock.now())
            self.notes[summary.key] = (summary, receipt)
        return self.notes[summary.key][1]

    async def written(self, context: ClinicContext, key: UUID) -> WriteBackReceipt | None:
        note = self.notes.get(key)
        return note[1] if note else None

    async def send_letter(self, letter: RecordLetter) -> str:
        self.out_tray[letter.message_id] = letter
        return letter.message_id

    async def letters(self) -> Sequence[RecordIncoming]:
        return tuple(self.in_tray.values())

    async def settle_letter(self, receipt: str) -> None:
        self.in_tray.pop(receipt, None)

    async def inject(self, actions: Sequence[Action]) -> None:
        self.menu = tuple(actions)

    async def try_settings(self) -> Health:
        if "!" in self._greeting:
            return Health(HealthState.BAD, "dummy.greeting")
        return Health(HealthState.GOOD)

    async def diagnostics(self) -> Mapping[str, str]:
        return {"patients": str(len(PATIENTS)), "notes": str(len(self.notes))}

    # --- what a person does ---------------------------------------------------------------------------------------

    def open_record(self, number: int = 0) -> ClinicContext:
        """Open the record of a patient, as a click in the patient list would. Only between start and stop."""
        return self.open_patient(PATIENTS[number])

    def open_patient(self, patient: Patient) -> ClinicContext:
        """Open the record of anybody, known or not."""
        self._open = ClinicContext(self.name, patient, USER, self._practice, self._clock.now())
        self._running_sink().opened(self._open)
        return self._open

    def click_start(self) -> None:
        """Click Start video inside the open record."""
        if self._open is None:
            raise RuntimeError("no record is open")
        self._running_sink().start_wanted(self._open)

    def choose(self, action_id: str) -> None:
        """Choose an entry of the record's menu that we put there."""
        if self._open is None:
            raise RuntimeError("no record is open")
        self._running_sink().invoked(action_id, self._open)

    def merge_records(self, retired: Identifier, survivor: Identifier) -> None:
        """Make one record of two."""
        self._running_sink().patient_merged(retired, survivor)

    def close_record(self) -> None:
        """Close the open record."""
        self._open = None
        self._running_sink().closed()

    def _running_sink(self) -> AdapterSink:
        if self._sink is None:
            raise RuntimeError("not started")
        return self._sink


def make(setup: AdapterSetup) -> DummySystem:
    """Make the adapter from what the host hands over."""
    return DummySystem(setup.need_clock(), setup.organisation or PRACTICE, setup.settings.get("greeting", ""))


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
