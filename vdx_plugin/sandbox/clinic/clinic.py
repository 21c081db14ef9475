"""The demo clinic: a list of patients, today's appointments, an open record, and the notes that come back."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from vdx_plugin import log
from vdx_plugin.sandbox.clinic import feed, mllp, pages
from vdx_plugin.sandbox.clinic.feed import Person, Slot
from vdx_plugin.sandbox.clinic.helper_call import HelperAwayError, HelperCall
from vdx_plugin.sandbox.clinic.post import ClinicPost

_log = log.get("sandbox.clinic")

FIRST_CONSULTATION_IN = timedelta(minutes=5)
CONSULTATION_LENGTH = timedelta(minutes=30)


@dataclass(frozen=True)
class ClinicConfig:
    """``listening`` is the file in which the plug-in says on which port it listens for HL7, ``handshake`` the one in
    which it says how it can be called."""

    listening: Path
    handshake: Path
    provider_number: str = "099999"
    initials: str = "KE"


@dataclass(frozen=True)
class Note:
    """A note as it came: ``id`` is TXA-12."""

    id: str
    local_id: str
    text: str
    at: datetime

    def __repr__(self) -> str:
        return f"Note({self.id})"


class DemoClinic:
    """The record system. It sends nothing before ``send_directory``."""

    def __init__(self, config: ClinicConfig) -> None:
        self.config = config
        self._helper = HelperCall(config.handshake, provider_number=config.provider_number, initials=config.initials)
        self._notes: dict[str, Note] = {}
        self.outcomes: dict[str, str] = {}
        """What became of appointments, by their number: SCH-25 as it came."""
        self._receiver = mllp.Receiver(self._take)
        now = datetime.now(UTC)
        messages = [feed.message(name, now.astimezone(feed.COPENHAGEN).date()) for name in feed.DIRECTORY]
        self.people: list[Person] = [feed.person(text) for text in messages[:5]]
        self._directory = messages
        self._appointments = self._plan(now)
        self.slots: list[Slot] = [feed.slot(text) for text in self._appointments]
        self.note_port = 0
        """Where notes are received, from ``start`` on."""
        self.open: Person | None = None
        self.trouble = ""
        self.post: ClinicPost | None = None
        """The record's own mail, where it is to carry messages for the plug-in; set before ``start``."""
        self._answering: asyncio.Task[None] | None = None

    def _plan(self, now: datetime) -> list[str]:
        """The first consultation is about to begin, so that whoever looks sees it; the others keep their hour."""
        today = now.astimezone(feed.COPENHAGEN).date()
        first, *others = [feed.message(name, today) for name in feed.APPOINTMENTS]
        return [feed.from_now(first, now + FIRST_CONSULTATION_IN, CONSULTATION_LENGTH), *others]

    def routes(self) -> list[BaseRoute]:
        """Return the clinic's pages below ``/clinic``."""
        return pages.routes(self)

    def as_fhir(self) -> tuple[dict[str, Any], ...]:
        """Return the people as FHIR Patient resources, as other programs on the desktop know them."""
        return tuple(feed.as_fhir(person) for person in self.people)

    async def start(self) -> None:
        """Listen for notes, and answer the plug-in when it asks whether a record is still open."""
        self.note_port = await self._receiver.start()
        self._answering = asyncio.create_task(self._helper.serve(self.post), name="clinic-answers")

    async def stop(self) -> None:
        """Stop listening and answering."""
        if self._answering is not None:
            self._answering.cancel()
            await asyncio.gather(self._answering, return_exceptions=True)
        await self._receiver.stop()

    @property
    def plugin_port(self) -> int:
        """Where the plug-in listens for HL7. Raises OSError while it does not."""
        return int(json.loads(self.config.listening.read_text("utf-8"))["port"])

    async def send_directory(self) -> list[str]:
        """Send patients, appointments, a correction and a merge. Return the answers.

        Raises OSError while the plug-in does not listen.
        """
        today = datetime.now(feed.COPENHAGEN).date()
        changes = [feed.message(name, today) for name in feed.CHANGES]
        messages = [*self._directory, *changes, *self._appointments]
        return await mllp.send("127.0.0.1", self.plugin_port, messages)

    async def open_patient(self, number: int) -> None:
        """Open a record, by its place on the list. Raises HelperAwayError."""
        self.open = self.people[number]
        await self._call(self._helper.open(self.open, datetime.now(UTC)))

    async def close_patient(self) -> None:
        """Close the open record."""
        self.open = None
        await self._call(self._helper.close())

    async def start_video(self, number: int) -> None:
        """Click Start video in a record."""
        self.open = self.people[number]
        await self._call(self._helper.start_video(self.open, datetime.now(UTC)))

    async def ticket(self, number: int) -> str:
        """Return a ticket for a link or a command line."""
        return await self._helper.ticket(self.people[number], datetime.now(UTC))

    def notes_of(self, number: int) -> list[Note]:
        """Return the notes in a record, oldest first."""
        local_id = self.people[number].local_id
        return [note for note in self._notes.values() if note.local_id == local_id]

    async def _call(self, work: Awaitable[None]) -> None:
        try:
            await work
            self.trouble = ""
        except HelperAwayError:
            self.trouble = "Videoprogrammet kører ikke på denne arbejdsplads."
            raise

    def _take(self, text: str) -> str:
        """File an MDM^T02 under its TXA-12, a repeat once, or the status of an SIU, and acknowledge it."""
        segments = [line.split("|") for line in text.split("\r") if line]
        found = {segment[0]: segment for segment in reversed(segments)}
        control_id = found["MSH"][9] if "MSH" in found else ""
        try:
            if found["MSH"][8].startswith("SIU"):
                self._take_outcome(found["SCH"])
            else:
                note = self._note(found, segments)
                self._notes.setdefault(note.id, note)
        except (KeyError, IndexError, StopIteration):
            _log.warning("a message could not be filed")
            return _answer("AE", control_id)
        return _answer("AA", control_id)

    def _take_outcome(self, schedule: list[str]) -> None:
        numbers = {schedule[1].split("^")[0], schedule[2].split("^")[0]}
        slot = next(slot for slot in self.slots if slot.id in numbers)
        self.outcomes[slot.id] = schedule[25].split("^")[0]

    def _note(self, found: dict[str, list[str]], segments: list[list[str]]) -> Note:
        ids = {repetition.split("^")[0] for repetition in found["PID"][3].split("~")}
        person = next(p for p in self.people if p.local_id in ids or (p.number and p.number in ids))
        lines = [segment[5] for segment in segments if segment[0] == "OBX"]
        text = "\n".join(_unescape(part) for line in lines for part in line.split("~"))
        return Note(found["TXA"][12].split("^")[0], person.local_id, text.strip(), datetime.now(UTC))


def _unescape(text: str) -> str:
    for code, letter in (("\\F\\", "|"), ("\\S\\", "^"), ("\\T\\", "&"), ("\\R\\", "~"), ("\\E\\", "\\")):
        text = text.replace(code, letter)
    return text


def _answer(code: str, control_id: str) -> str:
    now = datetime.now(feed.COPENHAGEN).strftime("%Y%m%d%H%M%S%z")
    header = f"MSH|^~\\&|DEMOKLINIK||VDX-PLUGIN||{now}||ACK^T02^ACK|{uuid.uuid4().hex[:20]}|P|2.5.1"
    return f"{header}\rMSA|{code}|{control_id}\r"
