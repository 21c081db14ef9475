"""A double of EAS, EHMI's addressing service: who receives for a SOR id, a practice number, a patient, a postal code.

Written from dk-ehmi-eas 2.0.0: four operations on Organization, called with POST and ``Parameters``, answered by a
Bundle of organisations and the end points they refer to, whose payloadType tells what they take; and from its
"Security": client credentials with the scopes ``EAS`` and ``system/Organization.rs``. Real access is bound to a client
certificate, which the loopback cannot show. The specification leaves open with which code an error comes; here
``not-found`` for an id that SOR does not know and ``not-supported`` for a unit without receiver data. The fault panel
makes it slow or takes it down (path ``/eas``).
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

BASE = "/eas"
FHIR_JSON = "application/fhir+json"
_SCOPES = {"EAS", "system/Organization.rs"}
_TYPES = "urn:dk:healthcare:medcom:messaging:fhir:structuredefinition:"
_VERSIONS = {"carecommunication": "5.0", "acknowledgement": "2.0"}


@dataclass(frozen=True)
class EasUnit:
    """A unit as SOR knows it, with what its end point takes; no types: EER has no receiver data for it."""

    sor: str
    name: str
    gln: str = ""
    types: tuple[str, ...] = ()
    practice_number: str = ""
    postal_code: str = ""


class AddressingService:
    """Answers from ``units``. ``own_practice`` is the practice every patient belongs to."""

    def __init__(self, units: Sequence[EasUnit], client_id: str, own_practice: str = "") -> None:
        self.units = {unit.sor: unit for unit in units}
        self.asked = 0
        self._client_id, self._own_practice = client_id, own_practice
        self._tokens: set[str] = set()

    def forget_tokens(self) -> None:
        """Let no token hold any longer."""
        self._tokens.clear()

    async def token(self, request: Request) -> Response:
        """The token end point."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "client_credentials" or form.get("client_id") != self._client_id:
            return JSONResponse({"error": "invalid_client"}, 401)
        if not set(form.get("scope", "").split()) >= _SCOPES:
            return JSONResponse({"error": "invalid_scope"}, 400)
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 300})

    async def answer(self, request: Request, find: Callable[[Mapping[str, list[Any]]], list[EasUnit]]) -> Response:
        """One operation: check the token, read the parameters, answer what was found."""
        self.asked += 1
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return Response("", 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        try:
            given = _parameters(await request.json())
        except (ValueError, KeyError, TypeError, AttributeError):
            return _outcome(400, "invalid")
        found = find(given)
        if not found:
            return _outcome(404, "not-found")
        if not any(unit.types for unit in found):
            return _outcome(404, "not-supported")
        return JSONResponse(_bundle(found, given.get("messageType", [])), media_type=FHIR_JSON)

    async def by_sor(self, request: Request) -> Response:
        return await self.answer(request, lambda given: self._of("sor", given.get("sorId", [])))

    async def by_practice(self, request: Request) -> Response:
        return await self.answer(request, lambda given: self._of("practice_number", given.get("gpId", [])))

    async def by_postal_code(self, request: Request) -> Response:
        return await self.answer(request, lambda given: self._of("postal_code", given.get("postalCode", [])))

    async def by_patient(self, request: Request) -> Response:
        def own(given: Mapping[str, list[Any]]) -> list[EasUnit]:
            return self._of("sor", [self._own_practice] if given.get("easCorePatient") else [])

        return await self.answer(request, own)

    def _of(self, field: str, wanted: Iterable[str]) -> list[EasUnit]:
        return [unit for unit in self.units.values() if getattr(unit, field) and getattr(unit, field) in set(wanted)]


def demo_units() -> tuple[EasUnit, ...]:
    """Return the demo's partners with a location number, and the practice itself."""
    text = files("vdx_plugin.sandbox").joinpath("demo_partners.csv").read_text("utf-8")
    return tuple(_unit(row) for row in csv.DictReader(text.splitlines()) if row["sor"])


def routes(service: AddressingService) -> list[BaseRoute]:
    """Return the token end point and the four operations."""
    operations = {
        "$getReceivingOrganizationBySORId": service.by_sor,
        "$getReceivingOrganizationByGPId": service.by_practice,
        "$getReceivingOrganizationByPatientId": service.by_patient,
        "$getListOfGpByPostalCode": service.by_postal_code,
    }
    return [
        Route(f"{BASE}/token", service.token, methods=["POST"]),
        *(Route(f"{BASE}/Organization/{name}", point, methods=["POST"]) for name, point in operations.items()),
    ]


def _unit(row: Mapping[str, str]) -> EasUnit:
    is_practice = row["role"] == "practice"
    taken = "carecommunication" if is_practice else row["eas"]
    types = {taken, "acknowledgement"} if taken and row["gln"] else set()
    number, code = ("077704", "8200") if is_practice else ("", "")
    return EasUnit(row["sor"], row["name"], row["gln"], tuple(sorted(types)), number, code)


def _parameters(document: Mapping[str, Any]) -> dict[str, list[Any]]:
    if document.get("resourceType") != "Parameters":
        raise ValueError("no Parameters")
    given: dict[str, list[Any]] = {}
    for one in document["parameter"]:
        given.setdefault(one["name"], []).append(one.get("valueString") or one["resource"])
    return given


def _bundle(units: Iterable[EasUnit], wanted: Sequence[str]) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for unit in units:
        types = [f"{_TYPES}{kind}:{_VERSIONS[kind]}" for kind in unit.types]
        fitting = [one for one in types if not wanted or one in wanted]
        point = _end_point(unit, fitting) if fitting else None
        organisation: dict[str, Any] = {
            "resourceType": "Organization",
            "id": f"sor-{unit.sor}",
            "identifier": [{"system": "urn:oid:1.2.208.176.1.1", "value": unit.sor}],
            "name": unit.name,
        }
        if point is not None:
            organisation["endpoint"] = [{"reference": f"Endpoint/{point['id']}"}]
        entries += [{"resource": one} for one in (organisation, point) if one is not None]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _end_point(unit: EasUnit, types: Sequence[str]) -> dict[str, Any]:
    return {
        "resourceType": "Endpoint",
        "id": f"gln-{unit.gln}",
        "identifier": [{"system": "https://www.gs1.org/gln", "value": unit.gln}],
        "status": "active",
        "connectionType": {"code": "eer-messaging-vans"},
        "payloadType": [{"coding": [{"code": one}]} for one in types],
        "payloadMimeType": ["application/fhir+xml", "application/fhir+json"],
        "address": f"urn:gln:{unit.gln}",
    }


def _outcome(status: int, code: str) -> Response:
    body = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}
    return JSONResponse(body, status, media_type=FHIR_JSON)
