"""How partners' systems behave, as pure rules: what they say to a message, and when it goes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from vdx_plugin.sandbox.partners.values import Answer, Behaviour, Conduct, Finding, PartnerTimes

ISSUES = {
    "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE": "modtageren tager ikke imod korrespondance",
    "MSG_Receiver_Identifier_UNKNOWN": "modtageren er ukendt",
    "MSG_Receiver_Identifier_MISSING": "modtageren mangler",
    "MSG_VALUESET_VALUE_UNKNOWN": "en værdi er ukendt",
    "MSG_CodeSystem_VALUE_UNKNOWN": "en kode er ukendt",
    "MSG_Element_To_Long": "et felt er for langt",
    "MSG_Datatype_Wrong": "et felt har forkert datatype",
    "MSG_Damaged_durin_transport": "beskeden er beskadiget undervejs",
}
"""The reasons with which a message can be refused (medcom-acknowledgement-error-codes, MedCom's spelling)."""

_LONGEST_S = 7 * 24 * 3600.0
_MUTE = frozenset({Behaviour.SILENT, Behaviour.UNDELIVERABLE, Behaviour.COUNT})


def decide(conduct: Conduct, findings: Iterable[Finding], earlier: Sequence[Answer]) -> tuple[Answer, ...]:
    """Return what the system says to a message, in order; nothing: it is silent.

    ``earlier`` is what it said to the same message before. Once ok or fatal-error, always the same, unless the partner
    contradicts itself on purpose.
    """
    errors = tuple(finding for finding in findings if finding.is_error)
    if conduct.behaviour in _MUTE:
        return ()
    if conduct.behaviour is Behaviour.CONTRADICTORY and not errors:
        return (Answer("ok"), refusal(conduct.issue))
    settled = next((answer for answer in earlier if answer.code != "transient-error"), None)
    if settled is not None:
        return (settled,)
    if errors:
        return (Answer("fatal-error", errors),)
    if conduct.behaviour is Behaviour.REJECT:
        return (refusal(conduct.issue),)
    if conduct.behaviour is Behaviour.TRANSIENT and len(earlier) < conduct.times:
        return (Answer("transient-error"),)
    return (Answer("ok"),)


def refusal(issue: str) -> Answer:
    """Return a fatal-error for this reason."""
    return Answer("fatal-error", (Finding("behaviour", "MessageHeader.destination", ISSUES[issue], issue),))


def delays(conduct: Conduct, times: PartnerTimes, number: int) -> tuple[float, ...]:
    """Return after how many seconds each copy of the partner's ``number``-th own message goes out.

    A duplicating partner sends all twice, and of two messages written together the later one first.
    """
    usual = times.acknowledge_s
    if conduct.behaviour is Behaviour.SLOW:
        return (times.slow_s if conduct.delay_s is None else conduct.delay_s,)
    if conduct.behaviour is Behaviour.DUPLICATE:
        return (usual, 3 * usual) if number % 2 else (2 * usual, 4 * usual)
    return (0.0,) if conduct.behaviour is Behaviour.EARLY else (usual,)


def is_down(conduct: Conduct, now: datetime) -> bool:
    """Say whether the partner takes nothing in now."""
    return conduct.behaviour is Behaviour.DOWN and (conduct.until is None or now < conduct.until)


def read_conduct(values: dict[str, Any], now: datetime) -> Conduct:
    """Make a conduct of a JSON object or form; ``down_s`` counts from now. Raises ValueError for what is unknown.

    Members: behaviour (needed), issue, delay_s, times, down_s, cuts, receipts. Empty ones mean the default.
    """
    given = {name: value for name, value in values.items() if value not in ("", None)}
    if not set(given) <= {"behaviour", "issue", "delay_s", "times", "down_s", "cuts", "receipts"}:
        raise ValueError("unknown member")
    conduct = Conduct(
        behaviour=Behaviour(str(given.get("behaviour"))),
        issue=str(given.get("issue", Conduct.issue)),
        delay_s=float(given["delay_s"]) if "delay_s" in given else None,
        times=int(given.get("times", 1)),
        until=now + _seconds(given["down_s"]) if "down_s" in given else None,
        cuts=_flag(given.get("cuts", False)),
        receipts=_flag(given.get("receipts", True)),
    )
    if conduct.issue not in ISSUES or conduct.times < 1 or not 0 <= (conduct.delay_s or 0) <= _LONGEST_S:
        raise ValueError("out of range")
    return conduct


def _seconds(value: Any) -> timedelta:
    seconds = float(value)
    if not 0 <= seconds <= _LONGEST_S:
        raise ValueError("out of range")
    return timedelta(seconds=seconds)


def _flag(value: Any) -> bool:
    words = {"ja": True, "nej": False}
    if not isinstance(value, bool) and value not in words:
        raise ValueError("neither yes nor no")
    return value if isinstance(value, bool) else words[value]
