"""One meeting as a calendar file (RFC 5545) that is handed over by a person: METHOD PUBLISH, nobody is invited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from icalendar import Calendar

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import calendar_event
from vdx_plugin.invitations.narrative import clean


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``extra`` are properties of our own, by their names with ``X-``; empty ones are left out."""

    uid: str
    start: datetime
    end: datetime
    title: str
    url: Secret
    sequence: int = 0
    is_off: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)


def write(entry: Entry, written_at: datetime) -> str:
    """Return the file, with CRLF."""
    event = calendar_event.event(entry.uid, entry.sequence, entry.start, entry.end, entry.title, written_at)
    if entry.url:
        calendar_event.place(event, entry.url)
    for name, value in entry.extra.items():
        if value:
            event.add(name, clean(value))
    around = calendar_event.calendar(calendar_event.CANCEL if entry.is_off else "PUBLISH", event)
    return str(around.to_ical(), "utf-8")


def read(text: str) -> Entry:
    """Read a file written here. Raises Unreadable."""
    try:
        (event,) = Calendar.from_ical(text).walk("VEVENT")
        return Entry(
            str(event["UID"]),
            event["DTSTART"].dt,
            event["DTEND"].dt,
            str(event["SUMMARY"]),
            Secret(str(event.get("URL", ""))),
            int(event["SEQUENCE"]),
            str(event["STATUS"]) == "CANCELLED",
            {str(name): str(value) for name, value in event.items() if str(name).startswith("X-")},
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable("invite.unreadable", type(error).__name__, place="calendar file") from None
