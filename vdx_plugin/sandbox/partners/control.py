"""The partners by machine: set how they behave, read what came, answer for them. For tests and benchmarks.

``GET /partners/control`` lists the partners; ``GET /partners/control/{gln}`` tells of one: name, behaviour, and what
came, counted by MessageHeader.id and Bundle.id with every repetition. ``PUT`` there sets the behaviour (see
``conduct.read_conduct``), ``DELETE`` empties the inbox and begins to count anew.

``GET /partners/control/{gln}/messages`` lists the letters, newest first. Below it, ``POST {id}/answer`` with ``words``
and optionally ``author`` writes an answer (201 with its id), and ``POST {id}/acknowledge`` with ``code`` and optionally
``issue`` sends an acknowledgement at once (202). 400 ``unreadable``, 404 ``unknown``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.partners.conduct import read_conduct, refusal
from vdx_plugin.sandbox.partners.hub import PartnerHub
from vdx_plugin.sandbox.partners.values import Answer, Conduct, Letter, Partner

PATH = "/partners/control"
_LISTED_REPEATS = 100


def routes(hub: PartnerHub) -> list[BaseRoute]:
    """Return the control API."""
    control = _Control(hub)
    one = PATH + "/{gln}"
    return [
        Route(PATH, _guarded(control.partners)),
        Route(one, _guarded(control.partner)),
        Route(one, _guarded(control.behave), methods=["PUT"]),
        Route(one, _guarded(control.forget), methods=["DELETE"]),
        Route(one + "/messages", _guarded(control.messages)),
        Route(one + "/messages/{header_id}/answer", _guarded(control.answer), methods=["POST"]),
        Route(one + "/messages/{header_id}/acknowledge", _guarded(control.acknowledge), methods=["POST"]),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Turn what the endpoints raise for wrong requests into an answer."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except KeyError:
            return JSONResponse({"error": "unknown"}, status_code=404)
        except (ValueError, TypeError, AttributeError):
            return JSONResponse({"error": "unreadable"}, status_code=400)

    return guarded


class _Control:
    def __init__(self, hub: PartnerHub) -> None:
        self._hub = hub

    async def partners(self, _request: Request) -> Response:
        return JSONResponse([self._told(partner) for partner in self._hub.partners.values()])

    async def partner(self, request: Request) -> Response:
        return JSONResponse(self._told(self._partner(request)))

    async def behave(self, request: Request) -> Response:
        partner = self._partner(request)
        self._hub.behave(partner.gln, read_conduct(await _members(request), self._hub.now()))
        return JSONResponse(self._told(self._hub.partners[partner.gln]))

    async def forget(self, request: Request) -> Response:
        self._hub.forget(self._partner(request).gln)
        return Response(status_code=204)

    async def messages(self, request: Request) -> Response:
        gln = self._partner(request).gln
        return JSONResponse([self._letter(gln, letter) for letter in self._hub.letters(gln)])

    async def answer(self, request: Request) -> Response:
        values = await _members(request)
        words, author = str(values.get("words", "")).strip(), str(values.get("author", "Sygeplejerske Test")).strip()
        if not words or not author:
            raise ValueError("empty")
        sent = await self._hub.reply(self._partner(request).gln, request.path_params["header_id"], words, author)
        return JSONResponse({"id": sent.header_id}, status_code=201)

    async def acknowledge(self, request: Request) -> Response:
        values = await _members(request)
        answer = read_answer(values)
        await self._hub.acknowledge(self._partner(request).gln, request.path_params["header_id"], answer)
        return Response(status_code=202)

    def _partner(self, request: Request) -> Partner:
        return self._hub.partners[request.path_params["gln"]]

    def _told(self, partner: Partner) -> dict[str, Any]:
        tally = self._hub.tally(partner.gln)
        return {
            "gln": partner.gln,
            "name": partner.name,
            "format": partner.format.value,
            **_conduct(partner.conduct),
            "received": tally.total,
            "messages": tally.distinct,
            "bundles": len(tally.bundles),
            "threads": len(tally.threads),
            "unreadable": self._hub.unreadable(partner.gln),
            "repeated_messages": _some(tally.repeated_messages()),
            "repeated_bundles": _some(tally.repeated_bundles()),
        }

    def _letter(self, gln: str, letter: Letter) -> dict[str, Any]:
        return {
            "id": letter.header_id,
            "thread": letter.thread_id,
            "outgoing": letter.outgoing,
            "arrived_at": letter.arrived_at.isoformat(),
            "bundles": [arrival.bundle_id for arrival in self._hub.arrivals(gln, letter.header_id)],
            "said": [said.code for said in self._hub.said(gln, letter.header_id)],
            "acknowledged": self._hub.acknowledged(gln, letter.header_id),
            "findings": [finding.rule for finding in letter.findings],
        }


def read_answer(values: dict[str, Any]) -> Answer:
    """Make an acknowledgement of a JSON object or form; raises ValueError for an unknown code or issue."""
    code = values.get("code")
    if code == "fatal-error":
        try:
            return refusal(str(values.get("issue") or Conduct.issue))
        except KeyError as error:
            raise ValueError("unknown issue") from error
    if code not in ("ok", "transient-error"):
        raise ValueError("unknown code")
    return Answer(str(code))


def _conduct(conduct: Conduct) -> dict[str, Any]:
    until = conduct.until.isoformat() if conduct.until else None
    return {
        "behaviour": conduct.behaviour.value,
        "issue": conduct.issue,
        "delay_s": conduct.delay_s,
        "times": conduct.times,
        "down_until": until,
        "cuts": conduct.cuts,
        "receipts": conduct.receipts,
    }


def _some(repeated: dict[str, int]) -> dict[str, Any]:
    return {"count": len(repeated), "first": dict(list(repeated.items())[:_LISTED_REPEATS])}


async def _members(request: Request) -> dict[str, Any]:
    values = await request.json()
    if not isinstance(values, dict):
        raise TypeError("not an object")
    return values
