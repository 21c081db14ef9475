"""The contract of ``ports.CallEngine``, held by ``PexipEngine`` against the sandbox's room server.

The server is written from the specification alone, so that the two sides check each other.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.contract.listening import Listening
from tests.contract.room_server import GUEST_PIN, HOST_PIN, Served, serve
from tests.unit.media.test_memory import Cycle
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, Refused, Unavailable
from vdx_plugin.media.bot import Bot
from vdx_plugin.media.call import PexipCall
from vdx_plugin.media.engine import PexipEngine
from vdx_plugin.ports import (
    CallEvent,
    CallOver,
    ChatReceived,
    CheckedPart,
    Held,
    JoinTarget,
    LineChanged,
    LineQuality,
    LockChanged,
    MediaChoice,
    MediaFlowing,
    RoomParticipant,
    RosterChanged,
    RulesChanged,
    ScreenPicture,
    Slides,
    SlidesChanged,
    VideoPicture,
)
from vdx_plugin.sandbox.pexip import RoomServerConfig
from vdx_plugin.sandbox.pexip.config import TurnServer
from vdx_plugin.sandbox.pexip.server import TEST_CALL
from vdx_plugin.sandbox.rooms import VirtualRoom

CARD = MediaChoice(use_test_card=True)
OTHER_ALIAS, OTHER_PIN = "820003@rooms.sandbox.test", "4455"


@dataclass
class Doctor(Listening):
    """The doctor's end: every event kept, the newest pictures, and a way to wait for either."""

    events: list[CallEvent] = field(default_factory=list)
    remote: VideoPicture | None = None
    own: VideoPicture | None = None
    slide: VideoPicture | None = None
    call: PexipCall = field(init=False)

    async def enter(self, target: JoinTarget) -> None:
        self.call = await PexipEngine().enter(
            target,
            self._hear,
            on_remote_picture=self._see,
            on_self_picture=self._see_self,
            on_slide=self._see_slide,
        )

    def _hear(self, event: CallEvent) -> None:
        self.events.append(event)
        self.changed.set()

    def _see(self, picture: VideoPicture) -> None:
        self.remote = picture
        self.changed.set()

    def _see_self(self, picture: VideoPicture) -> None:
        self.own = picture
        self.changed.set()

    def _see_slide(self, picture: VideoPicture) -> None:
        self.slide = picture
        self.changed.set()

    def of(self, kind: type[CallEvent]) -> list[CallEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def people(self) -> tuple[RoomParticipant, ...]:
        rosters = [event for event in self.events if isinstance(event, RosterChanged)]
        return rosters[-1].participants if rosters else ()

    @property
    def waiting(self) -> list[RoomParticipant]:
        return [person for person in self.people if person.is_waiting]


@asynccontextmanager
async def doctor_in(served: Served, target: JoinTarget | None = None) -> AsyncIterator[Doctor]:
    doctor = Doctor()
    await doctor.enter(target or served.host)
    try:
        yield doctor
    finally:
        await doctor.call.leave()


@pytest.mark.parametrize("names_ssrc", [True, False])
@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_both_ends_see_and_hear_each_other(codec: str, names_ssrc: bool) -> None:
    """The reason for the whole client; without a=ssrc, too, since no document says whether a node sends it."""
    config = RoomServerConfig(video_codec=codec, answer_names_ssrc=names_ssrc)
    async with serve(config) as served, doctor_in(served) as doctor:
        await doctor.call.start_media(MediaChoice(use_test_card=True, video_codec=codec))
        async with Bot(served.guest, video_codec=codec) as guest:
            await guest.wait_until(lambda report: report.frames >= 20 and report.audible_s >= 0.5)
            await doctor.until(lambda: doctor.call.received().frames >= 20 and doctor.call.received().audible_s >= 0.5)
            assert {event.kind for event in doctor.of(MediaFlowing)} == {"video", "audio"}
            assert (guest.report.width, guest.report.height) == (640, 360)


async def test_the_pictures_are_whole_and_move() -> None:
    """A window needs three planes of the stated size, and a frozen picture would look just as alive."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest):
            await doctor.until(lambda: doctor.remote)
            first = doctor.remote
            await doctor.until(lambda: doctor.call.received().frames >= 15)
            assert first is not None
            assert doctor.remote is not None
            assert doctor.remote.planes[0] != first.planes[0]
            for plane, stride, rows in zip(first.planes, first.strides, (360, 180, 180), strict=True):
                assert len(plane) >= stride * rows
            assert doctor.own is not None
            assert (doctor.own.width, doctor.own.height) == (640, 360)


async def test_entering_tells_the_roster_with_the_guests_call_tag() -> None:
    """The tag is how the waiting guest is matched to the party that was invited."""
    async with serve() as served, doctor_in(served) as doctor:
        assert [person.is_self for person in doctor.people] == [True]
        assert doctor.people[0].is_host
        async with Bot(served.guest):
            await doctor.until(lambda: [person.call_tag for person in doctor.people] == ["", "patient"])


async def test_a_wrong_pin_is_refused() -> None:
    """The doctor must hear that the code was wrong, not that the net is down."""
    async with serve() as served:
        with pytest.raises(Refused) as refusal:
            await Doctor().enter(served.target("9999", "Nogen"))
        assert refusal.value.code == "call.wrong_pin"


async def test_a_room_that_does_not_exist_is_not_found() -> None:
    """A room given back to the pool must not look like a broken net either."""
    async with serve() as served:
        with pytest.raises(NotFound) as refusal:
            await Doctor().enter(served.target(HOST_PIN, "Nogen", alias="999@rooms.sandbox.test"))
        assert refusal.value.code == "call.not_found"


async def test_a_node_that_does_not_answer_is_unavailable() -> None:
    """Nobody listens on the discard port of this machine."""
    target = JoinTarget("http://127.0.0.1:9", "820002", Secret(GUEST_PIN), "Nogen")
    with pytest.raises(Unavailable) as refusal:
        await Doctor().enter(target)
    assert refusal.value.code == "call.unreachable"


async def test_a_guest_waits_outside_a_locked_room_until_admitted() -> None:
    """The lock keeps strangers out; who is let in must get picture and sound without joining anew."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        await doctor.call.lock()
        await doctor.until(lambda: LockChanged(True) in doctor.events)
        async with Bot(served.guest) as guest:
            await doctor.until(lambda: doctor.waiting)
            await guest.wait_until(lambda report: report.waited)
            assert guest.report.frames == 0
            await doctor.call.admit(doctor.waiting[0].id)
            await guest.wait_until(lambda report: report.frames >= 10 and report.audible_s > 0.2)
            await doctor.until(lambda: doctor.call.received().frames >= 10)
            assert guest.report.admitted_at_s is not None
            assert not doctor.waiting


class NoCallsForTheWaiting:
    """In front of the room server: refuses media calls until ``open``, as a node may for those who wait."""

    def __init__(self) -> None:
        self.is_open = False
        self.refused = asyncio.Event()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        async def guard(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].endswith("/calls") and not self.is_open:
                self.refused.set()
                await JSONResponse({"status": "failed", "result": "Invalid role"}, 403)(scope, receive, send)
            else:
                await app(scope, receive, send)

        return guard


async def test_a_room_without_media_for_the_waiting_gives_it_on_admission() -> None:
    """Whether a node takes calls from those who wait is not documented; both ways must lead in."""
    door = NoCallsForTheWaiting()
    async with serve(wrap=door.wrap) as served, doctor_in(served) as doctor:
        await doctor.call.lock()
        async with Bot(served.guest) as guest:
            await doctor.until(lambda: doctor.waiting)
            await door.refused.wait()
            door.is_open = True
            await doctor.call.start_media(CARD)
            await doctor.call.admit(doctor.waiting[0].id)
            await guest.wait_until(lambda report: report.frames >= 5 and report.audible_s > 0.2)


async def test_media_refused_inside_the_room_is_unavailable_and_frees_the_devices() -> None:
    """The doctor is told to take the phone; the room itself stays entered."""
    door = NoCallsForTheWaiting()
    async with serve(wrap=door.wrap) as served, doctor_in(served) as doctor:
        with pytest.raises(Unavailable) as refusal:
            await doctor.call.start_media(CARD)
        assert refusal.value.code == "media.no_path"
        assert "media-pictures" not in [task.get_name() for task in asyncio.all_tasks()]
        door.is_open = True
        await doctor.call.start_media(CARD)
        await doctor.until(lambda: doctor.own)


async def test_the_presence_outlives_its_first_token() -> None:
    """Tokens last two minutes on a real node, consultations longer."""
    async with serve(RoomServerConfig(token_life_s=2)) as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        first_s = asyncio.get_running_loop().time()
        await doctor.until(lambda: asyncio.get_running_loop().time() > first_s + 2.5)
        assert not doctor.of(CallOver)
        await doctor.call.lock()


async def test_unlocking_lets_everybody_in() -> None:
    """The doctor may open the door instead of admitting one by one."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.lock()
        async with Bot(served.guest) as guest:
            await doctor.until(lambda: doctor.waiting)
            await doctor.call.unlock()
            await guest.wait_until(lambda report: report.admitted_at_s is not None)


async def test_admitting_somebody_who_has_gone_is_not_found() -> None:
    """People hang up while the doctor reaches for the button."""
    async with serve() as served, doctor_in(served) as doctor:
        with pytest.raises(NotFound):
            await doctor.call.admit("00000000-0000-0000-0000-000000000000")


async def test_a_guest_put_out_is_told_so() -> None:
    """One participant can be removed while the room lives on."""
    async with serve() as served, doctor_in(served) as doctor:
        async with Bot(served.guest) as guest:
            await doctor.until(lambda: len(doctor.people) == 2)
            await doctor.call.put_out(next(person.id for person in doctor.people if not person.is_self))
            await guest.wait_until(lambda report: report.over_code == "call.put_out")
        assert not doctor.of(CallOver)


async def test_ending_for_all_tells_the_guest_and_us_nothing_but_over() -> None:
    """Everybody is out, and our own hang-up is not reported to us as something that went wrong."""
    async with serve() as served:
        doctor = Doctor()
        await doctor.enter(served.host)
        async with Bot(served.guest) as guest:
            await doctor.call.end_for_all()
            await guest.wait_until(lambda report: report.over_code == "call.ended_by_host")
        assert doctor.of(CallOver) == [CallOver("")]


async def test_leaving_twice_is_harmless_and_over_comes_once() -> None:
    """Windows close in odd orders."""
    async with serve() as served:
        doctor = Doctor()
        await doctor.enter(served.host)
        await asyncio.gather(doctor.call.leave(), doctor.call.leave())
        await doctor.call.leave()
        assert doctor.of(CallOver) == [CallOver("")]


async def test_a_room_that_closes_under_us_is_told_with_its_reason() -> None:
    """VDX takes rooms down; the call must end by itself and free the camera."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        served.directory.close("820002@rooms.sandbox.test")
        await doctor.until(lambda: doctor.of(CallOver))
        assert isinstance(doctor.events[-1], CallOver)
        assert doctor.events[-1].code


async def test_chat_goes_both_ways() -> None:
    """Our own line comes back as ours, so that the window need not remember it."""
    async with serve() as served, doctor_in(served) as doctor:
        async with Bot(served.guest) as guest:
            await doctor.until(lambda: len(doctor.people) == 2)
            await doctor.call.send_chat("Kan du høre mig?")
            await guest.wait_until(lambda report: report.chat == ("Kan du høre mig?",))
            await guest.call.send_chat("Ja")
            await doctor.until(lambda: len(doctor.of(ChatReceived)) == 2)
        messages = [event.message for event in doctor.events if isinstance(event, ChatReceived)]
        assert [(message.text, message.is_own) for message in messages] == [("Kan du høre mig?", True), ("Ja", False)]


async def test_a_guest_made_host_may_lead_and_a_guest_again_may_not() -> None:
    """A specialist takes over while the doctor is called away; afterwards the room is the doctor's alone."""
    async with serve() as served, doctor_in(served) as doctor, Bot(served.guest) as guest:
        await doctor.until(lambda: len(doctor.people) == 2)

        def theirs() -> RoomParticipant:
            return next(person for person in doctor.people if not person.is_self)

        await doctor.call.set_host(theirs().id, host=True)
        await doctor.until(lambda: theirs().is_host)
        await guest.call.lock()
        await doctor.call.set_host(theirs().id, host=False)
        await doctor.until(lambda: not theirs().is_host)
        with pytest.raises(Refused, match=r"call\.not_host"):
            await guest.call.unlock()


async def test_a_guest_sent_to_another_room_is_seen_there_and_with_a_wrong_pin_stays() -> None:
    """Nobody gets lost between two rooms."""
    async with serve() as served:
        served.directory.open(VirtualRoom(OTHER_ALIAS, HOST_PIN, OTHER_PIN))
        there = served.target(HOST_PIN, "Den anden vært", alias=OTHER_ALIAS)
        async with doctor_in(served) as doctor, doctor_in(served, there) as other, Bot(served.guest):
            await doctor.until(lambda: len(doctor.people) == 2)
            theirs = next(person.id for person in doctor.people if not person.is_self)
            with pytest.raises(Refused, match=r"call\.not_moved"):
                await doctor.call.move(theirs, OTHER_ALIAS, Secret("0000"))
            assert len(doctor.people) == 2
            await doctor.call.move(theirs, OTHER_ALIAS, Secret(OTHER_PIN))
            await doctor.until(lambda: len(doctor.people) == 1)
            await other.until(lambda: len(other.people) == 2)
            assert {person.display_name for person in other.people} == {"Den anden vært", "Gæsten"}


async def test_a_microphone_turned_off_is_silence_and_shown_to_others() -> None:
    """The muting is local: nothing said afterwards may reach the other end."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await guest.wait_until(lambda report: report.audible_s > 0.3)
            await doctor.call.set_microphone(on=False)
            await doctor.until(lambda: any(person.is_muted for person in doctor.people if person.is_self))
            heard_s = guest.report.audible_s
            frames = guest.report.frames
            await guest.wait_until(lambda report: report.frames > frames + 30)
            # What was on its way when the microphone went off may still arrive.
            assert guest.report.audible_s < heard_s + 0.4


async def test_a_camera_turned_off_is_black_for_ourselves_and_the_other() -> None:
    """The self-view must show what the others see."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        await doctor.until(lambda: doctor.own is not None and max(doctor.own.planes[0]) > 100)
        await doctor.call.set_camera(on=False)
        await doctor.until(lambda: doctor.own is not None and max(doctor.own.planes[0]) == 16)


async def test_the_line_is_good_and_media_counts_both_ways() -> None:
    """These figures decide whether a consultation counts as held, and what the fee proposal says."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest):
            await doctor.until(lambda: any(event.quality is LineQuality.GOOD for event in _lines(doctor)))
            await doctor.until(lambda: doctor.call.two_way_media_s() > 0)
            figures = doctor.call.figures()
            assert (figures.width, figures.height) == (640, 360)
            assert figures.loss_p95 == 0
            assert figures.mos is not None
            assert figures.mos > 4
            now = doctor.call.now()
            assert now.path == "direct"
            assert now.width == 640
            assert None not in (now.received_kbps, now.sent_kbps, now.estimate_kbps, now.concealed)
    assert doctor.call.two_way_media_s() > 0


def _lines(doctor: Doctor) -> list[LineChanged]:
    return [event for event in doctor.events if isinstance(event, LineChanged)]


async def test_the_line_is_checked_by_a_room_that_sends_back_what_it_gets() -> None:
    """Before anybody waits, by the same road that a call takes."""
    async with serve() as served:
        target = JoinTarget(served.guest.node, TEST_CALL, Secret(""), "Lægehuset Eksempel")
        check = await PexipEngine().check(CARD, target)
    assert check.findings[-1].part is CheckedPart.LINE
    # A busy machine may look like a narrow line, but never like none.
    assert "media.no_path" not in check.problems
    assert check.loss is not None
    assert check.kbps is not None


async def test_a_media_path_that_dies_is_replaced_without_a_click() -> None:
    """The connection is killed under the call, as a changed network does; pictures must come back both ways."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await guest.wait_until(lambda report: report.frames >= 10)
            await doctor.until(lambda: doctor.call.received().frames >= 10)
            await _path(doctor)._peer._connection.close()
            await doctor.until(lambda: doctor.call.figures().reconnects >= 1)
            await _frames_go_on(doctor, guest)
            assert LineQuality.LOST in [event.quality for event in _lines(doctor)]


async def test_a_line_gone_silent_is_noticed_and_renewed_on_the_same_call() -> None:
    """Nothing arrives any more and nobody says so, as when a router forgets us; the node still has the call."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await doctor.until(lambda: doctor.call.received().frames >= 10)
            call_id = _path(doctor).call_id
            transport = _path(doctor)._peer._connection.getTransceivers()[0].receiver.transport
            transport.transport._recv = asyncio.Event().wait
            await doctor.until(lambda: LineQuality.LOST in [event.quality for event in _lines(doctor)])
            await doctor.until(lambda: doctor.call.figures().reconnects == 1)
            await _frames_go_on(doctor, guest)
            assert _path(doctor).call_id == call_id
            await doctor.until(lambda: _lines(doctor)[-1].quality is LineQuality.GOOD)


async def test_a_new_path_through_update_carries_the_call_on() -> None:
    """aiortc cannot restart ICE, so a fresh connection offered through ``update`` is our restart."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await guest.wait_until(lambda report: report.frames >= 10)
            call_id = _path(doctor).call_id
            await _path(doctor).renew()
            await _frames_go_on(doctor, guest)
            assert _path(doctor).call_id == call_id


async def test_what_a_path_given_up_leaves_is_freed_though_the_call_goes_on() -> None:
    """Ten megabytes each time, on a bad line many times in a call; what holds itself is freed by nobody else."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        gc.disable()
        try:
            left = weakref.ref(Cycle())
            await doctor.call._session._renew()
            assert left() is None
        finally:
            gc.enable()


def _path(doctor: Doctor) -> Any:
    return doctor.call._session._path


async def _frames_go_on(doctor: Doctor, guest: Bot) -> None:
    sent, received = guest.report.frames, doctor.call.received().frames
    await guest.wait_until(lambda report: report.frames > sent + 15)
    await doctor.until(lambda: doctor.call.received().frames > received + 15)


# --- slides ---------------------------------------------------------------------------------------------------------


def _screen(width: int = 640, height: int = 480) -> ScreenPicture:
    """Return a screen of one blue."""
    return ScreenPicture(width, height, width * 4, bytes((255, 0, 0, 0)) * (width * height))


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_screen_shown_is_seen_by_the_other_beside_the_face(codec: str) -> None:
    """The doctor shows a form; the guest sees who shows it, the screen in full, and the doctor as before."""
    async with serve(RoomServerConfig(video_codec=codec)) as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest, video_codec=codec) as guest:
            await guest.wait_until(lambda report: report.frames >= 5)
            await doctor.call.present()
            doctor.call.show_screen(_screen())
            assert doctor.of(SlidesChanged) == [SlidesChanged(Slides.OURS)]
            await guest.wait_until(lambda report: report.slides >= 3)
            assert guest.report.slides_of == "Værten"
            assert guest.slide is not None
            assert (guest.slide.width, guest.slide.height) == (640, 480)
            assert min(guest.slide.planes[1][:300]) > 200
            frames = guest.report.frames
            await guest.wait_until(lambda report: report.frames > frames + 10)
            await doctor.call.stop_presenting()
            await guest.wait_until(lambda report: report.slides_of == "")
            assert doctor.of(SlidesChanged)[-1] == SlidesChanged(Slides.NONE)


async def test_a_screen_somebody_else_shows_is_seen_and_takes_the_floor_from_ours() -> None:
    """Only one shows at a time; what we showed must stop leaving at once."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.host) as other:
            await doctor.until(lambda: doctor.call.received().frames >= 5)
            await doctor.call.present()
            doctor.call.show_screen(_screen())
            await other.wait_until(lambda report: report.slides >= 1)
            await other.call.present()
            other.call.show_screen(_screen(320, 240))
            await doctor.until(lambda: doctor.slide is not None and doctor.slide.width == 320)
            assert (doctor.call.now().slides_width, doctor.call.now().slides_height) == (320, 240)
            states = [event.slides for event in doctor.events if isinstance(event, SlidesChanged)]
            assert states == [Slides.OURS, Slides.THEIRS]
            assert not doctor.call._session._slides.feed.is_on


async def test_servers_named_with_the_answer_are_taken_up_by_a_new_path() -> None:
    """Where nothing but port 443 is open, the node names its relays there and nowhere else."""
    relay = TurnServer(("turn:127.0.0.1:9?transport=tcp",), "u", "c")
    async with serve(RoomServerConfig(turn_after_call=(relay,))) as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        assert [server.urls for server in _path(doctor)._relays] == [relay.urls]
        async with Bot(served.guest) as guest:
            await guest.wait_until(lambda report: report.frames >= 5)
            await doctor.until(lambda: doctor.call.received().frames >= 5)


# --- direct media ---------------------------------------------------------------------------------------------------


def _direct(target: JoinTarget) -> JoinTarget:
    return replace(target, direct_media=True)


@pytest.mark.parametrize("doctor_first", [True, False])
async def test_two_ends_send_to_each_other_whoever_came_first(doctor_first: bool) -> None:
    """The first one's offer is ignored and it answers the other's; the room carries words alone."""
    async with serve(direct_media=True) as served, doctor_in(served, _direct(served.host)) as doctor:
        assert doctor.of(RulesChanged)[0].rules.is_direct
        if doctor_first:
            await doctor.call.start_media(CARD)
        async with Bot(_direct(served.guest)) as guest:
            if not doctor_first:
                await doctor.call.start_media(CARD)
            await guest.wait_until(lambda report: report.frames >= 10 and report.audible_s >= 0.3)
            await doctor.until(lambda: doctor.call.received().frames >= 10 and doctor.call.received().audible_s >= 0.3)


async def test_somebody_who_leaves_direct_media_is_met_again_when_they_come_back() -> None:
    """The doctor does nothing; the connection is made anew."""
    async with serve(direct_media=True) as served, doctor_in(served, _direct(served.host)) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(_direct(served.guest)) as guest:
            await guest.wait_until(lambda report: report.frames >= 5)
        await doctor.until(lambda: len(doctor.people) == 1)
        async with Bot(_direct(served.guest)) as guest:
            frames = doctor.call.received().frames
            await guest.wait_until(lambda report: report.frames >= 5)
            await doctor.until(lambda: doctor.call.received().frames >= frames + 5)
        assert not doctor.of(CallOver)


async def test_chat_of_direct_media_goes_over_its_own_channel() -> None:
    """The room does not read what two ends say to each other."""
    asked: list[str] = []

    def overheard(app: ASGIApp) -> ASGIApp:
        async def note(scope: Scope, receive: Receive, send: Send) -> None:
            asked.append(scope.get("path", ""))
            await app(scope, receive, send)

        return note

    async with serve(wrap=overheard, direct_media=True) as served, doctor_in(served, _direct(served.host)) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(_direct(served.guest)) as guest:
            await guest.wait_until(lambda report: report.frames >= 5)
            channel = _path(doctor)._peer._channel
            while channel.readyState != "open":
                frames = guest.report.frames
                await guest.wait_until(lambda report, frames=frames: report.frames > frames)
            await doctor.call.send_chat("Kan du høre mig?")
            await guest.wait_until(lambda report: report.chat == ("Kan du høre mig?",))
            assert not [path for path in asked if path.endswith("/message")]


async def test_a_third_sends_everybody_through_the_room_and_nobody_clicks() -> None:
    """An interpreter joins; the room composes the pictures from then on."""
    async with serve(direct_media=True) as served, doctor_in(served, _direct(served.host)) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(_direct(served.guest)) as guest:
            await guest.wait_until(lambda report: report.frames >= 5)
            async with Bot(served.guest) as third:
                await third.wait_until(lambda report: report.frames >= 5)
                await doctor.until(lambda: Held("") in doctor.events)
                assert not doctor.of(RulesChanged)[-1].rules.is_direct
                frames, seen = doctor.call.received().frames, guest.report.frames
                await doctor.until(lambda: doctor.call.received().frames >= frames + 10)
                await guest.wait_until(lambda report: report.frames >= seen + 10)
                assert len(doctor.people) == 3
        assert not doctor.of(CallOver)


async def test_a_screen_is_shown_over_direct_media() -> None:
    """The line for slides is the same, only between two ends."""
    async with serve(direct_media=True) as served, doctor_in(served, _direct(served.host)) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(_direct(served.guest)) as guest:
            await guest.wait_until(lambda report: report.frames >= 5)
            await doctor.call.present()
            doctor.call.show_screen(_screen())
            await guest.wait_until(lambda report: report.slides >= 3)


async def test_nothing_is_left_running_after_five_joins() -> None:
    """A desk runs all day: threads, tasks and sockets that stay behind add up."""
    async with serve() as served:
        await _visit(served)
        before = _running()
        for _ in range(5):
            await _visit(served)
        after = _running()
        assert after == before


async def _visit(served: Served) -> None:
    async with doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await guest.wait_until(lambda report: report.frames >= 3)


def _running() -> tuple[list[str], list[str], int]:
    """Threads, tasks and open files; the server's own delayed housekeeping and the loop's workers left out."""
    threads = sorted(thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_"))
    tasks = sorted(_label(task) for task in asyncio.all_tasks() if not task.get_name().startswith("room-"))
    return threads, tasks, len(os.listdir("/proc/self/fd"))


def _label(task: asyncio.Task[Any]) -> str:
    # aiortc and aioice leave their tasks unnamed; the coroutine tells whose it is.
    return str(getattr(task.get_coro(), "__qualname__", task.get_name()))
