"""One rig for each adapter: the adapter with a record system beside it that a test can work with."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink
from tests.unit.adapters.hl7v2.peers import ack, control_id, receiver
from tests.unit.adapters.hl7v2.samples import good
from vdx_plugin.adapters import dummy, hl7v2, local
from vdx_plugin.adapters.hl7v2 import reading
from vdx_plugin.adapters.hl7v2.framing import wrap
from vdx_plugin.domain.patients import CPR, Patient, PersonName, cpr
from vdx_plugin.ports import AdapterSetup, ClinicSystem

PATIENT = Patient((cpr("8512484901"),))
"""A patient every rig's record knows, by number alone."""
NAMED = Patient(PATIENT.identifiers, PersonName("Prøvesen", "Ditte"), date(1948, 12, 25))
"""The same with name and birth date, as every patient has of whom a note is written."""
STRANGER = Patient((cpr("9999999999"),))
NAMED_STRANGER = Patient(STRANGER.identifiers, PersonName("Ukendt", "Ulla"), date(1999, 1, 1))

PATIENT_S = 20.0
"""For what must arrive, on a machine however slow."""


class Rig(ABC):
    """An adapter and its record system. ``notes`` are the keys of the entries in the record, one for each entry."""

    system: ClinicSystem

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.sink = RememberingSink()
        self.notes: list[UUID] = []
        self.loses_answers = False
        """Set: the record files a note, and its answer is lost on the way."""

    def setup(self, **settings: str) -> AdapterSetup:
        return AdapterSetup(settings, str(self.folder), self.clock, PRACTICE)

    async def begin(self) -> None:
        await self.system.start(self.sink)

    async def end(self) -> None:
        await self.system.stop()

    async def fill(self) -> None:  # noqa: B027 - most have nothing to tell
        """Let the record tell what it knows, if it is of that kind."""

    # For the rigs whose system has the capability; a test of one that has not is skipped before it gets here.
    async def open_record(self) -> None:
        raise NotImplementedError

    async def click_start(self) -> None:
        raise NotImplementedError

    async def close_record(self) -> None:
        raise NotImplementedError

    @abstractmethod
    def is_listening(self) -> bool:
        """Whether anything of the adapter is still reachable."""


class DummyRig(Rig):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.system: dummy.DummySystem = dummy.make(self.setup())

    async def open_record(self) -> None:
        self.system.open_record()

    async def click_start(self) -> None:
        self.system.open_record()
        self.system.click_start()

    async def close_record(self) -> None:
        self.system.close_record()

    def is_listening(self) -> bool:
        return self.system._sink is not None

    @property
    def notes(self) -> list[UUID]:
        return list(self.system.notes)

    @notes.setter
    def notes(self, _none: list[UUID]) -> None:
        pass


class Hl7Rig(Rig):
    """Beside it a record that files a note under its TXA-12 and refuses strangers."""

    async def begin(self) -> None:
        self._stack = AsyncExitStack()
        port = await self._stack.enter_async_context(receiver(self._file))
        settings = {"port": "0", "processing_id": "T", "note_port": str(port)}
        self.system: hl7v2.Hl7System = hl7v2.make(self.setup(**settings))
        await super().begin()

    async def end(self) -> None:
        await super().end()
        await self._stack.aclose()

    async def fill(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.system.port)
        for name in ("adt_a04_email", "siu_s12_hospital"):
            writer.write(wrap(good(name)))
            assert b"|AA|" in await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 5)
        writer.close()
        await writer.wait_closed()

    def _file(self, message: str) -> bytes | None:
        read = reading.read(message)
        numbers = {field.part(1) for field in read.need("PID").repetitions(3)}
        if "8512484901" not in numbers:
            return ack("AE", control_id(message), "ERR||PID^1^3|204^Unknown key identifier^HL70357|E\r")
        key = UUID(read.need("TXA").text(12))
        if key not in self.notes:
            self.notes.append(key)
        return None if self.loses_answers else ack("AA", control_id(message))

    def is_listening(self) -> bool:
        return (self.folder / "listening.json").exists()


class WatchedEvent(asyncio.Event):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def wait(self) -> bool:
        self.awaited.set()
        return await super().wait()


class LocalRig(Rig):
    """Beside it a record that calls over HTTP, polls for notes, and answers whether its record is still open.

    It is waited for as long as a machine may take, however busy; a test of what never comes gives limits of its own.
    """

    def __init__(self, folder: Path, *, receipt_limit_s: float = PATIENT_S, confirm_limit_s: float = PATIENT_S) -> None:
        super().__init__(folder)
        self._limits_s = receipt_limit_s, confirm_limit_s

    def settings(self) -> local.LocalSettings:
        receipt_s, confirm_s = self._limits_s
        return local.LocalSettings(write_back=True, receipt_limit_s=receipt_s, confirm_limit_s=confirm_s)

    async def _hear(self, answer: dict[str, list[dict[str, str]]]) -> None:
        """Do what else a poll has brought."""

    async def begin(self) -> None:
        self.system: local.LocalSystem = local.LocalSystem(
            self.settings(),
            self.clock,
            PRACTICE,
            self.folder / "handshake.json",
        )
        await super().begin()
        self.stirred = self.system._session.letterbox.stirred = WatchedEvent()
        shake = self.system.handshake
        assert shake is not None
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{shake.port}",
            headers={"Authorization": f"Bearer {shake.secret}"},
            trust_env=False,
        )
        self._open_nonce = ""
        self._polling = asyncio.create_task(self._poll(), name="record-polls")

    async def end(self) -> None:
        self._polling.cancel()
        await asyncio.gather(self._polling, return_exceptions=True)
        await self.http.aclose()
        await super().end()

    def body(self, **changes: object) -> dict[str, object]:
        return {
            "ydernummer": "12345",
            "user_initials": "HH",
            "user_id": "hanne",
            "patient": {"system": CPR, "value": "8512484901", "family_name": "Prøvesen", "birth_date": "1948-12-25"},
            "own_doctor_ydernummer": "012345",
            "local_patient_id": "P1001",
            "opened_at": self.clock.now().isoformat(),
            "nonce": uuid4().hex,
            **changes,
        }

    async def post(self, path: str, body: dict[str, object]) -> httpx.Response:
        return await self.http.post(path, json=body)

    async def open_record(self) -> None:
        body = self.body()
        self._open_nonce = str(body["nonce"])
        (await self.post("/v1/context/open", body)).raise_for_status()

    async def click_start(self) -> None:
        (await self.post("/v1/action/start-video", self.body())).raise_for_status()

    async def close_record(self) -> None:
        self._open_nonce = ""
        (await self.post("/v1/context/close", {})).raise_for_status()

    async def _poll(self) -> None:
        since = 0
        while True:
            answer = (await self.http.get(f"/v1/writeback?since={since}&wait_s=20", timeout=30)).json()
            since = answer["next"]
            for entry in answer["entries"]:
                await self._file(entry)
            for nonce in answer["confirm"]:
                body = {"nonce": nonce, "holds": nonce == self._open_nonce}
                await self.post("/v1/context/confirm", body)
            await self._hear(answer)
            for key in answer["unanswered"]:
                stands = UUID(key) in self.notes
                await self.post(f"/v1/writeback/{key}/receipt", {"accepted": stands, "remote_id": "N1"})

    async def _file(self, entry: dict[str, object]) -> None:
        known = any(number == {"system": CPR, "value": "8512484901"} for number in entry["patient"])
        key = UUID(str(entry["key"]))
        if known and key not in self.notes:
            self.notes.append(key)
        if not self.loses_answers:
            await self.post(f"/v1/writeback/{key}/receipt", {"accepted": known, "remote_id": "N1"})

    def is_listening(self) -> bool:
        return (self.folder / "handshake.json").exists()


RIGS = {"dummy": DummyRig, "hl7v2": Hl7Rig, "local": LocalRig}
