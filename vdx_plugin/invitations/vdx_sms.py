"""Text messages through VDX's own service. UNPROVEN, as ``booking.sms``, which this module is handed.

The service can put the meeting's short link into a text. That link leads to the right room, but names no party: the
doctor sees a stranger knocking. So the text carries the party's own link unless a setting says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from vdx_plugin.errors import Refused
from vdx_plugin.invitations import sms
from vdx_plugin.invitations.arrivals import Arrival
from vdx_plugin.ports import OutboxDraft

PLACE_OF_LINK = "%meeting_url%"


class MeetingMessages(Protocol):
    """VDX's service: a text to a number about a meeting, and the state of each sent so far."""

    async def send(self, meeting_id: UUID, message: str, to: str) -> None: ...

    async def words(self, meeting_id: UUID) -> Sequence[str]:
        """Return VDX's word for each message of the meeting."""
        ...

    async def aclose(self) -> None: ...


class VdxSms:
    """Carrier for Channel.SMS, with reports."""

    def __init__(self, service: MeetingMessages, *, uses_meeting_link: bool = False) -> None:
        self._service = service
        self._uses_meeting_link = uses_meeting_link

    async def send(self, draft: OutboxDraft) -> str:
        """Have one message sent; see ``Carrier``. VDX gives no receipt.

        Raises Refused(``sms.unsafe_link``) where VDX's own link is to be sent and would make its reader a host.
        """
        message = sms.read(draft.payload)
        text = message.text
        if self._uses_meeting_link and message.link:
            if not message.meeting_link_is_safe:
                raise Refused("sms.unsafe_link", "the meeting's own link holds no guest PIN, or the host's")
            text = text.replace(message.link.reveal(), PLACE_OF_LINK)
        await self._service.send(message.meeting_id, text, message.to)
        return ""

    async def look(self, draft: OutboxDraft, receipt: str) -> Arrival:
        """VDX lists a meeting's messages without saying which is whose: arrived is only said when all have."""
        words = await self._service.words(sms.read(draft.payload).meeting_id)
        have_all = bool(words) and all(word.upper() == "DELIVERED" for word in words)
        return Arrival.ARRIVED if have_all else Arrival.OPEN

    async def close(self) -> None:
        await self._service.aclose()
