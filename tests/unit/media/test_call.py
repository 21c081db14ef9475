"""One presence as the core sees it, against a node whose every word is given. No media."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.media.pexip.node import TARGET, Node, refused, row
from vdx_plugin.media.call import PexipCall, open_call
from vdx_plugin.media.devices import SystemDevices
from vdx_plugin.media.surroundings import Ears, Surroundings
from vdx_plugin.ports import (
    CallEvent,
    CallOver,
    ChatReceived,
    DeviceNotice,
    Held,
    RosterChanged,
    RulesChanged,
    Slides,
    SlidesChanged,
    VideoPicture,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _ignore(picture: VideoPicture) -> None: ...


@dataclass
class Doctor:
    node: Node
    call: PexipCall = field(init=False)
    events: list[CallEvent] = field(default_factory=list)

    def hear(self, event: CallEvent) -> None:
        self.events.append(event)
        self.node.changed.set()

    def of(self, kind: type[CallEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def doctor_at(node: Node) -> AsyncIterator[Doctor]:
    doctor = Doctor(node)
    ears = Ears(doctor.hear, _ignore, _ignore)
    doctor.call = await open_call(node.client(), TARGET, ears, Surroundings(SystemDevices(), lambda: NOON))
    try:
        yield doctor
    finally:
        await doctor.call.leave()


async def test_a_room_that_sends_us_on_is_followed_with_its_one_time_token() -> None:
    """A third person turns two ends that sent to each other into a meeting of the node's; nobody clicks anything."""
    node = Node(people=[row("patient", call_tag="patient")])
    async with doctor_at(node) as doctor:
        node.say("refer", {"alias": "other@example.test", "token": "once", "target": "transcoded"})
        await node.until(lambda: Held("") in doctor.events)
        entering = node.paths("request_token")[-1]
        assert entering.body["token"] == "once"
        assert entering.body["direct_media"] is False
        assert node.rooms[-1] in ("other@example.test", "room@example.test")
        assert doctor.of(Held) == [Held("call.moving"), Held("")]
        assert [person.id for person in doctor.of(RosterChanged)[-1].participants] == ["me2", "patient"]
        assert not doctor.of(CallOver)
        await doctor.call.lock()
        assert (node.asked[-1].path, node.asked[-1].token) == ("lock", "t2")
        assert node.rooms[-1] == "other@example.test"


async def test_what_the_left_room_says_afterwards_ends_nothing() -> None:
    """A node throws out whom it has sent on."""
    node = Node()
    async with doctor_at(node) as doctor:
        node.say("refer", {"alias": "other", "token": "once"})
        await node.until(lambda: len(node.streams) == 2)
        node.say("disconnect", {"reason": "Call transferred"}, stream=0)
        await node.until(lambda: Held("") in doctor.events)
        assert not doctor.of(CallOver)


async def test_a_room_that_sends_us_on_and_then_refuses_us_ends_the_call() -> None:
    """The doctor must hear it at once, and be offered the telephone."""
    node = Node()
    async with doctor_at(node) as doctor:
        node.answers["request_token"] = lambda body: refused("Invalid token")
        node.say("refer", {"alias": "other", "token": "once"})
        await node.until(lambda: doctor.of(CallOver))
        assert doctor.of(CallOver) == [CallOver("call.cut_off")]


async def test_leaving_while_being_sent_on_leaves_nothing_behind() -> None:
    """Tasks and sockets of both presences must be gone; the test's own check for tasks left running sees to that."""
    node = Node()
    async with doctor_at(node) as doctor:
        node.say("refer", {"alias": "other", "token": "once"})
        await node.until(lambda: doctor.of(Held))
    assert doctor.events[-1] == CallOver("")


async def test_slides_end_with_the_room_they_were_shown_in() -> None:
    """Otherwise the window would wait for pictures that nobody sends any more."""
    node = Node()
    async with doctor_at(node) as doctor:
        node.say("presentation_start", {"presenter_name": "Anna", "presenter_uuid": "a"})
        await node.until(lambda: doctor.of(SlidesChanged))
        node.say("refer", {"alias": "other", "token": "once"})
        await node.until(lambda: Held("") in doctor.events)
        assert [event.slides for event in doctor.of(SlidesChanged)] == [Slides.THEIRS, Slides.NONE]


async def test_a_role_that_changes_with_the_roster_or_the_token_is_told() -> None:
    """Both have been seen to bring it."""
    node = Node(grant={"role": "HOST"})
    async with doctor_at(node) as doctor:
        node.say("participant_update", row("me1", role="guest"))
        await node.until(lambda: len(doctor.of(RulesChanged)) == 2)
        node.answers["refresh_token"] = lambda body: {"token": "t", "role": "HOST"}
        node.say("refresh_token")
        await node.until(lambda: len(doctor.of(RulesChanged)) == 3)
        assert [event.rules.is_host for event in doctor.of(RulesChanged)] == [True, False, True]


async def test_a_reopened_stream_announces_nobody_who_was_there() -> None:
    """The whole roster comes again; that is no news."""
    node = Node(people=[row("patient")])
    async with doctor_at(node) as doctor:
        told = len(doctor.of(RosterChanged))
        node.streams[0].put_nowait(None)
        await node.until(lambda: len(node.streams) == 2)
        node.say("conference_update", {"guests_muted": True})
        await node.until(lambda: any(event.rules.guests_muted for event in doctor.of(RulesChanged)))
        assert len(doctor.of(RosterChanged)) == told


@pytest.mark.parametrize("seed", range(4))
async def test_a_node_that_talks_nonsense_neither_ends_nor_breaks_the_call(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Events of any name with any data, fixed seeds: the next true word is understood."""
    chance = random.Random(seed)
    names = ["participant_create", "participant_update", "conference_update", "stage", "layout", "presentation_start"]
    names += ["presentation_frame", "new_offer", "update_sdp", "new_candidate", "peer_disconnect", "splash_screen"]
    names += ["call_disconnected", "message_received", "on_hold", "refer", "\u0000", "x" * 300]
    values: list[Any] = [None, 5, -1e300, "x" * 9000, [], {}, [[]], {"uuid": "a"}, {"uuid": []}, {"sdp": "v=0"}, "YES"]
    node = Node()
    async with doctor_at(node) as doctor:
        for _ in range(600):
            node.say(chance.choice(names), chance.choice(values))
            node.say(chance.choice(names), raw=chance.choice(["{", "[" * 5000, "\u2028", "NaN", '"', "null"]))
        node.say("message_received", {"type": "text/plain", "origin": "A", "payload": "sandt"})
        await node.until(lambda: doctor.of(ChatReceived))
        assert not doctor.of(CallOver)
        assert len(doctor.of(RosterChanged)[-1].participants) <= 500
    assert all("x" * 20 not in record.getMessage() for record in caplog.records)


async def test_after_an_outage_events_are_read_over_a_fresh_connection() -> None:
    """The old one may be dead for a minute and a half before anybody notices, and who came meanwhile is not seen."""
    node = Node()
    async with doctor_at(node) as doctor:
        doctor.call._presence.read_anew()
        await node.until(lambda: len(node.streams) == 2)
        node.say("participant_create", row("patient"))
        await node.until(lambda: len(doctor.of(RosterChanged)[-1].participants) == 2)
        assert not doctor.of(CallOver)


async def test_a_token_the_node_has_forgotten_ends_a_call_that_has_no_media_yet() -> None:
    """There is nothing to be brought back; the doctor starts again."""
    node = Node()
    async with doctor_at(node) as doctor:
        node.answers["refresh_token"] = lambda body: refused("Invalid token")
        node.say("refresh_token")
        await node.until(lambda: doctor.of(CallOver))
        assert doctor.of(CallOver) == [CallOver("call.token_gone")]


async def test_both_sides_are_told_when_the_line_has_room_for_sound_alone() -> None:
    """The others would look at a still face, and the doctor talk to somebody who sees none."""
    node = Node(people=[row("patient", call_tag="patient")])
    async with doctor_at(node) as doctor:
        session = doctor.call._session
        session._shown.set_room(False)
        await node.until(lambda: bool(node.paths("video_muted")))
        await doctor.call.set_camera(on=False)
        session._shown.set_room(True)
        await node.until(lambda: len(node.paths("video_muted")) == 3)
        assert not node.paths("video_unmuted")
        await doctor.call.set_camera(on=True)
        assert node.paths("video_unmuted")
        assert [notice.code for notice in doctor.of(DeviceNotice)] == ["media.sound_only", "media.picture_back"]
