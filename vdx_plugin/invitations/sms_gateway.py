"""Text messages through any gateway that takes one HTTP request for each: the form is told by settings.

No gateway is known that keeps repeats apart for us, so whatever may have been taken is not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Refused, SignInNeeded, Unavailable
from vdx_plugin.invitations import sms
from vdx_plugin.invitations.arrivals import Arrival
from vdx_plugin.invitations.endpoint import translated
from vdx_plugin.invitations.message import dig
from vdx_plugin.ports import OutboxDraft

SEND_LIMIT_S = 20.0
_BUSY = frozenset({408, 425, 429, 503})
"""Said before anything is done. Other 5xx may come after the message has left."""
_NEEDS_A_PERSON = frozenset({401, 402, 403})
"""Key, money, right."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where and how a gateway wants its request.

    ``to_field``, ``text_field`` and the keys of ``fields`` may be paths into the request: ``recipients.0.msisdn``.
    ``id_path`` is the same into the answer. ``report_url`` holds ``{id}``; empty where the gateway does not report.
    """

    url: str
    method: str = "POST"
    is_form: bool = False
    to_field: str = "to"
    text_field: str = "message"
    fields: Mapping[str, str] = field(default_factory=dict)
    plain_digits: bool = False
    """Numbers without the plus sign."""
    auth_header: str = "Authorization"
    secret: Secret = field(default_factory=lambda: Secret(""))
    """Value of that header, from the keyring."""
    ok_status: frozenset[int] = frozenset({200, 201, 202})
    id_path: str = ""
    report_url: str = ""
    report_path: str = "status"
    arrived_words: frozenset[str] = frozenset({"delivered"})
    lost_words: frozenset[str] = frozenset({"undelivered", "failed", "rejected", "expired"})


class SmsGateway:
    """Carrier for Channel.SMS over one HTTP client, which it closes; reports where the settings name an address."""

    def __init__(self, settings: GatewaySettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    @property
    def can_report(self) -> bool:
        return bool(self._settings.report_url and self._settings.id_path)

    async def send(self, draft: OutboxDraft) -> str:
        """Hand over one message and return the gateway's id for it; see ``Carrier``."""
        message, settings = sms.read(draft.payload), self._settings
        number = message.to.removeprefix("+") if settings.plain_digits else message.to
        values = {**settings.fields, settings.to_field: number, settings.text_field: message.text}
        body: dict[str, Any] = {"data": values} if settings.is_form else {"json": nested(values)}
        with translated():
            answer = await self._client.request(
                settings.method, settings.url, headers=self._headers(), timeout=SEND_LIMIT_S, **body
            )
        self._refuse(answer)
        return _at(answer, settings.id_path) if settings.id_path else ""

    async def look(self, draft: OutboxDraft, receipt: str) -> Arrival:
        """Ask the gateway about a message. One that it does not know any longer is open for ever."""
        if not receipt:
            return Arrival.OPEN
        address = self._settings.report_url.replace("{id}", quote(receipt, safe=""))
        with translated():
            answer = await self._client.get(address, headers=self._headers(), timeout=SEND_LIMIT_S)
        if answer.status_code != 200:
            return Arrival.OPEN
        word = _at(answer, self._settings.report_path).lower()
        if word in self._settings.arrived_words:
            return Arrival.ARRIVED
        return Arrival.LOST if word in self._settings.lost_words else Arrival.OPEN

    async def close(self) -> None:
        await self._client.aclose()

    def _headers(self) -> dict[str, str]:
        secret = self._settings.secret.reveal()
        return {self._settings.auth_header: secret} if secret else {}

    def _refuse(self, answer: httpx.Response) -> None:
        status, detail = answer.status_code, f"HTTP {answer.status_code}"
        if status in self._settings.ok_status:
            return
        if status in _NEEDS_A_PERSON:
            raise SignInNeeded("sms.setup", detail)
        if status in _BUSY:
            raise Unavailable("invite.unreachable", detail)
        if status >= 500 or status < 300:
            # A success we were not told of is one all the same.
            raise OutcomeUnknown("invite.unknown", detail)
        if status < 400 or status in (404, 405):
            raise Misconfigured("sms.setup", detail)
        raise Refused("sms.refused", detail)


def nested(values: Mapping[str, str]) -> dict[str, Any]:
    """Return a JSON object from paths: ``{"a.0.b": "x"}`` becomes ``{"a": [{"b": "x"}]}``.

    Raises Misconfigured for paths that do not fit each other.
    """
    root: dict[str, Any] = {}
    for path, value in values.items():
        _put(root, path.split("."), value)
    return root


def _put(into: Any, steps: list[str], value: str) -> None:
    step, *rest = steps
    found = value if not rest else ([] if rest[0].isdigit() else {})
    if isinstance(into, dict):
        inner = into.setdefault(step, found)
    elif isinstance(into, list) and step.isdigit() and int(step) <= len(into):
        if int(step) == len(into):
            into.append(found)
        inner = into[int(step)]
    else:
        raise Misconfigured("sms.setup", "the names of the gateway's fields do not fit each other")
    if rest:
        _put(inner, rest, value)


def _at(answer: httpx.Response, path: str) -> str:
    """Return a text or number in the answer; empty where there is none: the message is taken all the same."""
    try:
        table = answer.json()
    except (ValueError, RecursionError):
        return ""
    found = dig(table, *(int(step) if step.isdigit() else step for step in path.split(".")))
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
