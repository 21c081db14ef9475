"""An official FHIR validator beside the program, asked over HTTP, as MedCom's governance wants it in production.

Source: FHIR Validation Governance, 2 ("based on an officially maintained HL7 FHIR implementation"). Two forms are
spoken: that of HL7's validator wrapper (``POST /validate`` with ``cliContext`` and ``filesToValidate``) and that of a
FHIR server (``POST /Bundle/$validate``, answered with an OperationOutcome; FHIR R4, Operation ``validate``).

What a validator says in words may quote the message, so only severity, place and the rule's name are taken over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import httpx

from vdx_plugin.errors import Misconfigured, Unavailable
from vdx_plugin.invitations.codes import FHIR_JSON
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Message, dig, rows, text_at, write_json

LIMIT_S = 60.0
"""A validator that has just been started loads its packages first."""
Form = Literal["hl7", "fhir"]

_RULE = re.compile(r"[A-Za-z0-9_.:\-]{1,80}")
_PLACE = re.compile(r"[A-Za-z0-9_.\[\]:()]{1,200}")
_NOTE = re.compile(r"/\*.*?\*/")
_TEXT = "valideringstjenesten melder en fejl her"
_SERIOUS = ("error", "fatal")
# A FHIR server may answer with the verdict under a status of its own when the message is invalid.
_VERDICTS = (200, 400, 412, 422)


class Validator(Protocol):
    """Says what an official implementation finds wrong."""

    async def validate(self, message: Message) -> list[Finding]:
        """Return errors and warnings. Raises Unavailable(``invite.validator``) when nothing was checked, and
        Misconfigured(``invite.validator_setup``) when the address cannot be a validator's."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ValidatorSettings:
    """``url`` is the service's base address. ``packages`` are what HL7's validator loads, as ``name#version``."""

    url: str
    form: Form = "hl7"
    packages: tuple[str, ...] = (
        "medcom.fhir.dk.carecommunication#5.0.2",
        "medcom.fhir.dk.acknowledgement#2.0.3",
    )


class HttpValidator:
    """A validator over one HTTP client, which it closes."""

    def __init__(self, settings: ValidatorSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._session = ""

    async def validate(self, message: Message) -> list[Finding]:
        """Ask; see ``Validator``."""
        try:
            return await (self._by_wrapper(message) if self._settings.form == "hl7" else self._by_server(message))
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Misconfigured("invite.validator_setup", type(error).__name__) from error
        except httpx.HTTPError as error:
            raise Unavailable("invite.validator", type(error).__name__) from error

    async def close(self) -> None:
        await self._client.aclose()

    async def _by_wrapper(self, message: Message) -> list[Finding]:
        body = {
            "cliContext": {"sv": "4.0.1", "ig": list(self._settings.packages), "locale": "en"},
            "filesToValidate": [
                {"fileName": "message.json", "fileContent": write_json(message).decode(), "fileType": "json"}
            ],
            # The same session again, so that the packages are loaded once.
            "sessionId": self._session,
        }
        answer = await self._client.post(self._address("validate"), json=body, timeout=LIMIT_S)
        told = _json(answer, (200,))
        outcomes = rows(told, "outcomes")
        if len(outcomes) != 1 or not isinstance(dig(outcomes[0], "issues"), list):
            raise Unavailable("invite.validator", "an answer of another form")
        self._session = text_at(told, "sessionId")
        return [
            _finding(text_at(one, "level"), text_at(one, "location"), (text_at(one, "messageId"), text_at(one, "type")))
            for one in rows(outcomes[0], "issues")
        ]

    async def _by_server(self, message: Message) -> list[Finding]:
        answer = await self._client.post(
            self._address("Bundle/$validate"),
            content=write_json(message),
            headers={"Content-Type": FHIR_JSON, "Accept": FHIR_JSON},
            timeout=LIMIT_S,
        )
        told = _json(answer, _VERDICTS)
        if dig(told, "resourceType") != "OperationOutcome":
            raise Unavailable("invite.validator", "an answer of another form")
        found = [_issue(one) for one in rows(told, "issue")]
        if answer.status_code != 200 and all(one.is_warning for one in found):
            raise Unavailable("invite.validator", f"status {answer.status_code} without a verdict")
        return found

    def _address(self, path: str) -> str:
        return f"{self._settings.url.rstrip('/')}/{path}"


def _json(answer: httpx.Response, verdicts: Sequence[int]) -> Any:
    if answer.status_code not in verdicts:
        raise Unavailable("invite.validator", f"status {answer.status_code}")
    try:
        return answer.json()
    except ValueError:
        raise Unavailable("invite.validator", "an answer that is no JSON") from None


def _issue(one: Any) -> Finding:
    places = dig(one, "expression") or dig(one, "location") or [""]
    place = places[0] if isinstance(places, list) and isinstance(places[0], str) else ""
    names = (text_at(one, "details", "coding", 0, "code"), text_at(one, "code"))
    return _finding(text_at(one, "severity"), place, names)


def _finding(level: str, place: str, names: Sequence[str]) -> Finding:
    rule = next((name for name in names if _RULE.fullmatch(name)), "validator")
    # The validator names resources by their ids between ``/*`` and ``*/``.
    shown = _NOTE.sub("", place)
    is_warning = level.lower() not in _SERIOUS
    return Finding(rule, shown if _PLACE.fullmatch(shown) else "Bundle", _TEXT, is_warning=is_warning)
