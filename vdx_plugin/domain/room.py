"""A booked room, and whether it is safe to invite anybody to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

from vdx_plugin.domain.secret import Secret

_ALIAS = re.compile(r"[\w.+-]{2,100}(?:@[\w.-]{1,150})?")


class ProvisionStatus(StrEnum):
    """VDX's own words (scheduling-info, provisionStatus)."""

    AWAITS_PROVISION = "AWAITS_PROVISION"
    STARTING_TO_PROVISION = "STARTING_TO_PROVISION"
    PROVISIONED_OK = "PROVISIONED_OK"
    PROVISION_PROBLEMS = "PROVISION_PROBLEMS"
    STARTING_TO_DEPROVISION = "STARTING_TO_DEPROVISION"
    DEPROVISION_OK = "DEPROVISION_OK"
    DEPROVISION_PROBLEMS = "DEPROVISION_PROBLEMS"


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """What is asked of VDX. ``meeting_id`` is chosen by us and stored before the request is sent.

    ``subject`` is read by the whole organisation and the operator: it never says anything about the patient.
    """

    meeting_id: UUID
    start: datetime
    end: datetime
    subject: str = "Videokonsultation"
    label: str = ""
    """Our own opaque booking id; the only handle that VDX can search for."""
    project_code: str = ""
    organised_by: str | None = None
    own_pins: bool = False
    """Choose PINs ourselves. Rules out VDX's pool of ready rooms, so only for later bookings and repairs."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room at VDX as read back from scheduling-info. PINs are digits."""

    meeting_id: UUID
    alias: str
    """``uriWithDomain``: what a Pexip client dials."""
    host_pin: Secret | None
    guest_pin: Secret | None
    status: ProvisionStatus
    portal_link: Secret | None = None
    short_link: Secret | None = None
    end: datetime | None = None

    @property
    def is_ready(self) -> bool:
        return self.status is ProvisionStatus.PROVISIONED_OK

    @property
    def is_taken_down(self) -> bool:
        """True when VDX has closed the room or is closing it; it does not make it again."""
        return self.status in (
            ProvisionStatus.STARTING_TO_DEPROVISION,
            ProvisionStatus.DEPROVISION_OK,
            ProvisionStatus.DEPROVISION_PROBLEMS,
        )


class RoomFault(StrEnum):
    """Why nobody may be invited to a room."""

    NO_HOST_PIN = "room.no_host_pin"
    """Without a host PIN everybody is a host."""
    NO_GUEST_PIN = "room.no_guest_pin"
    SAME_PINS = "room.same_pins"
    SHORT_PIN = "room.short_pin"
    NOT_READY = "room.not_ready"


def fault_of(room: Room) -> RoomFault | None:
    """Say why ``room`` is unsafe, or None when it may be offered.

    Pexip lets everybody in as host where no host PIN is set, and takes digits only, 4 to 20 of them.
    """
    if not room.host_pin:
        return RoomFault.NO_HOST_PIN
    if not room.guest_pin:
        return RoomFault.NO_GUEST_PIN
    host, guest = room.host_pin.reveal(), room.guest_pin.reveal()
    if host == guest:
        return RoomFault.SAME_PINS
    if min(len(host), len(guest)) < 4:
        return RoomFault.SHORT_PIN
    return None if room.is_ready else RoomFault.NOT_READY


def guest_link(room: Room, *, portal: str, tag: str, name: str, caller: str = "") -> Secret:
    """Build the link for one party from address and guest PIN; the host PIN cannot get into it.

    VDX's own portal link may hold a stale PIN or, with a careless template, the host PIN, so it is not used.
    ``portal`` is the guest page's address, ``tag`` the party's opaque key, ``name`` the role shown in the room,
    ``caller`` the practice as the guest knows it.
    """
    if not room.guest_pin:
        raise ValueError("a room without guest PIN has no guest link")
    query = {"conference": room.alias, "pin": room.guest_pin.reveal(), "name": name, "tag": tag}
    if caller:
        query["from"] = caller
    return Secret(f"{portal.rstrip('/')}/?{urlencode(query, quote_via=quote)}")


@dataclass(frozen=True, slots=True)
class OtherRoom:
    """A room that somebody can be sent to; ``pin`` is empty where none is known."""

    alias: str
    pin: Secret


def other_room(words: str) -> OtherRoom | None:
    """Read a guest link, an address or a number; None for anything else."""
    alias, pin = words.strip(), ""
    if "://" in alias:
        try:
            query = parse_qs(urlsplit(alias).query)
        except ValueError:
            return None
        alias, pin = query.get("conference", [""])[0], query.get("pin", [""])[0]
    return OtherRoom(alias, Secret(pin)) if _ALIAS.fullmatch(alias) else None
