"""What each participant is told between one state of the room and the next."""

from __future__ import annotations

from vdx_plugin.sandbox.pexip.roster import events_between, row, snapshot, status
from vdx_plugin.sandbox.pexip.rules import apply
from vdx_plugin.sandbox.pexip.state import (
    Command,
    Conference,
    Enter,
    Mark,
    Person,
    ReleaseFloor,
    Role,
    SetLayout,
    SetLock,
    Spoke,
    TakeFloor,
)


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
        if event.name.startswith("participant_")
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
        "layout",
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
    assert row(conference, host, host)["role"] == "chair"
    assert row(conference, host, host)["is_muted"] == "NO"
    assert row(conference, host, host)["is_client_muted"] is False
    assert row(conference, host, host)["protocol"] == "api"
    assert row(conference, host, anna)["protocol"] == row(conference, host, anna)["vendor"] == ""
    assert status(conference)["locked"] is False
    assert status(conference)["started"] is True


def show(before: Conference, command: Command, viewer: str) -> list[str]:
    after, _ = apply(before, command, at=3)
    return [event.name for event in events_between(before, after, viewer) if "participant" not in event.name]


def test_slides_are_told_to_everybody_but_their_presenter() -> None:
    """The vendor's client stops its own slides when it hears of anybody's."""
    quiet = room_with("host", "anna", "bent", locked_after=2)
    assert show(quiet, TakeFloor("anna", "anna"), "host") == ["presentation_start"]
    assert show(quiet, TakeFloor("anna", "anna"), "anna") == []
    assert show(quiet, TakeFloor("anna", "anna"), "bent") == []
    shown, _ = apply(quiet, TakeFloor("anna", "anna"), at=2)
    assert show(shown, ReleaseFloor("anna", "anna"), "host") == ["presentation_stop"]
    assert show(shown, TakeFloor("host", "host"), "anna") == ["presentation_start"]
    assert show(shown, TakeFloor("host", "host"), "host") == ["presentation_stop"]
    assert show(shown, SetLock("host", locked=False), "bent") == ["conference_update", "presentation_start", "layout"]
    assert show(shown, Mark("host", "host", "takes_slides", value=False), "host") == ["presentation_stop"]


def test_the_stage_and_the_layout_follow_who_speaks() -> None:
    """The large picture is whoever spoke last; the clients draw their own marks from the stage."""
    quiet = room_with("host", "anna", "bent")
    assert show(quiet, Spoke("bent"), "host") == ["layout", "stage"]
    spoken, _ = apply(quiet, Spoke("bent"), at=2)
    events = {event.name: event.data for event in snapshot(spoken, spoken.people[0])}
    assert events["stage"] == [{"participant_uuid": "bent", "stage_index": 0, "vad": 100}]
    assert events["layout"]["participants"] == ["bent", "anna"]
    assert events["layout"]["view"] == "4:0"


def test_a_layout_asked_for_is_given_to_those_it_is_for() -> None:
    """Hosts and guests may see different ones."""
    quiet = room_with("host", "anna", "bent")
    asked, _ = apply(quiet, SetLayout("host", guest="1:0", names=False), at=2)
    views = [next(e.data for e in snapshot(asked, person) if e.name == "layout") for person in asked.people]
    assert [view["view"] for view in views] == ["4:0", "1:0", "1:0"]
    assert views[1]["participants"] == ["host"]
    assert views[0]["requested_layout"] == {"primary_screen": {"chair_layout": "", "guest_layout": "1:0"}}
    assert not views[0]["overlay_text_enabled"]
