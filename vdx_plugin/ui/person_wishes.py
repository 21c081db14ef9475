"""What a user can want to be done with somebody who is in the call, as the windows tell it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PersonAct(StrEnum):
    """With one participant of the room."""

    MUTE = "mute"
    UNMUTE = "unmute"
    SHOW_LARGE = "show_large"
    SHOW_AS_OTHERS = "show_as_others"
    MAKE_HOST = "make_host"
    MAKE_GUEST = "make_guest"
    SEND_ELSEWHERE = "send_elsewhere"


@dataclass(frozen=True, slots=True)
class PersonWish:
    """``name`` is what the user knows them by, not what they call themselves, where the two differ."""

    act: PersonAct
    person_id: str
    name: str

    def __repr__(self) -> str:
        return f"PersonWish({self.act}, {self.person_id!r})"
