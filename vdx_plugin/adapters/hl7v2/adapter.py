"""The adapter: a feed of patients and appointments in, notes and what became of an appointment out."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from vdx_plugin.adapters.hl7v2 import decoding, framing, mapping, reading, sending
from vdx_plugin.adapters.hl7v2.chosen import NAME, Hl7Settings
from vdx_plugin.adapters.hl7v2.directory import Changes, Directory
from vdx_plugin.adapters.hl7v2.mapping import Addressing, Fault
from vdx_plugin.adapters.hl7v2.news import News, news_of
from vdx_plugin.adapters.hl7v2.reading import Header
from vdx_plugin.adapters.hl7v2.receiving import Listener
from vdx_plugin.api.v1 import (
    Adapter,
    AdapterSetup,
    AdapterSink,
    Appointment,
    Capabilities,
    Capability,
    ClinicContext,
    Clock,
    Health,
    HealthState,
    Refused,
    Register,
    Summary,
    Unreadable,
    Unsupported,
    VdxError,
    WriteBackReceipt,
    get_logger,
    hookimpl,
)

_log = get_logger("adapters.hl7v2")

PORT_FILE = "listening.json"
LARGE_BYTES = 100_000
"""From this size on a message is read in a thread: it takes longer than the windows may wait."""
REMEMBERED = 2000
"""Messages that are known again when they come a second time."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A message as far as it could be read: what it says, or what is wrong with it."""

    header: Header | None
    news: tuple[News, ...] = ()
    error: Unreadable | Unsupported | None = None


class Hl7System(Adapter):
    """``ports.ClinicSystem`` over HL7 v2. Knows patients and appointments; never knows which record is open."""

    name = NAME

    def __init__(self, settings: Hl7Settings, clock: Clock, data_dir: str = "", facility: str = "") -> None:
        can = {Capability.DIRECTORY, Capability.APPOINTMENTS, Capability.MERGE}
        receiver = settings.receiver()
        self._line = sending.Line(receiver) if receiver else None
        if self._line:
            can.add(Capability.WRITE_BACK)
        self.capabilities = Capabilities(frozenset(can))
        self.port = 0
        self._settings = settings
        self._clock = clock
        self._port_file = Path(data_dir) / PORT_FILE if data_dir else None
        self._facility = facility
        self._directory = Directory()
        self._listener = Listener(self._answer, self._damaged, limit_bytes=settings.max_bytes)
        self._numbers = itertools.count(1)
        self._sink: AdapterSink | None = None
        self._told_of_trouble = False
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._accepted = self._refused = 0

    async def start(self, sink: AdapterSink) -> None:
        """Listen. Raises Unavailable(``hl7.port_taken``), Misconfigured(``hl7v2.certificate``)."""
        self._sink = sink
        chosen = self._settings
        tls = await asyncio.to_thread(chosen.papers.for_listening) if chosen.listen_tls else None
        self.port = await self._listener.start(chosen.host, chosen.port, tls)
        if self._port_file is not None:
            # So that a sender on this machine finds a port that was chosen for us.
            text = json.dumps({"host": chosen.host, "port": self.port, "process": os.getpid()})
            self._port_file.write_text(text, encoding="utf-8")
        _log.info("listening for HL7 v2")

    async def stop(self) -> None:
        await self._listener.stop()
        if self._line is not None:
            await self._line.close()
        if self._port_file is not None:
            self._port_file.unlink(missing_ok=True)
        self._sink = None

    async def health(self) -> Health:
        """Good while it listens and the receiver of notes, where there is one, last answered as it should."""
        patients, appointments = self._directory.size()
        facts: dict[str, str | int] = {"patients": patients, "appointments": appointments}
        if not self._listener.is_listening:
            return Health(HealthState.BAD, "hl7v2.not_listening", facts)
        if self._line is not None and self._line.trouble:
            return Health(HealthState.DEGRADED, self._line.trouble, facts)
        return Health(HealthState.GOOD, facts=facts)

    async def try_settings(self) -> Health:
        """Listen for a moment, and connect to the receiver of notes without sending anything."""
        chosen = self._settings
        trial = Listener(self._answer, self._damaged)
        try:
            tls = await asyncio.to_thread(chosen.papers.for_listening) if chosen.listen_tls else None
            await trial.start(chosen.host, chosen.port, tls)
            if self._line is not None:
                await self._line.try_out()
        except VdxError as error:
            code = "hl7v2.receiver_away" if error.code == "writeback.unavailable" else error.code
            return Health(HealthState.BAD, code, error.facts)
        finally:
            await trial.stop()
        return Health(HealthState.GOOD)

    async def diagnostics(self) -> Mapping[str, str]:
        patients, appointments = self._directory.size()
        return {
            "messages accepted": str(self._accepted),
            "messages refused": str(self._refused),
            "connections turned away": str(self._listener.refused),
            "patients known": str(patients),
            "appointments known": str(appointments),
            "connection for notes kept open": str(bool(self._line and self._line.is_kept)).lower(),
        }

    async def complete(self, context: ClinicContext) -> ClinicContext:
        """Fill in what the feed has told, and today's appointment of the patient."""
        known = self._directory.find(context.patient)
        if known is None:
            return context
        planned = self._directory.appointment_near(known.local_id or "", self._clock.now())
        appointment_id = context.appointment_id or (planned.id if planned else None)
        return replace(context, patient=context.patient.filled_from(known), appointment_id=appointment_id)

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        return self._directory.appointments(start, end)

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Send the note as MDM^T02, then what became of the appointment as SIU^S14 or S26.

        A repeat has the same MSH-10 and TXA-12, by which the receiver knows it.
        """
        line = self._line
        if line is None:
            raise Unsupported("writeback.unsupported")
        known = self._directory.find(context.patient)
        if known is not None and context.patient.birth_date in (None, known.birth_date):
            # After a merge the record knows the patient by the surviving numbers only.
            context = replace(context, patient=known)
        message = mapping.note(context, summary, self._addressing(), self._clock.now())
        await sending.deliver(line, message, mapping.control_id_of(summary))
        await self._send_status(line, context, summary)
        return WriteBackReceipt(NAME, str(summary.key), self._clock.now())

    async def _send_status(self, line: sending.Line, context: ClinicContext, summary: Summary) -> None:
        """Tell the record's calendar, if the appointment came from it. The note stands; a refusal is only told."""
        booking = self._directory.booking(context.appointment_id or "")
        if booking is None or not self._settings.status:
            return
        try:
            message = mapping.status(booking, context, summary, self._addressing(), self._clock.now())
            if message is not None:
                await sending.deliver(line, message, mapping.status_control_id_of(summary))
        except Refused as error:
            _log.warning("the appointment's status was not accepted: %s", error.detail)
            if self._sink is not None:
                self._sink.notice("hl7v2.status_refused")

    def _addressing(self) -> Addressing:
        chosen = self._settings
        return Addressing(self._facility, chosen.receiving_application, chosen.receiving_facility, chosen.processing_id)

    # --- what comes in --------------------------------------------------------------------------------------------

    async def _answer(self, payload: bytes) -> bytes:
        """Take one message in and return its acknowledgement. The same bytes again are acknowledged and do nothing."""
        digest = hashlib.sha256(payload).digest()
        if len(payload) > LARGE_BYTES:
            read = await asyncio.to_thread(self._read, payload)
        else:
            read = self._read(payload)
        fault: Fault | None = None
        if read.error is not None:
            fault = self._fault(read.error, payload)
            self._refused += 1
        else:
            self._take(digest, read.news)
        header = read.header or _header_for_answer(payload)
        return mapping.acknowledgement(header, fault, self._clock.now(), self._own_id()).encode("utf-8")

    def _read(self, payload: bytes) -> _Read:
        header: Header | None = None
        chosen = self._settings
        try:
            text = decoding.decode(payload, undeclared=chosen.undeclared)
            header = reading.read_header(text)
            return _Read(
                header,
                news_of(reading.read(text), processing_id=chosen.processing_id, senders=chosen.senders),
            )
        except (Unreadable, Unsupported) as error:
            return _Read(header, error=error)

    def _take(self, digest: bytes, news: tuple[News, ...]) -> None:
        self._accepted += 1
        self._told_of_trouble = False
        if digest in self._seen:
            # A queue played back must not bring back an appointment that was called off since.
            return
        self._seen[digest] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        for item in news:
            self._tell(self._directory.apply(item))

    def _damaged(self, event: framing.Damaged) -> bytes | None:
        _log.warning("damaged block thrown away: %s, %d bytes", event.damage, event.size_bytes)
        self._trouble()
        if event.damage is not framing.Damage.TOO_LARGE:
            return None
        fault = Fault(reading.INTERNAL)
        return mapping.acknowledgement(None, fault, self._clock.now(), self._own_id()).encode("utf-8")

    def _fault(self, error: VdxError, payload: bytes) -> Fault:
        condition = int(error.facts.get("condition", reading.INTERNAL))
        place = error.place if isinstance(error, Unreadable) else error.detail
        _log.warning("message of %d bytes not accepted: condition %d at %s", len(payload), condition, place)
        if isinstance(error, Unreadable):
            self._trouble()
        return Fault(condition, place)

    def _trouble(self) -> None:
        """Tell the user once, and again only after a good message has been read."""
        if not self._told_of_trouble and self._sink is not None:
            self._told_of_trouble = True
            self._sink.notice("hl7.unreadable")

    def _tell(self, changes: Changes) -> None:
        if self._sink is None:
            return
        for retired, survivor in changes.merged:
            self._sink.patient_merged(retired, survivor)
        if changes.appointments:
            self._sink.appointments_changed()

    def _own_id(self) -> str:
        return f"{self._clock.now():%Y%m%d%H%M%S}{next(self._numbers) % 1_000_000:06d}"


def _header_for_answer(payload: bytes) -> Header | None:
    """Read MSH of a message whose characters are wrong, for its ASCII parts alone: whom and what to answer."""
    try:
        return reading.read_header(payload.decode("ascii", "replace").replace("\n", "\r"))
    except Unreadable:
        return None


def make(setup: AdapterSetup) -> Hl7System:
    """Make the adapter. Raises Misconfigured."""
    facility = setup.organisation.gln or "" if setup.organisation else ""
    settings = Hl7Settings.read(setup.settings, setup.secrets)
    return Hl7System(settings, setup.need_clock(), setup.data_dir, facility)


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
