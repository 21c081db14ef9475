"""Patients and appointments as the feed has told them so far. In memory only: the record keeps the truth.

State without input or output: news go in, and what changed comes out as plain values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from vdx_plugin.adapters.hl7v2.news import (
    AppointmentDropped,
    AppointmentStands,
    News,
    PatientSeen,
    PatientsMerged,
)
from vdx_plugin.api.v1 import Appointment, Identifier, Patient

MAX_PATIENTS = 20_000
MAX_APPOINTMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment, and the two numbers by which its sender knows it (SCH-1, SCH-2)."""

    appointment: Appointment
    placer: str
    filler: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What one piece of news changed that others want to hear of."""

    appointments: bool = False
    merged: tuple[tuple[Identifier, Identifier], ...] = ()


class Directory:
    """Everything known from the feed, one entry for each patient record; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._patients: dict[str, Patient] = {}
        self._holders: dict[Identifier, set[str]] = {}
        """Which records carry a number. Two records may share a CPR number until they are merged."""
        self._survivors: dict[Identifier, str] = {}
        """Retired numbers, and the record that took over."""
        self._appointments: dict[str, Appointment] = {}
        self._numbers: dict[str, tuple[str, str]] = {}
        """SCH-1 and SCH-2 of each appointment."""

    def apply(self, news: News) -> Changes:
        """Take in one piece of news. Applying it twice changes nothing more."""
        match news:
            case PatientSeen(patient):
                self._keep(patient)
                return Changes()
            case PatientsMerged(retired, survivor):
                return self._merge(retired, survivor)
            case AppointmentStands(appointment, patient, placer, filler):
                if self.find(patient) is None:
                    self._keep(patient)
                self._numbers[appointment.id] = (placer, filler)
                return self._put(appointment)
            case AppointmentDropped(appointment_id):
                gone = self._appointments.pop(appointment_id, None)
                self._numbers.pop(appointment_id, None)
                return Changes(appointments=gone is not None)

    def find(self, patient: Patient) -> Patient | None:
        """Return what is known of the patient, by any shared number, retired numbers included.

        Of several records of one person the one last heard of. None when the numbers lead to persons with different
        birth dates: nobody may guess which is meant.
        """
        records = set().union(*(self._records_of(number) for number in patient.identifiers))
        if len({self._patients[record].birth_date for record in records}) != 1:
            return None
        return next(known for record, known in reversed(self._patients.items()) if record in records)

    def _records_of(self, number: Identifier) -> set[str]:
        survivor = self._survivors.get(number)
        return self._holders.get(number, set()) | ({survivor} if survivor in self._patients else set())

    def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        """Return appointments that overlap the time from ``start`` to ``end``, earliest first."""
        found = [item for item in self._appointments.values() if item.start < end and item.end > start]
        return sorted(found, key=lambda item: item.start)

    def booking(self, appointment_id: str) -> Booking | None:
        """Return an appointment with its sender's numbers, None if it is not known (any longer)."""
        found = self._appointments.get(appointment_id)
        return Booking(found, *self._numbers.get(appointment_id, ("", ""))) if found else None

    def size(self) -> tuple[int, int]:
        """Return how many patients and appointments are known."""
        return len(self._patients), len(self._appointments)

    def appointment_near(self, patient_ref: str, now: datetime) -> Appointment | None:
        """Return the patient's appointment of the day that is nearest to ``now``, None if there is none."""
        day = [
            item
            for item in self._appointments.values()
            if item.patient_ref == patient_ref and item.start.date() == now.astimezone(item.start.tzinfo).date()
        ]
        return min(day, key=lambda item: abs(item.start - now), default=None)

    def _put(self, appointment: Appointment) -> Changes:
        changed = self._appointments.get(appointment.id) != appointment
        self._appointments[appointment.id] = appointment
        while len(self._appointments) > MAX_APPOINTMENTS:
            earliest = min(self._appointments.values(), key=lambda item: item.start)
            del self._appointments[earliest.id]
            self._numbers.pop(earliest.id, None)
        return Changes(appointments=changed)

    def _keep(self, patient: Patient) -> str:
        """Put the record in place of what it said before: a feed sends the whole patient each time."""
        record = patient.local_id or patient.identifiers[0].value
        self._drop(record)
        self._patients[record] = patient
        for number in patient.identifiers:
            self._holders.setdefault(number, set()).add(record)
            self._survivors.pop(number, None)
        if len(self._patients) > MAX_PATIENTS:
            for oldest in list(self._patients)[: MAX_PATIENTS // 20]:
                self._drop(oldest)
        return record

    def _drop(self, record: str) -> Patient | None:
        old = self._patients.pop(record, None)
        for number in old.identifiers if old else ():
            holders = self._holders[number]
            holders.discard(record)
            if not holders:
                del self._holders[number]
        return old

    def _merge(self, retired: tuple[Identifier, ...], survivor: Patient) -> Changes:
        record = self._keep(survivor)
        told = []
        for number in retired:
            if self._survivors.get(number) == record:
                continue
            for old_record in self._holders.get(number, set()) - {record}:
                old = self._drop(old_record)
                for other in old.identifiers if old else ():
                    if other not in survivor.identifiers:
                        self._survivors[other] = record
                self._move_appointments(old_record, record, survivor)
            self._survivors[number] = record
            self._move_appointments(number.value, record, survivor)
            told.append((number, _successor(number, survivor)))
        return Changes(appointments=bool(told), merged=tuple(told))

    def _move_appointments(self, old_ref: str, new_ref: str, survivor: Patient) -> None:
        label = survivor.name.full if survivor.name else ""
        for item in list(self._appointments.values()):
            if item.patient_ref == old_ref:
                self._appointments[item.id] = replace(item, patient_ref=new_ref, patient_label=label)


def _successor(retired: Identifier, survivor: Patient) -> Identifier:
    """The survivor's number of the same kind, else its first."""
    same = (number for number in survivor.identifiers if number.system == retired.system)
    return next(same, survivor.identifiers[0])
