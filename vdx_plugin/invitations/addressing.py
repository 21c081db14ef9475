"""The AddressBook port over EAS, EHMI's addressing service: who receives for a SOR id, and which messages.

Source: dk-ehmi-eas 2.0.0, operation ``$getReceivingOrganizationBySORId`` on Organization: ``Parameters`` with
``sorId`` and ``messageType``, answered by a Bundle of organisations and the end points they refer to; an end point's
identifier is the location number, its payloadType what it takes. Access by OAuth client credentials over mutual TLS
with a certificate-bound token, scope ``EAS system/Organization.rs`` (EAS, "Security").
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from vdx_plugin import log
from vdx_plugin.errors import SignInNeeded, Unavailable, Unreadable, VdxError
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.identifier_checks import is_gln
from vdx_plugin.ports import Reach, ReachState

_log = log.get("invitations.addressing")

SCOPE = "EAS system/Organization.rs"
MESSAGE_TYPE = "urn:dk:healthcare:medcom:messaging:fhir:structuredefinition:carecommunication:5.0"
OPERATION = "/Organization/$getReceivingOrganizationBySORId"
KEPT_S = 3600.0
"""How long an answer is used again; capability changes in weeks."""
ASKED_AGAIN_S = 60.0
"""How long the register is left alone after it did not answer."""
LIMIT_S = 8.0
_MOST_BYTES = 1 << 20
_RENEW_BEFORE_S = 30.0


class NoAddressBook:
    """Stands where no register is configured: nothing is known, and everything may be sent."""

    async def reach(self, sor: str) -> Reach:
        return Reach(ReachState.UNKNOWN)

    async def aclose(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, slots=True)
class EasSettings:
    """``url`` is the base below which Organization lies. The client certificate is the HTTP client's own."""

    url: str
    token_url: str
    client_id: str


class EasAddressBook:
    """Implements ``ports.AddressBook``. ``seconds`` is a clock that only goes forward; ``http`` has the time limit."""

    def __init__(
        self, settings: EasSettings, http: httpx.AsyncClient, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._http, self._seconds = settings, http, seconds
        self._kept: dict[str, tuple[float, Reach]] = {}
        self._token, self._token_until = "", 0.0

    async def reach(self, sor: str) -> Reach:
        now = self._seconds()
        until, known = self._kept.get(sor, (0.0, None))
        if known is not None and now < until:
            return known
        try:
            told = read_answer(await self._ask(sor), sor)
        except VdxError as error:
            _log.warning("the addressing service could not be used: %s", error)
            told = Reach(ReachState.UNKNOWN, problem=error.code)
        kept_s = ASKED_AGAIN_S if told.state is ReachState.UNKNOWN else KEPT_S
        self._kept[sor] = (now + kept_s, told)
        return told

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _ask(self, sor: str) -> bytes:
        for is_last in (False, True):
            headers = {"Authorization": f"Bearer {await self._signed_in()}", "Accept": codes.FHIR_JSON}
            answer = await self._post(self._settings.url + OPERATION, headers, json=_question(sor))
            if answer.status_code == httpx.codes.UNAUTHORIZED and not is_last:
                self._token = ""
                continue
            return _content(answer)
        raise AssertionError("the second round always ends")

    async def _signed_in(self) -> str:
        if not self._token or self._seconds() > self._token_until - _RENEW_BEFORE_S:
            form = {"grant_type": "client_credentials", "client_id": self._settings.client_id, "scope": SCOPE}
            answer = await self._post(self._settings.token_url, {"Accept": "application/json"}, data=form)
            if answer.status_code != httpx.codes.OK:
                raise SignInNeeded("addresses.sign_in", f"status {answer.status_code}")
            try:
                body = answer.json()
                self._token = str(body["access_token"])
                self._token_until = self._seconds() + float(body.get("expires_in", 60))
            except (ValueError, KeyError, TypeError, AttributeError):
                # The cause would carry the token into a traceback.
                raise Unreadable("addresses.unreadable", place="access_token") from None
        return self._token

    async def _post(self, url: str, headers: Mapping[str, str], **content: Any) -> httpx.Response:
        try:
            return await self._http.post(url, headers=headers, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable("addresses.unreachable", type(error).__name__) from error


def _question(sor: str) -> dict[str, Any]:
    values = (("sorId", sor), ("messageType", MESSAGE_TYPE))
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueString": value} for name, value in values],
    }


def _content(answer: httpx.Response) -> bytes:
    """Return an answer that says something about the receiver; a FHIR error is one when it says "not found"."""
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise SignInNeeded("addresses.sign_in", f"status {answer.status_code}")
    if answer.status_code == httpx.codes.NOT_FOUND and b"OperationOutcome" in answer.content[:_MOST_BYTES]:
        return answer.content
    if answer.status_code != httpx.codes.OK:
        raise Unavailable("addresses.unreachable", f"status {answer.status_code}")
    if len(answer.content) > _MOST_BYTES:
        raise Unreadable("addresses.unreadable", "too long", place="Bundle")
    return answer.content


def read_answer(content: bytes, sor: str) -> Reach:
    """Read what the operation answered about the unit with that SOR id. Raises Unreadable(``addresses.unreadable``).

    An organisation with an active end point for our kind of message is CAN, one without is CANNOT. Use case 4 has two
    errors, no such SOR id (4a) and no receiver data for it (4b), and leaves open how an OperationOutcome tells them
    apart. Our reading: ``not-supported`` or ``business-rule`` is 4b, every other refusal leaves us knowing nothing.
    """
    try:
        document = _json(content)
        if document.get("resourceType") == "OperationOutcome":
            return _from_outcome(document)
        resources = [entry["resource"] for entry in document.get("entry", [])]
        return _from_bundle(resources, sor)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable("addresses.unreadable", type(error).__name__, place="Bundle") from None


def _json(content: bytes) -> dict[str, Any]:
    document = json.loads(content)
    if document.get("resourceType") not in ("Bundle", "OperationOutcome"):
        raise ValueError("another resource")
    return dict(document)


def _from_bundle(resources: list[dict[str, Any]], sor: str) -> Reach:
    organisations = [
        one for one in resources if one["resourceType"] == "Organization" and (codes.SOR, sor) in set(_identifiers(one))
    ]
    if not organisations:
        return Reach(ReachState.UNKNOWN, problem="addresses.unknown_sor")
    wanted = {reference["reference"] for one in organisations for reference in one.get("endpoint", [])}
    for point in resources:
        is_theirs = point["resourceType"] == "Endpoint" and f"Endpoint/{point['id']}" in wanted
        if is_theirs and point["status"] == "active" and MESSAGE_TYPE in set(_payload_types(point)):
            numbers = [value for _system, value in _identifiers(point) if is_gln(value)]
            return Reach(ReachState.CAN, numbers[0] if numbers else "")
    return Reach(ReachState.CANNOT, problem="addresses.cannot_receive")


def _from_outcome(outcome: dict[str, Any]) -> Reach:
    told = {issue.get("code") for issue in outcome["issue"]}
    if told & {"not-supported", "business-rule"}:
        return Reach(ReachState.CANNOT, problem="addresses.cannot_receive")
    if told & {"not-found", "value", "invalid"}:
        return Reach(ReachState.UNKNOWN, problem="addresses.unknown_sor")
    raise ValueError("an outcome of another kind")


def _identifiers(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    found = resource.get("identifier", [])
    for one in found if isinstance(found, list) else [found]:
        yield str(one.get("system", "")), str(one.get("value", ""))


def _payload_types(point: dict[str, Any]) -> Iterator[str]:
    for concept in point.get("payloadType", []):
        for coding in concept.get("coding", []):
            yield str(coding.get("code", ""))
