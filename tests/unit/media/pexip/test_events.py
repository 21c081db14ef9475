"""Events and the roster they build."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable
from vdx_plugin.media.pexip.event_reading import read_event
from vdx_plugin.media.pexip.events import (
    CandidateCame,
    ConferenceChanged,
    HoldChanged,
    LayoutChanged,
    MediaCallEnded,
    MessageCame,
    NodeEvent,
    OfferCame,
    OtherSideGone,
    PutOut,
    Referred,
    RefreshWanted,
    Row,
    RowGone,
    RowSet,
    SlideReady,
    SlidesBegan,
    SlidesEnded,
    SlidesRevoked,
    SpeakersChanged,
    SplashShown,
    SyncBegun,
    SyncEnded,
)
from vdx_plugin.media.pexip.reasons import code_for, loggable
from vdx_plugin.media.pexip.roster import Roster


def row(name: str, **changes: Any) -> dict[str, Any]:
    base = {
        "uuid": name,
        "display_name": name.upper(),
        "role": "guest",
        "service_type": "conference",
        "has_media": True,
        "is_muted": "NO",
        "call_tag": "",
    }
    return {**base, **changes}


def read(name: str, data: Any) -> NodeEvent | None:
    return read_event(name, json.dumps(data))


def test_a_participant_is_read_from_the_nodes_mixture_of_words_and_booleans() -> None:
    """Roles are chair and guest here, HOST and GUEST in token replies."""
    event = read(
        "participant_create", row("a", role="chair", is_muted="YES", service_type="waiting_room", call_tag="p")
    )
    assert event == RowSet(Row("a", "A", is_host=True, is_waiting=True, has_media=True, is_muted=True, call_tag="p"))


@pytest.mark.parametrize(
    ("name", "data", "event"),
    [
        ("participant_sync_begin", "null", SyncBegun()),
        ("participant_sync_end", "", SyncEnded()),
        ("participant_delete", '{"uuid": "a"}', RowGone("a")),
        ("conference_update", '{"locked": true}', ConferenceChanged(True)),
        ("conference_update", '{"locked": "NO"}', ConferenceChanged(False)),
        ("disconnect", '{"reason": "r"}', PutOut("r")),
        ("call_disconnected", '{"call_uuid": "c", "reason": "r"}', MediaCallEnded("c", "r")),
        ("refresh_token", "", RefreshWanted()),
        (
            "message_received",
            '{"type": "text/plain", "origin": "A", "uuid": "a", "payload": "x"}',
            MessageCame("A", "a", "x"),
        ),
        ("message_received", '{"type": "application/json", "payload": "{}"}', None),
        ("layout", '{"view": "1:0"}', LayoutChanged("1:0")),
        ("layout", '{"view": "1:0", "participants": "me"}', LayoutChanged("1:0")),
        ("layout", '{"requested_layout": {"primary_screen": {"chair_layout": "4:0"}}}', LayoutChanged("4:0")),
        ("layout", '{"participants": []}', None),
        ("conference_update", '{"guests_muted": true}', ConferenceChanged(guests_muted=True)),
        ("presentation_start", '{"presenter_name": "A", "presenter_uuid": "a"}', SlidesBegan("a", "A")),
        ("presentation_start", '{"presenter_name": "", "presenter_uri": "", "presenter_uuid": ""}', SlidesRevoked()),
        ("presentation_stop", "{}", SlidesEnded()),
        ("presentation_ended", "null", SlidesEnded()),
        (
            "stage",
            '[{"participant_uuid": "b", "stage_index": 1, "vad": 0},'
            ' {"participant_uuid": "a", "stage_index": 0, "vad": 100}, 5]',
            SpeakersChanged(("a", "b"), frozenset({"a"})),
        ),
        ("stage", "", SpeakersChanged((), frozenset())),
        ("on_hold", '{"setting": true}', HoldChanged(True)),
        (
            "splash_screen",
            '{"screen_key": "direct_media_welcome", "display_duration": 5}',
            SplashShown("direct_media_welcome"),
        ),
        ("splash_screen", "null", SplashShown("")),
        ("refer", '{"alias": "b", "token": "t", "target": "transcoded"}', Referred("b", Secret("t"), "transcoded")),
        ("cancel_refer", "", None),
        ("new_offer", '{"sdp": "v=0"}', OfferCame("v=0")),
        ("new_offer", '{"sdp": ""}', None),
        ("update_sdp", '{"sdp": "v=0"}', OfferCame("v=0", is_update=True)),
        ("new_candidate", '{"candidate": "c", "mid": "0", "ufrag": "u", "pwd": "p"}', CandidateCame("c", "0", "u")),
        ("new_candidate", "null", CandidateCame("", "", "")),
        ("peer_disconnect", "null", OtherSideGone()),
        ("fecc", '{"action": "start"}', None),
        ("live_captions", '{"data": "x"}', None),
        ("breakout_event", '{"breakout_uuid": "x"}', None),
        ("something_new", "{", None),
    ],
)
def test_events_are_read_and_unknown_ones_left_alone(name: str, data: str, event: NodeEvent | None) -> None:
    """New versions bring new events; none of them may end the call."""
    assert read_event(name, data) == event


@pytest.mark.parametrize("data", ["{", "[" * 10_000, '{"display_name": "Nogen"}', "5", '"x"', "{}"])
def test_a_participant_that_cannot_be_one_is_unreadable_without_its_content(data: str) -> None:
    """The error is logged; a name in it would be too."""
    with pytest.raises(Unreadable) as error:
        read_event("participant_create", data)
    assert "Nogen" not in str(error.value)


def test_a_still_of_the_slides_is_known_by_the_events_own_number() -> None:
    """Its data is empty; without a number there is nothing to fetch."""
    assert read_event("presentation_frame", "", "n1") == SlideReady("n1")
    assert read_event("presentation_frame", "") is None


def test_somebody_who_speaks_is_told_once_and_only_if_known() -> None:
    """The node repeats the stage several times a second."""
    roster = Roster("me")
    feed(roster, BEGIN, ("participant_create", row("a")), END)
    stage = ("stage", [{"participant_uuid": name, "stage_index": 0, "vad": 100} for name in ("a", "stranger")])
    assert feed(roster, stage) == [True]
    assert feed(roster, stage) == [False]
    assert [person.is_speaking for person in roster.participants()] == [True]


def test_chat_and_names_do_not_print() -> None:
    """Both are people's own words."""
    assert "hemmelig" not in repr(MessageCame("A", "a", "hemmelig"))
    assert "NOGEN" not in repr(RowSet(Row("a", "NOGEN", False, False, False, False, "")))


def test_hostile_data_is_read_or_unreadable() -> None:
    """Whatever the values are: nothing else comes out."""
    chance = random.Random(7)
    values: list[Any] = [None, True, 5, -1e300, "x" * 9000, [], {}, [[]], {"a": {}}, "\u0000", "YES"]
    names = ["participant_create", "participant_update", "participant_delete", "conference_update", "disconnect"]
    names += ["message_received", "call_disconnected", "refresh_token", "stage", "layout", "refer", "new_offer"]
    names += ["presentation_start", "presentation_frame", "new_candidate", "update_sdp", "splash_screen", "on_hold"]
    keys = [*row("a"), "locked", "reason", "type", "payload", "call_uuid", "origin", "alias", "token", "sdp"]
    keys += ["requested_layout", "view", "candidate", "mid", "screen_key", "presenter_uuid", "setting"]
    roster = Roster("me")
    for _ in range(4000):
        data: Any = {chance.choice(keys): chance.choice(values) for _ in range(chance.randrange(8))}
        text = json.dumps(chance.choice([data, data, data, chance.choice(values)]))
        try:
            event = read_event(chance.choice(names), text[: chance.choice([len(text), len(text), 3])])
        except Unreadable:
            continue
        if event is not None:
            roster.apply(event)
    assert len(roster.participants()) <= 500


def feed(roster: Roster, *events: tuple[str, Any]) -> list[bool]:
    found = [read(name, data) for name, data in events]
    return [roster.apply(event) for event in found if event is not None]


BEGIN, END = ("participant_sync_begin", None), ("participant_sync_end", None)


def test_the_first_roster_is_told_once_when_it_is_whole() -> None:
    """Half a roster would announce people one by one."""
    roster = Roster("me")
    assert feed(roster, BEGIN, ("participant_create", row("me")), ("participant_create", row("a")), END) == [
        False,
        False,
        False,
        True,
    ]
    assert [person.is_self for person in roster.participants()] == [True, False]


def test_a_reconnect_with_the_same_people_tells_nothing() -> None:
    """Nobody left and came."""
    roster = Roster("me")
    snapshot = [BEGIN, ("participant_create", row("me")), ("participant_create", row("a")), END]
    feed(roster, *snapshot)
    assert feed(roster, *snapshot) == [False] * 4


def test_the_old_roster_stands_until_the_new_one_is_whole() -> None:
    """During a reconnect the waiting guest must not vanish from the window."""
    roster = Roster("me")
    feed(roster, BEGIN, ("participant_create", row("a")), END)
    feed(roster, BEGIN)
    assert [person.id for person in roster.participants()] == ["a"]
    assert feed(roster, END) == [True]
    assert roster.participants() == ()


def test_changes_after_the_bracket_are_told_each() -> None:
    """Coming, changing and going."""
    roster = Roster("me")
    feed(roster, BEGIN, END)
    assert feed(roster, ("participant_create", row("a", service_type="waiting_room"))) == [True]
    assert feed(roster, ("participant_update", row("a"))) == [True]
    assert feed(roster, ("participant_update", row("a"))) == [False]
    assert feed(roster, ("participant_delete", {"uuid": "a"})) == [True]
    assert feed(roster, ("participant_delete", {"uuid": "a"})) == [False]


def test_somebody_is_to_be_heard_only_when_inside_with_media() -> None:
    """Otherwise silence would be taken for a broken line."""
    roster = Roster("me")
    feed(roster, BEGIN, ("participant_create", row("me")), END)
    assert not roster.hears_others
    feed(roster, ("participant_create", row("a", service_type="waiting_room")))
    assert not roster.hears_others
    feed(roster, ("participant_update", row("a")))
    assert roster.hears_others


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Conference terminated by another participant", "call.ended_by_host"),
        ("Disconnected by another participant", "call.put_out"),
        ("API initiated participant disconnect", "call.put_out"),
        ("Timeout waiting for conference host to join or permit access to locked conference", "call.not_admitted"),
        ("All conference hosts departed hosted conference", "call.room_closed"),
        ("Last remaining participant removed from conference after timeout", "call.room_closed"),
        ("Media process disconnected", "call.cut_off"),
        ("Insufficient licenses", "call.no_capacity"),
        ("Out of resource", "call.no_capacity"),
        ("System in maintenance mode", "call.maintenance"),
        ("Ice failure", "call.media_blocked"),
        ("Invalid token", "call.token_gone"),
        ("", "call.cut_off"),
    ],
)
def test_reasons_have_their_codes(reason: str, code: str) -> None:
    """The doctor reads a Danish sentence, support the node's own words in the log."""
    assert code_for(reason) == code


def test_only_known_reasons_are_logged_in_full() -> None:
    """A text of unknown origin might name a person."""
    assert loggable("Media process disconnected") == "Media process disconnected"
    assert "Jensen" not in loggable("Removed by Jensen")
