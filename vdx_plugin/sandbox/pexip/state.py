"""The values of one conference: who is in it, what may be commanded, and what must be told to single people.

Times are seconds since 1970, 0 meaning never. Source: Pexip client REST API v2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Role(StrEnum):
    """As the roster spells it; token replies say HOST and GUEST."""

    CHAIR = "chair"
    GUEST = "guest"


@dataclass(frozen=True)
class Person:
    """One participant. A ``dialled`` one was called by the conference; it is ``connecting`` until it answers."""

    uuid: str
    display_name: str
    role: Role
    call_tag: str = ""
    joined_at: float = 0.0
    waiting: bool = True
    media: bool = False
    audio_only: bool = False
    muted: bool = False
    client_muted: bool = False
    video_muted: bool = False
    buzz_at: float = 0.0
    spotlight_at: float = 0.0
    overlay_text: str = ""
    protocol: str = "webrtc"
    uri: str = ""
    dialled: bool = False
    connecting: bool = False
    takes_slides: bool = True
    slides_in_main: bool = False
    mix: str = "main"
    own_layout: str = ""
    transferring: bool = False
    direct_media: bool = False


@dataclass(frozen=True)
class Limits:
    """What the server's settings and the room say about time and number.

    ``longest_s`` is how long somebody may stay, ``capacity`` how many may be in; 0 is no limit.
    """

    guests_only_timeout_s: float = 60
    host_wait_timeout_s: float = 900
    dial_timeout_s: float = 60
    longest_s: float = 0
    capacity: int = 0
    host_without_media_starts: bool = True


@dataclass(frozen=True)
class Layout:
    """What the hosts have asked for; an empty name leaves the choice to the server."""

    host: str = ""
    guest: str = ""
    names: bool = True


@dataclass(frozen=True)
class Conference:
    """The state of one room while somebody is in it. In a room without host PIN everybody is a chair.

    ``stage`` holds the uuids of those who have spoken, the latest first. ``direct_media``: the two who are in are
    connected to each other; ``direct_when_empty`` is what it begins with.
    """

    alias: str
    limits: Limits = field(default_factory=Limits)
    has_host_pin: bool = True
    locked: bool = False
    started: bool = False
    guests_muted: bool = False
    guests_can_unmute: bool = False
    guests_can_present: bool = True
    presenter: str | None = None
    layout: Layout = field(default_factory=Layout)
    stage: tuple[str, ...] = ()
    direct_media: bool = False
    direct_when_empty: bool = False
    people: tuple[Person, ...] = ()
    unhosted_since: float | None = None

    def find(self, uuid: str) -> Person | None:
        """Return the participant, or None."""
        return next((person for person in self.people if person.uuid == uuid), None)

    @property
    def inside(self) -> tuple[Person, ...]:
        """Those who have been let in."""
        return tuple(person for person in self.people if not (person.waiting or person.connecting))


@dataclass(frozen=True)
class Enter:
    person: Person


@dataclass(frozen=True)
class Leave:
    uuid: str


@dataclass(frozen=True)
class SetLock:
    by: str
    locked: bool


@dataclass(frozen=True)
class Start:
    by: str


@dataclass(frozen=True)
class MuteGuests:
    by: str
    muted: bool


@dataclass(frozen=True)
class AllowGuests:
    """Let guests do something, or no longer: ``guests_can_unmute`` or ``guests_can_present``."""

    by: str
    field: str
    allowed: bool


@dataclass(frozen=True)
class Admit:
    by: str
    uuid: str


@dataclass(frozen=True)
class Expel:
    by: str
    uuid: str


@dataclass(frozen=True)
class EndForAll:
    by: str


@dataclass(frozen=True)
class ChangeRole:
    by: str
    uuid: str
    role: Role


@dataclass(frozen=True)
class Mark:
    """Set one field of a row: how somebody is heard, seen, named or shown slides."""

    by: str
    uuid: str
    field: str
    value: bool | float | str


@dataclass(frozen=True)
class ClearBuzz:
    """Take down every raised hand."""

    by: str


@dataclass(frozen=True)
class TakeFloor:
    """Begin to show slides; whoever shows some stops."""

    by: str
    uuid: str


@dataclass(frozen=True)
class ReleaseFloor:
    """Show slides no longer. A host may end another's."""

    by: str
    uuid: str


@dataclass(frozen=True)
class SetLayout:
    """Choose layouts; None leaves one as it is."""

    by: str
    host: str | None = None
    guest: str | None = None
    names: bool | None = None


@dataclass(frozen=True)
class Dial:
    """Call somebody; ``person`` is the row they get."""

    by: str
    person: Person


@dataclass(frozen=True)
class Answered:
    """Somebody who was called is there."""

    uuid: str


@dataclass(frozen=True)
class Transfer:
    """Send a participant to another room."""

    by: str
    uuid: str
    alias: str
    role: Role


@dataclass(frozen=True)
class Say:
    """Chat to everybody inside, or to one person."""

    by: str
    kind: str
    payload: str
    to: str | None = None


@dataclass(frozen=True)
class Spoke:
    """This participant speaks now."""

    uuid: str


@dataclass(frozen=True)
class MediaChanged:
    """A participant's media call has started or ended."""

    uuid: str
    media: bool
    audio_only: bool = False


@dataclass(frozen=True)
class TimePassed:
    pass


@dataclass(frozen=True)
class Close:
    """The room itself goes away."""

    reason: str


Command: TypeAlias = (
    Enter
    | Leave
    | SetLock
    | Start
    | MuteGuests
    | AllowGuests
    | Admit
    | Expel
    | EndForAll
    | ChangeRole
    | Mark
    | ClearBuzz
    | TakeFloor
    | ReleaseFloor
    | SetLayout
    | Dial
    | Answered
    | Transfer
    | Say
    | Spoke
    | MediaChanged
    | TimePassed
    | Close
)


@dataclass(frozen=True)
class Dismissed:
    """This participant is put out and told why; the row is already gone."""

    uuid: str
    reason: str


@dataclass(frozen=True)
class Said:
    """A chat message for exactly these participants."""

    by: str
    to: tuple[str, ...]
    kind: str
    payload: str
    direct: bool


@dataclass(frozen=True)
class FloorTaken:
    """This participant's slides are ended by a host, not by somebody else's."""

    uuid: str


@dataclass(frozen=True)
class Referred:
    """This participant is to go to another room, entering it as ``role``; ``target`` as the event spells it."""

    uuid: str
    alias: str
    role: Role
    target: str = ""


Effect: TypeAlias = Dismissed | Said | FloorTaken | Referred
Outcome: TypeAlias = tuple[Conference, tuple[Effect, ...]]
