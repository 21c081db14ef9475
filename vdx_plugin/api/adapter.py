"""An adapter that can do nothing: the base to write a real one upon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import Unsupported
from vdx_plugin.ports import Action, AdapterSink, Capabilities, Health, HealthState, RecordIncoming, RecordLetter


class Adapter:
    """Fills ``ClinicSystem`` for a system that can do nothing.

    Derive from it, set ``name`` and ``capabilities``, and override what your system can do. Each method answers as the
    contract asks of one that has not the capability.
    """

    name: str = ""
    capabilities: Capabilities = Capabilities(frozenset())

    async def start(self, sink: AdapterSink) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def current(self) -> ClinicContext | None:
        return None

    async def confirm(self, context: ClinicContext) -> bool:
        return False

    async def complete(self, context: ClinicContext) -> ClinicContext:
        return context

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        return []

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        raise Unsupported("writeback.unsupported")

    async def written(self, context: ClinicContext, key: UUID) -> WriteBackReceipt | None:
        return None

    async def send_letter(self, letter: RecordLetter) -> str:
        raise Unsupported("invite.setup")

    async def letters(self) -> Sequence[RecordIncoming]:
        return ()

    async def settle_letter(self, receipt: str) -> None:
        pass

    async def inject(self, actions: Sequence[Action]) -> None:
        pass

    async def health(self) -> Health:
        return Health(HealthState.GOOD)

    async def try_settings(self) -> Health:
        """Its settings could be read, or it would not have been made."""
        return Health(HealthState.GOOD)

    async def diagnostics(self) -> Mapping[str, str]:
        return {}
