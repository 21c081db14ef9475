"""The notices of the desk: which are shown, which replace an earlier one, which are out of date. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from vdx_plugin.service.view import Notice, Problem, Severity

_ONE_AT_A_TIME = ("context.", "ticket.", "plan.", "consultation.")
"""About the moment, not about a thing that stays broken: the newest counts."""

MET_BY_AN_OPEN_PATIENT = frozenset(
    {
        "context.none",
        "context.incomplete",
        "context.stale",
        "context.open_in_record",
        "context.unreadable",
        "plan.patient_changed",
    }
)
"""What asks for nothing but a patient to be opened."""


def with_notice(
    shown: Sequence[Notice], number: int, code: str, facts: Mapping[str, str | int], now: datetime
) -> tuple[Notice, ...]:
    """Return the notices with one more; the very same is shown once, and stays where it is."""
    problem = Problem(code, facts)
    if any(notice.problem == problem for notice in shown):
        return tuple(shown)
    severity = Severity.INFO if code.startswith("ticket.") else Severity.WARNING
    kept = without(shown, {code}) if code.startswith(_ONE_AT_A_TIME) else tuple(shown)
    return (*kept, Notice(number, problem, severity, now))


def without(shown: Sequence[Notice], codes: Collection[str]) -> tuple[Notice, ...]:
    """Return the notices but for those with these codes."""
    return tuple(notice for notice in shown if notice.problem.code not in codes)
