"""How values, groups and codes are written for people, in the language in use."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_datetime

from vdx_plugin import texts
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.monitoring.aggregation import ALL, LineClass, Outcome
from vdx_plugin.monitoring.figure import Unit
from vdx_plugin.monitoring.goals import Verdict
from vdx_plugin.texts import _

NOT_MEASURED = "–"
_BINDING_SPACE = "\N{NO-BREAK SPACE}"
_LOCALES = {"da": "da", "en": "en_GB"}
"""English on its own would write dates the American way."""


def shown(value: float | None, unit: Unit) -> str:
    """Write a value with its unit; a dash where nothing was measured."""
    if value is None:
        return NOT_MEASURED
    if unit is Unit.SHARE:
        return f"{_share(value)}{_BINDING_SPACE}%"
    if unit is Unit.MS:
        return f"{number(value / 1000, 1)}{_BINDING_SPACE}s"
    if unit is Unit.SECONDS:
        return duration(value)
    if unit is Unit.MINUTES:
        return f"{number(value, 1 if 0 < value < 10 else 0)}{_BINDING_SPACE}min"
    return number(value, 1 if unit is Unit.MOS else 0)


def _share(value: float) -> str:
    # 99.6 % must not read as 100 %: a decimal where rounding would hide what is missing.
    percent = value * 100
    return number(percent, 1 if 99 <= percent < 100 or 0 < percent < 1 else 0)


def number(value: float, decimals: int) -> str:
    """Write a number with a decimal comma and points in Danish, the other way round in English."""
    text = f"{value:,.{decimals}f}"
    return text if texts.language() == "en" else text.translate({ord(","): ".", ord("."): ","})


def duration(seconds: float) -> str:
    """Write a time in the largest unit that fits it."""
    for size, name in ((86400, _("døgn")), (3600, _("t")), (60, _("min"))):
        if seconds >= 2 * size:
            return f"{number(seconds / size, 0)}{_BINDING_SPACE}{name}"
    return f"{number(seconds, 0)}{_BINDING_SPACE}s"


def day(at: date) -> str:
    """Write a day in full."""
    return str(format_date(at, "long", locale=_LOCALES[texts.language()]))


def moment(at: datetime) -> str:
    """Write a day and the time of day, in Danish time."""
    pattern = "d MMMM y HH:mm" if texts.language() == "en" else "d. MMMM y HH:mm"
    return str(format_datetime(danish(at), pattern, locale=_LOCALES[texts.language()]))


def short_day(first: date, *, by_week: bool) -> str:
    """Write the start of a week, or a month, as short as a plot needs it."""
    if by_week:
        return f"{first.day}/{first.month}"
    return str(format_date(first, "MMM", locale=_LOCALES[texts.language()])).rstrip(".")


def group_name(group: str) -> str:
    """Name a group of visits by the kind of partner."""
    return {
        ALL: _("Alle"),
        PartyRole.PATIENT: _("Patient"),
        PartyRole.HOSPITAL: _("Sygehus"),
        PartyRole.MUNICIPALITY: _("Kommune"),
        PartyRole.NURSING_HOME: _("Plejehjem"),
        PartyRole.INTERPRETER: _("Tolk"),
        PartyRole.OTHER: _("Andre"),
    }[group]


def outcome_name(outcome: Outcome) -> str:
    return {
        Outcome.VIDEO: _("Video"),
        Outcome.PHONE: _("Telefon"),
        Outcome.FAILED: _("Mislykket"),
        Outcome.NOBODY_CAME: _("Ingen kom"),
        Outcome.BROKEN_OFF: _("Aflyst, afbrudt"),
    }[outcome]


def line_name(line: LineClass) -> str:
    return {
        LineClass.GOOD: _("God"),
        LineClass.FAIR: _("Nogenlunde"),
        LineClass.POOR: _("Dårlig"),
        LineClass.UNMEASURED: _("Ikke målt"),
    }[line]


def step_name(step: str) -> str:
    """Name the step that failed; a failure outside the four steps belongs to the call."""
    return {
        "room": _("Rum"),
        "lock": _("Lås"),
        "invitations": _("Invitationer"),
        "video": _("Video"),
    }.get(step, _("Samtale"))


def reason_name(code: str) -> str:
    """Return what happened, the first sentence of the problem's text, without what to do about it."""
    if not code:
        return _("Uden angivet grund")
    return texts.problem(code, party=_("parten"), name=_("journalsystemet")).split(". ")[0].rstrip(".")


def verdict_name(verdict: Verdict) -> str:
    return {
        Verdict.MET: _("Målet er nået"),
        Verdict.MISSED: _("Målet er ikke nået"),
        Verdict.TOO_FEW: _("For få til at bedømme"),
    }[verdict]
