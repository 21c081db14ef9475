"""What passes between the program and an adapter's own process: one JSON object on a line, limited and typed. Pure.

A call is ``{"id", "call", "with"}``, its answer ``{"id", "value"}`` or ``{"id", "error"}``, what the adapter tells by
itself ``{"event", "with"}``. Values cross by the type that the contract gives them, so that what comes in is either a
value of that type or Unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from vdx_plugin import errors
from vdx_plugin.domain.context import ClinicContext, Organisation
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import Unreadable, VdxError
from vdx_plugin.ports import Action, ContextChange, Health, RecordIncoming, RecordLetter

MAX_LINE_BYTES = 4_000_000
MAX_EVENTS_WAITING = 1000

CALLS: Mapping[str, tuple[tuple[Any, ...], Any]] = {
    "start": ((), None),
    "stop": ((), None),
    "current": ((), ClinicContext | None),
    "confirm": ((ClinicContext,), bool),
    "complete": ((ClinicContext,), ClinicContext),
    "appointments": ((datetime, datetime), list[Appointment]),
    "write_back": ((ClinicContext, Summary), WriteBackReceipt),
    "written": ((ClinicContext, UUID), WriteBackReceipt | None),
    "send_letter": ((RecordLetter,), str),
    "letters": ((), list[RecordIncoming]),
    "settle_letter": ((str,), None),
    "inject": ((Sequence[Action],), None),
    "health": ((), Health),
    "try_settings": ((), Health),
    "diagnostics": ((), dict[str, str]),
}
"""Arguments and answer of each call of ``ports.ClinicSystem``; a test holds it against the contract."""
EVENTS: Mapping[str, tuple[Any, ...]] = {
    "opened": (ClinicContext,),
    "closed": (ContextChange,),
    "start_wanted": (ClinicContext,),
    "invoked": (str, ClinicContext),
    "appointments_changed": (),
    "patient_merged": (Identifier, Identifier),
    "notice": (str, dict[str, str | int]),
}
"""Arguments of each event of ``ports.AdapterSink``."""
SETUP: Sequence[Any] = (dict[str, str], str, Organisation | None, dict[str, str])
"""Settings, folder, practice, secrets: what an adapter is made from. The clock is the child's own."""
_ERRORS = {
    kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VdxError)
}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def packed(kinds: Sequence[Any], values: Sequence[object]) -> list[Any]:
    """Return values as JSON holds them."""
    return [_adapter(kind).dump_python(value, mode="json") for kind, value in zip(kinds, values, strict=True)]


def unpacked(kinds: Sequence[Any], values: object) -> list[Any]:
    """Return values of these types. Raises Unreadable(``adapter.line``), never with what stood there."""
    if not isinstance(values, list) or len(values) != len(kinds):
        raise Unreadable("adapter.line", "another number of values")
    try:
        return [_adapter(kind).validate_python(value, strict=False) for kind, value in zip(kinds, values, strict=True)]
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise Unreadable("adapter.line", "not of its type", place=place[:80]) from None


def packed_one(kind: Any, value: object) -> Any:
    """Return one value as JSON holds it; None stands for nothing."""
    return None if kind is None else packed((kind,), (value,))[0]


def unpacked_one(kind: Any, value: object) -> Any:
    """Return one value of a type. Raises Unreadable(``adapter.line``)."""
    return None if kind is None else unpacked((kind,), [value])[0]


def line(message: Mapping[str, object]) -> bytes:
    """Return a message as one line. Raises Unreadable(``adapter.line``) for one that is too long."""
    data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    if len(data) > MAX_LINE_BYTES:
        raise Unreadable("adapter.line", "too long")
    return data


def read_line(data: bytes) -> dict[str, Any]:
    """Return the message of a line. Raises Unreadable(``adapter.line``)."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable("adapter.line", type(error).__name__) from None
    if not isinstance(found, dict):
        raise Unreadable("adapter.line", "no object")
    return found


def error_out(error: VdxError) -> dict[str, Any]:
    """Return an error of ours as it crosses."""
    more = {name: getattr(error, name) for name in ("field", "place") if getattr(error, name, None)}
    return {"kind": type(error).__name__, "code": error.code, "detail": error.detail, "facts": error.facts, **more}


def error_in(found: object) -> VdxError | None:
    """Return the error that came, None for one that is not of ours: then the adapter has failed."""
    if not isinstance(found, dict) or found.get("kind") not in _ERRORS:
        return None
    kind: Any = _ERRORS[found["kind"]]
    error: VdxError = kind(str(found.get("code", "")), str(found.get("detail", ""))[:200])
    error.facts = {str(name): fact for name, fact in found.get("facts", {}).items() if isinstance(fact, str | int)}
    return error
