"""What holds in the room, as columns of events and what is told of them."""

from __future__ import annotations

import pytest

from vdx_plugin.media.pexip.events import (
    ConferenceChanged,
    HoldChanged,
    LayoutChanged,
    NodeEvent,
    RefreshWanted,
    SlidesBegan,
    SlidesEnded,
    SlidesRevoked,
    SplashShown,
)
from vdx_plugin.media.room_state import RoomState
from vdx_plugin.ports import CallEvent, Held, LockChanged, RoomRules, RulesChanged, Slides, SlidesChanged


def told(*events: NodeEvent) -> list[CallEvent]:
    state = RoomState("me", is_host=True, is_direct=False)
    return [each for event in events for each in state.apply(event)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([ConferenceChanged(locked=True), ConferenceChanged(locked=True)], [LockChanged(True)]),
        ([ConferenceChanged(guests_muted=False)], []),
        ([ConferenceChanged(guests_muted=True)], [RulesChanged(RoomRules(guests_muted=True))]),
        ([ConferenceChanged()], []),
        ([LayoutChanged("4:0"), LayoutChanged("4:0")], [RulesChanged(RoomRules(layout="4:0"))]),
        ([SlidesBegan("a", "Anna")], [SlidesChanged(Slides.THEIRS, "Anna")]),
        ([SlidesBegan("me", "Læge")], [SlidesChanged(Slides.OURS)]),
        ([SlidesEnded()], []),
        (
            [SlidesBegan("me", ""), SlidesBegan("a", "Anna"), SlidesEnded(), SlidesEnded()],
            [SlidesChanged(Slides.OURS), SlidesChanged(Slides.THEIRS, "Anna"), SlidesChanged(Slides.NONE)],
        ),
        ([SlidesBegan("me", ""), SlidesEnded()], [SlidesChanged(Slides.OURS)]),
        ([SlidesBegan("me", ""), SlidesRevoked()], [SlidesChanged(Slides.OURS), SlidesChanged(Slides.NONE)]),
        ([HoldChanged(True), HoldChanged(True), HoldChanged(False)], [Held("call.on_hold"), Held("")]),
        ([SplashShown("direct_media_waiting_for_host"), SplashShown("")], [Held("call.awaits_host"), Held("")]),
        ([SplashShown("direct_media_escalate")], [Held("call.moving")]),
        ([SplashShown("direct_media_welcome")], []),
        ([RefreshWanted()], []),
    ],
)
def test_only_what_changed_is_told(events: list[NodeEvent], expected: list[CallEvent]) -> None:
    """A node repeats itself; a window that is told the same twice flickers."""
    assert told(*events) == expected


def test_a_host_who_becomes_a_guest_is_told_once() -> None:
    """What a guest may not do must not be offered."""
    state = RoomState("me", is_host=True, is_direct=False)
    assert state.set_host(is_host=True) == []
    assert state.set_host(is_host=False) == [RulesChanged(RoomRules(is_host=False))]
