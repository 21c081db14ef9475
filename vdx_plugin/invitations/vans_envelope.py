"""VANSEnvelope 1.0.4: the paper round a message on MedCom's network, written and read.

Pure: ids and times come in. An envelope holds one message or one receipt of the network. A receipt speaks of the
mailbox; it is neither MedCom's acknowledgement, which is a message of its own, nor an answer (Governance for FHIR
messages and network envelopes 3.1, 3.3; Governance for reliable messaging in VANSEnvelope 2.2).

Sent once more, a message has a new envelope id and time under the same message id; here that is MessageHeader.id,
which FHIR Messaging keeps over every resend (MR7).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lxml import etree

from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import codes, safe_xml
from vdx_plugin.invitations.message import MAX_BYTES, Message, text_at
from vdx_plugin.invitations.spoken_time import instant

NAMESPACE = "urn:oio:medcom:vans-envelope:1.0.4"
MIME_TAG = "MCM:MIME"
ACK_VERSION = "2.0.0"
MAX_ENVELOPE_BYTES = MAX_BYTES * 4 // 3 + 100_000
"""A message of the greatest size in base64, and the paper."""

_TEXT_LENGTH = 255
_DESCRIPTION_LENGTH = 512
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Ends:
    """Who sent an envelope to whom, by location number, under which id and when."""

    sender: str
    receiver: str
    envelope_id: str
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What is in the envelope. ``name`` is the statistical name, ``tags`` are the service tags."""

    message_id: str
    name: str
    version: str
    body: bytes
    mime: str = ""
    format: str = "HL7"
    tags: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Document({self.name!r}, {len(self.body)} bytes)"


class ReceiptKind(StrEnum):
    POSITIVE = "PositiveMessage"
    """The message lies in the receiver's mailbox."""
    NEGATIVE_VANS = "NegativeVans"
    """The network could not bring it there."""
    NEGATIVE_MESSAGE = "NegativeMessage"
    """The receiver's side would not take the envelope in."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the network says about an envelope of ours. ``message_id`` is empty where it does not say."""

    kind: ReceiptKind
    envelope_id: str
    message_id: str = ""
    code: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope with what is in it."""

    ends: Ends
    content: Document | Receipt


def document_of(message: Message, body: bytes, mime: str) -> Document:
    """Say what the envelope must say about a message: statistical name, version of the standard, MIME type."""
    version = ACK_VERSION if message.event == codes.ACK_EVENT else codes.CARE_VERSION
    return Document(message.id, document_name(message), version, body, mime)


def document_name(message: Message) -> str:
    """Return the statistical name: ``MCM:FDIS91#telemedicine`` or ``MCM:FCTL#ok``."""
    if message.event == codes.ACK_EVENT:
        return f"MCM:FCTL#{text_at(message.header, 'response', 'code')}"
    return f"MCM:FDIS91#{text_at(message.first('Communication'), 'category', 0, 'coding', 0, 'code')}"


def write(ends: Ends, document: Document) -> bytes:
    """Write the envelope of a message. ``ends.sent_at`` must be there."""
    root = _root(ends)
    message = _put(root, "Message")
    _meta(_put(message, "MetaInformation"), document)
    _put(message, "Data", base64.b64encode(document.body).decode())
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def write_receipt(ends: Ends, receipt: Receipt, document: Document | None = None) -> bytes:
    """Write the envelope of a receipt. ``document`` is what it is about; NegativeVans alone may leave it out."""
    root = _root(ends)
    kind = _put(_put(root, "Receipt"), receipt.kind.value)
    if receipt.kind is not ReceiptKind.POSITIVE:
        error = _put(kind, "Error")
        if receipt.code:
            _put(error, "Code", str(receipt.code))
        _put(error, "Description", receipt.description[:_DESCRIPTION_LENGTH] or "-")
    _put(kind, "OriginalEnvelopeIdentifier", receipt.envelope_id)
    if document is not None:
        _meta(_put(kind, "OriginalMessage"), document)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _root(ends: Ends) -> etree._Element:
    assert ends.sent_at is not None
    root = etree.Element(f"{{{NAMESPACE}}}VANSEnvelope", nsmap={None: NAMESPACE})
    for name, value in (("SenderID", ends.sender), ("ReceiverID", ends.receiver)):
        _put(root, name, value).set("EndPointType", "EAN")
    _put(root, "EnvelopeIdentifier", ends.envelope_id)
    _put(root, "SentDateTime", instant(ends.sent_at))
    return root


def _meta(meta: etree._Element, document: Document) -> None:
    _put(meta, "Identifier", document.message_id)
    about = _put(meta, "Document")
    _put(about, "Format", document.format)
    _put(about, "Name", document.name[:_TEXT_LENGTH])
    if document.version:
        _put(about, "Version", document.version)
    _put(about, "SizeInBytes", str(len(document.body)))
    transport = _put(meta, "Transport")
    _put(transport, "Type", "reliable")
    # The receiver's supplier converts by what SOR says; nothing of ours asks for it.
    _put(transport, "TransformMessage", "false")
    for name, value in {**({MIME_TAG: document.mime} if document.mime else {}), **document.tags}.items():
        _put(transport, "ServiceTag", value).set("name", name)


def _put(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text:
        child.text = text
    return child


def read(body: bytes) -> Envelope:
    """Read one envelope. Raises Unreadable(``invite.unreadable``), whatever comes in."""
    root = _parse(body)
    ends = Ends(
        _number(root, "SenderID"),
        _number(root, "ReceiverID"),
        _id(root, "EnvelopeIdentifier"),
        _time(root),
    )
    message, receipt = root.find(_path("Message")), root.find(_path("Receipt"))
    if (message is None) == (receipt is None):
        raise _unreadable("neither message nor receipt", "VANSEnvelope")
    return Envelope(ends, _document(message) if message is not None else _receipt(receipt))


def _parse(body: bytes) -> etree._Element:
    if len(body) > MAX_ENVELOPE_BYTES:
        raise _unreadable("longer than an envelope may be", "")
    # Size is bounded above, so the limit on the length of one text may go: the data needs it.
    root = safe_xml.parse(body, long_texts=True)
    if root.tag != f"{{{NAMESPACE}}}VANSEnvelope":
        raise _unreadable("not a VANSEnvelope 1.0.4", "root element")
    return root


def _document(message: etree._Element) -> Document:
    meta = message.find(_path("MetaInformation"))
    if meta is None:
        raise _unreadable("without MetaInformation", "Message")
    about = _about(meta)
    body = _data(message)
    if about.size != len(body):
        raise _unreadable("the size is not that of the data", "SizeInBytes")
    return Document(about.message_id, about.name, about.version, body, about.mime, about.format, about.tags)


@dataclass(frozen=True, slots=True)
class _About:
    message_id: str
    name: str
    version: str
    format: str
    size: int
    mime: str
    tags: Mapping[str, str]


def _about(meta: etree._Element) -> _About:
    tags = {tag.get("name", ""): (tag.text or "").strip() for tag in meta.iterfind(_path("Transport", "ServiceTag"))}
    size = _text(meta, "Document", "SizeInBytes")
    if not (size.isascii() and size.isdigit()) or len(size) > 10:
        raise _unreadable("not a size", "SizeInBytes")
    return _About(
        _id(meta, "Identifier"),
        _text(meta, "Document", "Name"),
        _text(meta, "Document", "Version"),
        _text(meta, "Document", "Format"),
        int(size),
        tags.pop(MIME_TAG, ""),
        tags,
    )


def _data(message: etree._Element) -> bytes:
    try:
        # Line breaks are allowed in base64Binary, anything else is not.
        return base64.b64decode("".join(_text(message, "Data").split()), validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable("not base64", "Data") from None


def _receipt(receipt: etree._Element | None) -> Receipt:
    found = [kind for kind in ReceiptKind if receipt is not None and receipt.find(_path(kind.value)) is not None]
    if receipt is None or len(found) != 1:
        raise _unreadable("not one of the three receipts", "Receipt")
    body = receipt.find(_path(found[0].value))
    assert body is not None
    original = body.find(_path("OriginalMessage"))
    code = _text(body, "Error", "Code")
    return Receipt(
        found[0],
        _id(body, "OriginalEnvelopeIdentifier"),
        _id(original, "Identifier") if original is not None else "",
        int(code) if code.isascii() and code.isdigit() and len(code) < 10 else 0,
        _text(body, "Error", "Description")[:_DESCRIPTION_LENGTH],
    )


def _number(root: etree._Element, name: str) -> str:
    value = _text(root, name)
    if not value or len(value) > 18:
        raise _unreadable("without an address", name)
    return value


def _id(element: etree._Element, name: str) -> str:
    value = _text(element, name)
    if not _UUID.fullmatch(value):
        raise _unreadable("not a uuid", name)
    return value.lower()


def _time(root: etree._Element) -> datetime | None:
    """The network's time, where it has a zone: some suppliers leave it out, and nothing of ours hangs on it."""
    try:
        time = datetime.fromisoformat(_text(root, "SentDateTime"))
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def _text(element: etree._Element, *names: str) -> str:
    return (element.findtext(_path(*names)) or "").strip()


def _path(*names: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{name}" for name in names)


def _unreadable(detail: str, place: str) -> Unreadable:
    return Unreadable("invite.unreadable", detail, place=place)
