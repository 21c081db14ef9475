"""What each participant is told between one state of the room and the next."""

from __future__ import annotations

from vdx_plugin.sandbox.pexip.roster import events_between, row, snapshot, status
from vdx_plugin.sandbox.pexip.rules import Conference, Enter, Person, Role, SetLock, apply


def room_with(*names: str, locked_after: int = 99) -> Conference:
    """The first is the host; those after ``locked_after`` come to a locked room."""
    conference = Conference("room")
    for number, name in enumerate(names):
        if number == locked_after:
            conference, _ = apply(conference, SetLock("host", locked=True), at=1)
        role = Role.GUEST if number else Role.CHAIR
        conference, _ = apply(conference, Enter(Person(name, name.title(), role)), at=1)
    return conference


def told(before: Conference, after: Conference, viewer: str) -> list[tuple[str, str]]:
    return [
        (event.name, (event.data or {}).get("uuid", ""))
        for event in events_between(before, after, viewer)
        if event.name != "conference_update"
    ]


def test_a_stream_begins_with_the_roster_in_its_bracket() -> None:
    """Clients build their list anew from the bracket after every reconnection."""
    conference = room_with("host", "anna")
    host = conference.find("host")
    assert host is not None
    assert [event.name for event in snapshot(conference, host)] == [
        "participant_sync_begin",
        "participant_create",
        "participant_create",
        "participant_sync_end",
        "conference_update",
    ]


def test_only_hosts_see_who_waits() -> None:
    """Who knocks is the host's business; the waiting one sees nobody but themselves."""
    before = room_with("host", "anna")
    after = room_with("host", "anna", "bent", locked_after=2)
    assert told(before, after, "host") == [("participant_create", "bent")]
    assert told(before, after, "anna") == []
    bent = after.find("bent")
    assert bent is not None
    rows = [e.data["uuid"] for e in snapshot(after, bent) if e.name == "participant_create"]
    assert rows == ["bent"]


def test_being_let_in_shows_the_others_and_shows_one_to_them() -> None:
    """The change of ``service_type`` in the own row is how a client learns that it is in."""
    before = room_with("host", "anna", "bent", locked_after=2)
    after, _ = apply(before, SetLock("host", locked=False), at=2)
    assert told(before, after, "host") == [("participant_update", "bent")]
    assert told(before, after, "anna") == [("participant_create", "bent")]
    assert told(before, after, "bent") == [
        ("participant_create", "host"),
        ("participant_create", "anna"),
        ("participant_update", "bent"),
    ]
    mine = events_between(before, after, "bent")[2]
    assert mine.data["service_type"] == "conference"


def test_the_row_is_spelled_as_a_node_spells_it() -> None:
    """YES/NO beside true and false, chair and guest in lower case."""
    conference = room_with("host", "anna")
    host, anna = conference.people
    assert row(host, host)["role"] == "chair"
    assert row(host, host)["is_muted"] == "NO"
    assert row(host, host)["is_client_muted"] is False
    assert row(host, host)["protocol"] == "api"
    assert row(host, anna)["protocol"] == row(host, anna)["vendor"] == ""
    assert status(conference)["locked"] is False
    assert status(conference)["started"] is True
