"""The specimen is its own clinic system: what a person does in it is done to the adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from vdx_plugin.adapters.dummy import DummySystem
from vdx_plugin.domain.patients import Identifier, Patient
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.testing import KNOWN, Peer


class DummyPeer(Peer):
    system: DummySystem

    async def ready(self, adapter: ClinicSystem) -> None:
        assert isinstance(adapter, DummySystem)
        self.system = adapter

    async def open_record(self, patient: Patient = KNOWN) -> None:
        self.system.open_patient(patient)

    async def close_record(self) -> None:
        self.system.close_record()

    async def click_start(self, patient: Patient = KNOWN) -> None:
        self.system.open_patient(patient)
        self.system.click_start()

    async def menu(self) -> Sequence[str]:
        return [action.id for action in self.system.menu]

    async def notes(self) -> Mapping[UUID, str]:
        return {key: summary.note for key, (summary, _receipt) in self.system.notes.items()}

    async def merge(self, retired: Identifier, survivor: Identifier) -> None:
        self.system.merge_records(retired, survivor)
