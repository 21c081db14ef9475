"""GNU Health itself behind a line of ours that can lose answers: one server for all checks, tidied between them."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import httpx

from tests.peers.gnuhealth import server as gnuhealth
from tests.peers.gnuhealth.server import AAGE, DITTE, DOCTOR, OTHER_DOCTOR, Rpc, Server
from vdx_plugin.adapters.gnuhealth import GnuHealthSystem
from vdx_plugin.domain.patients import Identifier, Patient
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.testing import KNOWN, NotOffered, Peer, Place

_EVALUATION = "gnuhealth.patient.evaluation"


@cache
def _server() -> Server:
    """Start the one server of this run; it ends with the run."""
    folder = tempfile.TemporaryDirectory(prefix="vdx-gnuhealth-")
    running = gnuhealth.running(Path(folder.name))
    server = running.__enter__()
    atexit.register(folder.cleanup)
    atexit.register(lambda: running.__exit__(None, None, None))
    return server


class GnuHealthPeer(Peer):
    loses_answers = expired = False
    _hangs = False

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._relay: asyncio.Server | None = None
        self._port = 0
        self._adapter: GnuHealthSystem | None = None
        self._appointment = 0

    # --- on and off ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        if self._relay is None:
            self._base = await asyncio.to_thread(_server)
            await asyncio.to_thread(self._tidy)
            self._relay = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)
            self._port = self._relay.sockets[0].getsockname()[1]
            self.settings = {
                "url": f"http://127.0.0.1:{self._port}",
                "database": gnuhealth.DATABASE,
                "user": DOCTOR[0],
            }
            self.secrets = {"password": DOCTOR[1]}

    async def ready(self, adapter: ClinicSystem) -> None:
        assert isinstance(adapter, GnuHealthSystem)
        self._adapter = adapter

    async def stop(self) -> None:
        """The line is down; the server behind it stays up for the next check."""
        if self._relay is not None:
            self._relay.close()
            await self._relay.wait_closed()
            self._relay = None

    def _tidy(self) -> None:
        record = self._base.rpc()
        # By hand, since nobody may delete an evaluation in the record.
        self._sql("DELETE FROM gnuhealth_patient_evaluation WHERE information_source LIKE 'vdx-plugin%'")
        self._sql("DELETE FROM ir_attachment WHERE name LIKE 'vdx-%'")
        record("model.party.party.write", [row["party"] for row in self._patients(record)], {"replaced_by": None}, {})
        if not self._appointment:
            start = self.place.clock.now().replace(microsecond=0)
            parts = ("year", "month", "day", "hour", "minute", "second")
            at = {"__class__": "datetime", **{part: getattr(start, part) for part in parts}, "microsecond": 0}
            doctor = record.search_read("gnuhealth.healthprofessional", [["code", "=", "HANNE"]], ["id"])[0]["id"]
            self._appointment = record.create(
                "gnuhealth.appointment",
                patient=self._number(record, DITTE),
                appointment_date=at,
                appointment_type="telemedicine",
                state="confirmed",
                healthprof=doctor,
            )

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes both ways; with ``loses_answers`` the answer to a created entry never comes back."""
        host, port = self._base.url.removeprefix("http://").split(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        lost = asyncio.Event()

        async def out() -> None:
            while data := await reader.read(65536):
                if self.loses_answers and b"evaluation.create" in data:
                    lost.set()
                there_writer.write(data)

        async def back() -> None:
            while data := await there_reader.read(65536):
                if lost.is_set():
                    break
                writer.write(data)

        try:
            await asyncio.wait(
                {asyncio.create_task(out()), asyncio.create_task(back())}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for line in (writer, there_writer):
                line.close()

    # --- what spoils an act -------------------------------------------------------------------------------------------

    @property
    def hangs(self) -> bool:
        return self._hangs

    @hangs.setter
    def hangs(self, wanted: bool) -> None:
        self._hangs = wanted
        os.kill(self._base.process.pid, signal.SIGSTOP if wanted else signal.SIGCONT)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "expired":
            self._let_in(not value)

    def _let_in(self, wanted: bool) -> None:
        """Change the doctor's password at the server, and end every session."""
        record = self._base.rpc()
        user = record.search_read("res.user", [["login", "=", DOCTOR[0]]], ["id"])[0]["id"]
        record.write("res.user", user, password=DOCTOR[1] if wanted else "another-synthetic-word")
        self._sql("DELETE FROM ir_session")

    def _sql(self, text: str) -> None:
        self._base.sql(text)

    # --- what its user does -------------------------------------------------------------------------------------------

    async def click_start(self, patient: Patient = KNOWN) -> None:
        await _follow(await self._click(patient))

    async def launch_late(self, age: timedelta) -> None:
        address = await self._click(KNOWN)
        await asyncio.to_thread(self._sql, "UPDATE vdx_video_ticket SET expires_at = '2020-01-01 00:00:00'")
        await _follow(address)

    async def launch_twice(self) -> None:
        address = await self._click(KNOWN)
        await _follow(address)
        await _follow(address)

    async def launch_foreign(self) -> None:
        assert self._adapter is not None
        colleague = await asyncio.to_thread(self._base.rpc, OTHER_DOCTOR)
        await asyncio.to_thread(colleague, "model.vdx_video.launch.announce", self._adapter.launch_address, {})
        await _follow(await self._click(KNOWN, OTHER_DOCTOR))

    async def _click(self, patient: Patient, user: tuple[str, str] = DOCTOR) -> str:
        def click() -> str:
            record = self._base.rpc(user)
            return record.click_start("gnuhealth.patient", self._number(record, patient.identifiers[0].value))

        return await asyncio.to_thread(click)

    # --- its records --------------------------------------------------------------------------------------------------

    async def notes(self) -> Mapping[UUID, str]:
        def read() -> dict[UUID, str]:
            domain = [["information_source", "like", "vdx-plugin%"]]
            rows = self._base.rpc().search_read(_EVALUATION, domain, ["information_source", "notes"])
            return {UUID(row["information_source"].split()[1]): row["notes"] for row in rows}

        return await asyncio.to_thread(read)

    async def merge(self, retired: Identifier, survivor: Identifier) -> None:
        """Merge the records and click on the retired one: that is where the adapter meets a merge."""

        def merge() -> None:
            record = self._base.rpc()
            parties = {row["puid"]: row["party"] for row in self._patients(record)}
            record.write("party.party", parties[retired.value], replaced_by=parties[survivor.value])

        address = await self._click(Patient((retired,)))
        await asyncio.to_thread(merge)
        await _follow(address)

    async def send_garbage(self, data: bytes) -> None:
        assert self._adapter is not None
        port = int(self._adapter.launch_address.rpartition(":")[2].split("/")[0])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        writer.close()

    def _patients(self, record: Rpc) -> list[dict[str, object]]:
        return record.search_read("gnuhealth.patient", [["puid", "in", [DITTE, AAGE]]], ["puid", "party"])

    def _number(self, record: Rpc, puid: str) -> int:
        found = record.search_read("gnuhealth.patient", [["puid", "=", puid]], ["id"])
        if not found:
            raise NotOffered("a patient of that number")
        return int(found[0]["id"])


async def _follow(address: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        await http.get(address, headers={"Sec-Fetch-Mode": "navigate"})
