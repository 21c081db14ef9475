"""A VANS supplier: takes VANSEnvelopes 1.0.4 for the partners, gives receipts of the mailbox, and holds a mailbox.

Written from the field list of the envelope and shares no code with the sending side. Two ways in:

``POST /vans/envelopes`` with the envelope: 202, or 400 ``envelope_unreadable``, 409 ``envelope_reused``, 401 without
the right bearer token where one is set. ``GET /vans/mailboxes/{gln}?wait_s=20``: ``{"waiting": [id, …]}``;
``GET`` and ``DELETE /vans/mailboxes/{gln}/{id}``: the envelope, and taking it out.

``VansPostman`` does the same with two folders, as the client of a record system does.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.partners.bundle import Message, Unreadable, read_quickly, text
from vdx_plugin.sandbox.partners.hub import EnvelopeConflict, PartnerDown, PartnerHub, UnknownReceiver
from vdx_plugin.sandbox.partners.values import Behaviour, Parcel

_NAMESPACE = "urn:oio:medcom:vans-envelope:1.0.4"
_LONGEST_POLL_S = 60.0
_TURN_S = 0.2

# The supplier's own numbers, as each has its own: 1 is final, the others may pass.
UNKNOWN_RECEIVER, OUT_OF_OPERATION, CANNOT_PASS_ON, DAMAGED = 1, 2, 3, 4


class NotAnEnvelope(ValueError):
    """What was handed in is no envelope with a message."""


@dataclass(frozen=True)
class _Sent:
    parcel: Parcel
    meta: str
    """MetaInformation as it came, which a receipt gives back."""


class VansNetwork:
    """The network between us and the partners' hub. Positive receipts can be left out, as many suppliers do."""

    def __init__(self, hub: PartnerHub, now: Callable[[], datetime], *, gives_positive: bool = True) -> None:
        self.gives_positive = gives_positive
        self.taken: list[str] = []
        """Ids of the messages in the envelopes that were handed in, in order, repeats included."""
        self._hub = hub
        self._now = now
        self._receipts: dict[str, dict[str, bytes]] = defaultdict(dict)

    async def take(self, body: bytes) -> None:
        """Carry one envelope to its mailbox and leave a receipt. Raises NotAnEnvelope, EnvelopeConflict."""
        sent = _read(body)
        parcel = sent.parcel
        self.taken.append(_message_id(sent.meta))
        try:
            await self._hub.hand_in(parcel)
        except UnknownReceiver:
            self._leave(sent, "NegativeVans", UNKNOWN_RECEIVER, "Modtageren findes ikke")
        except PartnerDown:
            self._leave(sent, "NegativeVans", OUT_OF_OPERATION, "Postkassen er ude af drift", names_message=False)
        except Unreadable:
            self._leave(sent, "NegativeMessage", DAMAGED, "Indholdet kan ikke læses")
        else:
            self._leave_word_of(sent)

    def _leave_word_of(self, sent: _Sent) -> None:
        partner = self._hub.partners.get(sent.parcel.receiver_gln)
        if partner is not None and partner.behaviour is Behaviour.UNDELIVERABLE:
            self._leave(sent, "NegativeVans", CANNOT_PASS_ON, "Beskeden kan ikke afleveres")
        elif self.gives_positive:
            self._leave(sent, "PositiveMessage", 0, "")

    def _leave(self, sent: _Sent, kind: str, code: int, words: str, *, names_message: bool = True) -> None:
        error = f"<Error><Code>{code}</Code><Description>{words}</Description></Error>" if code else ""
        meta = f"<OriginalMessage>{sent.meta}</OriginalMessage>" if names_message else ""
        original = f"<OriginalEnvelopeIdentifier>{sent.parcel.envelope_id}</OriginalEnvelopeIdentifier>"
        receipt = f"<Receipt><{kind}>{error}{original}{meta}</{kind}></Receipt>"
        envelope_id = str(uuid.uuid4())
        to = sent.parcel.sender_gln
        self._receipts[to][envelope_id] = self._envelope(sent.parcel.receiver_gln, to, envelope_id, receipt)

    async def waiting(self, gln: str, wait_s: float = 0.0) -> dict[str, bytes]:
        """Return what waits for ``gln`` by its id, receipts first."""
        until = asyncio.get_running_loop().time() + wait_s
        while True:
            # In short turns, since a receipt may come while the hub is watched for letters.
            left_s = until - asyncio.get_running_loop().time()
            entries = await self._hub.waiting(gln, 0.0 if self._receipts[gln] else min(max(left_s, 0.0), _TURN_S))
            letters = {entry.receipt: self._letter(entry.parcel) for entry in entries}
            found = dict(self._receipts[gln]) | letters
            if found or left_s <= 0:
                return found

    async def confirm(self, gln: str, entry_id: str) -> bool:
        """Take one out; False if it is not there (any longer)."""
        return self._receipts[gln].pop(entry_id, None) is not None or await self._hub.confirm(gln, entry_id)

    def _letter(self, parcel: Parcel) -> bytes:
        message = read_quickly(parcel.body, parcel.mime)
        version = "2.0.0" if message.event == "acknowledgement-message" else "5.0"
        data = base64.b64encode(parcel.body).decode()
        content = (
            f"<Message><MetaInformation><Identifier>{message.header_id}</Identifier><Document><Format>HL7</Format>"
            f"<Name>{_name(message)}</Name><Version>{version}</Version><SizeInBytes>{len(parcel.body)}</SizeInBytes>"
            f"</Document><Transport><Type>reliable</Type><TransformMessage>false</TransformMessage>"
            f'<ServiceTag name="MCM:MIME">{parcel.mime}</ServiceTag></Transport></MetaInformation>'
            f"<Data>{data}</Data></Message>"
        )
        return self._envelope(parcel.sender_gln, parcel.receiver_gln, parcel.envelope_id, content)

    def _envelope(self, sender: str, receiver: str, envelope_id: str, content: str) -> bytes:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><VANSEnvelope xmlns="{_NAMESPACE}">'
            f'<SenderID EndPointType="EAN">{sender}</SenderID><ReceiverID EndPointType="EAN">{receiver}</ReceiverID>'
            f"<EnvelopeIdentifier>{envelope_id}</EnvelopeIdentifier>"
            f"<SentDateTime>{self._now().isoformat(timespec='seconds')}</SentDateTime>{content}</VANSEnvelope>"
        ).encode()


def _name(message: Message) -> str:
    if message.event == "acknowledgement-message":
        return f"MCM:FCTL#{text(message.header, 'response', 'code')}"
    return f"MCM:FDIS91#{text(message.first('Communication'), 'category', 'coding', 'code')}"


def _read(body: bytes) -> _Sent:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAnEnvelope("not XML") from error
    if root.tag != f"{{{_NAMESPACE}}}VANSEnvelope" or root.getroottree().docinfo.doctype:
        raise NotAnEnvelope("not a VANSEnvelope 1.0.4")
    meta = root.find(_path("Message/MetaInformation"))
    if meta is None:
        raise NotAnEnvelope("without a message")
    try:
        data = base64.b64decode(root.findtext(_path("Message/Data"), ""), validate=True)
        size = int(meta.findtext(_path("Document/SizeInBytes"), ""))
        uuid.UUID(meta.findtext(_path("Identifier"), ""))
        uuid.UUID(root.findtext(_path("EnvelopeIdentifier"), ""))
    except (binascii.Error, ValueError) as error:
        raise NotAnEnvelope("a field has not its form") from error
    if size != len(data) or meta.findtext(_path("Document/Format")) != "HL7":
        raise NotAnEnvelope("the document is not as it says")
    tags = {tag.get("name"): tag.text for tag in meta.iterfind(_path("Transport/ServiceTag"))}
    parcel = Parcel(
        root.findtext(_path("SenderID"), ""),
        root.findtext(_path("ReceiverID"), ""),
        root.findtext(_path("EnvelopeIdentifier"), ""),
        tags.get("MCM:MIME") or "",
        data,
        meta.findtext(_path("Document/Name"), ""),
    )
    inner = "".join(etree.tostring(child, encoding="unicode") for child in meta)
    return _Sent(parcel, inner)


def _path(names: str) -> str:
    return "/".join(f"{{{_NAMESPACE}}}{name}" for name in names.split("/"))


def _message_id(meta: str) -> str:
    start = meta.index(">") + 1
    return meta[start : meta.index("<", start)]


def routes(network: VansNetwork, token: str = "") -> list[BaseRoute]:
    """Return the supplier's end points; with ``token`` they ask for it."""
    door = _Door(network, token)
    mailbox = "/vans/mailboxes/{gln}"
    return [
        Route("/vans/envelopes", door.take, methods=["POST"]),
        Route(mailbox, door.waiting, methods=["GET"]),
        Route(mailbox + "/{entry_id}", door.fetch, methods=["GET"]),
        Route(mailbox + "/{entry_id}", door.confirm, methods=["DELETE"]),
    ]


class _Door:
    def __init__(self, network: VansNetwork, token: str) -> None:
        self._network = network
        self._token = token

    async def take(self, request: Request) -> Response:
        if self._is_stranger(request):
            return _said(401, "token_wrong")
        try:
            await self._network.take(await request.body())
        except NotAnEnvelope:
            return _said(400, "envelope_unreadable")
        except EnvelopeConflict:
            return _said(409, "envelope_reused")
        return Response(status_code=202)

    async def waiting(self, request: Request) -> Response:
        if self._is_stranger(request):
            return _said(401, "token_wrong")
        wait_s = min(float(request.query_params.get("wait_s", "0")), _LONGEST_POLL_S)
        waiting = await self._network.waiting(request.path_params["gln"], wait_s)
        return JSONResponse({"waiting": list(waiting)})

    async def fetch(self, request: Request) -> Response:
        if self._is_stranger(request):
            return _said(401, "token_wrong")
        waiting = await self._network.waiting(request.path_params["gln"])
        body = waiting.get(request.path_params["entry_id"])
        return _said(404, "unknown") if body is None else Response(body, media_type="application/xml")

    async def confirm(self, request: Request) -> Response:
        if self._is_stranger(request):
            return _said(401, "token_wrong")
        there = await self._network.confirm(request.path_params["gln"], request.path_params["entry_id"])
        return Response(status_code=204) if there else _said(404, "unknown")

    def _is_stranger(self, request: Request) -> bool:
        return bool(self._token) and request.headers.get("authorization") != f"Bearer {self._token}"


def _said(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status_code=status)


class VansPostman:
    """The VANS client of a record system: empties ``out`` into the network, and fills ``into`` with what comes."""

    def __init__(self, network: VansNetwork, gln: str, out: Path, into: Path, *, look_every_s: float = 0.2) -> None:
        self.refused = 0
        self._network = network
        self._gln = gln
        self._out = out
        self._into = into
        self._look_every_s = look_every_s

    async def run(self) -> None:
        """Carry until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(self._look_every_s)

    async def round(self) -> None:
        """Carry what is there now."""
        for path in sorted(self._out.glob("[!.]*.xml")):
            try:
                await self._network.take(path.read_bytes())
            except (NotAnEnvelope, EnvelopeConflict):
                self.refused += 1
            path.unlink()
        for entry_id, body in (await self._network.waiting(self._gln)).items():
            half = self._into / f".{entry_id}.half"
            half.write_bytes(body)
            half.replace(self._into / f"{entry_id}.xml")
            await self._network.confirm(self._gln, entry_id)
