"""Telephones that get text messages: a gateway to send them through, and a page that shows them as telephones would.

``POST /sms/messages`` takes ``{"to": "+45…", "message": "…"}`` with the key in ``Authorization`` and answers 201 with
``{"id"}``; ``GET /sms/messages/{id}`` answers ``{"status"}``. A telephone that is switched off gets its messages when
it is switched on again. What comes through VDX's own service is shown too. The form is of our making, after those of
usual gateways; nothing leaves the machine.
"""

from __future__ import annotations

import hmac
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.pages import page

MESSAGES_PATH = "/sms/messages"
PAGE_PATH = "/phones/"
KEY = "sandbox-sms-key"
_KEPT_AT_MOST = 500
_GSM = re.compile("[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\\\\\[~\\]|€]*")


@dataclass(frozen=True)
class PhoneMessage:
    """A message as the telephone shows it."""

    id: int
    to: str = field(repr=False)
    text: str = field(repr=False)
    at: datetime
    by: str

    @property
    def cost(self) -> str:
        """Say how many single messages it took (3GPP TS 23.040)."""
        is_small = _GSM.fullmatch(self.text) is not None
        length = (
            len(self.text) + sum(self.text.count(each) for each in "^{}\\[~]|€")
            if is_small
            else len(self.text.encode("utf-16-be")) // 2
        )
        single, part = (160, 153) if is_small else (70, 67)
        parts = 1 if length <= single else -(-length // part)
        return f"{length} tegn, {parts} {'sms' if parts == 1 else 'sms’er'}"


class Phones:
    """Every telephone a message was sent to, by number, and those that are switched off."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.messages: list[PhoneMessage] = []
        self.off: set[str] = set()
        self._now = now
        self._numbers = itertools.count(1)

    def receive(self, to: str, text: str, by: str = "Sms-tjenesten") -> PhoneMessage:
        """Take one message in."""
        message = PhoneMessage(next(self._numbers), to, text, self._now(), by)
        self.messages.append(message)
        del self.messages[:-_KEPT_AT_MOST]
        return message

    def shown(self) -> list[dict[str, Any]]:
        """Return the telephones, the one with the newest message first."""
        numbers = list(dict.fromkeys(message.to for message in reversed(self.messages)))
        return [
            {
                "number": number,
                "label": _spaced(number),
                "is_off": number in self.off,
                "messages": [message for message in self.messages if message.to == number],
            }
            for number in numbers
        ]

    def routes(self) -> list[BaseRoute]:
        """Return the gateway and the page."""
        return [
            Route(MESSAGES_PATH, self._send, methods=["POST"]),
            Route(f"{MESSAGES_PATH}/{{id}}", self._status),
            Route(PAGE_PATH, self._page),
            Route(PAGE_PATH, self._switch, methods=["POST"]),
        ]

    async def _send(self, request: Request) -> Response:
        if not _is_known(request):
            return JSONResponse({"error": "unknown key"}, status_code=401)
        try:
            body = json.loads(await request.body())
            to, text = str(body["to"]), str(body["message"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "to and message are needed"}, status_code=400)
        if not re.fullmatch(r"\+\d{8,15}", to) or not text.strip():
            return JSONResponse({"error": "not a number"}, status_code=422)
        return JSONResponse({"id": str(self.receive(to, text).id)}, status_code=201)

    async def _status(self, request: Request) -> Response:
        if not _is_known(request):
            return JSONResponse({"error": "unknown key"}, status_code=401)
        wanted = request.path_params["id"]
        found = next((message for message in self.messages if str(message.id) == wanted), None)
        if found is None:
            return JSONResponse({"error": "unknown id"}, status_code=404)
        return JSONResponse({"status": "accepted" if found.to in self.off else "delivered"})

    async def _page(self, _request: Request) -> Response:
        return page("phones.html", phones=self.shown())

    async def _switch(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        self.off ^= {form.get("number", "")} & {message.to for message in self.messages}
        return RedirectResponse(PAGE_PATH, status_code=303)


def _is_known(request: Request) -> bool:
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {KEY}".encode())


def _spaced(number: str) -> str:
    if number.startswith("+45") and len(number) == 11:
        return " ".join([number[:3], *(number[at : at + 2] for at in range(3, 11, 2))])
    return number
