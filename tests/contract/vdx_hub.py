"""A running sandbox and the programs of several identities at it, for tests of what our client does there."""

from __future__ import annotations

import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from vdx_plugin.booking import Patience, Vdx, VdxAccess, open_vdx
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus
from vdx_plugin.domain.secret import Secret
from vdx_plugin.sandbox.server import Sandbox
from vdx_plugin.sandbox.signin import SignInClient
from vdx_plugin.sandbox.video_api.values import Meeting, Organisation, Room, Template

PLANNER = ("meeting-user", "meeting-planner")
USER = ("meeting-user",)
ADMIN = ("meeting-admin",)
QUICK = Patience(poll_s=0.02, ready_limit_s=10, backoff_s=0.01)
API = "/videoapi/v2"


@dataclass
class Hub:
    """``us`` is the clinic's own program, a planner; ``program`` opens further ones."""

    sandbox: Sandbox
    stack: AsyncExitStack
    sent: list[httpx.Request] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def program(
        self,
        *roles: str,
        email: str | None = "klinik@laegehus.sandbox.test",
        organisation: str | None = None,
        patience: Patience = QUICK,
        **claims: Any,
    ) -> Vdx:
        """Open a program with these roles. What it sends is kept in ``sent``."""
        name = f"program-{next(self._numbers)}"
        own = organisation or self.sandbox.config.organisation
        self.sandbox.signin.add_client(SignInClient(name, "secret", own, email, roles, claims))
        access = VdxAccess(self.sandbox.video_api_url, self.sandbox.token_url, name, Secret("secret"), "sandbox")
        vdx = open_vdx(access, self.sandbox.clock, patience=patience, transport=_Kept(self.sent))
        self.stack.push_async_callback(vdx.aclose)
        return vdx

    def draft(self, *, in_minutes: float = 60, minutes: float = 30, **more: Any) -> MeetingDraft:
        """A meeting of half an hour, an hour from now."""
        start = self.sandbox.clock.now() + timedelta(minutes=in_minutes)
        values: dict[str, Any] = {"meeting_id": uuid4(), "start": start, "end": start + timedelta(minutes=minutes)}
        return MeetingDraft(**(values | more))

    # --- what VDX has ---------------------------------------------------------------------------------------------

    def meeting(self, meeting_id: UUID) -> Meeting:
        """The meeting in VDX's own memory."""
        return self.sandbox.meetings.meetings[meeting_id]

    def room(self, meeting_id: UUID) -> Room:
        """The room in VDX's own memory."""
        return self.sandbox.meetings.rooms[meeting_id]

    def put_up(self, meeting_id: UUID, status: ProvisionStatus = ProvisionStatus.PROVISIONED_OK) -> None:
        """Let the provisioner have got this far with a room."""
        room_status = type(self.room(meeting_id).status)(status.value)
        self.sandbox.meetings.set_status(meeting_id, room_status)

    def template(self, template: Template) -> None:
        """Put a template on the shelf, in place of one with the same id."""
        self.sandbox.meetings.templates._templates[template.id] = template

    def change_default_template(self, **changes: Any) -> None:
        """Change the recipe new rooms are made from."""
        default = self.sandbox.meetings.templates.default_of(self.sandbox.config.organisation)
        assert default is not None
        self.template(replace(default, **changes))

    def organisation(self, code: str, **values: Any) -> None:
        """Add or replace an organisation."""
        self.sandbox.meetings.organisations[code] = Organisation(code, **values)

    # --- what goes over the line ----------------------------------------------------------------------------------

    def requests(self, method: str, path: str = "") -> list[httpx.Request]:
        """What our programs sent to the API so far."""
        return [one for one in self.sent if one.method == method and one.url.path.startswith(f"{API}{path}")]

    async def raw(self, vdx: Vdx, method: str, path: str, json: object = None, **query: str) -> httpx.Response:
        """Send what our client never would, with its token."""
        content: dict[str, Any] = {} if json is None else {"json": json}
        return await vdx.client._http.request(
            method, self.sandbox.video_api_url + path, params=query or None, **content
        )


class _Kept(httpx.AsyncHTTPTransport):
    def __init__(self, sent: list[httpx.Request]) -> None:
        super().__init__()
        self._sent = sent

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._sent.append(request)
        return await super().handle_async_request(request)


def body(draft: MeetingDraft, **more: Any) -> dict[str, Any]:
    """A booking as JSON, for ``Hub.raw``."""
    return {
        "uuid": str(draft.meeting_id),
        "subject": draft.subject,
        "startTime": iso(draft.start),
        "endTime": iso(draft.end),
        **more,
    }


def iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
