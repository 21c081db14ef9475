"""The hub over HTTP, and the pages on which a person plays the partner.

There is no public HTTP interface to MedCom's network, so this one is ours; it keeps the network's three layers apart.

``POST /partners/messages`` hands one message in. Headers: ``X-Sender-Gln``, ``X-Receiver-Gln``, ``X-Envelope-Id`` (UUID
of the envelope), ``X-Document-Name`` (optional; ``MCM:FDIS91#telemedicine``), and ``Content-Type`` with the message's
MIME type, ``application/fhir+json`` or ``application/fhir+xml``; the body is the message. 202 ``{"receipt": id}``: it
lies in the mailbox, no more. 400 ``envelope_incomplete``, 404 ``receiver_unknown``, 409 ``envelope_reused``, 413, 415.

``GET /partners/mailbox/{gln}?wait_s=25`` returns what waits, at once or when something comes, at the latest after
``wait_s`` (at most 60): ``{"messages": [{receipt, sender_gln, receiver_gln, envelope_id, mime, document_name,
arrived_at, body}]}`` with the message in base64. Entries come again until ``DELETE /partners/mailbox/{gln}/{receipt}``
(204, or 404 when it is not there).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.pages import page
from vdx_plugin.sandbox.partners.checks import gln_is_right
from vdx_plugin.sandbox.partners.hub import EnvelopeConflict, PartnerHub, UnknownReceiver
from vdx_plugin.sandbox.partners.letter_view import view
from vdx_plugin.sandbox.partners.values import (
    JSON_MIME,
    XML_MIME,
    Behaviour,
    Letter,
    MailboxEntry,
    Parcel,
    Partner,
    PartnerKind,
)

MAX_MESSAGE_BYTES = 100 * 1024 * 1024
LONGEST_POLL_S = 60.0
KIND_NAMES = {
    PartnerKind.HOSPITAL: "Sygehus",
    PartnerKind.MUNICIPALITY: "Kommune",
    PartnerKind.NURSING_HOME: "Plejehjem",
}
BEHAVIOUR_NAMES = {
    Behaviour.OK: "Kvitterer straks",
    Behaviour.SLOW: "Kvitterer sent",
    Behaviour.SILENT: "Svarer aldrig",
    Behaviour.REJECT: "Afviser alt",
    Behaviour.DUPLICATE: "Kvitterer to gange",
    Behaviour.TRANSIENT: "Midlertidig fejl første gang",
}
ANSWER_NAMES = {"ok": "Kvitteret", "fatal-error": "Afvist", "transient-error": "Midlertidig fejl"}


def routes(hub: PartnerHub) -> list[BaseRoute]:
    """Return the hub's end points and pages."""
    machine, human = _HubEndpoints(hub), _PartnerPages(hub)
    return [
        Route("/partners/messages", machine.hand_in, methods=["POST"]),
        Route("/partners/mailbox/{gln}", machine.mailbox),
        Route("/partners/mailbox/{gln}/{receipt}", machine.confirm, methods=["DELETE"]),
        Route("/partners/{gln}/", human.inbox),
        Route("/partners/{gln}/behaviour", human.behave, methods=["POST"]),
        Route("/partners/{gln}/{header_id}", human.letter),
        Route("/partners/{gln}/{header_id}/reply", human.reply, methods=["POST"]),
    ]


class _HubEndpoints:
    def __init__(self, hub: PartnerHub) -> None:
        self._hub = hub

    async def hand_in(self, request: Request) -> Response:
        mime = request.headers.get("content-type", "").split(";")[0].strip()
        if mime not in (JSON_MIME, XML_MIME):
            return _refusal(415, "mime_unknown")
        if int(request.headers.get("content-length", "0")) > MAX_MESSAGE_BYTES:
            return _refusal(413, "too_large")
        parcel = _read_parcel(request.headers, mime, await request.body())
        if parcel is None:
            return _refusal(400, "envelope_incomplete")
        try:
            receipt = await self._hub.hand_in(parcel)
        except UnknownReceiver:
            return _refusal(404, "receiver_unknown")
        except EnvelopeConflict:
            return _refusal(409, "envelope_reused")
        return JSONResponse({"receipt": receipt}, status_code=202)

    async def mailbox(self, request: Request) -> Response:
        try:
            wait_s = min(max(float(request.query_params.get("wait_s", "0")), 0.0), LONGEST_POLL_S)
        except ValueError:
            return _refusal(400, "wait_unreadable")
        entries = await self._hub.waiting(request.path_params["gln"], wait_s)
        return JSONResponse({"messages": [_entry(entry) for entry in entries]})

    async def confirm(self, request: Request) -> Response:
        there = self._hub.confirm(request.path_params["gln"], request.path_params["receipt"])
        return Response(status_code=204) if there else _refusal(404, "receipt_unknown")


class _PartnerPages:
    def __init__(self, hub: PartnerHub) -> None:
        self._hub = hub

    async def inbox(self, request: Request) -> Response:
        partner = self._partner(request)
        letters = self._hub.letters(partner.gln)
        return page(
            "partner_inbox.html",
            partner=partner,
            kind=KIND_NAMES[partner.kind],
            letters=[self._line(partner, letter) for letter in letters],
            count=self._hub.count(partner.gln),
            unreadable=self._hub.unreadable(partner.gln),
            behaviours=BEHAVIOUR_NAMES,
        )

    async def letter(self, request: Request) -> Response:
        partner = self._partner(request)
        letter = self._hub.letter(partner.gln, request.path_params["header_id"])
        if letter is None:
            raise HTTPException(404)
        thread = [other for other in self._hub.letters(partner.gln) if other.thread_id == letter.thread_id]
        return page(
            "partner_letter.html",
            partner=partner,
            line=self._line(partner, letter),
            thread=[self._line(partner, other) for other in thread],
            is_newest=thread[0].header_id == letter.header_id,
            acknowledged=self._hub.acknowledged(partner.gln, letter.header_id),
        )

    async def reply(self, request: Request) -> Response:
        partner = self._partner(request)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        # A browser sends line ends as CR LF; MedCom's letters have LF.
        words = form.get("words", "").replace("\r\n", "\n").strip()
        author = form.get("author", "").strip() or "Sygeplejerske Test"
        if not words:
            raise HTTPException(400)
        try:
            sent = await self._hub.reply(partner.gln, request.path_params["header_id"], words, author)
        except KeyError as error:
            raise HTTPException(404) from error
        return RedirectResponse(f"/partners/{partner.gln}/{sent.header_id}", status_code=303)

    async def behave(self, request: Request) -> Response:
        partner = self._partner(request)
        form = parse_qs((await request.body()).decode())
        try:
            self._hub.behave(partner.gln, Behaviour(form.get("behaviour", [""])[0]))
        except ValueError as error:
            raise HTTPException(400) from error
        return RedirectResponse(f"/partners/{partner.gln}/", status_code=303)

    def _partner(self, request: Request) -> Partner:
        partner = self._hub.partners.get(request.path_params["gln"])
        if partner is None:
            raise HTTPException(404)
        return partner

    def _line(self, partner: Partner, letter: Letter) -> dict[str, Any]:
        answer = self._hub.answer(partner.gln, letter.header_id)
        return {
            "letter": letter,
            "view": view(letter.bundle),
            "answer": "" if answer is None else ANSWER_NAMES[answer.code],
            "code": "" if answer is None else answer.code,
            "came": self._hub.times_came(partner.gln, letter.header_id),
        }


def _read_parcel(headers: Mapping[str, str], mime: str, body: bytes) -> Parcel | None:
    sender, receiver = headers.get("x-sender-gln", ""), headers.get("x-receiver-gln", "")
    envelope_id = headers.get("x-envelope-id", "")
    if not (gln_is_right(sender) and gln_is_right(receiver) and envelope_id):
        return None
    return Parcel(sender, receiver, envelope_id, mime, body, headers.get("x-document-name", ""))


def _entry(entry: MailboxEntry) -> dict[str, str]:
    parcel = entry.parcel
    return {
        "receipt": entry.receipt,
        "sender_gln": parcel.sender_gln,
        "receiver_gln": parcel.receiver_gln,
        "envelope_id": parcel.envelope_id,
        "mime": parcel.mime,
        "document_name": parcel.document_name,
        "arrived_at": entry.arrived_at.isoformat(timespec="seconds"),
        "body": base64.b64encode(parcel.body).decode(),
    }


def _refusal(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status_code=status)
