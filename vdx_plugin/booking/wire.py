"""The two writings of one API: version 2, and version 1 as it is met behind MedCom's local certificate proxy.

Paths and data are the same in both. What differs is here and nowhere else: how times are written, how a list is
packed, where an error keeps its code and which numbers it uses (facts, 2.8 and 4.2). How a caller is known differs
too, and lies in ``auth``: the proxy speaks for the certificate, so a request to it carries no token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx

_TIMES = frozenset({"startTime", "endTime"})

NO_CODE = ""

FROM_VERSION_1: Mapping[tuple[int, str], str] = {
    (406, "10"): "12",
    (406, "11"): "13",
    (406, "20"): "14",
    (406, "21"): "15",
    (406, "30"): "16",
    (406, "31"): "17",
    (406, "32"): "18",
    (400, "10"): "19",
    (400, "11"): "20",
    (400, "12"): "21",
    (400, "13"): "22",
    (400, "14"): "23",
    (400, "20"): "24",
    (400, "30"): "25",
    (400, "40"): "26",
    (400, "41"): "27",
    (400, "50"): "28",
    (400, "60"): "29",
    (400, "70"): "30",
    (400, "80"): "31",
    (400, "90"): "32",
    (400, "100"): "33",
    (400, "110"): "34",
    (400, "120"): "35",
}
"""Version 2's code by status and version 1's: the same number means different things under 400 and 406."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The code of an error in version 2's numbering, empty where there is none, and its text (never matched on)."""

    code: str
    text: str = ""


class Wire(Protocol):
    """How one version writes."""

    name: str

    def body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a JSON body as this version writes it."""
        ...

    def query_time(self, at: datetime) -> str:
        """Return a time as it stands in a query, before URL encoding."""
        ...

    def unpack(self, content: bytes) -> bytes:
        """Return a list as a plain JSON array."""
        ...

    def fault(self, response: httpx.Response) -> Fault:
        """Return what the body of an error says."""
        ...


class Version2:
    """ISO times, plain arrays, ``detailed_error_code``."""

    name = "v2"

    def body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return dict(body)

    def query_time(self, at: datetime) -> str:
        return at.replace(microsecond=0).isoformat()

    def unpack(self, content: bytes) -> bytes:
        return content

    def fault(self, response: httpx.Response) -> Fault:
        body = _object(response.content)
        return Fault(str(body.get("detailed_error_code", NO_CODE)), str(body.get("detailed_error", "")))


class Version1:
    """Times with a space before the offset, HAL lists, ``errorCode``."""

    name = "v1"

    def body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _spaced(value) if name in _TIMES else value for name, value in body.items()}

    def query_time(self, at: datetime) -> str:
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def unpack(self, content: bytes) -> bytes:
        """HAL keeps the list under a name of its own; an empty list has none, and a short id gives one object."""
        body = json.loads(content)
        if isinstance(body, list):
            return content
        if not isinstance(body, dict):
            return content
        packed = body.get("_embedded")
        if isinstance(packed, dict):
            return json.dumps(next((value for value in packed.values() if isinstance(value, list)), [])).encode()
        return json.dumps([body] if "uuid" in body else []).encode()

    def fault(self, response: httpx.Response) -> Fault:
        body = _object(response.content)
        code = FROM_VERSION_1.get((response.status_code, str(body.get("errorCode", NO_CODE))), NO_CODE)
        return Fault(code, str(body.get("message") or body.get("errorText") or ""))


def _spaced(value: str) -> str:
    """Write ``2024-12-10T07:40:00 +0000``, the form of MedCom's own sample requests."""
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S +0000")


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
