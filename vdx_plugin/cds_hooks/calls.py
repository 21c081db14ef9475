"""What a record sends: a hook with its context, or feedback on cards. Read, held to its form, and reduced. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vdx_plugin.errors import Unreadable

PATIENT_VIEW = "patient-view"
APPOINTMENT_BOOK = "appointment-book"
MAX_FEEDBACK = 100
OUTCOMES = ("accepted", "overridden")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a hook, reduced to what an answer needs: nothing of the patient is kept."""

    hook: str
    appointments: int = 0
    """How many appointments are proposed; only with ``appointment-book``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one card. ``reason`` is one of the codes we offered, empty for none or another."""

    card: UUID
    outcome: str
    reason: str = ""


def read_call(body: bytes, hook: str) -> Call:
    """Read a call of ``hook``. Raises Unreadable(``cds.request``) with the place, never what stood there."""
    found = _object(body)
    if found.get("hook") != hook:
        raise _wrong("hook")
    _uuid(found.get("hookInstance"), "hookInstance")
    context = found.get("context")
    if not isinstance(context, dict):
        raise _wrong("context")
    for name in ("userId", "patientId"):
        if not isinstance(context.get(name), str) or not context[name]:
            raise _wrong(f"context.{name}")
    return Call(hook, _proposed(context.get("appointments")) if hook == APPOINTMENT_BOOK else 0)


def _proposed(bundle: object) -> int:
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise _wrong("context.appointments")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise _wrong("context.appointments.entry")
    resources = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    return sum(isinstance(one, dict) and one.get("resourceType") == "Appointment" for one in resources)


def read_feedback(body: bytes, reasons: frozenset[str]) -> tuple[Outcome, ...]:
    """Read feedback; a comment of the user's is not kept, as it may be about anybody. Raises Unreadable."""
    given = _object(body).get("feedback")
    if not isinstance(given, list) or not 0 < len(given) <= MAX_FEEDBACK:
        raise _wrong("feedback")
    return tuple(_outcome(one, reasons) for one in given)


def _outcome(given: object, reasons: frozenset[str]) -> Outcome:
    if not isinstance(given, dict) or given.get("outcome") not in OUTCOMES:
        raise _wrong("feedback.outcome")
    if not isinstance(given.get("outcomeTimestamp"), str):
        raise _wrong("feedback.outcomeTimestamp")
    override = given.get("overrideReason")
    reason = override.get("reason") if isinstance(override, dict) else None
    code = reason.get("code") if isinstance(reason, dict) else None
    known = code if isinstance(code, str) and code in reasons else ""
    return Outcome(_uuid(given.get("card"), "feedback.card"), str(given["outcome"]), known)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise _wrong("body") from None
    if not isinstance(found, dict):
        raise _wrong("body")
    return found


def _uuid(given: object, place: str) -> UUID:
    try:
        return UUID(given if isinstance(given, str) and len(given) == 36 else "")
    except ValueError:
        raise _wrong(place) from None


def _wrong(place: str) -> Unreadable:
    return Unreadable("cds.request", place=place)
