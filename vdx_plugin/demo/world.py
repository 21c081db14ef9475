"""The demo's world: a sandbox with room server and clinic, and the settings of a program pointed at it."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations.partner_files import PartnerFiles
from vdx_plugin.runtime import Tasks
from vdx_plugin.sandbox import phones
from vdx_plugin.sandbox.clinic import ClinicConfig, ClinicPost, DemoClinic
from vdx_plugin.sandbox.clock import SandboxClock
from vdx_plugin.sandbox.desktop_hub import DesktopHub
from vdx_plugin.sandbox.faults import FaultPanel
from vdx_plugin.sandbox.partners import PartnerTimes
from vdx_plugin.sandbox.pexip import RoomServer
from vdx_plugin.sandbox.pexip.server import TEST_CALL
from vdx_plugin.sandbox.rooms import RoomDirectory
from vdx_plugin.sandbox.server import Part, Sandbox, SandboxConfig
from vdx_plugin.sandbox.vans import UNKNOWN_RECEIVER, VansPostman
from vdx_plugin.settings import Interpreters, Mail, Partners, Practice, Settings, Sms, Transport, Vans, Vdx
from vdx_plugin.store.sealing import NoVault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HANDSHAKE = "handshake.json"
LISTENING = "listening.json"
HOSPITAL_GLN = "5790000000203"
_PARTNERS = files("vdx_plugin.sandbox") / "demo_partners.csv"
_TEAMS = files("vdx_plugin.sandbox") / "demo_teams.csv"


class World:
    """Sandbox, rooms and clinic, started together. ``settings`` are those of a program that uses them.

    A new room takes ``provision_delay_s`` to come up; ``pool_size`` of them stand ready. ``clock`` may be another than
    the machine's. ``transport`` is the way of MedCom messages, as ``settings.Partners`` names it.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        provision_delay_s: float = 1.0,
        pool_size: int = 3,
        partner_times: PartnerTimes | None = None,
        clock: SandboxClock | None = None,
        transport: Transport = "hub",
    ) -> None:
        self.data_dir = data_dir
        self.transport = transport
        self._tasks = Tasks()
        rooms, faults = RoomDirectory(), FaultPanel()
        self.rooms = RoomServer(rooms, faults=faults)
        adapters = data_dir / "adapters"
        self.clinic = DemoClinic(ClinicConfig(adapters / "hl7v2" / LISTENING, adapters / "local" / HANDSHAKE))
        self.desktop = DesktopHub((clock or SandboxClock()).now, self.clinic.as_fhir())
        self.sandbox = Sandbox(
            SandboxConfig(
                port=port,
                provision_delay_s=provision_delay_s,
                pool_size=pool_size,
                pool_minimum_age_s=0.0,
                partner_times=partner_times or PartnerTimes(),
            ),
            rooms=rooms,
            faults=faults,
            clock=clock,
            extra_routes=[*self.rooms.routes(), *self.clinic.routes(), *self.desktop.routes()],
            extra_parts=[
                Part("Klinikken", "/clinic/", "Et lille journalsystem med opdigtede patienter."),
                Part(
                    "Røntgenbilleder", "/fhircast/", "Et andet program på skærmen, som skifter patient over FHIRcast."
                ),
                Part("Videorum", "/_sandbox/rooms/", "Hvem der er i rummene, hvad de måler, og hvad der kan ske dem."),
                Part("Gæstesiden", "/guest/", "Det, patienten eller sygehuset ser, når de følger linket."),
            ],
            on_start=[self.rooms.start, self.clinic.start],
            on_stop=[self.clinic.stop, self.rooms.close],
        )

    async def start(self) -> None:
        """Start everything; returns when it answers."""
        if self.transport == "record":
            self.clinic.post = ClinicPost(self.sandbox.partners, _own_row()["gln"])
        await self.sandbox.start()
        if self.transport == "vans-folder":
            out, into = self._vans_folders()
            postman = VansPostman(self.sandbox.vans, _own_row()["gln"], out, into)
            self._tasks.spawn(postman.run(), "sandbox-vans-postman")

    async def stop(self) -> None:
        """Stop everything."""
        await self._tasks.close()
        await self.sandbox.stop()

    @property
    def clinic_url(self) -> str:
        """The clinic system's page."""
        return f"{self.sandbox.base_url}/clinic/"

    @property
    def hospital_url(self) -> str:
        """The hospital's inbox."""
        return f"{self.sandbox.base_url}/partners/{HOSPITAL_GLN}/"

    @property
    def partners_url(self) -> str:
        """The list of partners, each with its inbox."""
        return f"{self.sandbox.base_url}/partners/"

    def settings(self) -> Settings:
        """Return the settings of a practice in this world. Valid after ``start``."""
        practice = _own_row()
        self._fill_directory()
        return Settings(
            environment="sandbox",
            data_dir=self.data_dir,
            vdx=Vdx(
                api_url=self.sandbox.video_api_url,
                token_url=self.sandbox.token_url,
                client_id=self.sandbox.config.client_id,
                node=self.sandbox.node_url,
                portal=self.sandbox.guest_url,
                test_alias=TEST_CALL,
                poll_s=0.25,
            ),
            practice=Practice(
                name=practice["name"],
                sor=practice["sor"],
                gln=practice["gln"],
                phone=practice["phone"],
                author_given="Karen",
                author_family="Eksempel",
                pseudonym="practice-1",
            ),
            mail=Mail(host="127.0.0.1", port=self.sandbox.smtp_port, sender="laege@klinik.example", security="none"),
            partners=self._partners(),
            sms=Sms(
                service="gateway",
                url=self.sandbox.text_url,
                id_path="id",
                report_url=f"{self.sandbox.text_url}/{{id}}",
            ),
            interpreters=Interpreters(fee="191 kr"),
            adapters={
                "local": {"letters": "yes" if self.transport == "record" else "no"},
                "hl7v2": {
                    "port": "0",
                    "note_port": str(self.clinic.note_port),
                },
                "fhircast": {"url": f"{self.sandbox.base_url}/fhircast/hub", "user": "Karen Eksempel"},
            },
        )

    def _partners(self) -> Partners:
        out, into = self._vans_folders()
        return Partners(
            transport=self.transport,
            hub_url=self.sandbox.partner_url,
            vans=Vans(out=out, into=into, url=self.sandbox.vans_url, final_codes=(UNKNOWN_RECEIVER,)),
            eas_url=self.sandbox.addressing_url,
            eas_token_url=f"{self.sandbox.addressing_url}/token",
            eas_client_id=self.sandbox.config.client_id,
        )

    def _vans_folders(self) -> tuple[Path, Path]:
        """Where the program lays out what the VANS client fetches, and finds what it brings."""
        folders = self.data_dir / "vans" / "out", self.data_dir / "vans" / "in"
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        return folders

    def secret(self, name: str) -> Secret:
        """Return what the keyring would give."""
        known = {
            "vdx.client_secret": self.sandbox.config.client_secret,
            "sms.secret": f"Bearer {phones.KEY}",
            "adapters.fhircast.topic": self.desktop.topic,
            "adapters.fhircast.token": self.desktop.token,
        }
        return Secret(known.get(name, ""))

    def _fill_directory(self) -> None:
        """Give a new program the partners and teams of the demo, as a clinic would have read them in."""
        kept = PartnerFiles(self.data_dir / "partners")
        if kept.newest() is None:
            kept.add(_PARTNERS.read_bytes(), _TEAMS.read_bytes())


class FileVault:
    """No keyring: the demo's key lies beside its data and is thrown away with it."""

    def get(self, name: str) -> str | None:
        raise NoVault

    def put(self, name: str, text: str) -> None:
        raise NoVault


@asynccontextmanager
async def running_world(data_dir: Path, *, port: int = 0) -> AsyncIterator[World]:
    """Run a world for the length of an ``async with`` block."""
    world = World(data_dir, port=port)
    await world.start()
    try:
        yield world
    finally:
        await world.stop()


async def run_sandbox(port: int, say: Callable[[str], None]) -> None:
    """Run the sandbox alone until cancelled, for a program started elsewhere."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="vdx-sandbox-") as folder:
        async with running_world(Path(folder), port=port) as world:
            say(f"Sandkassen kører: {world.sandbox.base_url}/")
            say(f"  klinik     {world.clinic_url}")
            say(f"  partnere   {world.partners_url}")
            say(f"  sygehus    {world.hospital_url}")
            say(f"  e-mail     {world.sandbox.base_url}/mail/")
            say(f"  telefoner  {world.sandbox.base_url}{phones.PAGE_PATH}")
            say("Stop med Ctrl+C.")
            await asyncio.Event().wait()


def _own_row() -> dict[str, str]:
    with _PARTNERS.open(encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["role"] == "practice")
