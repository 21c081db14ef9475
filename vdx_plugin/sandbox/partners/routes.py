"""The hub over HTTP: its mailboxes, with the control API and the pages beside them (handing in is ``door``'s).

There is no public HTTP interface to MedCom's network, so this one is ours; it keeps the network's three layers apart.

``GET /partners/mailbox/{gln}?wait_s=25`` returns what waits, at once or when something comes, at the latest after
``wait_s`` (at most 60): ``{"messages": [{receipt, sender_gln, receiver_gln, envelope_id, mime, document_name,
arrived_at, body}]}`` with the message in base64. Entries come again until ``DELETE /partners/mailbox/{gln}/{receipt}``
(204, or 404 when it is not there).
"""

from __future__ import annotations

import base64

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.partners import control, pages
from vdx_plugin.sandbox.partners.hub import PartnerHub
from vdx_plugin.sandbox.partners.values import MailboxEntry

LONGEST_POLL_S = 60.0


def routes(hub: PartnerHub) -> list[BaseRoute]:
    """Return the hub's end points and pages."""
    boxes = _Mailboxes(hub)
    return [
        Route("/partners/mailbox/{gln}", boxes.waiting),
        Route("/partners/mailbox/{gln}/{receipt}", boxes.confirm, methods=["DELETE"]),
        *control.routes(hub),
        *pages.routes(hub),
    ]


class _Mailboxes:
    def __init__(self, hub: PartnerHub) -> None:
        self._hub = hub

    async def waiting(self, request: Request) -> Response:
        try:
            wait_s = min(max(float(request.query_params.get("wait_s", "0")), 0.0), LONGEST_POLL_S)
        except ValueError:
            return _refusal(400, "wait_unreadable")
        entries = await self._hub.waiting(request.path_params["gln"], wait_s)
        return JSONResponse({"messages": [_entry(entry) for entry in entries]})

    async def confirm(self, request: Request) -> Response:
        there = await self._hub.confirm(request.path_params["gln"], request.path_params["receipt"])
        return Response(status_code=204) if there else _refusal(404, "receipt_unknown")


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
