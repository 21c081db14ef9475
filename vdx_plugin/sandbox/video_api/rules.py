"""What a booking gets: which kind of room, which PINs, which number. Pure: values in, values out.

Source: ``MeetingServiceImpl.createMeeting`` and ``SchedulingInfoServiceImpl`` of medcom-video-api 2.5.0 (notes on
the life cycle, steps 3 to 6, and on the new room).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from enum import Enum, auto

from vdx_plugin.sandbox.video_api.access import ancestors
from vdx_plugin.sandbox.video_api.problems import crashed, refusal
from vdx_plugin.sandbox.video_api.values import (
    Booking,
    Layout,
    Organisation,
    ProvisionStatus,
    Room,
    Template,
)

ADHOC_WITHIN = timedelta(minutes=2)
_ADDRESS = re.compile(r"[a-zA-Z0-9]+")
_ADDRESS_TRIES = 100

# Returns a whole number in ``[low, high)``, as the server's random source does.
Draw = Callable[[int, int], int]


class RoomSource(Enum):
    """Where the room of a booking comes from."""

    ASKED_ADDRESS = auto()
    NEW = auto()
    RESERVED = auto()
    POOL_ONLY = auto()
    POOL_OR_NEW = auto()


def room_source(booking: Booking, now: datetime) -> RoomSource:
    """Say where the room comes from; the order of the questions is the server's.

    A start within two minutes takes a pool room even for NORMAL; a later one never does, even for POOL.
    """
    if booking.uri_without_domain is not None:
        return RoomSource.ASKED_ADDRESS
    if booking.host_pin is not None or booking.guest_pin is not None:
        return RoomSource.NEW
    if booking.reservation_id is not None:
        return RoomSource.RESERVED
    if booking.start > now + ADHOC_WITHIN:
        return RoomSource.NEW
    return RoomSource.POOL_ONLY if booking.meeting_type == "POOL" else RoomSource.POOL_OR_NEW


def check_booking(booking: Booking, caller_org: str, organisations: Mapping[str, Organisation]) -> None:
    """Refuse what is refused before anything is saved (34, 19, 35)."""
    has_pin = booking.host_pin is not None or booking.guest_pin is not None
    if booking.reservation_id is not None and has_pin:
        raise refusal(34)
    if booking.meeting_type == "POOL":
        pool = pool_organisation(caller_org, organisations)
        if pool is None or not organisations[pool].pool_size:
            raise refusal(19, caller_org)
    check_information(booking.additional_information)


def check_information(pairs: Collection[tuple[str, str]]) -> None:
    """Refuse additional information with a key twice (35)."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise refusal(35)


def pool_organisation(code: str, organisations: Mapping[str, Organisation]) -> str | None:
    """Return whose pool serves ``code``: its own, else the nearest ancestor's with a size, else the root's."""
    chain = ancestors(code, organisations)
    if not chain:
        return None
    if (organisations[chain[0]].pool_size or 0) > 0:
        return chain[0]
    return next((c for c in chain[1:] if organisations[c].pool_size not in (None, 0)), chain[-1])


def fits(room: Room, wanted: Layout) -> bool:
    """Say whether the room looks as asked for; None in ``wanted`` means any."""
    return all(getattr(wanted, item.name) in (None, getattr(room.layout, item.name)) for item in fields(Layout))


def free_pool_room(
    rooms: Iterable[Room], organisation: str, wanted: Layout, now: datetime, minimum_age: timedelta
) -> Room | None:
    """Return a ready, unattached, unreserved room of the organisation that is old enough and looks as asked."""
    for room in rooms:
        free = not room.has_meeting and room.reservation_id is None and room.organisation == organisation
        if free and _is_ready(room, now, minimum_age) and fits(room, wanted):
            return room
    return None


def _is_ready(room: Room, now: datetime, minimum_age: timedelta) -> bool:
    if room.status is not ProvisionStatus.PROVISIONED_OK or room.status_changed_at is None:
        return False
    return room.status_changed_at + minimum_age <= now


def draw_pin(
    asked: int | None, *, required: bool, low: int | None, high: int | None, code: int, draw: Draw
) -> int | None:
    """Return the PIN asked for, else a drawn one if the template requires one, else None; 16 or 17 for a bad range."""
    if asked is not None or not required:
        return asked
    if low is None or high is None or low >= high:
        raise refusal(code)
    return draw(low, high)


def draw_number(template: Template, taken: Collection[str], draw: Draw) -> str:
    """Return a room number free among ``taken`` full addresses; 14 for a bad range, 15 when none is found."""
    low, high = template.uri_number_range_low, template.uri_number_range_high
    if low >= high:
        raise refusal(14)
    for _ in range(_ADDRESS_TRIES):
        number = template.uri_prefix + str(draw(low, high))
        if f"{number}@{template.uri_domain}" not in taken:
            return number
    raise refusal(15)


def check_address(address: str, domain: str, organisation: Organisation, taken: Collection[str]) -> None:
    """Refuse an address of the caller's own choice (31, 33, 32)."""
    if not organisation.allow_custom_uri:
        raise refusal(31)
    if not _ADDRESS.fullmatch(address):
        raise refusal(33)
    if f"{address}@{domain}" in taken:
        raise refusal(32)


def choose_template(
    asked: int | None, caller_org: str, templates: Iterable[Template], organisations: Mapping[str, Organisation]
) -> Template:
    """Return the template: the one asked for if it is the caller's own, else silently the nearest default."""
    living = [template for template in templates if not template.deleted]
    for template in living:
        if template.id == asked and template.organisation == caller_org:
            return template
    for code in [*ancestors(caller_org, organisations), None]:
        for template in living:
            if template.organisation == code and template.is_default:
                return template
    raise crashed("no default template")


def fill_layout(asked: Layout, template: Template) -> Layout:
    """Return the asked layout with the template's values where nothing was asked."""
    return Layout(
        **{
            item.name: getattr(template.layout, item.name)
            if getattr(asked, item.name) is None
            else getattr(asked, item.name)
            for item in fields(Layout)
        }
    )


def is_due(room: Room, now: datetime) -> bool:
    """Say whether the provisioner may take this room up: waiting, its time has come and has not passed."""
    if room.status is not ProvisionStatus.AWAITS_PROVISION or now < room.available_from:
        return False
    return room.ends_at is None or now <= room.ends_at


def is_over(room: Room, now: datetime) -> bool:
    """Say whether the room is up and its meeting has ended, so that it is to be taken down."""
    up = room.status is ProvisionStatus.PROVISIONED_OK
    return up and room.ends_at is not None and room.ends_at < now
