"""Times as people read them: weekday, date, Danish local time, and the word that says which time it is."""

from __future__ import annotations

from datetime import datetime

from vdx_plugin.domain.danish_time import danish

_DANISH_DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_DANISH_MONTHS = (
    *("januar", "februar", "marts", "april", "maj", "juni"),
    *("juli", "august", "september", "oktober", "november", "december"),
)
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def local(time: datetime) -> datetime:
    """Return an aware time in Denmark, to the second. Raises ValueError for a time without a zone."""
    return danish(time).replace(microsecond=0)


def instant(time: datetime) -> str:
    """Return the time as FHIR writes it, with Denmark's offset: ``2026-10-14T13:00:00+02:00``."""
    return local(time).isoformat()


def span(start: datetime, end: datetime, language: str = "da") -> str:
    """Say when something is: ``onsdag den 14. oktober 2026 kl. 13.00-13.30 (dansk tid)``."""
    start, end = local(start), local(end)
    if end.date() == start.date():
        return f"{_moment(start, language)}-{_clock(end, language)}{_zone(start, language)}"
    word = "til" if language == "da" else "to"
    return f"{_moment(start, language)} {word} {_moment(end, language)}{_zone(start, language)}"


def day(time: datetime, language: str = "da") -> str:
    """Say which day: ``onsdag den 14. oktober 2026`` or ``Wednesday 14 October 2026``."""
    time = local(time)
    if language == "da":
        return f"{_DANISH_DAYS[time.weekday()]} den {time.day}. {_DANISH_MONTHS[time.month - 1]} {time.year}"
    return f"{_ENGLISH_DAYS[time.weekday()]} {time.day} {_ENGLISH_MONTHS[time.month - 1]} {time.year}"


def short(time: datetime) -> str:
    """Say day and time in few characters, for a subject line: ``14.10.2026 kl. 13.00``."""
    return local(time).strftime("%d.%m.%Y kl. %H.%M")


def _moment(time: datetime, language: str) -> str:
    word = "kl." if language == "da" else "at"
    return f"{day(time, language)} {word} {_clock(time, language)}"


def _clock(time: datetime, language: str) -> str:
    return time.strftime("%H.%M" if language == "da" else "%H:%M")


def _zone(time: datetime, language: str) -> str:
    """Name the zone; in the hour that October has twice, also say which of the two."""
    name = "dansk tid" if language == "da" else "Danish time"
    if time.replace(fold=0).utcoffset() == time.replace(fold=1).utcoffset():
        return f" ({name})"
    summer = bool(time.dst())
    words = ("sommertid", "vintertid") if language == "da" else ("summer time", "winter time")
    return f" ({name}, {words[0] if summer else words[1]})"
