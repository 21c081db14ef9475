"""Searching for meetings: one criterion counts, the first of a fixed order; with the known falls of the server.

Source: ``VideoMeetingsControllerV2.getMeetings`` and the finders of ``MeetingServiceImpl`` (medcom-video-api 2.5.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from vdx_plugin.sandbox.video_api.body import read_moment
from vdx_plugin.sandbox.video_api.problems import crashed, invalid, malformed, refusal
from vdx_plugin.sandbox.video_api.rules import is_due, is_over
from vdx_plugin.sandbox.video_api.values import Caller, Meeting, Role, Room

_MAX_EMAIL = 100


def searched_person(query: Mapping[str, str], caller: Caller) -> str | None:
    """Return the text of which the server makes a user: what a planner asks for in ``organizedBy`` or ``search``."""
    if caller.is_only_user or any(query.get(name) for name in ("short-id", "label", "subject")):
        return None
    return query.get("organizedBy") or query.get("search") or None


def search(
    query: Mapping[str, str], caller: Caller, meetings: Iterable[Meeting], rooms: Mapping[UUID, Room]
) -> list[Meeting]:
    """Return the meetings that the query finds for this caller, oldest start first.

    ``rooms`` are by meeting uuid. Raises ApiProblem: 36 for no criterion, 10 for a short id of wrong length, the
    plain 400 for an unreadable time, and 500 where the server falls over.
    """
    start, end = _moment(query, "from-start-time"), _moment(query, "to-start-time")
    if query.get("short-id") and len(query["short-id"]) != 12:
        raise invalid("shortId", "size must be between 12 and 12")
    everything = sorted(meetings, key=lambda meeting: meeting.start)
    return _first_criterion(query, caller, everything, rooms, start, end)


def _first_criterion(
    query: Mapping[str, str],
    caller: Caller,
    meetings: list[Meeting],
    rooms: Mapping[UUID, Room],
    start: datetime | None,
    end: datetime | None,
) -> list[Meeting]:
    if wanted := query.get("short-id"):
        return [m for m in meetings if m.short_id == wanted and _sees_short_id(caller, m)]
    visible = [m for m in meetings if _sees(caller, m, only_user=caller.is_only_user)]
    if wanted := query.get("label"):
        return [m for m in visible if wanted in m.labels]
    if wanted := query.get("subject"):
        return [m for m in visible if m.subject == wanted]
    if wanted := query.get("organizedBy"):
        _check_email(caller, wanted)
        return [m for m in visible if m.organized_by.email == wanted]
    if wanted := query.get("search"):
        return _search_text(wanted, caller, visible, start, end)
    if start is not None and end is not None:
        return [m for m in visible if start <= m.start <= end]
    if wanted := query.get("uriWithDomain"):
        # Here the server asks whether USER is among the roles, not whether it is the only one.
        own = [m for m in meetings if _sees(caller, m, only_user=caller.has(Role.USER))]
        return [m for m in own if m.uuid in rooms and rooms[m.uuid].uri_with_domain == wanted]
    raise refusal(36)


def _search_text(
    wanted: str, caller: Caller, visible: list[Meeting], start: datetime | None, end: datetime | None
) -> list[Meeting]:
    if (start is None) != (end is None):
        raise crashed("Either both from-start-time and to-start-time must be provided or none of them.")
    _check_email(caller, wanted)
    found = [m for m in visible if wanted.lower() in m.subject.lower() or wanted == m.organized_by.email]
    if found and caller.is_only_user and wanted != caller.email:
        raise crashed("java.lang.UnsupportedOperationException")
    if start is None or end is None:
        return found
    return [m for m in found if start < m.start < end]


def _check_email(caller: Caller, text: str) -> None:
    # The server makes a user of the searched text for planners, and the column holds 100 characters.
    if not caller.is_only_user and len(text) > _MAX_EMAIL:
        raise crashed("could not execute statement")


def _sees(caller: Caller, meeting: Meeting, *, only_user: bool) -> bool:
    if meeting.organisation != caller.organisation:
        return False
    return not only_user or meeting.organized_by.email == caller.email


def _sees_short_id(caller: Caller, meeting: Meeting) -> bool:
    return caller.roles == {Role.ADMIN} or _sees(caller, meeting, only_user=caller.is_only_user)


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    value = query.get(name)
    if not value:
        return None
    try:
        return read_moment(value)
    except ValueError as error:
        raise malformed() from error


def due_rooms(rooms: Iterable[Room], now: datetime) -> list[Room]:
    """Return the work list of rooms to take up."""
    return [room for room in rooms if is_due(room, now)]


def finished_rooms(rooms: Iterable[Room], now: datetime) -> list[Room]:
    """Return the work list of rooms to take down."""
    return [room for room in rooms if is_over(room, now)]
