"""Text messages with a meeting's link, by VDX's SMS API. UNPROVEN: known only from the vendor's monitor and samples.

``POST /sms/v1/meeting/{uuid}`` takes ``{"message", "to"}`` and puts the meeting's short link where ``%meeting_url%``
stands, if it does: that a text may go without is our reading, since a cancellation has no link to offer. ``GET`` of the
same address lists ``[{"status"}]`` (facts, 5.2). There is no key that makes a repeat harmless, so nothing is sent twice
by itself: after a lost answer ``statuses`` tells how many were taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from vdx_plugin.booking import faults
from vdx_plugin.booking.client import TIME_LIMITS
from vdx_plugin.booking.limits import Complaint, units
from vdx_plugin.errors import Refused

MESSAGE = 480
"""Three text messages of 160; a limit of our own, VDX's is not published."""
_NUMBER = re.compile(r"\+?[0-9]{8,15}")


class SmsStatus(BaseModel):
    """How far one message is, in VDX's own word."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    status: str


_STATUSES = TypeAdapter(list[SmsStatus])


def check(message: str, to: str) -> Iterator[Complaint]:
    """Yield what is wrong with a message before it is sent: its length, the number."""
    if not message.strip():
        yield Complaint("message", "pattern")
    if units(message) > MESSAGE:
        yield Complaint("message", "length", MESSAGE)
    if not _NUMBER.fullmatch(re.sub(r"[ -]", "", to)):
        yield Complaint("to", "pattern")


class SmsClient:
    """Messages of one identity: the same ``auth`` as the video API, or none behind the local proxy."""

    def __init__(
        self, base_url: str, auth: httpx.Auth | None, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._api_url = f"{base_url.rstrip('/')}/"
        self._http = httpx.AsyncClient(auth=auth, timeout=TIME_LIMITS, transport=transport)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def send(self, meeting_id: UUID, message: str, to: str) -> None:
        """Have a message sent. Raises Refused(``vdx.input``) with the field, OutcomeUnknown after a lost answer."""
        for complaint in check(message, to):
            raise Refused("vdx.input", f"{complaint.field}: {complaint.rule}", field=complaint.field)
        with faults.translated(self._api_url):
            answer = await self._http.post(
                self._address(meeting_id), json={"message": message, "to": re.sub(r"[ -]", "", to)}
            )
        faults.raise_for(answer)

    async def statuses(self, meeting_id: UUID) -> list[SmsStatus]:
        """Return how far the messages of a meeting are. Raises NotFound, Unavailable, Unreadable."""
        with faults.translated(self._api_url):
            answer = await self._http.get(self._address(meeting_id))
        faults.raise_for(answer)
        try:
            return _STATUSES.validate_json(answer.content)
        except ValidationError as error:
            raise faults.unreadable("sms") from error

    async def words(self, meeting_id: UUID) -> list[str]:
        """Return VDX's own word for each message of a meeting; raises as ``statuses``."""
        return [one.status for one in await self.statuses(meeting_id)]

    def _address(self, meeting_id: UUID) -> str:
        return f"{self._api_url}sms/v1/meeting/{meeting_id}"
