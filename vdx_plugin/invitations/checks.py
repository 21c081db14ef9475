"""MedCom's rules over a whole message.

``check`` holds what a receiver shall reject, ``check_outgoing`` also what a sender owes.

Each rule is a named pure function in ``frame_checks``, ``letter_checks``, ``identifier_checks`` or
``narrative_checks``. They stand in for, and do not replace, the HL7-based validator that MedCom's governance asks for
in production (FHIR Validation Governance, 2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from vdx_plugin import __version__
from vdx_plugin.invitations import codes, frame_checks, identifier_checks, letter_checks, narrative_checks
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.frame_checks import Rule
from vdx_plugin.invitations.message import Message

__all__ = ["Finding", "check", "check_outgoing", "mark"]

_CARE: tuple[Rule, ...] = (
    *frame_checks.COMMON,
    *frame_checks.CARE,
    *letter_checks.RULES,
    *identifier_checks.RULES,
)
_ACK: tuple[Rule, ...] = (*frame_checks.COMMON, *frame_checks.ACK, *identifier_checks.ORGANIZATIONS)


def check(message: Message) -> list[Finding]:
    """Return everything that makes the message invalid; empty for a valid one. Never raises for what came in."""
    broken = list(frame_checks.structure(message))
    if broken:
        # The other rules rely on FHIR's own shape.
        return broken
    return by_medcom(message)


def by_medcom(message: Message) -> list[Finding]:
    """Return what breaks MedCom's rules in a message of FHIR's shape."""
    return _apply(_rules_of(message), message)


def check_outgoing(message: Message) -> list[Finding]:
    """Return everything that must be put right before the message may be sent."""
    return check(message) or owed(message)


def mark(payload: bytes) -> str:
    """Return what says that ``check_outgoing`` of this version has passed these bytes, so that it need not do so again.

    A payload that has been changed since, or was checked by an earlier version's rules, has another mark.
    """
    return f"{__version__}:{hashlib.sha256(payload).hexdigest()}"


def owed(message: Message) -> list[Finding]:
    """Return what a sender owes beyond what a receiver shall reject."""
    extra = narrative_checks.CARE if message.event == codes.CARE_EVENT else (frame_checks.ack_own_history,)
    return _apply((*narrative_checks.ALWAYS, *identifier_checks.OWED, *extra), message)


def _rules_of(message: Message) -> tuple[Rule, ...]:
    if message.event == codes.CARE_EVENT:
        return _CARE
    return _ACK if message.event == codes.ACK_EVENT else (_unknown_event,)


def _unknown_event(message: Message) -> Iterator[Finding]:
    yield Finding("event", "MessageHeader.eventCoding", "beskedtypen kan ikke modtages")


def _apply(rules: tuple[Rule, ...], message: Message) -> list[Finding]:
    return [finding for rule in rules for finding in rule(message)]
