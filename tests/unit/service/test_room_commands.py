"""What the doctor does in the room, through the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, World, context
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, OutcomeUnknown, Refused
from vdx_plugin.ports import (
    ChatMessage,
    ChatReceived,
    DialOut,
    Held,
    RoomRules,
    RulesChanged,
    ScreenPicture,
    Slides,
    SlidesChanged,
)
from vdx_plugin.service.view import CallView, ConsultationView

SCREEN = ScreenPicture(1, 1, 4, bytes(4))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world with a running call."""
    world = World()
    world.systems.today = [
        Appointment("a1", "p1", NOON, NOON + timedelta(minutes=20), partner_glns=(HOSPITAL.gln or "",))
    ]
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    await world.desk.start_video()
    await world.settle()
    yield world
    await world.desk.close()


def shown(world: World) -> ConsultationView:
    view = world.desk.view.consultation
    assert view is not None
    return view


def call(world: World) -> CallView:
    found = shown(world).call
    assert found is not None
    return found


async def test_what_holds_in_the_room_is_shown(world: World) -> None:
    """Rules, slides and waiting come as the call tells of them; the layouts are asked for once."""
    assert call(world).layouts == ("1:0", "4:0")
    world.call.on_event(RulesChanged(RoomRules(is_host=False)))
    world.call.on_event(SlidesChanged(Slides.THEIRS, "Anna"))
    world.call.on_event(Held("call.moving"))
    assert (call(world).rules.is_host, call(world).slides.slides, call(world).held) == (
        False,
        Slides.THEIRS,
        "call.moving",
    )


async def test_a_host_mutes_shows_large_and_arranges(world: World) -> None:
    """Each is one command of the call."""
    room = world.desk.room
    await room.mute("p", muted=True)
    await room.mute_guests(muted=True)
    await room.spotlight("p", on=True)
    await room.set_layout("4:0")
    assert world.log[-4:] == ["mute p True", "mute-guests True", "spotlight p True", "layout 4:0"]
    assert call(world).rules.guests_muted


async def test_a_host_shares_the_role_and_sends_somebody_elsewhere(world: World) -> None:
    """Both are written into the audit, since both change who may do what with the patient's consultation."""
    room = world.desk.room
    assert await room.set_host("p", host=True)
    assert await room.set_host("p", host=False)
    assert await room.send_elsewhere("p", "b@rooms.example", Secret("4321"))
    assert world.log[-3:] == ["host p True", "host p False", "move p b@rooms.example"]
    assert world.store.audit_lines[-3:] == ["make_host", "make_guest", "send_elsewhere"]


async def test_somebody_who_could_not_be_sent_on_is_told_and_not_written_as_sent(world: World) -> None:
    """They are still here."""
    world.call.fault = NotFound("call.not_moved")
    assert not await world.desk.room.send_elsewhere("p", "b@rooms.example", Secret(""))
    problem = shown(world).problem
    assert problem is not None
    assert problem.code == "call.not_moved"
    assert "send_elsewhere" not in world.store.audit_lines


async def test_a_call_out_whose_outcome_is_unknown_is_told_and_not_tried_again(world: World) -> None:
    """It may be ringing."""
    world.call.fault = OutcomeUnknown("call.dial_unknown")
    await world.desk.room.dial(DialOut("35000010", "sip"))
    assert world.log.count("dial sip") == 1
    problem = shown(world).problem
    assert problem is not None
    assert problem.code == "call.dial_unknown"


async def test_pictures_of_the_screen_leave_only_between_begin_and_end(world: World) -> None:
    """A capture that runs on for a moment must reach nobody."""
    room = world.desk.room
    room.show_screen(SCREEN)
    assert await room.present()
    room.show_screen(SCREEN)
    await room.stop_presenting()
    room.show_screen(SCREEN)
    assert world.call.screens == [SCREEN]


async def test_a_screen_that_may_not_be_shown_is_told(world: World) -> None:
    """The window then stops capturing."""
    world.call.fault = Refused("call.no_floor")
    assert not await world.desk.room.present()
    world.desk.room.show_screen(SCREEN)
    assert world.call.screens == []
    problem = shown(world).problem
    assert problem is not None
    assert problem.code == "call.no_floor"


async def test_chat_without_end_is_not_kept(world: World) -> None:
    """Whoever sits at the other end could write for hours."""
    for number in range(700):
        world.call.on_event(ChatReceived(ChatMessage(NOON, "Gæst", str(number), is_own=False)))
    assert len(call(world).chat) == 500
    assert call(world).chat[-1].text == "699"


async def test_a_consultation_of_three_is_never_sent_straight(world: World) -> None:
    """With a third everybody would be sent back through the room; and straight is off unless set."""
    assert world.engine.target is not None
    assert not world.engine.target.direct_media
