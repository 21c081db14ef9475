"""Questions and notes to the adapters that run, seen as one clinic system."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from vdx_plugin import log
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.patients import Patient
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import OutcomeUnknown, Unavailable, Unsupported, VdxError
from vdx_plugin.host.guard import Limits
from vdx_plugin.host.hooks import HookCaller
from vdx_plugin.host.letters import LetterCalls
from vdx_plugin.host.running import Running
from vdx_plugin.ports import Capability

_log = log.get("host")


class Asking(LetterCalls):
    """``ports.ClinicSystems``' questions. ``running`` returns the adapters, those that count most first."""

    def __init__(self, running: Callable[[], Iterable[Running]], hooks: HookCaller, limits: Limits) -> None:
        super().__init__(running, limits)
        self._hooks = hooks

    def _having(self, capability: Capability, *, only: str = "", first: str = "") -> list[Running]:
        able = [each for each in self._running() if each.can(capability) and only in ("", each.name)]
        return sorted(able, key=lambda each: each.name != first)

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the adapter the context came from. False when it cannot be asked or does not answer."""
        able, limit_s = Capability.CONFIRM, self._limits.ask_s
        for each in self._having(able, only=context.source):
            if each.adapter is not None:
                work = each.adapter.confirm(context)
                try:
                    return await each.call_able(able, "confirm", limit_s, work, context=context) is True
                except VdxError:
                    return False
        return False

    async def complete(self, context: ClinicContext) -> ClinicContext:
        """Ask the adapters that know patients, the owner first, then the plug-ins, until name and birth date are there.

        Only what is missing is taken over, and only from an answer about the same person.
        """
        able, limit_s = Capability.DIRECTORY, self._limits.ask_s
        for each in self._having(able, first=context.source):
            if context.patient.is_complete or each.adapter is None:
                break
            work = each.adapter.complete(context)
            try:
                answer = await each.call_able(able, "complete", limit_s, work, context=context)
            except VdxError:
                continue
            context = _filled(context, answer, each)
        if not context.patient.is_complete:
            identified = await self._hooks.identify(context)
            if identified is not None and _is_about(context.patient, identified):
                context = replace(context, patient=context.patient.filled_from(identified))
        return context

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        """Return the appointments of every adapter that answers; of two with the same id the first is kept."""
        merged: dict[str, Appointment] = {}
        asked = self._having(Capability.APPOINTMENTS)
        for found in await asyncio.gather(*(self._appointments_of(each, start, end) for each in asked)):
            for appointment in found:
                merged.setdefault(appointment.id, appointment)
        return sorted(merged.values(), key=lambda appointment: appointment.start)

    async def _appointments_of(self, each: Running, start: datetime, end: datetime) -> list[Appointment]:
        if each.adapter is None:
            return []
        able, work = Capability.APPOINTMENTS, each.adapter.appointments(start, end)
        try:
            return list(await each.call_able(able, "appointments", self._limits.ask_s, work, start=start, end=end))
        except VdxError:
            return []

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Hand the summary to the owner if it can write, else to another adapter that can.

        An outcome that is not known is resolved by reading, where the adapter can. Raises
        Unsupported(``writeback.unsupported``) when none can write, OutcomeUnknown when nobody knows whether it was
        written, else what the adapter raises. Never tries a second adapter after a first: that could write it twice.
        """
        writers = self._having(Capability.WRITE_BACK, first=context.source)
        if not writers:
            raise Unsupported("writeback.unsupported")
        try:
            return await self._write(writers[0], context, summary)
        except OutcomeUnknown as unknown:
            return await self._resolved(writers[0], context, summary, unknown)

    async def _write(self, writer: Running, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        if writer.adapter is None:
            raise Unsupported("writeback.unsupported")
        able, work = Capability.WRITE_BACK, writer.adapter.write_back(context, summary)
        try:
            receipt = await writer.call_able(
                able, "write_back", self._limits.write_back_s, work, context=context, summary=summary
            )
        except Unavailable as error:
            if error.code.startswith("adapter."):
                raise OutcomeUnknown("writeback.unknown", error.detail) from error
            raise
        return _own_receipt(receipt, writer)

    async def _resolved(
        self, writer: Running, context: ClinicContext, summary: Summary, unknown: OutcomeUnknown
    ) -> WriteBackReceipt:
        """Read whether the note stands. Raises ``unknown`` when that cannot be told, Unavailable when it does not."""
        if not writer.can(Capability.READ_BACK) or writer.adapter is None:
            raise unknown
        able, work = Capability.READ_BACK, writer.adapter.written(context, summary.key)
        try:
            receipt = await writer.call_able(able, "written", self._limits.ask_s, work, context=context)
        except VdxError:
            raise unknown from None
        if receipt is None:
            raise Unavailable("writeback.unavailable", "read back: it is not there") from unknown
        _log.info("a note of unknown outcome was found in the record by %s", writer.name)
        return _own_receipt(receipt, writer)


def _own_receipt(receipt: WriteBackReceipt, writer: Running) -> WriteBackReceipt:
    if not isinstance(receipt, WriteBackReceipt) or receipt.adapter != writer.name:
        writer.guard.fault("adapter.invalid", "a receipt that is not its own")
        raise OutcomeUnknown("writeback.unknown", "no receipt that counts")
    return receipt


def _filled(context: ClinicContext, answer: ClinicContext, each: Running) -> ClinicContext:
    if not isinstance(answer, ClinicContext) or not _is_about(context.patient, answer.patient):
        each.guard.fault("adapter.invalid", "completed with another patient")
        return context
    return replace(
        context,
        patient=context.patient.filled_from(answer.patient),
        appointment_id=context.appointment_id or answer.appointment_id,
    )


def _is_about(asked: Patient, answered: Patient) -> bool:
    births = {patient.birth_date for patient in (asked, answered) if patient.birth_date is not None}
    return asked.is_same_person(answered) and len(births) < 2
