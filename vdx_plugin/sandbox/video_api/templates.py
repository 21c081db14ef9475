"""Scheduling templates: an organisation's recipes for rooms, and their rules (one default, one for the pool)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from vdx_plugin.sandbox.video_api.body import (
    LAYOUT_MEMBERS,
    Member,
    layout,
    one_of,
    read_bool,
    read_int32,
    read_int64,
    read_text,
)
from vdx_plugin.sandbox.video_api.problems import missing, refusal
from vdx_plugin.sandbox.video_api.rules import fill_layout
from vdx_plugin.sandbox.video_api.values import Caller, Organisation, Template

_URL = Member(read_text, max_length=200)
TEMPLATE_MEMBERS = {
    "conferencingSysId": Member(read_int64, required=True),
    "uriPrefix": Member(read_text, required=True, max_length=100),
    "uriDomain": Member(read_text, required=True, max_length=100),
    "hostPinRequired": Member(read_bool, required=True),
    "hostPinRangeLow": Member(read_int64),
    "hostPinRangeHigh": Member(read_int64),
    "guestPinRequired": Member(read_bool, required=True),
    "guestPinRangeLow": Member(read_int64),
    "guestPinRangeHigh": Member(read_int64),
    "vMRAvailableBefore": Member(read_int32),
    "maxParticipants": Member(read_int32),
    "endMeetingOnEndTime": Member(read_bool),
    "uriNumberRangeLow": Member(read_int64, required=True),
    "uriNumberRangeHigh": Member(read_int64, required=True),
    "ivrTheme": Member(read_text, max_length=100),
    "isDefaultTemplate": Member(read_bool),
    "isPoolTemplate": Member(read_bool),
    "customPortalGuest": _URL,
    "customPortalHost": _URL,
    "returnUrl": _URL,
    **LAYOUT_MEMBERS,
    "directMedia": Member(one_of("never", "best_effort")),
    "callType": Member(read_text),
}


class TemplateShelf:
    """The templates by id. Deleted ones stay for the rooms made from them, and are seen by nobody."""

    def __init__(self, templates: Iterable[Template], organisations: Mapping[str, Organisation]) -> None:
        self._templates = {template.id: template for template in templates}
        self._organisations = organisations

    def all(self) -> list[Template]:
        """Return every template, deleted ones included."""
        return list(self._templates.values())

    def own(self, caller: Caller) -> list[Template]:
        """Return the living templates of the caller's organisation."""
        return [t for t in self.all() if t.organisation == caller.organisation and not t.deleted]

    def get(self, caller: Caller, template_id: int) -> Template:
        """Return one template of the caller's organisation."""
        for template in self.own(caller):
            if template.id == template_id:
                return template
        raise missing("schedulingTemplate", "id")

    def for_pool_room(self, organisation: str, template_id: int) -> Template:
        """Return the template for a pool room made by hand (26, 27, 22, 23)."""
        owner = self._organisations.get(organisation)
        if owner is None:
            raise refusal(22, organisation)
        if not owner.pool_size:
            raise refusal(23, organisation)
        template = self._templates.get(template_id)
        if template is None or template.deleted:
            raise refusal(26, str(template_id))
        if template.organisation != organisation:
            raise refusal(27, str(template_id), organisation)
        return template

    def pool_template(self, organisation: str) -> Template | None:
        """Return the organisation's template for pool rooms, or None."""
        pool = (t for t in self.all() if t.is_pool and t.organisation == organisation and not t.deleted)
        return next(pool, None)

    def default_of(self, organisation: str) -> Template | None:
        """Return the organisation's own default template, or None."""
        default = (t for t in self.all() if t.is_default and t.organisation == organisation and not t.deleted)
        return next(default, None)

    def add(self, caller: Caller, values: Mapping[str, Any], now: datetime) -> Template:
        """Keep a new template of the caller's organisation (18 for a second pool template)."""
        new_id = max(self._templates, default=0) + 1
        blank = Template(id=new_id, organisation=caller.organisation, created_by=caller.user, created_at=now)
        return self._keep(_filled(blank, values))

    def replace(self, caller: Caller, template_id: int, values: Mapping[str, Any], now: datetime) -> Template:
        """Put new contents in the place of a template's old ones."""
        old = self.get(caller, template_id)
        blank = Template(
            id=old.id,
            organisation=old.organisation,
            created_by=old.created_by,
            created_at=old.created_at,
            updated_by=caller.user,
            updated_at=now,
        )
        return self._keep(_filled(blank, values))

    def delete(self, caller: Caller, template_id: int) -> None:
        """Take a template out of sight."""
        self._templates[template_id] = replace(self.get(caller, template_id), deleted=True)

    def _keep(self, template: Template) -> Template:
        siblings = [
            t for t in self.all() if t.organisation == template.organisation and t.id != template.id and not t.deleted
        ]
        if template.is_pool and any(t.is_pool for t in siblings):
            raise refusal(18)
        if template.is_default:
            for sibling in siblings:
                self._templates[sibling.id] = replace(sibling, is_default=False)
        self._templates[template.id] = template
        return template


def _filled(blank: Template, values: Mapping[str, Any]) -> Template:
    return replace(
        blank,
        conferencing_sys_id=values["conferencingSysId"],
        uri_prefix=values["uriPrefix"],
        uri_domain=values["uriDomain"],
        host_pin_required=values["hostPinRequired"],
        host_pin_range_low=values.get("hostPinRangeLow"),
        host_pin_range_high=values.get("hostPinRangeHigh"),
        guest_pin_required=values["guestPinRequired"],
        guest_pin_range_low=values.get("guestPinRangeLow"),
        guest_pin_range_high=values.get("guestPinRangeHigh"),
        vmr_available_before=values.get("vMRAvailableBefore") or 0,
        max_participants=values.get("maxParticipants") or 0,
        end_meeting_on_end_time=values.get("endMeetingOnEndTime") or False,
        uri_number_range_low=values["uriNumberRangeLow"],
        uri_number_range_high=values["uriNumberRangeHigh"],
        ivr_theme=values.get("ivrTheme"),
        is_default=values.get("isDefaultTemplate") or False,
        is_pool=values.get("isPoolTemplate") or False,
        custom_portal_guest=values.get("customPortalGuest"),
        custom_portal_host=values.get("customPortalHost"),
        return_url=values.get("returnUrl"),
        layout=fill_layout(layout(values), blank),
        direct_media=values.get("directMedia") or "never",
        call_type=values.get("callType"),
    )
