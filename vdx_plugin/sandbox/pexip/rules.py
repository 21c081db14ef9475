"""Who waits, who is let in and who may do what: the rules of one conference, without any input or output.

``apply`` takes the conference as it is, one command and the time, and returns the conference as it becomes
together with what must be told to single people. The roster events follow from comparing before and after; see
``roster``. Sources: Pexip Infinity documentation, "Using PINs to differentiate between Hosts and Guests",
"Locking a conference" and the client REST API.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from vdx_plugin.errors import NotFound, Refused

BY_OTHER = "Disconnected by another participant"
BY_END = "Conference terminated by another participant"
NO_HOST_CAME = "Timeout waiting for conference host to join or permit access to locked conference"
HOSTS_LEFT = "All conference hosts departed hosted conference"


class Role(StrEnum):
    """As the roster spells it; token replies say HOST and GUEST."""

    CHAIR = "chair"
    GUEST = "guest"


@dataclass(frozen=True)
class Person:
    """One participant. Times are seconds since 1970, 0 meaning never."""

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


@dataclass(frozen=True)
class Limits:
    """What the server's settings and the room say about time and number; ``capacity`` 0 is no limit."""

    guests_only_timeout_s: float = 60
    host_wait_timeout_s: float = 900
    capacity: int = 0
    host_without_media_starts: bool = True


@dataclass(frozen=True)
class Conference:
    """The state of one room while somebody is in it. In a room without host PIN everybody is a chair."""

    alias: str
    limits: Limits = field(default_factory=Limits)
    has_host_pin: bool = True
    locked: bool = False
    started: bool = False
    guests_muted: bool = False
    people: tuple[Person, ...] = ()
    unhosted_since: float | None = None

    def find(self, uuid: str) -> Person | None:
        """Return the participant, or None."""
        return next((person for person in self.people if person.uuid == uuid), None)

    @property
    def inside(self) -> tuple[Person, ...]:
        """Those who have been let in."""
        return tuple(person for person in self.people if not person.waiting)


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
    """Set one field of a row: muted, client_muted, video_muted, buzz_at, spotlight_at or overlay_text."""

    by: str
    uuid: str
    field: str
    value: bool | float | str


@dataclass(frozen=True)
class Say:
    """Chat to everybody inside, or to one person."""

    by: str
    kind: str
    payload: str
    to: str | None = None


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
    | Admit
    | Expel
    | EndForAll
    | ChangeRole
    | Mark
    | Say
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


Effect: TypeAlias = Dismissed | Said
Outcome: TypeAlias = tuple[Conference, tuple[Effect, ...]]

# Fields a participant may set on their own row; the rest, and other people's rows, take a chair.
_OWN_FIELDS = frozenset({"muted", "client_muted", "video_muted", "buzz_at"})


def apply(conference: Conference, command: Command, *, at: float) -> Outcome:
    """Return the conference after ``command`` at time ``at`` (seconds) and the effects.

    Refused ``room.invalid_role``: not allowed to this participant; Refused ``room.full``; NotFound
    ``room.no_participant``: no such row. Nothing has changed then.
    """
    changed, effects = _HANDLERS[type(command)](conference, command, at)
    return _settle(changed, at), effects


def _settle(conference: Conference, at: float) -> Conference:
    """Let in whoever need no longer wait, and note since when there is no host."""
    hosts = [person for person in conference.inside if person.role is Role.CHAIR and _counts(conference, person)]
    started = bool(conference.inside) and (conference.started or bool(hosts))
    chairs = any(person.role is Role.CHAIR for person in conference.inside)
    since = None if chairs or not conference.inside else conference.unhosted_since or at
    settled = replace(conference, started=started, unhosted_since=since)
    if settled.locked or (conference.has_host_pin and not (started and chairs)):
        return settled
    for person in [person for person in settled.people if person.waiting]:
        if _has_room(settled):
            settled = _with(settled, _let_in(settled, person))
    return settled


def _counts(conference: Conference, person: Person) -> bool:
    return person.media or conference.limits.host_without_media_starts


def _has_room(conference: Conference) -> bool:
    return conference.limits.capacity <= 0 or len(conference.inside) < conference.limits.capacity


def _let_in(conference: Conference, person: Person) -> Person:
    muted = person.muted or (conference.guests_muted and person.role is Role.GUEST)
    return replace(person, waiting=False, muted=muted)


def _with(conference: Conference, person: Person) -> Conference:
    people = tuple(person if old.uuid == person.uuid else old for old in conference.people)
    return replace(conference, people=people)


def _without(conference: Conference, uuid: str) -> Conference:
    return replace(conference, people=tuple(person for person in conference.people if person.uuid != uuid))


def _row(conference: Conference, uuid: str) -> Person:
    person = conference.find(uuid)
    if person is None:
        raise NotFound("room.no_participant")
    return person


def _require_chair(conference: Conference, by: str) -> None:
    actor = _row(conference, by)
    if actor.role is not Role.CHAIR or actor.waiting:
        raise Refused("room.invalid_role")


def _enter(conference: Conference, command: Enter, at: float) -> Outcome:
    if not _has_room(conference):
        raise Refused("room.full")
    # A host PIN opens a locked room; where there is none, everybody new waits (locking_conference).
    passes = command.person.role is Role.CHAIR and (conference.has_host_pin or not conference.locked)
    person = replace(command.person, waiting=True, joined_at=at)
    if passes:
        person = _let_in(conference, person)
    return replace(conference, people=(*conference.people, person)), ()


def _leave(conference: Conference, command: Leave, at: float) -> Outcome:
    left = _without(conference, command.uuid)
    # An empty room forgets its lock, so that tomorrow's consultation does not find it shut.
    return (left if left.inside else replace(left, locked=False, guests_muted=False)), ()


def _set_lock(conference: Conference, command: SetLock, at: float) -> Outcome:
    _require_chair(conference, command.by)
    return replace(conference, locked=command.locked), ()


def _start(conference: Conference, command: Start, at: float) -> Outcome:
    _require_chair(conference, command.by)
    return replace(conference, started=True), ()


def _mute_guests(conference: Conference, command: MuteGuests, at: float) -> Outcome:
    _require_chair(conference, command.by)
    people = tuple(
        replace(person, muted=command.muted) if person.role is Role.GUEST else person for person in conference.people
    )
    return replace(conference, guests_muted=command.muted, people=people), ()


def _admit(conference: Conference, command: Admit, at: float) -> Outcome:
    _require_chair(conference, command.by)
    person = _row(conference, command.uuid)
    if person.waiting and not _has_room(conference):
        raise Refused("room.full")
    return _with(conference, _let_in(conference, person)), ()


def _expel(conference: Conference, command: Expel, at: float) -> Outcome:
    if command.by != command.uuid:
        _require_chair(conference, command.by)
    _row(conference, command.uuid)
    left, _ = _leave(conference, Leave(command.uuid), at)
    return left, (Dismissed(command.uuid, BY_OTHER),)


def _end_for_all(conference: Conference, command: EndForAll, at: float) -> Outcome:
    _require_chair(conference, command.by)
    return _close(conference, Close(BY_END), at)


def _close(conference: Conference, command: Close, at: float) -> Outcome:
    effects = tuple(Dismissed(person.uuid, command.reason) for person in conference.people)
    return replace(conference, people=(), locked=False, guests_muted=False), effects


def _change_role(conference: Conference, command: ChangeRole, at: float) -> Outcome:
    _require_chair(conference, command.by)
    return _with(conference, replace(_row(conference, command.uuid), role=command.role)), ()


def _mark(conference: Conference, command: Mark, at: float) -> Outcome:
    person = _row(conference, command.uuid)
    own = command.by == command.uuid and command.field in _OWN_FIELDS
    unmutes_all_muted = conference.guests_muted and command.field == "muted" and not command.value
    if not own or unmutes_all_muted:
        _require_chair(conference, command.by)
    return _with(conference, replace(person, **{command.field: command.value})), ()  # type: ignore[arg-type]


def _say(conference: Conference, command: Say, at: float) -> Outcome:
    if _row(conference, command.by).waiting:
        raise Refused("room.invalid_role")
    if command.to is not None:
        if _row(conference, command.to).waiting:
            raise Refused("room.invalid_role")
        to: tuple[str, ...] = (command.to,)
    else:
        to = tuple(person.uuid for person in conference.inside if person.uuid != command.by)
    return conference, (Said(command.by, to, command.kind, command.payload, command.to is not None),)


def _media_changed(conference: Conference, command: MediaChanged, at: float) -> Outcome:
    person = _row(conference, command.uuid)
    return _with(conference, replace(person, media=command.media, audio_only=command.audio_only)), ()


def _time_passed(conference: Conference, command: TimePassed, at: float) -> Outcome:
    limits = conference.limits
    effects: list[Dismissed] = []
    since = conference.unhosted_since
    alone = conference.has_host_pin and since is not None and at - since >= limits.guests_only_timeout_s
    for person in conference.people:
        if person.waiting and at - person.joined_at >= limits.host_wait_timeout_s:
            effects.append(Dismissed(person.uuid, NO_HOST_CAME))
        elif alone and not person.waiting:
            effects.append(Dismissed(person.uuid, HOSTS_LEFT))
    for effect in effects:
        conference, _ = _leave(conference, Leave(effect.uuid), at)
    return conference, tuple(effects)


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    Enter: _enter,
    Leave: _leave,
    SetLock: _set_lock,
    Start: _start,
    MuteGuests: _mute_guests,
    Admit: _admit,
    Expel: _expel,
    EndForAll: _end_for_all,
    ChangeRole: _change_role,
    Mark: _mark,
    Say: _say,
    MediaChanged: _media_changed,
    TimePassed: _time_passed,
    Close: _close,
}
