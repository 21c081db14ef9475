"""The records of the video API: meetings, rooms (scheduling-info), templates, organisations and callers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The fixed values of the role claim; ``UNKNOWN`` stands for any other value, which the server keeps as null."""

    USER = "meeting-user"
    PLANNER = "meeting-planner"
    ADMIN = "meeting-admin"
    PROVISIONER = "meeting-provisioner"
    PROVISIONER_USER = "meeting-provisioner-user"
    UNKNOWN = ""


class ProvisionStatus(StrEnum):
    """How far the room is. The API itself enforces no order; the provisioner does."""

    AWAITS_PROVISION = "AWAITS_PROVISION"
    STARTING_TO_PROVISION = "STARTING_TO_PROVISION"
    PROVISION_PROBLEMS = "PROVISION_PROBLEMS"
    PROVISIONED_OK = "PROVISIONED_OK"
    STARTING_TO_DEPROVISION = "STARTING_TO_DEPROVISION"
    DEPROVISION_PROBLEMS = "DEPROVISION_PROBLEMS"
    DEPROVISION_OK = "DEPROVISION_OK"


@dataclass(frozen=True)
class MeetingUser:
    """Somebody in an organisation; comes into being when first seen."""

    organisation: str
    email: str | None


@dataclass(frozen=True)
class Caller:
    """Who calls, as the token says."""

    organisation: str
    email: str | None
    roles: frozenset[Role]

    def has(self, *roles: Role) -> bool:
        """Say whether the caller holds at least one of ``roles``."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_only_user(self) -> bool:
        """True for a plain meeting-user. An unknown extra role makes it false, as in the server."""
        return self.roles == {Role.USER}

    @property
    def user(self) -> MeetingUser:
        """Return the meeting user behind the caller."""
        return MeetingUser(self.organisation, self.email)


@dataclass(frozen=True)
class Organisation:
    """An organisation in the tree. ``pool_size`` None: never set, which is not the same as 0."""

    code: str
    parent: str | None = None
    pool_size: int | None = None
    allow_custom_uri: bool = False


@dataclass(frozen=True)
class Layout:
    """How the room looks and behaves in Pexip. None in a request means: whatever the template says."""

    vmr_type: str | None = None
    host_view: str | None = None
    guest_view: str | None = None
    vmr_quality: str | None = None
    enable_overlay_text: bool | None = None
    guests_can_present: bool | None = None
    force_presenter_into_main: bool | None = None
    force_encryption: bool | None = None
    mute_all_guests: bool | None = None


DEFAULT_LAYOUT = Layout(
    vmr_type="conference",
    host_view="one_main_seven_pips",
    guest_view="one_main_seven_pips",
    vmr_quality="hd",
    enable_overlay_text=True,
    guests_can_present=True,
    force_presenter_into_main=True,
    force_encryption=False,
    mute_all_guests=False,
)


@dataclass(frozen=True)
class Template:
    """What a new room is made from. ``organisation`` None: shared by all. Ranges are ``[low, high)``."""

    id: int
    organisation: str | None
    conferencing_sys_id: int = 1
    uri_prefix: str = ""
    uri_domain: str = "rooms.sandbox.test"
    host_pin_required: bool = True
    host_pin_range_low: int | None = 1000
    host_pin_range_high: int | None = 9999
    guest_pin_required: bool = True
    guest_pin_range_low: int | None = 1000
    guest_pin_range_high: int | None = 9999
    vmr_available_before: int = 15
    max_participants: int = 10
    end_meeting_on_end_time: bool = False
    uri_number_range_low: int = 100000
    uri_number_range_high: int = 999999
    ivr_theme: str | None = None
    is_default: bool = False
    is_pool: bool = False
    custom_portal_guest: str | None = None
    custom_portal_host: str | None = None
    return_url: str | None = None
    layout: Layout = DEFAULT_LAYOUT
    direct_media: str = "never"
    call_type: str | None = None
    created_by: MeetingUser | None = None
    updated_by: MeetingUser | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True)
class Meeting:
    """A booking as its organisation sees it: no PIN, address or status."""

    uuid: UUID
    organisation: str
    subject: str
    start: datetime
    end: datetime
    created_by: MeetingUser
    organized_by: MeetingUser
    short_id: str
    created_at: datetime
    description: str | None = None
    project_code: str | None = None
    external_id: str | None = None
    guest_microphone: str = "on"
    guest_pin_required: bool = False
    labels: tuple[str, ...] = ()
    additional_information: tuple[tuple[str, str], ...] = ()
    updated_by: MeetingUser | None = None
    updated_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Meeting({self.uuid})"


@dataclass(frozen=True)
class Room:
    """A virtual room (scheduling-info). Without ``has_meeting`` it is a pool room under an uuid of its own."""

    uuid: UUID
    organisation: str
    template_id: int
    host_pin: int | None
    guest_pin: int | None
    vmr_available_before: int
    max_participants: int
    end_meeting_on_end_time: bool
    uri_with_domain: str
    uri_without_domain: str | None
    created_by: MeetingUser
    created_at: datetime
    available_from: datetime
    has_meeting: bool = True
    ends_at: datetime | None = None
    status: ProvisionStatus = ProvisionStatus.AWAITS_PROVISION
    status_description: str = ""
    status_changed_at: datetime | None = None
    provision_vmr_id: str | None = None
    portal_link: str | None = None
    ivr_theme: str | None = None
    layout: Layout = field(default=DEFAULT_LAYOUT)
    reservation_id: UUID | None = None
    custom_portal_guest: str | None = None
    custom_portal_host: str | None = None
    return_url: str | None = None
    call_type: str | None = None
    direct_media: str = "never"
    updated_by: MeetingUser | None = None
    updated_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Room({self.uuid}, {self.status})"


@dataclass(frozen=True)
class Booking:
    """A request to book (create-meeting). None: not sent, or null where the server cannot tell the two apart."""

    subject: str
    start: datetime
    end: datetime
    description: str | None = None
    project_code: str | None = None
    organized_by_email: str | None = None
    max_participants: int = 0
    end_meeting_on_end_time: bool | None = None
    scheduling_template_id: int | None = None
    meeting_type: str = "NORMAL"
    uuid: UUID | None = None
    external_id: str | None = None
    guest_microphone: str | None = None
    guest_pin_required: bool = False
    reservation_id: UUID | None = None
    labels: tuple[str, ...] = ()
    layout: Layout = field(default_factory=Layout)
    uri_without_domain: str | None = None
    host_pin: int | None = field(default=None, repr=False)
    guest_pin: int | None = field(default=None, repr=False)
    additional_information: tuple[tuple[str, str], ...] = ()
    call_type: str | None = None


@dataclass(frozen=True)
class Change:
    """A request to change a meeting. In a patch None means not sent; in a replacement it clears."""

    replaces: bool
    subject: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    description: str | None = None
    project_code: str | None = None
    organized_by_email: str | None = None
    labels: tuple[str, ...] | None = None
    additional_information: tuple[tuple[str, str], ...] | None = None
    guest_microphone: str | None = None
    guest_pin_required: bool | None = None
    host_pin: int | None = field(default=None, repr=False)
    guest_pin: int | None = field(default=None, repr=False)
    call_type: str | None = None
