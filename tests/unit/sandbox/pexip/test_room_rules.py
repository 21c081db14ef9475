"""Columns of commands and what the room becomes: who waits, who may do what, when it is over."""

from __future__ import annotations

import pytest

from vdx_plugin.errors import NotFound, Refused
from vdx_plugin.sandbox.pexip.rules import (
    ALONE,
    BY_END,
    BY_OTHER,
    HOSTS_LEFT,
    NO_ANSWER,
    NO_HOST_CAME,
    apply,
)
from vdx_plugin.sandbox.pexip.state import (
    Admit,
    AllowGuests,
    Answered,
    ChangeRole,
    ClearBuzz,
    Close,
    Command,
    Conference,
    Dial,
    Dismissed,
    Effect,
    EndForAll,
    Enter,
    Expel,
    FloorTaken,
    Leave,
    Limits,
    Mark,
    MediaChanged,
    MuteGuests,
    Person,
    Referred,
    ReleaseFloor,
    Role,
    Said,
    Say,
    SetLayout,
    SetLock,
    Start,
    TakeFloor,
    TimePassed,
    Transfer,
)

CHAIR, GUEST = Role.CHAIR, Role.GUEST


def enter(uuid: str, role: Role) -> Enter:
    return Enter(Person(uuid, uuid.title(), role))


HOST = enter("host", CHAIR)
ANNA = enter("anna", GUEST)
BENT = enter("bent", GUEST)


def run(*commands: Command, room: Conference | None = None, at: float = 1000) -> tuple[Conference, tuple[Effect, ...]]:
    """Carry out the commands a second apart; return the room and the last one's effects."""
    conference = room or Conference("room")
    effects: tuple[Effect, ...] = ()
    for second, command in enumerate(commands):
        conference, effects = apply(conference, command, at=at + second)
    return conference, effects


def inside(conference: Conference) -> list[str]:
    return [person.uuid for person in conference.inside]


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([ANNA], []),
        ([HOST], ["host"]),
        ([ANNA, HOST], ["anna", "host"]),
        ([HOST, ANNA], ["host", "anna"]),
        ([HOST, SetLock("host", locked=True), ANNA], ["host"]),
        ([HOST, SetLock("host", locked=True), enter("other", CHAIR)], ["host", "other"]),
        ([HOST, SetLock("host", locked=True), ANNA, Admit("host", "anna")], ["host", "anna"]),
        ([HOST, SetLock("host", locked=True), ANNA, SetLock("host", locked=False)], ["host", "anna"]),
        ([HOST, SetLock("host", locked=True), ANNA, BENT, Admit("host", "bent")], ["host", "bent"]),
        ([HOST, ANNA, SetLock("host", locked=True)], ["host", "anna"]),
        ([HOST, ANNA, Leave("host"), BENT], ["anna"]),
        ([HOST, ANNA, Leave("host"), BENT, enter("second", CHAIR)], ["anna", "bent", "second"]),
        ([HOST, SetLock("host", locked=True), Leave("host"), HOST, ANNA], ["host", "anna"]),
    ],
)
def test_who_is_inside_after(commands: list[Command], expected: list[str]) -> None:
    """With a host PIN guests wait for a host, and for a host's hand while the room is locked."""
    assert inside(run(*commands)[0]) == expected


def test_a_host_without_media_may_be_set_not_to_start_the_meeting() -> None:
    """Some nodes count a host only with media; then watching the waiting room opens nothing."""
    room = Conference("room", Limits(host_without_media_starts=False))
    watching, _ = run(HOST, ANNA, room=room)
    assert inside(watching) == ["host"]
    assert inside(run(MediaChanged("host", media=True), room=watching)[0]) == ["host", "anna"]
    assert inside(run(Start("host"), room=watching)[0]) == ["host", "anna"]


def test_without_a_host_pin_everybody_gets_in_until_it_is_locked() -> None:
    """In such a room all are hosts; a lock holds whoever comes later, and anyone inside may admit."""
    room = Conference("room", has_host_pin=False)
    first, second, late = (enter(name, CHAIR) for name in ("first", "second", "late"))
    locked, _ = run(first, second, SetLock("second", locked=True), late, room=room)
    assert inside(locked) == ["first", "second"]
    assert inside(run(Admit("first", "late"), room=locked)[0]) == ["first", "second", "late"]
    emptied, _ = run(Leave("first"), Leave("second"), room=locked)
    assert inside(emptied) == ["late"]


@pytest.mark.parametrize(
    "command",
    [
        SetLock("anna", locked=True),
        Start("anna"),
        MuteGuests("anna", muted=True),
        Admit("anna", "bent"),
        Expel("anna", "host"),
        EndForAll("anna"),
        ChangeRole("anna", "anna", CHAIR),
        Mark("anna", "host", "muted", True),
        Mark("anna", "anna", "spotlight_at", 5.0),
        Mark("anna", "anna", "overlay_text", "Overlæge"),
        AllowGuests("anna", "guests_can_present", allowed=True),
        ClearBuzz("anna"),
        ReleaseFloor("anna", "host"),
        SetLayout("anna", host="1:0"),
        Dial("anna", Person("phone", "Telefon", GUEST)),
        Transfer("anna", "bent", "other", GUEST),
    ],
)
def test_a_guest_may_not_rule_the_room(command: Command) -> None:
    """Host rights come from the host PIN alone, or a guest could open a locked consultation."""
    room, _ = run(HOST, ANNA, BENT)
    with pytest.raises(Refused) as refused:
        apply(room, command, at=2000)
    assert refused.value.code == "room.invalid_role"


def test_a_waiting_guest_neither_talks_nor_is_talked_to() -> None:
    """Whoever waits is outside, for chat as well."""
    room, _ = run(HOST, SetLock("host", locked=True), ANNA)
    for say in (Say("anna", "text/plain", "Hallo"), Say("host", "text/plain", "Hallo", to="anna")):
        with pytest.raises(Refused):
            apply(room, say, at=2000)


def test_chat_reaches_those_inside_and_nobody_else() -> None:
    """Not the sender, not the waiting; a direct message only the one named."""
    room, _ = run(HOST, ANNA, SetLock("host", locked=True), BENT)
    assert apply(room, Say("host", "text/plain", "Hej"), at=1)[1] == (
        Said("host", ("anna",), "text/plain", "Hej", direct=False),
    )
    (direct,) = apply(room, Say("anna", "text/plain", "Hej", to="host"), at=1)[1]
    assert direct == Said("anna", ("host",), "text/plain", "Hej", direct=True)


def test_somebody_unknown_is_refused_as_unknown() -> None:
    """A row may vanish between looking and pressing."""
    room, _ = run(HOST)
    for command in (Admit("host", "nobody"), Expel("host", "nobody"), Say("nobody", "text/plain", "x")):
        with pytest.raises(NotFound):
            apply(room, command, at=1)


def test_a_full_room_refuses_at_the_door_and_holds_back_those_waiting() -> None:
    """VDX bookings carry a largest number of participants."""
    room = Conference("room", Limits(capacity=2))
    full, _ = run(HOST, ANNA, room=room)
    with pytest.raises(Refused) as refused:
        apply(full, BENT, at=1)
    assert refused.value.code == "room.full"
    queue, _ = run(ANNA, BENT, HOST, room=room)
    assert inside(queue) == ["anna", "host"]
    with pytest.raises(Refused):
        apply(queue, Admit("host", "bent"), at=1)
    assert inside(run(Leave("anna"), room=queue)[0]) == ["bent", "host"]


def test_muting_guests_mutes_those_who_come_later_and_only_a_host_lifts_it() -> None:
    """The guests may not unmute themselves while the room is muted."""
    room, _ = run(HOST, ANNA, MuteGuests("host", muted=True), BENT)
    assert [person.uuid for person in room.people if person.muted] == ["anna", "bent"]
    with pytest.raises(Refused):
        apply(room, Mark("anna", "anna", "muted", False), at=1)
    lifted, _ = run(Mark("host", "anna", "muted", False), room=room)
    assert [person.uuid for person in lifted.people if person.muted] == ["bent"]


def test_one_may_be_put_out_and_everybody_may_be() -> None:
    """Each with the reason a node gives, from which clients choose their words."""
    room, _ = run(HOST, ANNA)
    left, effects = run(Expel("host", "anna"), room=room)
    assert (inside(left), effects) == (["host"], (Dismissed("anna", BY_OTHER),))
    gone, effects = run(EndForAll("host"), room=room)
    assert gone.people == ()
    assert effects == (Dismissed("host", BY_END), Dismissed("anna", BY_END))
    assert run(Close("closed"), room=room)[1][0] == Dismissed("host", "closed")


def test_guests_left_alone_are_put_out_after_a_while() -> None:
    """A consultation does not go on without the doctor; coming back in time saves it."""
    room, _ = run(HOST, ANNA, Leave("host"), at=1000)
    assert run(TimePassed(), room=room, at=1061)[1] == ()
    assert run(TimePassed(), room=room, at=1062)[1] == (Dismissed("anna", HOSTS_LEFT),)
    back, _ = run(enter("host2", CHAIR), room=room, at=1030)
    assert run(TimePassed(), room=back, at=1062)[1] == ()


def test_waiting_ends_after_the_longest_time() -> None:
    """Otherwise a forgotten phone would wait for ever."""
    room, _ = run(ANNA, at=1000)
    assert run(TimePassed(), room=room, at=1899)[1] == ()
    assert run(TimePassed(), room=room, at=1900)[1] == (Dismissed("anna", NO_HOST_CAME),)


FLOOR = TakeFloor("anna", "anna")


@pytest.mark.parametrize(
    ("commands", "presenter"),
    [
        ([FLOOR], "anna"),
        ([FLOOR, TakeFloor("host", "host")], "host"),
        ([FLOOR, ReleaseFloor("anna", "anna")], None),
        ([FLOOR, ReleaseFloor("host", "anna")], None),
        ([FLOOR, ReleaseFloor("host", "host")], "anna"),
        ([FLOOR, Leave("anna")], None),
        ([FLOOR, AllowGuests("host", "guests_can_present", allowed=False)], None),
    ],
)
def test_who_shows_slides_after(commands: list[Command], presenter: str | None) -> None:
    """The floor is taken from whoever has it, and ends with them or their right to it."""
    assert run(HOST, ANNA, *commands)[0].presenter == presenter


@pytest.mark.parametrize("command", [TakeFloor("anna", "host"), TakeFloor("waiting", "waiting")])
def test_the_floor_is_refused_to_whoever_may_not_have_it(command: Command) -> None:
    """Nobody takes it for another, and whoever waits shows nothing."""
    room, _ = run(HOST, ANNA, SetLock("host", locked=True), enter("waiting", GUEST))
    with pytest.raises(Refused) as refused:
        apply(room, command, at=2000)
    assert refused.value.code == "room.no_floor"


def test_guests_show_slides_only_where_they_may() -> None:
    """A setting of the room, and of the host while it lasts; losing the right is told to the one who loses it."""
    room = Conference("room", guests_can_present=False)
    with pytest.raises(Refused):
        run(HOST, ANNA, FLOOR, room=room)
    promoted = run(HOST, ANNA, ChangeRole("host", "anna", CHAIR), FLOOR, room=room)[0]
    demoted, effects = run(ChangeRole("host", "anna", GUEST), room=promoted)
    assert (demoted.presenter, effects) == (None, (FloorTaken("anna"),))


CALLED = Dial("host", Person("phone", "+45 00000000", GUEST, audio_only=True, protocol="sip", uri="+4500000000"))


def test_somebody_called_is_connecting_until_they_answer() -> None:
    """Listed for the hosts, but not yet in the room."""
    room, _ = run(HOST, ANNA, CALLED)
    assert inside(room) == ["host", "anna"]
    answered, _ = run(Answered("phone"), room=room)
    assert inside(answered) == ["host", "anna", "phone"]
    gone, effects = run(TimePassed(), room=room, at=1002 + 60)
    assert (gone.find("phone"), effects) == (None, (Dismissed("phone", NO_ANSWER),))


def test_those_called_do_not_stay_among_themselves() -> None:
    """A telephone left behind would keep a room open that everybody believes empty."""
    room, _ = run(HOST, CALLED, Answered("phone"))
    empty, effects = run(Leave("host"), room=room)
    assert (empty.people, effects) == ((), (Dismissed("phone", ALONE),))


def test_a_transfer_sends_one_to_another_room() -> None:
    """Who is sent keeps their row until they have gone."""
    room, effects = run(HOST, ANNA, Transfer("host", "anna", "other", GUEST))
    assert effects == (Referred("anna", "other", GUEST),)
    assert next(person for person in room.people if person.uuid == "anna").transferring


def test_guests_held_silent_may_be_let_speak_by_themselves() -> None:
    """Muting all is an instruction; the host decides whether it is a wall."""
    held, _ = run(HOST, ANNA, MuteGuests("host", muted=True))
    with pytest.raises(Refused):
        run(Mark("anna", "anna", "muted", value=False), room=held)
    free, _ = run(AllowGuests("host", "guests_can_unmute", allowed=True), room=held)
    assert not run(Mark("anna", "anna", "muted", value=False), room=free)[0].people[1].muted


def test_raised_hands_are_taken_down_together() -> None:
    """One command for the host who has seen them all."""
    room, _ = run(HOST, ANNA, Mark("anna", "anna", "buzz_at", 5.0), ClearBuzz("host"))
    assert all(not person.buzz_at for person in room.people)
