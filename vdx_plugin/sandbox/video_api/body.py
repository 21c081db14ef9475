"""Reading requests: JSON members into typed values, with the server's leniency and its order of complaints.

``bind`` does what the framework does before any rule of the API is asked: it turns members into values (malformed:
plain 400), then checks lengths and ranges (code 10, first failure only). Unknown members are ignored. ``booking`` and
``change`` then make the records that the rules work on. Source: create-meeting, update-meeting and patch-meeting of
video-api-v2.yaml; leniency is Jackson's default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from vdx_plugin.sandbox.video_api.problems import crashed, invalid, malformed, refusal
from vdx_plugin.sandbox.video_api.values import Booking, Change, Layout, ProvisionStatus

VIEWS = (
    "one_main_zero_pips",
    "one_main_seven_pips",
    "one_main_twentyone_pips",
    "two_mains_twentyone_pips",
    "four_mains_zero_pips",
    "five_mains_seven_pips",
    "one_main_thirtythree_pips",
    "nine_mains_zero_pips",
    "sixteen_mains_zero_pips",
    "twentyfive_mains_zero_pips",
)
_LONG_YEAR = re.compile(r"[+-]?\d{5,}-")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)$")
_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)

_EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
_LATEST = datetime(9999, 12, 29, tzinfo=UTC)

Reader = Callable[[object], Any]


@dataclass(frozen=True)
class Member:
    """How one JSON member is read and checked. ``null_crashes``: the server dies of an explicit null."""

    read: Reader
    required: bool = False
    max_length: int | None = None
    low: int | None = None
    high: int | None = None
    null_crashes: bool = False


def read_text(value: object) -> str:
    """Accept any scalar as text, as Jackson does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise malformed()


def read_bool(value: object) -> bool:
    """Accept true, false, their spelling as text, and whole numbers."""
    if isinstance(value, bool | int):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise malformed()


def _whole(allowed: range) -> Reader:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise malformed()
        try:
            number = int(value)
        except (ValueError, OverflowError) as error:
            raise malformed() from error
        if number not in allowed:
            raise malformed()
        return number

    return read


read_int32 = _whole(_INT32)
read_int64 = _whole(_INT64)


def read_moment(value: object) -> datetime:
    """Read an ISO time with offset or Z; fractions of a second are dropped, years beyond 9999 are code 25."""
    if not isinstance(value, str):
        raise malformed()
    if _LONG_YEAR.match(value):
        raise refusal(25)
    if not _MOMENT.match(value):
        raise malformed()
    try:
        moment = datetime.fromisoformat(value.upper()).replace(microsecond=0)
    except ValueError as error:
        raise malformed() from error
    # The server reckons beyond both ends of our calendar; a day's room keeps our own reckoning within it.
    if not _EARLIEST <= moment <= _LATEST:
        raise malformed()
    return moment


def read_uuid(value: object) -> UUID:
    """Read a uuid in the usual writing; anything else is malformed."""
    if not isinstance(value, str) or len(value) != 36:
        raise malformed()
    try:
        return UUID(value)
    except ValueError as error:
        raise malformed() from error


def one_of(*allowed: str) -> Reader:
    """Return a reader for an enumeration; unknown values are malformed, without a code."""

    def read(value: object) -> str:
        if value not in allowed:
            raise malformed()
        return str(value)

    return read


def _read_labels(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise malformed()
    return tuple(read_text(label) for label in value)


def _read_information(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not all(isinstance(pair, dict) for pair in value):
        raise malformed()
    members = {"key": Member(read_text, required=True, max_length=100), "value": Member(read_text, True, 100)}
    pairs = [bind(pair, members) for pair in value]
    return tuple((pair["key"], pair["value"]) for pair in pairs)


_PIN = Member(read_int32, low=1000, high=999_999_999)
_MICROPHONE = Member(one_of("muted", "off", "on"))
LAYOUT_MEMBERS = {
    "vmrType": Member(one_of("conference", "lecture")),
    "hostView": Member(one_of(*VIEWS)),
    "guestView": Member(one_of(*VIEWS)),
    "vmrQuality": Member(one_of("sd", "hd", "fullhd")),
    "enableOverlayText": Member(read_bool),
    "guestsCanPresent": Member(read_bool),
    "forcePresenterIntoMain": Member(read_bool),
    "forceEncryption": Member(read_bool),
    "muteAllGuests": Member(read_bool),
}
_SHARED = {
    "description": Member(read_text, max_length=500),
    "projectCode": Member(read_text, max_length=100),
    "organizedByEmail": Member(read_text),
    "labels": Member(_read_labels),
    "additionalInformation": Member(_read_information),
}
REPLACE_MEMBERS = {
    "subject": Member(read_text, required=True, max_length=100),
    "startTime": Member(read_moment, required=True),
    "endTime": Member(read_moment, required=True),
    **_SHARED,
}
PATCH_MEMBERS = {
    "subject": Member(read_text, max_length=100),
    "startTime": Member(read_moment),
    "endTime": Member(read_moment),
    **_SHARED,
    "guestMicrophone": _MICROPHONE,
    "guestPinRequired": Member(read_bool),
    "hostPin": _PIN,
    "guestPin": _PIN,
    "callType": Member(read_text),
}
CREATE_MEMBERS = {
    **REPLACE_MEMBERS,
    **LAYOUT_MEMBERS,
    "maxParticipants": Member(read_int32, null_crashes=True),
    "endMeetingOnEndTime": Member(read_bool),
    "schedulingTemplateId": Member(read_int64),
    "meetingType": Member(one_of("NORMAL", "POOL"), null_crashes=True),
    "uuid": Member(read_uuid),
    "externalId": Member(read_text, max_length=200),
    "guestMicrophone": _MICROPHONE,
    "guestPinRequired": Member(read_bool, null_crashes=True),
    "schedulingInfoReservationId": Member(read_uuid),
    "uriWithoutDomain": Member(read_text, max_length=100),
    "hostPin": _PIN,
    "guestPin": _PIN,
    "callType": Member(read_text),
}
STATUS_MEMBERS = {
    "provisionStatus": Member(one_of(*ProvisionStatus), required=True),
    "provisionStatusDescription": Member(read_text, max_length=200),
    "provisionVmrId": Member(read_text, max_length=50),
}
POOL_ROOM_MEMBERS = {
    "organizationId": Member(read_text, required=True, max_length=30),
    "schedulingTemplateId": Member(read_int64, required=True),
}


def bind(body: object, members: Mapping[str, Member]) -> dict[str, Any]:
    """Return the sent members as values; a member sent as null is there with None. Raises ApiProblem 400."""
    if not isinstance(body, dict):
        raise malformed()
    values = {
        name: None if body[name] is None else member.read(body[name])
        for name, member in members.items()
        if name in body
    }
    for name, member in members.items():
        _check(name, member, values.get(name))
    return values


def _check(name: str, member: Member, value: Any) -> None:
    if value is None:
        if member.required:
            raise invalid(name, "must not be null")
        return
    if member.max_length is not None and len(value) > member.max_length:
        raise invalid(name, f"size must be between 0 and {member.max_length}")
    if member.low is not None and value < member.low:
        raise invalid(name, f"must be greater than or equal to {member.low}")
    if member.high is not None and value > member.high:
        raise invalid(name, f"must be less than or equal to {member.high}")


def booking(values: Mapping[str, Any]) -> Booking:
    """Make the request to book of bound values. Raises 500 for a null that the server cannot bear."""
    for name, member in CREATE_MEMBERS.items():
        if member.null_crashes and name in values and values[name] is None:
            raise crashed("Cannot invoke a method because the value is null")
    return Booking(
        subject=values["subject"],
        start=values["startTime"],
        end=values["endTime"],
        description=values.get("description"),
        project_code=values.get("projectCode"),
        organized_by_email=values.get("organizedByEmail"),
        max_participants=values.get("maxParticipants", 0),
        end_meeting_on_end_time=values.get("endMeetingOnEndTime"),
        scheduling_template_id=values.get("schedulingTemplateId"),
        meeting_type=values.get("meetingType", "NORMAL"),
        uuid=values.get("uuid"),
        external_id=values.get("externalId"),
        guest_microphone=values.get("guestMicrophone"),
        guest_pin_required=values.get("guestPinRequired", False),
        reservation_id=values.get("schedulingInfoReservationId"),
        labels=values.get("labels") or (),
        layout=layout(values),
        uri_without_domain=values.get("uriWithoutDomain"),
        host_pin=values.get("hostPin"),
        guest_pin=values.get("guestPin"),
        additional_information=values.get("additionalInformation") or (),
        call_type=values.get("callType"),
    )


def layout(values: Mapping[str, Any]) -> Layout:
    """Make the asked-for layout of bound values; what was not sent stays None."""
    return Layout(
        vmr_type=values.get("vmrType"),
        host_view=values.get("hostView"),
        guest_view=values.get("guestView"),
        vmr_quality=values.get("vmrQuality"),
        enable_overlay_text=values.get("enableOverlayText"),
        guests_can_present=values.get("guestsCanPresent"),
        force_presenter_into_main=values.get("forcePresenterIntoMain"),
        force_encryption=values.get("forceEncryption"),
        mute_all_guests=values.get("muteAllGuests"),
    )


def change(values: Mapping[str, Any], *, replaces: bool) -> Change:
    """Make the request to change of bound values; a replacement without lists clears them."""
    empty: tuple[()] | None = () if replaces else None
    return Change(
        replaces=replaces,
        subject=values.get("subject"),
        start=values.get("startTime"),
        end=values.get("endTime"),
        description=values.get("description"),
        project_code=values.get("projectCode"),
        organized_by_email=values.get("organizedByEmail"),
        labels=empty if values.get("labels") is None else values["labels"],
        additional_information=(
            empty if values.get("additionalInformation") is None else values["additionalInformation"]
        ),
        guest_microphone=values.get("guestMicrophone"),
        guest_pin_required=values.get("guestPinRequired"),
        host_pin=values.get("hostPin"),
        guest_pin=values.get("guestPin"),
        call_type=values.get("callType"),
    )
