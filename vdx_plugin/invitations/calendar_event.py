"""One meeting as an event of RFC 5545, and the calendar around it: what a mail and a file have in common."""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar, Event

from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations.narrative import clean

CANCEL = "CANCEL"


def event(uid: str, sequence: int, start: datetime, end: datetime, title: str, written_at: datetime) -> Event:
    """Return the event, without a word on whether it is off."""
    made = Event()
    made.add("UID", uid)
    made.add("DTSTAMP", written_at.astimezone(UTC))
    # Times in UTC need no time zone table in the file and are shown in the reader's own zone.
    made.add("DTSTART", start.astimezone(UTC))
    made.add("DTEND", end.astimezone(UTC))
    made.add("SEQUENCE", sequence)
    made.add("SUMMARY", clean(title))
    return made


def place(made: Event, link: Secret) -> None:
    """Say where it takes place."""
    made.add("LOCATION", link.reveal())
    made.add("URL", link.reveal())


def calendar(method: str, made: Event) -> Calendar:
    """Return the calendar that carries the event; ``CANCEL`` takes it back."""
    around = Calendar()
    around.add("PRODID", "-//vdx-plugin//DA")
    around.add("VERSION", "2.0")
    around.add("METHOD", method)
    made.add("STATUS", "CANCELLED" if method == CANCEL else "CONFIRMED")
    around.add_component(made)
    return around
