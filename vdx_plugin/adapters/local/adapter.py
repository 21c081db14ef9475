"""The adapter: a record system on the same workstation calls us, and fetches the notes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from vdx_plugin.adapters.local import handshake
from vdx_plugin.adapters.local.answering import Answering
from vdx_plugin.adapters.local.calls import Reader, ReceiptBody
from vdx_plugin.adapters.local.endpoint import Endpoint
from vdx_plugin.adapters.local.handshake import Handshake
from vdx_plugin.adapters.local.in_tray import InTray
from vdx_plugin.adapters.local.letterbox import Kind, Letterbox, letter_of, note_of
from vdx_plugin.adapters.local.notes_folder import NotesFolder
from vdx_plugin.adapters.local.record import OpenRecord
from vdx_plugin.adapters.local.roads import LETTER_PROBLEMS, NOTE_PROBLEMS, FolderRoad, NoteRoad, PollRoad, on_disk
from vdx_plugin.adapters.local.settings import NAME, LocalSettings
from vdx_plugin.api.v1 import (
    Adapter,
    AdapterSetup,
    AdapterSink,
    Capabilities,
    Capability,
    ClinicContext,
    Clock,
    Conflict,
    Health,
    HealthState,
    Organisation,
    RecordIncoming,
    RecordLetter,
    Refused,
    Register,
    Summary,
    Unavailable,
    Unsupported,
    WriteBackReceipt,
    get_logger,
    hookimpl,
)

_log = get_logger("adapters.local")


@dataclass(slots=True)
class _Session:
    """What lives between ``start`` and ``stop``."""

    record: OpenRecord
    letterbox: Letterbox
    tray: InTray
    answering: Answering
    endpoint: Endpoint
    notes: NoteRoad
    post: PollRoad


class LocalSystem(Adapter):
    """``ports.ClinicSystem`` over calls on the loopback. Knows what it is told and nothing more."""

    name = NAME

    def __init__(
        self, settings: LocalSettings, clock: Clock, practice: Organisation, handshake_file: Path | None
    ) -> None:
        self.capabilities = _capabilities(settings)
        self.handshake: Handshake | None = None
        self._settings = settings
        self._clock = clock
        self._reader = Reader(NAME, practice)
        self._handshake_file = handshake_file
        self._folder = NotesFolder(settings.notes) if settings.notes else None
        self._session: _Session | None = None

    async def start(self, sink: AdapterSink) -> None:
        """Listen, and write the handshake file. Raises Unavailable(``local.port_taken``)."""
        secret = secrets.token_urlsafe(32)
        session = self._new_session(sink, secret)
        await session.endpoint.start(self._settings.port, self._handshake_file and self._handshake_file.parent)
        self._session = session
        self.handshake = Handshake(session.endpoint.port, secret, session.endpoint.address)
        if self._handshake_file is not None:
            await asyncio.to_thread(handshake.write, self._handshake_file, self.handshake)
        if self._folder is not None:
            await on_disk(self._folder.sweep, self._clock.now())
        _log.info("listening for the record system")

    def _new_session(self, sink: AdapterSink, secret: str) -> _Session:
        record = OpenRecord(sink, self._clock, self._settings.forget_after.total_seconds())
        letterbox = Letterbox()
        tray = InTray(letterbox)
        answering = Answering(record, letterbox, tray, self._reader, self._clock, handshake.workstation())
        endpoint = Endpoint(answering.calls(letters=self._settings.letters), secret)
        limits = self._settings.receipt_limit_s, self._settings.confirm_limit_s
        by_poll = PollRoad(letterbox, Kind.NOTE, NOTE_PROBLEMS, *limits)
        notes = FolderRoad(self._folder, limits[0]) if self._folder else by_poll
        post = PollRoad(letterbox, Kind.LETTER, LETTER_PROBLEMS, *limits)
        return _Session(record, letterbox, tray, answering, endpoint, notes, post)

    async def stop(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        session.record.stop()
        session.answering.stop()
        if self._handshake_file is not None and self.handshake is not None:
            await asyncio.to_thread(handshake.remove, self._handshake_file, self.handshake)
        await session.endpoint.stop()
        self.handshake = None

    async def current(self) -> ClinicContext | None:
        return self._session.record.context if self._session else None

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the record, by way of its long poll, whether it is still open. False when nobody answers."""
        session = self._running()
        asked = session.record.asked(context)
        if asked is None:
            return False
        session.letterbox.stirred.set()
        done, _ = await asyncio.wait({asked}, timeout=self._settings.confirm_limit_s)
        session.record.questions.pop(context.version, None)
        return bool(done) and asked.result()

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Hand the note to the record and wait for its receipt.

        Raises Unavailable when nobody fetches it (it is then withdrawn), OutcomeUnknown when it was fetched and no
        receipt came, Refused or Conflict as the receipt says, Conflict(``local.wrong_patient``) where it was filed on
        somebody else.
        """
        if Capability.WRITE_BACK not in self.capabilities:
            raise Unsupported("writeback.unsupported")
        receipt = await self._running().notes.hand(str(summary.key), note_of(context, summary))
        if not receipt.accepted:
            raise Conflict("writeback.conflict") if receipt.conflict else Refused("writeback.refused")
        return self._receipt(context, summary.key, receipt)

    async def written(self, context: ClinicContext, key: UUID) -> WriteBackReceipt | None:
        """Ask the record for the receipt that did not come. Raises OutcomeUnknown where it does not say."""
        if Capability.READ_BACK not in self.capabilities:
            raise Unsupported("writeback.unsupported")
        receipt = await self._running().notes.read_back(str(key))
        return self._receipt(context, key, receipt) if receipt.accepted else None

    def _receipt(self, context: ClinicContext, key: UUID, receipt: ReceiptBody) -> WriteBackReceipt:
        if receipt.patient is not None and receipt.patient.identifier() not in context.patient.identifiers:
            raise Conflict("local.wrong_patient")
        return WriteBackReceipt(NAME, receipt.remote_id or str(key), self._clock.now())

    # --- the record's own mail ----------------------------------------------------------------------------------------

    async def send_letter(self, letter: RecordLetter) -> str:
        """Let the record post a message; its receipt says that it has, not that it has arrived.

        Raises Unavailable when nobody fetches it (it is then withdrawn), OutcomeUnknown without a receipt, Refused.
        """
        if Capability.LETTERS not in self.capabilities:
            return await super().send_letter(letter)
        receipt = await self._running().post.hand(letter.message_id, letter_of(letter))
        if not receipt.accepted:
            raise Refused("invite.rejected")
        return receipt.remote_id or letter.message_id

    async def letters(self) -> Sequence[RecordIncoming]:
        return self._session.tray.waiting() if self._session else ()

    async def settle_letter(self, receipt: str) -> None:
        if self._session:
            self._session.tray.settle(receipt)

    # --- how it fares -------------------------------------------------------------------------------------------------

    async def try_settings(self) -> Health:
        """Say whether the folder for notes can be used, if there is to be one; the rest needs the record's call."""
        if self._folder is not None:
            try:
                await on_disk(self._folder.try_out)
            except Unavailable as error:
                return Health(HealthState.BAD, error.code)
        return Health(HealthState.GOOD)

    async def diagnostics(self) -> Mapping[str, str]:
        session = self._session
        if session is None:
            return {"state": "stopped"}
        return {
            "port": str(session.endpoint.port),
            "socket": "yes" if session.endpoint.address else "no",
            "record open": "yes" if session.record.context else "no",
            "letters waiting": str(len(session.tray.waiting())),
        }

    def _running(self) -> _Session:
        if self._session is None:
            raise Unavailable("ticket.no_program", "not started")
        return self._session


def _capabilities(settings: LocalSettings) -> Capabilities:
    can = {Capability.CONTEXT, Capability.START_ACTION, Capability.CONFIRM}
    if settings.write_back:
        can |= {Capability.WRITE_BACK, Capability.READ_BACK}
    if settings.letters:
        can.add(Capability.LETTERS)
    return Capabilities(frozenset(can))


def make(setup: AdapterSetup) -> LocalSystem:
    """Make the adapter. Raises Misconfigured."""
    file = Path(setup.data_dir) / handshake.FILE if setup.data_dir else None
    practice = setup.organisation or Organisation("")
    return LocalSystem(LocalSettings.read(setup.settings), setup.need_clock(), practice, file)


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
