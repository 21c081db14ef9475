"""A record with SMART App Launch: the strict server of ``tests/peers/smart``, and a browser in which a doctor works."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx

from tests.peers.smart import server as smart
from tests.peers.smart.server import OTHER_USER, USER, SmartServer
from vdx_plugin.adapters.smart import SmartSystem
from vdx_plugin.domain.patients import Identifier, Patient
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.testing import KNOWN, Peer, Place

LOCAL = {"8512484901": "ditte", "7103792202": "aage"}
"""The record's own key of each patient's number."""


class SmartPeer(Peer):
    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._server: SmartServer | None = None
        self._port = 0
        self._adapter: SmartSystem | None = None

    @property
    def server(self) -> SmartServer:
        assert self._server is not None
        return self._server

    async def start(self) -> None:
        # The server's tokens and cookies are of today.
        self.place.clock.time = datetime.now(UTC)
        self._server = await asyncio.to_thread(smart.boot, self._port)
        self._port = urlsplit(self.server.url).port or 0
        await asyncio.to_thread(self.server.begin)
        self.settings = {"servers": self.server.fhir, "client_id": "vdx-plugin", "port": "0"}

    async def stop(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
            self._server = None

    async def ready(self, adapter: ClinicSystem) -> None:
        """The doctor has opened a consultation with the known patient earlier today, so its note may be written."""
        assert isinstance(adapter, SmartSystem)
        self._adapter = adapter
        sink, adapter._sink = adapter._sink, _Deaf()
        try:
            await self.click_start()
        finally:
            adapter._sink = sink

    async def click_start(self, patient: Patient = KNOWN) -> None:
        await self._follow(await self._launch(LOCAL[patient.identifiers[0].value]))

    # --- launches that must be refused ------------------------------------------------------------------------------

    async def launch_late(self, age: timedelta) -> None:
        address = await self._follow(await self._launch(), stops=True)
        self.place.clock.time += age
        await self._follow(address)

    async def launch_twice(self) -> None:
        address = await self._launch()
        await self._follow(address)
        await self._follow(address)

    async def launch_foreign(self) -> None:
        await self._follow(await self._launch(), user=OTHER_USER)

    async def send_garbage(self, data: bytes) -> None:
        assert self._adapter is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(self._adapter.launch_address).port)
        with contextlib.suppress(OSError):
            writer.write(data)
            await writer.drain()
            writer.write_eof()
            await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    # --- its records --------------------------------------------------------------------------------------------------

    async def notes(self) -> Mapping[UUID, str]:
        found = await asyncio.to_thread(self.server.all, "DocumentReference")
        keys = [UUID(one["identifier"][0]["value"].removeprefix("urn:uuid:")) for one in found]
        assert len(set(keys)) == len(keys), "a note stands there twice"
        texts = [base64.b64decode(one["content"][0]["attachment"]["data"]).decode() for one in found]
        return dict(zip(keys, texts, strict=True))

    async def merge(self, retired: Identifier, survivor: Identifier) -> None:
        """Merge, and click Video in the record that is no more: that is when we learn of it."""
        link = [{"other": {"reference": f"Patient/{LOCAL[survivor.value]}"}, "type": "replaced-by"}]
        change = {"active": False, "link": link}
        await self._control("change", type="Patient", id=LOCAL[retired.value], change=change)
        await self._follow(await self._launch(LOCAL[retired.value]))

    # --- misbehaviour -------------------------------------------------------------------------------------------------

    @property
    def loses_answers(self) -> bool:  # type: ignore[override]  # a flag that acts on the server
        raise AttributeError("only set")

    @loses_answers.setter
    def loses_answers(self, is_on: bool) -> None:
        self.server.control("set", drop={"method": "POST", "type": "DocumentReference"} if is_on else None)

    @property
    def hangs(self) -> bool:  # type: ignore[override]  # a flag that acts on the server
        raise AttributeError("only set")

    @hangs.setter
    def hangs(self, is_on: bool) -> None:
        self.server.control("set", hang=is_on)

    @property
    def conflicts(self) -> bool:  # type: ignore[override]  # a flag that acts on the server
        raise AttributeError("only set")

    @conflicts.setter
    def conflicts(self, is_on: bool) -> None:
        self.server.control("set", failStatus=412 if is_on else None)

    @property
    def expired(self) -> bool:  # type: ignore[override]  # a flag that acts on the server
        raise AttributeError("only set")

    @expired.setter
    def expired(self, is_on: bool) -> None:
        if is_on:
            self.server.control("expire")
        self.server.control("set", refusesRefresh=is_on)

    # --- the browser --------------------------------------------------------------------------------------------------

    async def _control(self, what: str, **given: object) -> None:
        await asyncio.to_thread(lambda: self.server.control(what, **given))

    async def _launch(self, patient: str = "ditte") -> str:
        assert self._adapter is not None
        address = self._adapter.launch_address
        return await asyncio.to_thread(lambda: self.server.launch_address(address, patient=patient))

    async def _follow(self, address: str, user: str = USER, *, stops: bool = False) -> str:
        """Follow an address to its end, or to the last step before the program hears of it; return where that is."""
        async with httpx.AsyncClient(trust_env=False, timeout=30, cookies={"record_user": user}) as http:
            answer = await http.get(address)
            while answer.is_redirect:
                address = str(answer.url.join(answer.headers["location"]))
                if stops and "code" in dict(parse_qsl(urlsplit(address).query)):
                    break
                answer = await http.get(address)
        return address


class _Deaf:
    """A sink for what happened before the check began."""

    in_call = False

    def __getattr__(self, name: str) -> object:
        return lambda *_given, **_more: None
