"""A room that somebody can be sent to, as it is written."""

from __future__ import annotations

import pytest

from vdx_plugin.domain.room import OtherRoom, other_room
from vdx_plugin.domain.secret import Secret


@pytest.mark.parametrize(
    ("words", "alias", "pin"),
    [
        (" 1234@rooms.example ", "1234@rooms.example", ""),
        ("1234", "1234", ""),
        ("https://video.example/guest/?conference=1234%40rooms.example&pin=4321&tag=k", "1234@rooms.example", "4321"),
        ("https://video.example/?conference=1234", "1234", ""),
    ],
)
def test_a_room_is_read_from_what_people_have_of_it(words: str, alias: str, pin: str) -> None:
    """An address, a number, or the link of an invitation."""
    assert other_room(words) == OtherRoom(alias, Secret(pin))


@pytest.mark.parametrize(
    "words", ["", "1", "ring til tolken", "https://video.example/", "https://[x/?conference=12", "a" * 300, "a@b@c"]
)
def test_what_is_no_room_is_none(words: str) -> None:
    """Nobody is sent to a typing error."""
    assert other_room(words) is None
