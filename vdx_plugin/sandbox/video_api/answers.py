"""Writing records out as the API's JSON. Members without a value are left out, except where the server sends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vdx_plugin.sandbox.video_api.links import SERVER_ZONE
from vdx_plugin.sandbox.video_api.values import Layout, Meeting, MeetingUser, Room, Template

# The server writes the host name it sees itself, which is of no use outside: a client must not follow these links.
_INNER_BASE = "https://video-api.internal/videoapi/v2"


def moment(value: datetime | None) -> str | None:
    """Write a time in the server's zone, to the second; offsets of the 19th century lose their seconds, as in Java."""
    return None if value is None else value.astimezone(SERVER_ZONE).isoformat(timespec="seconds")[:25]


def user(value: MeetingUser | None) -> dict[str, Any] | None:
    """Write a meeting user."""
    return None if value is None else _present({"organisationId": value.organisation, "email": value.email})


def meeting(value: Meeting, short_link_base: str) -> dict[str, Any]:
    """Write a meeting: no PIN, address, link to the portal or status. ``updatedBy`` is ``{}`` before any change."""
    short_link = short_link_base + value.short_id
    return _present(
        {
            "subject": value.subject,
            "uuid": str(value.uuid),
            "createdBy": user(value.created_by),
            "updatedBy": user(value.updated_by) or {},
            "organizedBy": user(value.organized_by),
            "startTime": moment(value.start),
            "endTime": moment(value.end),
            "description": value.description,
            "projectCode": value.project_code,
            "createdTime": moment(value.created_at),
            "updatedTime": moment(value.updated_at),
            "shortId": value.short_id,
            "shortLink": short_link,
            "shortlink": short_link,
            "externalId": value.external_id,
            "guestMicrophone": value.guest_microphone,
            "guestPinRequired": value.guest_pin_required,
            "labels": list(value.labels),
            "additionalInformation": [{"key": k, "value": v} for k, v in value.additional_information],
            "_links": {
                "self": {"href": f"{_INNER_BASE}/meetings/{value.uuid}"},
                "scheduling-info": {"href": f"{_INNER_BASE}/scheduling-info/{value.uuid}"},
            },
        }
    )


def room(value: Room, details: Meeting | None, short_link_base: str) -> dict[str, Any]:
    """Write a room (scheduling-info), PINs included, with its whole meeting if it has one."""
    written = {
        "uuid": str(value.uuid),
        "hostPin": value.host_pin,
        "guestPin": value.guest_pin,
        "vmrAvailableBefore": value.vmr_available_before,
        "maxParticipants": value.max_participants,
        "endMeetingOnEndTime": value.end_meeting_on_end_time,
        "uriWithDomain": value.uri_with_domain,
        "provisionStatus": value.status.value,
        "provisionStatusDescription": value.status_description,
        "portalLink": value.portal_link,
        "ivrTheme": value.ivr_theme,
        "provisionTimestamp": moment(value.status_changed_at),
        "provisionVmrId": value.provision_vmr_id,
        **_layout(value.layout),
        "createdBy": user(value.created_by),
        "updatedBy": user(value.updated_by) or {},
        "createdTime": moment(value.created_at),
        "updatedTime": moment(value.updated_at),
        "reservationId": None if value.reservation_id is None else str(value.reservation_id),
        "customPortalGuest": value.custom_portal_guest,
        "customPortalHost": value.custom_portal_host,
        "returnUrl": value.return_url,
        "callType": value.call_type,
        "directMedia": value.direct_media,
        "_links": {"self": {"href": f"{_INNER_BASE}/scheduling-info/{value.uuid}"}},
    }
    if details is not None:
        short_link = short_link_base + details.short_id
        written |= {"meetingDetails": meeting(details, short_link_base)}
        written |= {"shortLink": short_link, "shortlink": short_link}
    # The one member that comes as null: the number of a room that was taken down.
    return _present(written) | {"uriWithoutDomain": value.uri_without_domain}


def template(value: Template) -> dict[str, Any]:
    """Write a scheduling template."""
    return _present(
        {
            "id": value.id,
            "organisationId": value.organisation or "",
            "conferencingSysId": value.conferencing_sys_id,
            "uriPrefix": value.uri_prefix,
            "uriDomain": value.uri_domain,
            "hostPinRequired": value.host_pin_required,
            "hostPinRangeLow": value.host_pin_range_low,
            "hostPinRangeHigh": value.host_pin_range_high,
            "guestPinRequired": value.guest_pin_required,
            "guestPinRangeLow": value.guest_pin_range_low,
            "guestPinRangeHigh": value.guest_pin_range_high,
            "vMRAvailableBefore": value.vmr_available_before,
            "maxParticipants": value.max_participants,
            "endMeetingOnEndTime": value.end_meeting_on_end_time,
            "uriNumberRangeLow": value.uri_number_range_low,
            "uriNumberRangeHigh": value.uri_number_range_high,
            "ivrTheme": value.ivr_theme or "",
            "isDefaultTemplate": value.is_default,
            "isPoolTemplate": value.is_pool,
            "customPortalGuest": value.custom_portal_guest,
            "customPortalHost": value.custom_portal_host,
            "returnUrl": value.return_url,
            **_layout(value.layout),
            "directMedia": value.direct_media,
            "callType": value.call_type,
            "createdBy": user(value.created_by),
            "updatedBy": user(value.updated_by) or {},
            "createdTime": moment(value.created_at),
            "updatedTime": moment(value.updated_at),
            "_links": {"self": {"href": f"{_INNER_BASE}/scheduling-templates/{value.id}"}},
        }
    )


def _layout(value: Layout) -> dict[str, Any]:
    return {
        "vmrType": value.vmr_type,
        "hostView": value.host_view,
        "guestView": value.guest_view,
        "vmrQuality": value.vmr_quality,
        "enableOverlayText": value.enable_overlay_text,
        "guestsCanPresent": value.guests_can_present,
        "forcePresenterIntoMain": value.force_presenter_into_main,
        "forceEncryption": value.force_encryption,
        "muteAllGuests": value.mute_all_guests,
    }


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
