"""What a host may do, as the node is asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.unit.media.pexip.node import Node, refused
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, OutcomeUnknown, Refused, Unavailable, Unreadable, VdxError
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.control import RoomControl
from vdx_plugin.ports import DialOut

Command = Callable[[RoomControl], Awaitable[Any]]
DESTINATION = "+4500000000"


async def entered(node: Node) -> tuple[PexipClient, RoomControl]:
    client = node.client()
    await client.enter()
    return client, RoomControl(client)


@pytest.mark.parametrize(
    ("command", "path", "body"),
    [
        (lambda room: room.mute("p/1", muted=True), "participants/p%2F1/mute", {}),
        (lambda room: room.mute("p", muted=False), "participants/p/unmute", {}),
        (lambda room: room.mute_guests(muted=True), "muteguests", {}),
        (lambda room: room.mute_guests(muted=False), "unmuteguests", {}),
        (lambda room: room.spotlight("p", on=True), "participants/p/spotlighton", {}),
        (lambda room: room.spotlight("p", on=False), "participants/p/spotlightoff", {}),
        (lambda room: room.set_host("p", host=True), "participants/p/role", {"role": "chair"}),
        (lambda room: room.set_host("p", host=False), "participants/p/role", {"role": "guest"}),
        (
            lambda room: room.move("p", "b@example.test", Secret("")),
            "participants/p/transfer",
            {"conference_alias": "b@example.test", "role": "guest"},
        ),
        (
            lambda room: room.move("p", "b@example.test", Secret("0000")),
            "participants/p/transfer",
            {"conference_alias": "b@example.test", "role": "guest", "pin": "0000"},
        ),
        (lambda room: room.set_layout("4:0"), "transform_layout", {"transforms": {"layout": "4:0"}}),
        (lambda room: room.take_floor(), "participants/me1/take_floor", {}),
        (lambda room: room.release_floor(), "participants/me1/release_floor", {}),
    ],
)
async def test_a_command_is_one_request(command: Command, path: str, body: dict[str, Any]) -> None:
    """Paths and bodies as the specification has them."""
    node = Node()
    client, room = await entered(node)
    await command(room)
    assert node.asked[-1].path.replace("p/1", "p%2F1") == path
    assert node.asked[-1].body == body
    assert node.asked[-1].token == "t1"
    await client.close()


async def test_a_number_is_called_up_as_a_guest_who_does_not_keep_the_room_alive() -> None:
    """The telephone is a patient's or a colleague's; their name is shown, their number not."""
    node = Node(answers={"dial": lambda body: ["p9"]})
    client, room = await entered(node)
    call = DialOut(DESTINATION, "sip", sound_only=True, display_name="Tolk", tones="1#")
    assert await room.dial(call) == "p9"
    assert node.asked[-1].body == {
        "role": "GUEST",
        "destination": DESTINATION,
        "protocol": "sip",
        "call_type": "audio",
        "remote_display_name": "Tolk",
        "keep_conference_alive": "keep_conference_alive_never",
        "dtmf_sequence": "1#",
    }
    assert DESTINATION not in repr(call)
    await client.close()


async def test_a_number_is_never_called_twice_for_one_press() -> None:
    """No answer does not mean that it does not ring."""

    def silent(body: dict[str, Any]) -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    node = Node(answers={"dial": silent})
    client, room = await entered(node)
    with pytest.raises(OutcomeUnknown) as error:
        await room.dial(DialOut(DESTINATION))
    assert error.value.code == "call.dial_unknown"
    assert len(node.paths("dial")) == 1
    await client.close()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refused("Invalid role"), Refused, "call.not_host"),
        (refused("Illegal value", 400), Refused, "call.dial_refused"),
        (refused("Participant not found", 404), NotFound, "call.not_found"),
        ([], Unreadable, "call.dial_refused"),
        (True, Unreadable, "call.dial_refused"),
        ([{}], Unreadable, "call.dial_refused"),
    ],
)
async def test_a_call_that_does_not_come_about_says_why(answer: Any, kind: type[VdxError], code: str) -> None:
    """A room without the right to dial out is common."""
    node = Node(answers={"dial": lambda body: answer})
    client, room = await entered(node)
    with pytest.raises(kind) as error:
        await room.dial(DialOut(DESTINATION))
    assert error.value.code == code
    await client.close()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refused("Participant not found", 404), NotFound, "call.not_moved"),
        (refused("Invalid PIN"), Refused, "call.not_moved"),
        (refused("Illegal value", 400), Refused, "call.not_moved"),
        (False, Refused, "call.not_moved"),
        (refused("Invalid role"), Refused, "call.not_host"),
        (refused("busy", 503), Unavailable, "call.unreachable"),
    ],
)
async def test_somebody_who_is_not_sent_on_is_still_here(answer: Any, kind: type[VdxError], code: str) -> None:
    """The wrong PIN is that of the other room, and not a reason to leave this one."""
    node = Node(answers={"transfer": lambda body: answer})
    client, room = await entered(node)
    with pytest.raises(kind) as error:
        await room.move("p", "b@example.test", Secret("0000"))
    assert error.value.code == code
    await client.close()


async def test_somebody_who_has_gone_is_not_taken_for_a_room_that_has() -> None:
    """The doctor would begin a new consultation for a patient who only closed a page."""
    node = Node(answers={"role": lambda body: refused("Participant not found", 404)})
    client, room = await entered(node)
    with pytest.raises(NotFound) as error:
        await room.set_host("p", host=True)
    assert error.value.code == "call.person_gone"
    await client.close()


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (["1:0", "1:7", "1:0", 5, ""], ("1:0", "1:7")),
        ({"1:0": "x"}, ()),
        (None, ()),
        (refused("Invalid role"), ()),
        (["x"] * 500, ("x",)),
    ],
)
async def test_layouts_are_those_the_node_names(answer: Any, names: tuple[str, ...]) -> None:
    """Where it names none there is nothing to choose, and that is no error."""
    node = Node(answers={"available_layouts": lambda body: answer})
    client, room = await entered(node)
    assert await room.layouts() == names
    await client.close()


async def test_a_floor_that_is_not_given_is_told_as_such() -> None:
    """Guests may not present in every room."""
    node = Node(answers={"take_floor": lambda body: refused("Presentation not permitted")})
    client, room = await entered(node)
    with pytest.raises(Refused) as error:
        await room.take_floor()
    assert error.value.code == "call.no_floor"
    await client.close()
