"""The adapter: a feed of patients and appointments in, notes out."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from vdx_plugin import log
from vdx_plugin.adapters.hl7v2 import decoding, framing, mapping, reading, sending
from vdx_plugin.adapters.hl7v2.directory import Changes, Directory
from vdx_plugin.adapters.hl7v2.mapping import Addressing, Fault
from vdx_plugin.adapters.hl7v2.news import news_of
from vdx_plugin.adapters.hl7v2.reading import Header
from vdx_plugin.adapters.hl7v2.receiving import Listener
from vdx_plugin.api.v1 import Adapter
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import Misconfigured, Unreadable, Unsupported, VdxError
from vdx_plugin.hookspecs import Register, hookimpl
from vdx_plugin.ports import AdapterSetup, AdapterSink, Capabilities, Capability, Clock

_log = log.get("adapters.hl7v2")

NAME = "hl7v2"
DEFAULT_PORT = 2575
ANSWER_LIMIT_S = 20.0
"""For connecting and for the acknowledgement; together with it below the host's limit for a write."""
PORT_FILE = "listening.json"


@dataclass(frozen=True, slots=True)
class Hl7Settings:
    """Settings of the adapter, by the names they have in the settings file.

    ``host`` and ``port`` say where to listen; anything but the workstation itself needs a closed network, as MLLP
    has neither sign-in nor encryption. ``note_host`` and ``note_port`` are the receiver of notes; port 0 means none.
    ``undeclared`` is the MSH-18 value to assume when a sender declares none.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    note_host: str = "127.0.0.1"
    note_port: int = 0
    processing_id: str = "P"
    undeclared: str = ""
    max_bytes: int = framing.DEFAULT_LIMIT_BYTES
    receiving_application: str = ""
    receiving_facility: str = ""

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> Hl7Settings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise Misconfigured("settings.value", "unknown", setting=f"adapters.{NAME}.{sorted(unknown)[0]}")
        values: dict[str, str | int] = dict(settings)
        for name in ("port", "note_port", "max_bytes"):
            if name in settings:
                values[name] = _number(name, settings[name])
        made = cls(**values)  # type: ignore[arg-type]
        if made.processing_id not in ("P", "T", "D"):
            raise Misconfigured("settings.value", "not P, T or D", setting=f"adapters.{NAME}.processing_id")
        return made

    def receiver(self) -> tuple[str, int] | None:
        """Return where notes go, None when nowhere."""
        return (self.note_host, self.note_port) if self.note_port else None


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100_000_000:
        raise Misconfigured("settings.value", "not a number", setting=f"adapters.{NAME}.{name}")
    return int(text)


class Hl7System(Adapter):
    """``ports.ClinicSystem`` over HL7 v2. Knows patients and appointments; never knows which record is open."""

    name = NAME

    def __init__(self, settings: Hl7Settings, clock: Clock, data_dir: str = "", facility: str = "") -> None:
        can = {Capability.DIRECTORY, Capability.APPOINTMENTS, Capability.MERGE}
        self._receiver = settings.receiver()
        if self._receiver:
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

    async def start(self, sink: AdapterSink) -> None:
        """Listen. Raises Unavailable(``hl7.port_taken``)."""
        self._sink = sink
        self.port = await self._listener.start(self._settings.host, self._settings.port)
        if self._port_file is not None:
            # So that a sender on this machine finds a port that was chosen for us.
            text = json.dumps({"host": self._settings.host, "port": self.port, "process": os.getpid()})
            self._port_file.write_text(text, encoding="utf-8")
        _log.info("listening for HL7 v2")

    async def stop(self) -> None:
        await self._listener.stop()
        if self._port_file is not None:
            self._port_file.unlink(missing_ok=True)
        self._sink = None

    async def current(self) -> ClinicContext | None:
        return None

    async def confirm(self, context: ClinicContext) -> bool:
        return False

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
        """Send the note as MDM^T02. A repeat has the same MSH-10 and TXA-12, by which the receiver knows it."""
        if self._receiver is None:
            raise Unsupported("writeback.unsupported")
        addressing = Addressing(
            self._facility,
            self._settings.receiving_application,
            self._settings.receiving_facility,
            self._settings.processing_id,
        )
        known = self._directory.find(context.patient)
        if known is not None and context.patient.birth_date in (None, known.birth_date):
            # After a merge the record knows the patient by the surviving numbers only.
            context = replace(context, patient=known)
        message = mapping.note(context, summary, addressing, self._clock.now())
        host, port = self._receiver
        control_id = mapping.control_id_of(summary)
        await sending.deliver(host, port, message, control_id, limit_s=ANSWER_LIMIT_S / 2)
        return WriteBackReceipt(NAME, str(summary.key), self._clock.now())

    # --- what comes in --------------------------------------------------------------------------------------------

    def _answer(self, payload: bytes) -> bytes:
        header: Header | None = None
        fault: Fault | None = None
        try:
            text = decoding.decode(payload, undeclared=self._settings.undeclared)
            header = reading.read_header(text)
            news = news_of(reading.read(text), processing_id=self._settings.processing_id)
            self._tell(self._directory.apply(news))
            self._told_of_trouble = False
        except (Unreadable, Unsupported) as error:
            fault = self._fault(error, payload)
            header = header or _header_for_answer(payload)
        return mapping.acknowledgement(header, fault, self._clock.now(), self._own_id()).encode("utf-8")

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
    if setup.clock is None:
        raise Misconfigured("settings.clock", setting="clock")
    facility = setup.organisation.gln or "" if setup.organisation else ""
    return Hl7System(Hl7Settings.read(setup.settings), setup.clock, setup.data_dir, facility)


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
