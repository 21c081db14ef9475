"""What goes over the wire: requests that never say null, answers that keep what they do not know.

Source: video-api-v2.yaml, whose data schemas are those of version 1 as well. Lengths and ranges come from ``limits``,
which a form asks with the same names. Times carry an offset; VDX drops fractions of a second and answers in its own
zone, so instants are compared by ``same_second``. Version 1 writes a space before the offset; both writings are read.
Answers may hold PINs and links with PINs: their ``repr`` shows the uuid only.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from vdx_plugin.booking import limits
from vdx_plugin.domain.room import ProvisionStatus

_SPACED_OFFSET = re.compile(r"(?<=\d) (?=[+-]\d\d:?\d\d$)")


def _without_space(value: Any) -> Any:
    """Read version 1's ``2019-10-02T13:00:00 +0000`` like any other time."""
    return _SPACED_OFFSET.sub("", value) if isinstance(value, str) else value


Instant = Annotated[AwareDatetime, BeforeValidator(_without_space)]
WholeSecond = Annotated[AwareDatetime, AfterValidator(lambda time: time.replace(microsecond=0))]

Pin = Annotated[int, Field(ge=limits.PIN_LOW, le=limits.PIN_HIGH)]
Int32 = Annotated[int, Field(ge=0, le=limits.INT32_HIGH)]
Subject = Annotated[str, Field(min_length=1, max_length=limits.SUBJECT)]
Description = Annotated[str, Field(max_length=limits.DESCRIPTION)]
ProjectCode = Annotated[str, Field(max_length=limits.PROJECT_CODE)]
Email = Annotated[str, Field(max_length=limits.EMAIL)]
Label = Annotated[str, Field(max_length=limits.LABEL)]
CallType = Annotated[str, Field(max_length=limits.CALL_TYPE)]
Link = Annotated[str, Field(max_length=limits.LINK)]


def same_second(one: datetime, other: datetime) -> bool:
    """True when two aware times are the same instant once fractions of a second are dropped."""
    return int(one.timestamp()) == int(other.timestamp())


class MeetingType(StrEnum):
    """NORMAL that starts within two minutes takes a ready room too; POOL refuses where there is none."""

    NORMAL = "NORMAL"
    POOL = "POOL"


class GuestMicrophone(StrEnum):
    MUTED = "muted"
    OFF = "off"
    ON = "on"


class VmrType(StrEnum):
    CONFERENCE = "conference"
    LECTURE = "lecture"


class View(StrEnum):
    """How many are shown large and small (schema viewType)."""

    ONE_MAIN = "one_main_zero_pips"
    ONE_MAIN_SEVEN = "one_main_seven_pips"
    ONE_MAIN_TWENTYONE = "one_main_twentyone_pips"
    TWO_MAINS_TWENTYONE = "two_mains_twentyone_pips"
    FOUR_MAINS = "four_mains_zero_pips"
    FIVE_MAINS_SEVEN = "five_mains_seven_pips"
    ONE_MAIN_THIRTYTHREE = "one_main_thirtythree_pips"
    NINE_MAINS = "nine_mains_zero_pips"
    SIXTEEN_MAINS = "sixteen_mains_zero_pips"
    TWENTYFIVE_MAINS = "twentyfive_mains_zero_pips"


class VmrQuality(StrEnum):
    SD = "sd"
    HD = "hd"
    FULL_HD = "fullhd"


class DirectMedia(StrEnum):
    NEVER = "never"
    BEST_EFFORT = "best_effort"


# --- requests -----------------------------------------------------------------------------------------------------


class _Wish(BaseModel):
    """Base of request bodies."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    def body(self) -> dict[str, Any]:
        """Return the JSON body. What is not set is left out: an explicit null makes the server answer 500."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(sorted(self.model_fields_set))})"

    __str__ = __repr__


class Information(BaseModel):
    """One pair of ``additionalInformation``. Keys are unique within a meeting."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    key: Annotated[str, Field(min_length=1, max_length=limits.INFORMATION)]
    value: Annotated[str, Field(max_length=limits.INFORMATION)]

    def __repr__(self) -> str:
        return "Information(…)"

    __str__ = __repr__


def _keys_differ(pairs: tuple[Information, ...] | None) -> tuple[Information, ...] | None:
    if pairs is not None and len({pair.key for pair in pairs}) != len(pairs):
        raise ValueError("a key comes twice")
    return pairs


InformationList = Annotated[tuple[Information, ...] | None, AfterValidator(_keys_differ)]


class Layout(_Wish):
    """How a room looks. In a booking what is not set means "as the template says"; in a reservation VDX's default."""

    vmr_type: VmrType | None = None
    host_view: View | None = None
    guest_view: View | None = None
    vmr_quality: VmrQuality | None = None
    enable_overlay_text: bool | None = None
    guests_can_present: bool | None = None
    force_presenter_into_main: bool | None = None
    force_encryption: bool | None = None
    mute_all_guests: bool | None = None


class CreateMeeting(Layout):
    """``create-meeting``. A PIN, either one, rules out the pool of ready rooms.

    The id is required here although VDX would draw one: it is what makes a repeat harmless.
    """

    uuid: UUID
    subject: Subject
    start_time: WholeSecond
    end_time: WholeSecond
    meeting_type: MeetingType = MeetingType.NORMAL
    description: Description | None = None
    project_code: ProjectCode | None = None
    organized_by_email: Email | None = None
    labels: tuple[Label, ...] | None = None
    external_id: Annotated[str, Field(max_length=limits.EXTERNAL_ID)] | None = None
    guest_microphone: GuestMicrophone | None = None
    guest_pin_required: bool | None = None
    max_participants: Int32 | None = None
    end_meeting_on_end_time: bool | None = None
    scheduling_template_id: int | None = None
    scheduling_info_reservation_id: UUID | None = None
    uri_without_domain: Annotated[str, Field(max_length=limits.ADDRESS, pattern=limits.ADDRESS_PATTERN)] | None = None
    host_pin: Pin | None = None
    guest_pin: Pin | None = None
    additional_information: InformationList = None
    call_type: CallType | None = None


class UpdateMeeting(_Wish):
    """``update-meeting`` (PUT). What is left out is *cleared*, and the organiser becomes the caller."""

    subject: Subject
    start_time: WholeSecond
    end_time: WholeSecond
    description: Description | None = None
    project_code: ProjectCode | None = None
    organized_by_email: Email | None = None
    labels: tuple[Label, ...] | None = None
    additional_information: InformationList = None


class PatchMeeting(_Wish):
    """``patch-meeting``. What is left out stays as it is; ``""`` clears a text, an empty list a list."""

    subject: Subject | None = None
    start_time: WholeSecond | None = None
    end_time: WholeSecond | None = None
    description: Description | None = None
    project_code: ProjectCode | None = None
    organized_by_email: Email | None = None
    labels: tuple[Label, ...] | None = None
    guest_microphone: GuestMicrophone | None = None
    guest_pin_required: bool | None = None
    host_pin: Pin | None = None
    guest_pin: Pin | None = None
    additional_information: InformationList = None
    call_type: CallType | None = None


class TemplateWish(Layout):
    """``schedulingTemplateRequest``. PIN ranges exclude their upper end."""

    conferencing_sys_id: int
    uri_prefix: Annotated[str, Field(max_length=limits.ADDRESS)]
    uri_domain: Annotated[str, Field(max_length=limits.ADDRESS)]
    host_pin_required: bool
    guest_pin_required: bool
    uri_number_range_low: int
    uri_number_range_high: int
    host_pin_range_low: int | None = None
    host_pin_range_high: int | None = None
    guest_pin_range_low: int | None = None
    guest_pin_range_high: int | None = None
    vmr_available_before: Annotated[Int32 | None, Field(alias="vMRAvailableBefore")] = None
    max_participants: Int32 | None = None
    end_meeting_on_end_time: bool | None = None
    ivr_theme: Annotated[str, Field(max_length=limits.ADDRESS)] | None = None
    is_default_template: bool | None = None
    is_pool_template: bool | None = None
    custom_portal_guest: Link | None = None
    custom_portal_host: Link | None = None
    return_url: Link | None = None
    direct_media: DirectMedia | None = None
    call_type: CallType | None = None


# --- answers ------------------------------------------------------------------------------------------------------


class _Answer(BaseModel):
    """Base of answers. Enumerations stay text here: a value of next year must not make a booking unreadable."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, frozen=True, extra="allow", hide_input_in_errors=True
    )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'uuid', '…')})"

    __str__ = __repr__


class Person(_Answer):
    """A user of VDX: organisation and e-mail. Before the first change ``updatedBy`` comes as an empty one."""

    organisation_id: str = ""
    email: str = ""


class Meeting(_Answer):
    """``meeting``: who, when and what it is called. Room, PINs and status are not in it.

    Its ``_links`` name the server's inner address: addresses are built from our own base instead.
    """

    uuid: UUID
    subject: str
    start_time: Instant
    end_time: Instant
    description: str | None = None
    project_code: str | None = None
    external_id: str | None = None
    labels: tuple[str, ...] = ()
    additional_information: tuple[Information, ...] = ()
    guest_microphone: str | None = None
    guest_pin_required: bool = False
    created_by: Person | None = None
    organized_by: Person | None = None
    updated_by: Person | None = None
    created_time: Instant | None = None
    updated_time: Instant | None = None
    short_id: str | None = None
    short_link: str | None = None


class _Look(_Answer):
    """The layout members that rooms and templates share."""

    vmr_type: str | None = None
    host_view: str | None = None
    guest_view: str | None = None
    vmr_quality: str | None = None
    enable_overlay_text: bool | None = None
    guests_can_present: bool | None = None
    force_presenter_into_main: bool | None = None
    force_encryption: bool | None = None
    mute_all_guests: bool | None = None
    call_type: str | None = None
    direct_media: str | None = None
    custom_portal_guest: str | None = None
    custom_portal_host: str | None = None
    return_url: str | None = None


class SchedulingInfo(_Look):
    """``scheduling-info``: the room. ``uuid`` is the meeting's, ``vmr_available_before`` is in minutes."""

    uuid: UUID
    uri_with_domain: Annotated[str, Field(min_length=1)]
    uri_without_domain: str | None = None
    provision_status: ProvisionStatus
    provision_status_description: str | None = None
    provision_timestamp: Instant | None = None
    provision_vmr_id: str | None = None
    vmr_available_before: int = 0
    max_participants: int | None = None
    end_meeting_on_end_time: bool | None = None
    host_pin: int | None = None
    guest_pin: int | None = None
    portal_link: str | None = None
    short_link: str | None = None
    reservation_id: UUID | None = None
    created_time: Instant | None = None
    updated_time: Instant | None = None
    meeting_details: Meeting | None = None


class SchedulingTemplate(_Look):
    """``scheduling-template``: an organisation's recipe for rooms."""

    id: int | None = None
    organisation_id: str | None = None
    conferencing_sys_id: int | None = None
    uri_prefix: str | None = None
    uri_domain: str | None = None
    uri_number_range_low: int | None = None
    uri_number_range_high: int | None = None
    host_pin_required: bool
    host_pin_range_low: int | None = None
    host_pin_range_high: int | None = None
    guest_pin_required: bool
    guest_pin_range_low: int | None = None
    guest_pin_range_high: int | None = None
    vmr_available_before: Annotated[int | None, Field(alias="vMRAvailableBefore")] = None
    max_participants: int | None = None
    end_meeting_on_end_time: bool | None = None
    is_default_template: bool = False
    is_pool_template: bool = False


class PoolInfo(_Answer):
    """``pool-info``: how many rooms an organisation keeps ready.

    The list of rooms in it is dropped unread: it may hold the PINs of every organisation's pool.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    organisation_id: str
    desired_pool_size: int | None = None
    available_pool_size: int | None = None
    scheduling_template: SchedulingTemplate | None = None


class InfoItem(_Answer):
    key: str
    value: Any = None


class Info(_Answer):
    """``info``: what the server was built from."""

    info: tuple[InfoItem, ...] = ()
