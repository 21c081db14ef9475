"""The hub's front door: messages handed in over HTTP, taken before any routing so that ten thousand go quickly.

``POST /partners/messages`` hands one message in. Headers: ``X-Sender-Gln``, ``X-Receiver-Gln``, ``X-Envelope-Id`` (UUID
of the envelope), ``X-Document-Name`` (optional; ``MCM:FDIS91#telemedicine``), and ``Content-Type`` with the message's
MIME type, ``application/fhir+json`` or ``application/fhir+xml``, in UTF-8; the body is the message.

``POST /partners/{gln}/messages`` is the same for another network's double: a bare message with its ``Content-Type``.

202 ``{"receipt": id}``: it lies in the mailbox, no more. Refused: 400 ``envelope_incomplete`` or ``message_unreadable``
(with ``reason``: not_json, not_xml, not_utf8, document_type, too_deep, control_characters, not_a_bundle,
no_message_header), 404 ``receiver_unknown``, 409 ``envelope_reused``, 413 ``too_large``, 415 ``mime_unknown`` or
``charset_unknown``, 503 ``partner_down``; or the line is cut, where the partner is set to that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from vdx_plugin.sandbox.faults import cut_line
from vdx_plugin.sandbox.partners.bundle import Unreadable
from vdx_plugin.sandbox.partners.checks import gln_is_right
from vdx_plugin.sandbox.partners.hub import EnvelopeConflict, PartnerDown, PartnerHub, UnknownReceiver
from vdx_plugin.sandbox.partners.values import JSON_MIME, XML_MIME, Parcel

MAX_MESSAGE_BYTES = 100 * 1024 * 1024
_PATH = "/partners/messages"
_ONE_PARTNER = re.compile(r"/partners/(\d{13})/messages")
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\";\s]+)", re.IGNORECASE)


class _NotTaken(Exception):
    """The message is refused: a status and what is told."""

    def __init__(self, status: int, error: str, **more: str) -> None:
        super().__init__(error)
        self.status = status
        self.answer = {"error": error, **more}


class PartnerDoor:
    """Stands around ``app`` and takes what is handed in to the hub; directly below the faults, so that it can cut."""

    def __init__(self, app: ASGIApp, hub: PartnerHub, *, longest: int = MAX_MESSAGE_BYTES) -> None:
        self._app = app
        self._hub = hub
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        one = _ONE_PARTNER.fullmatch(scope["path"])
        if one is None and scope["path"] != _PATH:
            await self._app(scope, receive, send)
            return
        try:
            receipt = await self._take(one.group(1) if one else None, _headers(scope), receive)
        except PartnerDown as error:
            if error.cuts:
                cut_line(send)
            await _say(send, 503, {"error": "partner_down"})
        except _NotTaken as error:
            await _say(send, error.status, error.answer)
        else:
            await _say(send, 202, {"receipt": receipt})

    async def _take(self, gln: str | None, headers: Mapping[str, str], receive: Receive) -> str:
        mime = _mime(headers.get("content-type", ""))
        body = await self._body(headers, receive)
        try:
            if gln is not None:
                return await self._hub.hand_over(gln, body, mime)
            return await self._hub.hand_in(_parcel(headers, mime, body))
        except UnknownReceiver as error:
            raise _NotTaken(404, "receiver_unknown") from error
        except EnvelopeConflict as error:
            raise _NotTaken(409, "envelope_reused") from error
        except Unreadable as error:
            raise _NotTaken(400, "message_unreadable", reason=error.reason) from error

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._longest:
            raise _NotTaken(413, "too_large")
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _NotTaken(400, "message_incomplete")
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > self._longest:
                raise _NotTaken(413, "too_large")
            if not message.get("more_body", False):
                return b"".join(pieces)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _mime(content_type: str) -> str:
    mime = content_type.partition(";")[0].strip()
    if mime not in (JSON_MIME, XML_MIME):
        raise _NotTaken(415, "mime_unknown")
    charset = _CHARSET.search(content_type)
    if charset is not None and charset.group(1).lower() not in ("utf-8", "us-ascii"):
        raise _NotTaken(415, "charset_unknown")
    return mime


def _parcel(headers: Mapping[str, str], mime: str, body: bytes) -> Parcel:
    sender, receiver = headers.get("x-sender-gln", ""), headers.get("x-receiver-gln", "")
    envelope_id = headers.get("x-envelope-id", "")
    if not (gln_is_right(sender) and gln_is_right(receiver) and envelope_id):
        raise _NotTaken(400, "envelope_incomplete")
    return Parcel(sender, receiver, envelope_id, mime, body, headers.get("x-document-name", ""))


async def _say(send: Send, status: int, answer: Mapping[str, str]) -> None:
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
