"""A record system that leaves files in a folder and takes ours away: GDT as practice systems in Germany do it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

from vdx_plugin.domain.patients import Patient
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.testing import KNOWN, Peer, Place

OWN, RECORD = "VDXP", "EDV1"


def line(field: str, content: str, charset: str = "utf-8") -> bytes:
    """Return one line as the standard has it; its length counts the bytes of everything in it."""
    encoded = content.encode(charset)
    return f"{len(encoded) + 9:03d}{field}".encode() + encoded + b"\r\n"


def file_of(kind: str, patient: Patient, receiver: str = OWN, charset: str = "utf-8") -> bytes:
    """Return a patient's file with its right length."""
    name = patient.name
    told = [("9218", "02.10"), ("8315", receiver), ("8316", RECORD), ("3000", patient.identifiers[0].value)]
    if name:
        told += [("3101", name.family), ("3102", name.given)]
    if patient.birth_date:
        told.append(("3103", patient.birth_date.strftime("%d%m%Y")))
    rest = b"".join(line(field, content, charset) for field, content in told)
    head = line("8000", kind)
    return head + line("8100", f"{len(head) + len(rest) + 14:05d}") + rest


class GdtPeer(Peer):
    loses_answers = hangs = False

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._folder = place.folder / "gdt"
        self._notes: dict[UUID, str] = {}
        self._numbers = count(1)
        self._taking: asyncio.Task[None] | None = None
        self.settings = {}

    async def start(self) -> None:
        self._folder.mkdir(exist_ok=True)
        self.settings = {
            "folder": str(self._folder),
            "user": "HH",
            "number": "cpr",
            "charset": "utf-8",
            "look_every_ms": "3",
            "receipt_limit_s": "1",
        }
        self._taking = asyncio.create_task(self._take(), name="record-takes")

    async def ready(self, adapter: ClinicSystem) -> None:
        pass

    async def stop(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.gather(self._taking, return_exceptions=True)
            self._taking = None

    async def open_record(self, patient: Patient = KNOWN) -> None:
        self._leave(file_of("6301", patient))

    async def close_record(self) -> None:
        # Nothing in GDT says so: it has to be old enough to be forgotten, and taken before.
        await self._taken()
        self.place.clock.pass_by(minutes=11)

    async def click_start(self, patient: Patient = KNOWN) -> None:
        self._leave(file_of("6302", patient))

    async def launch_late(self, age: timedelta) -> None:
        self._leave(file_of("6302", KNOWN), age)

    async def launch_twice(self) -> None:
        first = self._leave(file_of("6302", KNOWN))
        moment = first.stat().st_mtime
        await self._taken()
        self._leave(file_of("6302", KNOWN), moment=moment)

    async def launch_foreign(self) -> None:
        self._leave(file_of("6302", KNOWN, receiver="NABO"))

    async def send_garbage(self, data: bytes) -> None:
        self._leave(data + b"\r\n")
        await self._taken()

    async def notes(self) -> Mapping[UUID, str]:
        return self._notes

    async def _taken(self) -> None:
        """Wait until nothing lies there for the program any longer."""
        for _look in range(2000):
            if not any(self._folder.glob(f"{OWN}{RECORD}.[0-9][0-9][0-9]")):
                return
            await asyncio.sleep(0.003)
        raise AssertionError("a file was not taken")

    def _leave(self, payload: bytes, age: timedelta = timedelta(), moment: float | None = None) -> Path:
        number = next(self._numbers)
        path = self._folder / f"{OWN}{RECORD}.{number % 1000:03d}"
        part = path.with_suffix(".writing")
        part.write_bytes(payload)
        if moment is None:
            # The clock stands still; files do not.
            moment = (self.place.clock.now() - age).timestamp() + number % 1000 / 1000
        os.utime(part, (moment, moment))
        part.replace(path)
        return path

    async def _take(self) -> None:
        while True:
            await asyncio.sleep(0.005)
            if not self.hangs:
                for path in self._folder.glob(f"{RECORD}{OWN}*.gdt"):
                    self._file(path)

    def _file(self, path: Path) -> None:
        text = path.read_bytes().decode("utf-8")
        fields = re.findall(r"(?m)^\d{3}(\d{4})(.*?)\r?$", text)
        told = dict(fields)
        if told["3000"] != KNOWN.identifiers[0].value:
            # Records leave the result of a patient they do not know lying.
            return
        self._notes.setdefault(UUID(told["8410"]), " ".join(content for field, content in fields if field == "6228"))
        if not self.loses_answers:
            with suppress(FileNotFoundError):
                path.unlink()
