"""The memory of the video API double: meetings, rooms and templates, and the operations on them.

Operations apply the pure rules, keep the outcome and tell the ``RoomDirectory`` which rooms can be dialled. All of
them raise ``ApiProblem``. Nothing here waits: the provisioner moves rooms on by calling ``set_status``.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from vdx_plugin.sandbox.rooms import RoomDirectory, VirtualRoom
from vdx_plugin.sandbox.video_api import rules
from vdx_plugin.sandbox.video_api.access import PLANNERS, PROVISIONERS, ancestors, check_meeting, check_room
from vdx_plugin.sandbox.video_api.audit import AuditTrail
from vdx_plugin.sandbox.video_api.changes import apply_change, organizer_of_new
from vdx_plugin.sandbox.video_api.links import MAX_PORTAL_LINK, build_portal_link, short_id
from vdx_plugin.sandbox.video_api.problems import crashed, missing, refusal
from vdx_plugin.sandbox.video_api.rules import RoomSource
from vdx_plugin.sandbox.video_api.templates import TemplateShelf
from vdx_plugin.sandbox.video_api.values import (
    Booking,
    Caller,
    Change,
    Layout,
    Meeting,
    MeetingUser,
    Organisation,
    ProvisionStatus,
    Room,
    Template,
)

_SYSTEM = MeetingUser("sandbox", "provisioner@sandbox.test")
_MAX_CALL_TYPE, _MAX_LABEL, _MAX_EMAIL = 64, 1024, 100


@dataclass(frozen=True)
class VideoApiSettings:
    """What the operator of the service decides. ``portal_template`` holds the ``__...__`` placeholders."""

    portal_template: str
    short_link_base: str
    pool_minimum_age: timedelta = timedelta(seconds=60)
    overflow_organisation: str | None = None
    pool_is_listed: bool = True


class MeetingBook:
    """All meetings and rooms, by uuid."""

    def __init__(
        self,
        settings: VideoApiSettings,
        organisations: tuple[Organisation, ...],
        templates: tuple[Template, ...],
        directory: RoomDirectory,
        now: Callable[[], datetime],
        *,
        draw: rules.Draw | None = None,
    ) -> None:
        self.settings = settings
        self.organisations: dict[str, Organisation] = {org.code: org for org in organisations}
        self.templates = TemplateShelf(templates, self.organisations)
        self.meetings: dict[UUID, Meeting] = {}
        self.rooms: dict[UUID, Room] = {}
        self.users: set[MeetingUser] = set()
        """Everybody the server made a row for: callers, organisers, and whoever a planner searched for."""
        self.audit = AuditTrail(now)
        self.organisation_service_fails: Callable[[], bool] = lambda: False
        self._listeners: list[Callable[[], None]] = []
        self._directory = directory
        self._now = now
        # Room numbers and PINs of a sandbox guard nothing; a seeded source makes a test repeatable.
        self._draw: rules.Draw = draw or random.SystemRandom().randrange

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change, for whoever must look again."""
        self._listeners.append(listener)

    def book(self, caller: Caller, booking: Booking) -> Meeting:
        """Book a meeting and find or make its room; the answer holds neither PIN nor address."""
        now = self._now()
        organizer = organizer_of_new(caller, booking.organized_by_email)
        rules.check_booking(booking, caller.organisation, self.organisations)
        self._check_unique(caller, booking)
        _check_columns(booking.call_type, booking.labels, organizer)
        meeting = self._new_meeting(caller, organizer, booking, now)
        room = self._room_for(meeting, caller, booking, now)
        self.audit.meeting("create", meeting, caller.user)
        self.users |= {caller.user, organizer}
        self.rooms.pop(room.uuid, None)
        room = replace(room, uuid=meeting.uuid, organisation=meeting.organisation, has_meeting=True)
        self._keep(meeting, replace(room, ends_at=meeting.end))
        return meeting

    def meeting(self, caller: Caller, meeting_uuid: UUID) -> Meeting:
        """Return a meeting the caller may see."""
        meeting = self.meetings.get(meeting_uuid)
        if meeting is None:
            raise missing("meeting")
        check_meeting(caller, meeting)
        return meeting

    def change(self, caller: Caller, meeting_uuid: UUID, change: Change) -> Meeting:
        """Carry out a PUT or PATCH as far as the room's status lets it; the rest is silently left."""
        meeting = self.meeting(caller, meeting_uuid)
        _check_columns(change.call_type, change.labels or ())
        organisation = self.organisations[meeting.organisation]
        room = self.rooms[meeting_uuid]
        changed = apply_change(meeting, room, change, caller, organisation, self._now(), self._portal_link)
        _check_columns(None, (), changed[0].organized_by)
        self.audit.meeting("update", changed[0], caller.user)
        self.users.add(changed[0].organized_by)
        self._keep(*changed)
        return self.meetings[meeting_uuid]

    def delete(self, caller: Caller, meeting_uuid: UUID) -> None:
        """Remove meeting and room for good; only while the room waits to be taken up (else 406/13)."""
        self.meeting(caller, meeting_uuid)
        if self.rooms[meeting_uuid].status is not ProvisionStatus.AWAITS_PROVISION:
            raise refusal(13)
        self.audit.meeting("delete", self.meetings[meeting_uuid], caller.user)
        del self.meetings[meeting_uuid], self.rooms[meeting_uuid]
        self._tell()

    def find_by_address(self, caller: Caller, address: str, *, with_domain: bool) -> Meeting:
        """Return the one meeting with this room address; a number used again makes the server fall over."""
        found = [
            room
            for room in self.rooms.values()
            if room.has_meeting and address == (room.uri_with_domain if with_domain else room.uri_without_domain)
        ]
        if len(found) > 1:
            raise crashed("Query did not return a unique result")
        if not found:
            raise missing("meeting", "uriWithDomain" if with_domain else "uriWithoutDomain")
        return self.meeting(caller, found[0].uuid)

    def by_short_id(self, wanted: str) -> tuple[Meeting, Room] | None:
        """Return the meeting behind a short link, which anybody may follow."""
        meeting = next((m for m in self.meetings.values() if m.short_id == wanted), None)
        return None if meeting is None else (meeting, self.rooms[meeting.uuid])

    def room(self, caller: Caller, room_uuid: UUID) -> Room:
        """Return a room the caller may see, PINs and all."""
        room = self.rooms.get(room_uuid)
        if room is None:
            raise missing("schedulingInfo")
        if room.organisation != caller.organisation and not caller.has(*PROVISIONERS):
            self._ask_organisation_service()
        check_room(caller, room, self.organisations)
        return room

    def rooms_between(self, caller: Caller, start: datetime, end: datetime, status: ProvisionStatus) -> list[Room]:
        """Return meeting rooms of one status that come up or end strictly between the two times."""
        return [
            room
            for room in self.rooms.values()
            if room.has_meeting
            and room.status is status
            and (start < room.available_from < end or (room.ends_at is not None and start < room.ends_at < end))
            and self._reaches(caller, room)
        ]

    def set_status(
        self,
        room_uuid: UUID,
        status: ProvisionStatus,
        *,
        description: str = "",
        vmr_id: str | None = None,
        by: MeetingUser = _SYSTEM,
    ) -> Room:
        """Set how far the room is (any order is accepted) and open or close it for callers."""
        room = self.rooms.get(room_uuid)
        if room is None:
            raise missing("schedulingInfo")
        now = self._now()
        gone = status is ProvisionStatus.DEPROVISION_OK
        room = replace(
            room,
            status=status,
            status_description=description,
            status_changed_at=now,
            provision_vmr_id=room.provision_vmr_id if vmr_id is None else vmr_id,
            uri_without_domain=None if gone else room.uri_without_domain,
            updated_by=by,
            updated_at=now,
        )
        self.audit.room("update", room, by, may_fail=by is not _SYSTEM)
        self.rooms[room_uuid] = room
        self._announce(room)
        self._tell()
        return room

    def reserve(self, caller: Caller, wanted: Layout) -> Room:
        """Set a pool room of the caller's own organisation aside, for ever; 404 if none fits."""
        now = self._now()
        age = self.settings.pool_minimum_age
        room = rules.free_pool_room(self.rooms.values(), caller.organisation, wanted, now, age)
        if room is None:
            raise missing("schedulingInfo", "reservation")
        self.rooms[room.uuid] = replace(room, reservation_id=uuid.uuid4())
        self._tell()
        return self.rooms[room.uuid]

    def reservation(self, reservation_id: UUID) -> Room:
        """Return the room set aside under this id; the server does not ask whose it is."""
        room = next((r for r in self.rooms.values() if r.reservation_id == reservation_id), None)
        if room is None:
            raise missing("schedulingInfo", "reservationId")
        return room

    def new_pool_room(self, organisation: str, template: Template, by: MeetingUser = _SYSTEM) -> Room:
        """Make a room without a meeting, waiting to be taken up at once."""
        room = self._blank_room(organisation, template, by, Booking("", self._now(), self._now()))
        room = replace(room, has_meeting=False)
        self.rooms[room.uuid] = room
        self._tell()
        return room

    def pool_rooms(self, organisation: str) -> list[Room]:
        """Return the organisation's rooms without meeting and reservation, ready or on their way."""
        return [
            room
            for room in self.rooms.values()
            if room.organisation == organisation and not room.has_meeting and room.reservation_id is None
        ]

    def _keep(self, meeting: Meeting, room: Room) -> None:
        self.meetings[meeting.uuid] = meeting
        self.rooms[room.uuid] = room
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _announce(self, room: Room) -> None:
        if room.status is ProvisionStatus.PROVISIONED_OK:
            self._directory.open(
                VirtualRoom(
                    alias=room.uri_with_domain,
                    host_pin=None if room.host_pin is None else str(room.host_pin),
                    guest_pin=None if room.guest_pin is None else str(room.guest_pin),
                    max_participants=room.max_participants,
                    guests_can_present=room.layout.guests_can_present is not False,
                )
            )
        elif room.status is ProvisionStatus.DEPROVISION_OK:
            self._directory.close(room.uri_with_domain)

    def _reaches(self, caller: Caller, room: Room) -> bool:
        if caller.has(*PROVISIONERS) or room.organisation == caller.organisation:
            return True
        return caller.has(*PLANNERS) and caller.organisation in ancestors(room.organisation, self.organisations)

    def _check_unique(self, caller: Caller, booking: Booking) -> None:
        own = (m for m in self.meetings.values() if m.organisation == caller.organisation)
        if booking.external_id is not None and any(m.external_id == booking.external_id for m in own):
            raise refusal(21)
        if booking.uuid in self.meetings or booking.uuid in self.rooms:
            raise refusal(24)

    def _new_meeting(self, caller: Caller, organizer: MeetingUser, booking: Booking, now: datetime) -> Meeting:
        return Meeting(
            uuid=booking.uuid or uuid.uuid4(),
            organisation=caller.organisation,
            subject=booking.subject,
            start=booking.start,
            end=booking.end,
            created_by=caller.user,
            organized_by=organizer,
            short_id=short_id(str(uuid.uuid4())),
            created_at=now,
            description=booking.description,
            project_code=booking.project_code,
            external_id=booking.external_id,
            guest_microphone=booking.guest_microphone or "on",
            guest_pin_required=booking.guest_pin_required,
            labels=booking.labels,
            additional_information=booking.additional_information,
        )

    def _room_for(self, meeting: Meeting, caller: Caller, booking: Booking, now: datetime) -> Room:
        source = rules.room_source(booking, now)
        if source is RoomSource.RESERVED:
            return self._attached(meeting, self._reserved(caller, booking.reservation_id))
        if source in (RoomSource.POOL_ONLY, RoomSource.POOL_OR_NEW):
            pooled = self._pooled(caller.organisation, booking.layout, now)
            if pooled is not None:
                return self._attached(meeting, pooled)
            if source is RoomSource.POOL_ONLY:
                raise refusal(20, caller.organisation)
        return self._new_room(meeting, caller, booking)

    def _reserved(self, caller: Caller, reservation_id: UUID | None) -> Room:
        for room in self.rooms.values():
            mine = room.reservation_id == reservation_id and room.organisation == caller.organisation
            if mine and not room.has_meeting:
                return room
        raise refusal(29)

    def _pooled(self, organisation: str, wanted: Layout, now: datetime) -> Room | None:
        self._ask_organisation_service()
        pool = rules.pool_organisation(organisation, self.organisations)
        if pool is None:
            raise crashed("Cannot invoke a method because the organisation is null")
        age = self.settings.pool_minimum_age
        room = rules.free_pool_room(self.rooms.values(), pool, wanted, now, age)
        overflow = self.settings.overflow_organisation
        if room is None and overflow is not None:
            room = rules.free_pool_room(self.rooms.values(), overflow, wanted, now, age)
        return room

    def _ask_organisation_service(self) -> None:
        if self.organisation_service_fails():
            raise crashed("I/O error on GET request for the organisation tree")

    def _attached(self, meeting: Meeting, room: Room) -> Room:
        """A pool room keeps its PINs, limits and template, whatever the booking asked for."""
        return replace(room, portal_link=self._portal_link(meeting, room), updated_at=self._now())

    def _new_room(self, meeting: Meeting, caller: Caller, booking: Booking) -> Room:
        if self.templates.default_of(caller.organisation) is None:
            self._ask_organisation_service()
        template = rules.choose_template(
            booking.scheduling_template_id, caller.organisation, self.templates.all(), self.organisations
        )
        room = self._blank_room(caller.organisation, template, caller.user, booking)
        return replace(room, portal_link=self._portal_link(meeting, room))

    def _blank_room(self, organisation: str, template: Template, by: MeetingUser, booking: Booking) -> Room:
        host_pin, guest_pin = self._pins(template, booking)
        number = self._number(organisation, template, booking)
        ends = template.end_meeting_on_end_time
        return Room(
            uuid=uuid.uuid4(),
            organisation=organisation,
            template_id=template.id,
            host_pin=host_pin,
            guest_pin=guest_pin,
            vmr_available_before=template.vmr_available_before,
            max_participants=booking.max_participants or template.max_participants,
            end_meeting_on_end_time=ends
            if booking.end_meeting_on_end_time is None
            else booking.end_meeting_on_end_time,
            uri_with_domain=f"{number}@{template.uri_domain}",
            uri_without_domain=number,
            created_by=by,
            created_at=self._now(),
            available_from=booking.start - timedelta(minutes=template.vmr_available_before),
            ivr_theme=template.ivr_theme,
            layout=rules.fill_layout(booking.layout, template),
            custom_portal_guest=template.custom_portal_guest,
            custom_portal_host=template.custom_portal_host,
            return_url=template.return_url,
            call_type=booking.call_type or template.call_type,
            direct_media=template.direct_media,
        )

    def _pins(self, template: Template, booking: Booking) -> tuple[int | None, int | None]:
        """Host and guest PIN, drawn independently of each other: they can be equal, as in the real service."""
        host_pin = rules.draw_pin(
            booking.host_pin,
            required=template.host_pin_required,
            low=template.host_pin_range_low,
            high=template.host_pin_range_high,
            code=17,
            draw=self._draw,
        )
        guest_pin = rules.draw_pin(
            booking.guest_pin,
            required=template.guest_pin_required,
            low=template.guest_pin_range_low,
            high=template.guest_pin_range_high,
            code=16,
            draw=self._draw,
        )
        return host_pin, guest_pin

    def _number(self, organisation: str, template: Template, booking: Booking) -> str:
        # An address is taken while its room has one without domain: taking a room down frees its number.
        taken = {room.uri_with_domain for room in self.rooms.values() if room.uri_without_domain is not None}
        if booking.uri_without_domain is None:
            return rules.draw_number(template, taken, self._draw)
        rules.check_address(booking.uri_without_domain, template.uri_domain, self.organisations[organisation], taken)
        return booking.uri_without_domain

    def _portal_link(self, meeting: Meeting, room: Room) -> str:
        link = build_portal_link(
            self.settings.portal_template,
            uri_with_domain=room.uri_with_domain,
            host_pin=room.host_pin,
            guest_pin=room.guest_pin,
            start=meeting.start,
            guest_microphone=meeting.guest_microphone,
        )
        if len(link) > MAX_PORTAL_LINK:
            raise crashed("could not execute statement")
        return link


def _check_columns(call_type: str | None, labels: tuple[str, ...], organizer: MeetingUser | None = None) -> None:
    """Fall over where the database column is shorter than the specification admits."""
    email = (organizer.email if organizer else None) or ""
    too_long = len(call_type or "") > _MAX_CALL_TYPE or any(len(label) > _MAX_LABEL for label in labels)
    if too_long or len(email) > _MAX_EMAIL:
        raise crashed("could not execute statement")
