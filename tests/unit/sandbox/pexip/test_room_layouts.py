"""Who is in whose picture, and how many pictures that makes."""

from __future__ import annotations

from dataclasses import replace

from test_room_roster import room_with

from vdx_plugin.sandbox.pexip.layouts import SHARED_FROM, Seating, seating
from vdx_plugin.sandbox.pexip.mixing.groups import Wish, share_out
from vdx_plugin.sandbox.pexip.mixing.load import SMALL
from vdx_plugin.sandbox.pexip.mixing.studio import MixedPacket, Scene, Studio
from vdx_plugin.sandbox.pexip.rules import apply
from vdx_plugin.sandbox.pexip.state import Conference, Layout, Spoke

NAMES = ("host", "anna", "bent", "carl", "dora", "emil")


def seats(conference: Conference) -> dict[str, Seating]:
    return {person.uuid: seating(conference, person) for person in conference.inside}


def spoken(conference: Conference, uuid: str) -> Conference:
    return apply(conference, Spoke(uuid), at=2)[0]


def wishes(conference: Conference) -> tuple[Wish, ...]:
    shown = seats(conference)
    return tuple(Wish(uuid, "VP8", found.uuids, 600_000, SMALL, view=found.view) for uuid, found in shown.items())


def test_up_to_five_nobody_sees_themselves() -> None:
    """As Pexip composes."""
    conference = spoken(room_with(*NAMES[: SHARED_FROM - 1]), "anna")
    assert all(uuid not in found.uuids for uuid, found in seats(conference).items())


def test_of_six_all_who_see_the_same_one_large_share_a_picture() -> None:
    """Themselves among the small ones; whoever speaks sees the others."""
    conference = spoken(room_with(*NAMES), "anna")
    found = seats(conference)
    assert found["anna"] == Seating("1:7", ("host", "bent", "carl", "dora", "emil"))
    assert {found[uuid] for uuid in NAMES if uuid != "anna"} == {Seating("1:7", ("anna", *found["anna"].uuids))}
    assert [set(group.viewers) for group in share_out(wishes(conference))] == [set(NAMES) - {"anna"}, {"anna"}]


def test_a_layout_of_equal_places_leaves_oneself_out() -> None:
    """Chosen by a host: there is nobody large whom all would see."""
    conference = replace(room_with(*NAMES), layout=Layout(host="9:0", guest="9:0"))
    assert all(uuid not in found.uuids and len(found.uuids) == 5 for uuid, found in seats(conference).items())


def test_somebody_elses_word_begins_one_new_picture_at_once() -> None:
    """Those who go over to another bitstream would else stand still until they ask for a whole picture."""
    scene = Scene(wishes(spoken(room_with(*NAMES), "host")))

    async def hand_out(packet: MixedPacket) -> None:
        raise AssertionError(packet)

    studio = Studio(lambda size: scene, hand_out, lambda levels: None, clock=lambda: 0.0, largest=SMALL)
    assert studio._picture_beat(1.0).keys == frozenset()
    assert studio._picture_beat(2.0).keys == frozenset()
    scene = Scene(wishes(spoken(room_with(*NAMES), "anna")))
    beat = studio._picture_beat(3.0)
    (shared,) = [group for group in beat.groups if len(group.viewers) > 1]
    assert beat.keys == {shared.lead}
    assert studio._picture_beat(4.0).keys == frozenset()
