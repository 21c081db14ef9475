"""The panel at ``/_sandbox/``: what may go wrong next, who the clinic's program is, and what VDX has written down.

For a person at a demo or a vendor trying things out; a test uses ``FaultPanel`` or the JSON of ``/_sandbox/faults``.
Nothing under ``/_sandbox/`` is ever hit by a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.faults import ON_REQUESTS, Fault, FaultKind, FaultPanel
from vdx_plugin.sandbox.pages import page
from vdx_plugin.sandbox.signin import SignIn
from vdx_plugin.sandbox.video_api import MeetingBook
from vdx_plugin.sandbox.video_api.values import Role

PATH = "/_sandbox/"
SHOWN_EVENTS = 50

KINDS: dict[str, str] = {
    "delay": "Svaret kommer for sent",
    "status": "VDX svarer med fejl og gør intet",
    "hang_after": "VDX udfører, men svarer aldrig",
    "drop_after": "VDX udfører, men forbindelsen ryger",
    "drop_before": "Forbindelsen ryger, før noget sker",
    "twice": "Anmodningen udføres to gange",
    "expired_token": "Adgangsbilletten er udløbet fra start",
    "provision_fails": "Rummet kan ikke gøres klar",
    "provision_hangs": "Rummet bliver aldrig klar",
    "organisation_down": "Organisationsopslag svarer ikke",
    "audit_down": "Revisionssporet svarer ikke",
    "answer_without_ssrc": "Videorum: svaret navngiver ingen strømme",
    "slides_rejected": "Videorum: skærmdeling afvises i svaret",
    "rate_capped": "Videorum: loft over billedets hastighed",
    "slow_ack": "Videorum: medierne starter for sent",
    "events_cut": "Videorum: hændelsesstrømmen ryger nu",
    "refer": "Videorum: alle sendes ind igen nu",
    "room_token_dies": "Videorum: adgangsbilletten er ugyldig",
    "node_maintenance": "Videorum: serveren er under vedligehold",
}
assert set(KINDS) == set(get_args(FaultKind))


def routes(faults: FaultPanel, sign_in: SignIn, client_id: str, book: Callable[[], MeetingBook]) -> list[BaseRoute]:
    """Return the page and its three small actions. ``client_id`` is the clinic's own program."""

    async def show(_request: Request) -> Response:
        return page(
            "panel.html",
            kinds=KINDS,
            faults=[(number, KINDS[fault.kind], _where(fault)) for number, fault in faults.waiting().items()],
            roles=[(role.value, role.value in sign_in.clients[client_id].roles) for role in Role if role.value],
            events=list(book().audit.events)[: -SHOWN_EVENTS - 1 : -1],
        )

    async def set_roles(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        known = {role.value for role in Role if role.value}
        chosen = tuple(role for role in form.get("role", []) if role in known)
        sign_in.add_client(replace(sign_in.clients[client_id], roles=chosen))
        # A right that was given or taken shows only in the next token.
        sign_in.expire_all()
        return RedirectResponse(PATH, status_code=303)

    async def expire(_request: Request) -> Response:
        sign_in.expire_all()
        return RedirectResponse(PATH, status_code=303)

    async def audit(_request: Request) -> Response:
        return JSONResponse([event.message() for event in book().audit.events])

    return [
        Route(PATH, show),
        Route(f"{PATH}roles", set_roles, methods=["POST"]),
        Route(f"{PATH}expire", expire, methods=["POST"]),
        Route(f"{PATH}audit", audit),
    ]


def _where(fault: Fault) -> str:
    """Say how often, and which requests, for those that are about requests."""
    times = "til det ryddes" if fault.times is None else "én gang" if fault.times == 1 else f"{fault.times} gange"
    return f"{fault.method} {fault.path}, {times}" if fault.kind in ON_REQUESTS else times
