"""Who waits, who is let in and who may do what: the rules of one conference, without any input or output.

``apply`` takes the conference as it is, one command and the time, and returns the conference as it becomes
together with what must be told to single people. The roster events follow from comparing before and after; see
``roster``. Sources: Pexip Infinity documentation, "Using PINs to differentiate between Hosts and Guests",
"Locking a conference" and the client REST API.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vdx_plugin.errors import NotFound, Refused
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
    Layout,
    Leave,
    Mark,
    MediaChanged,
    MuteGuests,
    Outcome,
    Person,
    Referred,
    ReleaseFloor,
    Role,
    Said,
    Say,
    SetLayout,
    SetLock,
    Spoke,
    Start,
    TakeFloor,
    TimePassed,
    Transfer,
)

BY_OTHER = "Disconnected by another participant"
BY_END = "Conference terminated by another participant"
NO_HOST_CAME = "Timeout waiting for conference host to join or permit access to locked conference"
HOSTS_LEFT = "All conference hosts departed hosted conference"
ALONE = "Last remaining participant removed from conference after timeout"
TEST_IS_OVER = "Test call finished"
ESCALATION = "transcoded"
NO_ANSWER = "Timeout waiting for the called party to answer"


# Fields a participant may set on their own row; the rest, and other people's rows, take a chair.
_OWN_FIELDS = frozenset(
    {"muted", "client_muted", "video_muted", "buzz_at", "takes_slides", "slides_in_main", "mix", "own_layout"}
)


def apply(conference: Conference, command: Command, *, at: float) -> Outcome:
    """Return the conference after ``command`` at time ``at`` (seconds) and the effects.

    Refused ``room.invalid_role``: not allowed to this participant; Refused ``room.full``; NotFound
    ``room.no_participant``: no such row. Nothing has changed then.
    """
    changed, effects = _HANDLERS[type(command)](conference, command, at)
    settled, escalated = _escalate(_settle(changed, at))
    return settled, (*effects, *escalated)


def _escalate(conference: Conference) -> Outcome:
    """Direct media is for two who both want it; anybody more sends everybody through the server."""
    direct = [person for person in conference.inside if person.direct_media]
    if not conference.direct_media or len(direct) == len(conference.inside) <= 2:
        return conference, ()
    effects = tuple(Referred(person.uuid, conference.alias, person.role, ESCALATION) for person in direct)
    return replace(conference, direct_media=False), effects


def _settle(conference: Conference, at: float) -> Conference:
    """Let in whoever need no longer wait, and note since when there is no host."""
    conference = _forget_the_gone(conference)
    hosts = [person for person in conference.inside if person.role is Role.CHAIR and _counts(conference, person)]
    started = bool(conference.inside) and (conference.started or bool(hosts))
    chairs = any(person.role is Role.CHAIR for person in conference.inside)
    since = None if chairs or not conference.inside else conference.unhosted_since or at
    settled = replace(conference, started=started, unhosted_since=since)
    if settled.locked or (conference.has_host_pin and not (started and chairs)):
        return settled
    for person in [person for person in settled.people if person.waiting and not person.connecting]:
        if _has_room(settled):
            settled = _with(settled, _let_in(settled, person))
    return settled


def _forget_the_gone(conference: Conference) -> Conference:
    """Slides end with their presenter, and who has left has spoken their last."""
    inside = {person.uuid for person in conference.inside}
    stage = tuple(uuid for uuid in conference.stage if uuid in inside)
    return replace(conference, stage=stage, presenter=conference.presenter if conference.presenter in inside else None)


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
    direct = command.person.direct_media and conference.direct_media and len(conference.inside) < 2
    person = replace(command.person, waiting=True, joined_at=at, direct_media=direct)
    if passes:
        person = _let_in(conference, person)
    return replace(conference, people=(*conference.people, person)), ()


def _leave(conference: Conference, command: Leave, at: float) -> Outcome:
    left = _without(conference, command.uuid)
    # Those who were called do not stay among themselves.
    called = () if any(not person.dialled for person in left.inside) else tuple(p for p in left.people if p.dialled)
    for person in called:
        left = _without(left, person.uuid)
    # An empty room forgets its lock, so that tomorrow's consultation does not find it shut.
    effects = tuple(Dismissed(person.uuid, ALONE) for person in called)
    return (left if left.inside else _fresh(left)), effects


def _fresh(conference: Conference) -> Conference:
    return replace(
        conference,
        locked=False,
        guests_muted=False,
        layout=Layout(),
        direct_media=conference.direct_when_empty,
    )


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


def _allow_guests(conference: Conference, command: AllowGuests, at: float) -> Outcome:
    _require_chair(conference, command.by)
    if command.field == "guests_can_present":
        return _end_forbidden_slides(replace(conference, guests_can_present=command.allowed))
    return replace(conference, guests_can_unmute=command.allowed), ()


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
    left, effects = _leave(conference, Leave(command.uuid), at)
    return left, (Dismissed(command.uuid, BY_OTHER), *effects)


def _end_for_all(conference: Conference, command: EndForAll, at: float) -> Outcome:
    _require_chair(conference, command.by)
    return _close(conference, Close(BY_END), at)


def _close(conference: Conference, command: Close, at: float) -> Outcome:
    effects = tuple(Dismissed(person.uuid, command.reason) for person in conference.people)
    return _fresh(replace(conference, people=())), effects


def _change_role(conference: Conference, command: ChangeRole, at: float) -> Outcome:
    _require_chair(conference, command.by)
    changed = _with(conference, replace(_row(conference, command.uuid), role=command.role))
    return _end_forbidden_slides(changed)


def _mark(conference: Conference, command: Mark, at: float) -> Outcome:
    person = _row(conference, command.uuid)
    own = command.by == command.uuid and command.field in _OWN_FIELDS
    held_silent = conference.guests_muted and not conference.guests_can_unmute
    if not own or (held_silent and command.field == "muted" and not command.value):
        _require_chair(conference, command.by)
    return _with(conference, replace(person, **{command.field: command.value})), ()  # type: ignore[arg-type]


def _clear_buzz(conference: Conference, command: ClearBuzz, at: float) -> Outcome:
    _require_chair(conference, command.by)
    return replace(conference, people=tuple(replace(person, buzz_at=0.0) for person in conference.people)), ()


def _may_present(conference: Conference, person: Person) -> bool:
    return person in conference.inside and (person.role is Role.CHAIR or conference.guests_can_present)


def _take_floor(conference: Conference, command: TakeFloor, at: float) -> Outcome:
    person = _row(conference, command.uuid)
    if command.by != command.uuid or not _may_present(conference, person):
        raise Refused("room.no_floor")
    return replace(conference, presenter=person.uuid), ()


def _release_floor(conference: Conference, command: ReleaseFloor, at: float) -> Outcome:
    _row(conference, command.uuid)
    if command.by != command.uuid:
        _require_chair(conference, command.by)
    if conference.presenter != command.uuid:
        return conference, ()
    effects = () if command.by == command.uuid else (FloorTaken(command.uuid),)
    return replace(conference, presenter=None), effects


def _end_forbidden_slides(conference: Conference) -> Outcome:
    """Slides end when their presenter may no longer show any."""
    presenter = conference.find(conference.presenter or "")
    if presenter is None or _may_present(conference, presenter):
        return conference, ()
    return replace(conference, presenter=None), (FloorTaken(presenter.uuid),)


def _set_layout(conference: Conference, command: SetLayout, at: float) -> Outcome:
    _require_chair(conference, command.by)
    old = conference.layout
    host = old.host if command.host is None else command.host
    guest = old.guest if command.guest is None else command.guest
    names = old.names if command.names is None else command.names
    return replace(conference, layout=Layout(host, guest, names)), ()


def _dial(conference: Conference, command: Dial, at: float) -> Outcome:
    _require_chair(conference, command.by)
    if not _has_room(conference):
        raise Refused("room.full")
    person = replace(command.person, dialled=True, connecting=True, waiting=False, joined_at=at)
    return replace(conference, people=(*conference.people, person)), ()


def _answered(conference: Conference, command: Answered, at: float) -> Outcome:
    person = _row(conference, command.uuid)
    if not person.connecting:
        return conference, ()
    return _with(conference, _let_in(conference, replace(person, connecting=False, media=True))), ()


def _transfer(conference: Conference, command: Transfer, at: float) -> Outcome:
    _require_chair(conference, command.by)
    person = replace(_row(conference, command.uuid), transferring=True)
    return _with(conference, person), (Referred(command.uuid, command.alias, command.role),)


def _spoke(conference: Conference, command: Spoke, at: float) -> Outcome:
    _row(conference, command.uuid)
    others = tuple(uuid for uuid in conference.stage if uuid != command.uuid)
    return replace(conference, stage=(command.uuid, *others)), ()


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
    effects: list[Effect] = []
    since = conference.unhosted_since
    alone = conference.has_host_pin and since is not None and at - since >= limits.guests_only_timeout_s
    for person in conference.people:
        if person.connecting and at - person.joined_at >= limits.dial_timeout_s:
            effects.append(Dismissed(person.uuid, NO_ANSWER))
        elif person.waiting and at - person.joined_at >= limits.host_wait_timeout_s:
            effects.append(Dismissed(person.uuid, NO_HOST_CAME))
        elif limits.longest_s and at - person.joined_at >= limits.longest_s:
            effects.append(Dismissed(person.uuid, TEST_IS_OVER))
        elif alone and not (person.waiting or person.connecting):
            effects.append(Dismissed(person.uuid, HOSTS_LEFT))
    for effect in [effect for effect in effects if isinstance(effect, Dismissed)]:
        conference, more = _leave(conference, Leave(effect.uuid), at)
        effects.extend(more)
    return conference, tuple(effects)


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    Enter: _enter,
    Leave: _leave,
    SetLock: _set_lock,
    Start: _start,
    MuteGuests: _mute_guests,
    AllowGuests: _allow_guests,
    Admit: _admit,
    Expel: _expel,
    EndForAll: _end_for_all,
    ChangeRole: _change_role,
    Mark: _mark,
    ClearBuzz: _clear_buzz,
    TakeFloor: _take_floor,
    ReleaseFloor: _release_floor,
    SetLayout: _set_layout,
    Dial: _dial,
    Answered: _answered,
    Transfer: _transfer,
    Say: _say,
    Spoke: _spoke,
    MediaChanged: _media_changed,
    TimePassed: _time_passed,
    Close: _close,
}
