"""What goes over the wire: requests that never say null, answers that keep what they do not know.

Source: video-api-v2.yaml (schemas meeting, create-meeting, patch-meeting, scheduling-info, scheduling-template,
pool-info, info). Times carry an offset; VDX drops fractions of a second and answers in its own zone, so instants are
compared by ``same_second``. Answers may hold PINs and links with PINs: their ``repr`` shows the uuid only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from vdx_plugin.domain.room import ProvisionStatus

Pin = Annotated[int, Field(ge=1000, le=999_999_999)]
WholeSecond = Annotated[AwareDatetime, AfterValidator(lambda time: time.replace(microsecond=0))]


def same_second(one: datetime, other: datetime) -> bool:
    """True when two aware times are the same instant once fractions of a second are dropped."""
    return int(one.timestamp()) == int(other.timestamp())


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


class CreateMeeting(_Wish):
    """``create-meeting``. A PIN, either one, rules out the pool of ready rooms."""

    uuid: UUID
    subject: Annotated[str, Field(min_length=1, max_length=100)]
    start_time: WholeSecond
    end_time: WholeSecond
    meeting_type: str = "NORMAL"
    project_code: Annotated[str, Field(max_length=100)] | None = None
    # The server takes a longer address and then answers 500, because its column holds 100.
    organized_by_email: Annotated[str, Field(max_length=100)] | None = None
    labels: tuple[Annotated[str, Field(max_length=1024)], ...] | None = None
    max_participants: int | None = None
    scheduling_template_id: int | None = None
    scheduling_info_reservation_id: UUID | None = None
    host_pin: Pin | None = None
    guest_pin: Pin | None = None


class PatchMeeting(_Wish):
    """``patch-meeting``. What is left out stays as it is."""

    subject: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    start_time: WholeSecond | None = None
    end_time: WholeSecond | None = None
    labels: tuple[str, ...] | None = None
    host_pin: Pin | None = None
    guest_pin: Pin | None = None


class _Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, frozen=True, extra="allow", hide_input_in_errors=True
    )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'uuid', '…')})"

    __str__ = __repr__


class Person(_Answer):
    """A user of VDX: organisation and e-mail."""

    organisation_id: str = ""
    email: str = ""


class Meeting(_Answer):
    """``meeting``: who, when and what it is called. Room, PINs and status are not in it."""

    uuid: UUID
    subject: str
    start_time: AwareDatetime
    end_time: AwareDatetime
    labels: tuple[str, ...] = ()
    organized_by: Person | None = None
    short_link: str | None = None


class SchedulingInfo(_Answer):
    """``scheduling-info``: the room. ``uuid`` is the meeting's, ``vmr_available_before`` is in minutes."""

    uuid: UUID
    uri_with_domain: Annotated[str, Field(min_length=1)]
    provision_status: ProvisionStatus
    provision_status_description: str | None = None
    vmr_available_before: int = 0
    host_pin: int | None = None
    guest_pin: int | None = None
    portal_link: str | None = None
    short_link: str | None = None
    reservation_id: UUID | None = None


class SchedulingTemplate(_Answer):
    """``scheduling-template``, as far as it tells whether rooms will be safe."""

    id: int | None = None
    organisation_id: str | None = None
    host_pin_required: bool
    guest_pin_required: bool
    vmr_available_before: Annotated[int | None, Field(alias="vMRAvailableBefore")] = None
    is_default_template: bool = False
    is_pool_template: bool = False


class PoolInfo(_Answer):
    """``pool-info``: how many rooms an organisation keeps ready. The rooms themselves are left unread."""

    organisation_id: str
    desired_pool_size: int | None = None
    available_pool_size: int | None = None


class InfoItem(_Answer):
    key: str
    value: Any = None


class Info(_Answer):
    """``info``: what the server was built from."""

    info: tuple[InfoItem, ...] = ()
