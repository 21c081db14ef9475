"""One rig for each road of MedCom messages: our end, and the partners behind the sandbox's network at the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from tests.fakes_clinic import RememberingSink
from tests.unit.invitations.fakes import ManualClock
from tests.unit.invitations.samples import HOSPITAL, MUNICIPALITY, PRACTICE
from vdx_plugin.adapters.dummy import DummySystem
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Refused, Unavailable
from vdx_plugin.invitations.hub import HubSettings, MessageHub
from vdx_plugin.invitations.record_mail import RecordMail
from vdx_plugin.invitations.vans import Envelopes, Rules
from vdx_plugin.invitations.vans_folder import FolderSettings, VansFolder
from vdx_plugin.invitations.vans_http import Access, VansSupplier, open_client
from vdx_plugin.medcom_roads import Road
from vdx_plugin.ports import RecordIncoming, RecordLetter
from vdx_plugin.sandbox.partners import Behaviour, Parcel, Partner, PartnerHub, PartnerKind, PartnerTimes
from vdx_plugin.sandbox.partners.hub import PartnerDown, UnknownReceiver
from vdx_plugin.sandbox.partners.values import XML_MIME
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.sandbox.vans import UNKNOWN_RECEIVER, VansNetwork, VansPostman

OWN_GLN = PRACTICE.gln or ""
WARD, UNIT = HOSPITAL.gln or "", MUNICIPALITY.gln or ""
PARTNERS = (
    Partner(WARD, HOSPITAL.sor or "", HOSPITAL.name, PartnerKind.HOSPITAL),
    Partner(UNIT, MUNICIPALITY.sor or "", MUNICIPALITY.name, PartnerKind.MUNICIPALITY, answers_in=XML_MIME),
)
TIMES = PartnerTimes(acknowledge_s=0.0)
WAIT_S = 0.3
LARGEST = 400_000
"""What the roads that read envelopes take in these tests; a real one takes 100 MB."""


class Rig(ABC):
    """``road`` is the adapter under test, ``hub`` the partners. ``says_mailbox``: the road hears of mailboxes."""

    road: Road
    hub: PartnerHub
    says_mailbox = True
    reads_envelopes = False

    async def carry(self) -> None:  # noqa: B027 - two roads need nobody to carry
        """Let the network bring what waits at either end."""

    async def put(self, body: bytes, mime: str = "application/fhir+json") -> None:
        """Let a partner's system send us these very bytes."""
        await self.hub.deliver(Parcel(WARD, OWN_GLN, str(uuid4()), mime, body))

    async def put_envelope(self, body: bytes) -> None:
        """Let the network leave these bytes as an envelope."""
        raise NotImplementedError

    @abstractmethod
    def left(self) -> int:
        """How many entries nobody has settled."""

    def behave(self, behaviour: Behaviour) -> None:
        self.hub.behave(WARD, behaviour)


class ServedRig(Rig):
    """A road to a server: the whole sandbox runs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.hub = sandbox.partners

    def left(self) -> int:
        return len(self.hub._mailboxes._boxes[OWN_GLN]) + len(self.sandbox.vans._receipts[OWN_GLN])


class HubRig(ServedRig):
    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.road = MessageHub(HubSettings(sandbox.partner_url, OWN_GLN, WAIT_S), httpx.AsyncClient(), uuid4)


class HttpRig(ServedRig):
    reads_envelopes = True

    def __init__(self, sandbox: Sandbox, envelopes: Envelopes) -> None:
        super().__init__(sandbox)
        client = open_client(Access(Secret(sandbox.config.vans_token)))
        self.road = VansSupplier(sandbox.vans_url, OWN_GLN, envelopes, client, wait_s=WAIT_S, max_bytes=LARGEST)

    async def put_envelope(self, body: bytes) -> None:
        self.sandbox.vans._receipts[OWN_GLN][str(uuid4())] = body


class FolderRig(Rig):
    reads_envelopes = True

    def __init__(self, folder: Path, hub: PartnerHub, envelopes: Envelopes, clock: ManualClock) -> None:
        self.hub = hub
        self.out, self.into = folder / "out", folder / "in"
        self.out.mkdir()
        self.into.mkdir()
        self.age_s = 0.0
        settings = FolderSettings(self.out, self.into, look_every_s=0.01, wait_s=WAIT_S, max_bytes=LARGEST)
        self.road = VansFolder(settings, envelopes, lambda _stat: self.age_s)
        self.postman = VansPostman(VansNetwork(hub, clock.now), OWN_GLN, self.out, self.into)

    async def carry(self) -> None:
        await self.postman.round()

    async def put_envelope(self, body: bytes) -> None:
        (self.into / f"{uuid4()}.xml").write_bytes(body)

    def left(self) -> int:
        return len(list(self.into.glob("*.xml")))


class RecordRig(Rig):
    """A record system whose mail is on the network; the record itself is the specimen."""

    says_mailbox = False

    def __init__(self, hub: PartnerHub, record: DummySystem) -> None:
        self.hub = hub
        self.record = record
        self.road = RecordMail(RecordOnTheNetwork(record, hub), look_every_s=0.01, wait_s=WAIT_S)

    async def carry(self) -> None:
        for entry in await self.hub.waiting(OWN_GLN):
            parcel = entry.parcel
            self.record.in_tray[entry.receipt] = RecordIncoming(
                entry.receipt, parcel.sender_gln, parcel.mime, parcel.body
            )
            await self.hub.confirm(OWN_GLN, entry.receipt)

    def left(self) -> int:
        return len(self.record.in_tray)


class RecordOnTheNetwork:
    """The specimen, whose letters leave at once, as those of a record with a VANS client do."""

    def __init__(self, record: DummySystem, hub: PartnerHub) -> None:
        self._record = record
        self._hub = hub

    async def send_letter(self, letter: RecordLetter) -> str:
        receipt = await self._record.send_letter(letter)
        parcel = Parcel(OWN_GLN, letter.receiver_gln, str(uuid4()), letter.mime, letter.body, letter.name)
        try:
            await self._hub.hand_in(parcel)
        except UnknownReceiver as error:
            raise Refused("invite.rejected", "unknown receiver") from error
        except PartnerDown as error:
            raise Unavailable("invite.unreachable", "down") from error
        return receipt

    async def letters(self) -> list[RecordIncoming]:
        return list(await self._record.letters())

    async def settle_letter(self, receipt: str) -> None:
        await self._record.settle_letter(receipt)


@asynccontextmanager
async def running(name: str, folder: Path, clock: ManualClock) -> AsyncIterator[Rig]:
    """Run one road for the length of an ``async with`` block."""
    envelopes = Envelopes(Rules(OWN_GLN, {UNKNOWN_RECEIVER}), clock.now, uuid4)
    if name in ("hub", "vans-http"):
        config = SandboxConfig(partners=PARTNERS, partner_times=TIMES, pool_size=0, vans_token="token-of-ours")
        async with Sandbox(config).running() as sandbox:
            rig = HubRig(sandbox) if name == "hub" else HttpRig(sandbox, envelopes)
            await rig.hub.waiting(OWN_GLN)
            yield rig
        return
    hub = PartnerHub(PARTNERS, clock.now, TIMES)
    await hub.waiting(OWN_GLN)
    if name == "vans-folder":
        yield FolderRig(folder, hub, envelopes, clock)
        return
    record = DummySystem(clock)
    await record.start(RememberingSink())
    yield RecordRig(hub, record)
    await record.stop()
