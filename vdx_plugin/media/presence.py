"""Our presence in a room: token, event stream and roster, without media.

``enter_room`` returns when the token is there and the roster has arrived once. Meanwhile and from then on the
``Hearers`` are told what the node says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from vdx_plugin import log
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, Refused, Unavailable, VdxError
from vdx_plugin.media.pexip.client import GOODBYE_LIMIT_S, PexipClient
from vdx_plugin.media.pexip.events import NodeEvent, PutOut, RefreshWanted
from vdx_plugin.media.pexip.lease import Lease
from vdx_plugin.media.pexip.reasons import code_for, loggable
from vdx_plugin.media.pexip.replies import Grant, Renewal
from vdx_plugin.media.pexip.roster import Roster
from vdx_plugin.media.pexip.stream import Events
from vdx_plugin.runtime import Tasks

_log = log.get("media.presence")

ROSTER_LIMIT_S = 8.0


@dataclass(frozen=True, slots=True)
class Hearers:
    """Who is told what. ``on_entered`` comes first, before any event; ``on_gone`` last, with its code."""

    on_entered: Callable[[Presence], None]
    on_node: Callable[[NodeEvent], None]
    on_roster: Callable[[Presence], None]
    on_gone: Callable[[str], None]
    on_host: Callable[[bool], None] = lambda is_host: None
    """The node has made us host or guest."""


class Presence:
    """Made by ``enter_room``. ``close`` gives the token back and ends every task."""

    def __init__(self, client: PexipClient, grant: Grant, hearers: Hearers) -> None:
        self.client = client
        self.grant = grant
        self.roster = Roster(grant.participant_id)
        self._hearers = hearers
        self._is_silent = self._is_closed = False
        self._tasks = Tasks()
        self._settled = asyncio.Event()
        self._gone_code = ""
        self._events = Events(client, self._take)
        self._lease = Lease(client, grant.expires_s, time.monotonic, self._on_renewal)

    def read_anew(self) -> None:
        """The network was away: read the events over a fresh connection."""
        self._events.begin_anew()

    def fall_silent(self) -> None:
        """Tell nobody anything any more; the presence itself goes on until it is closed."""
        self._is_silent = True

    def _on_renewal(self, renewal: Renewal) -> None:
        if renewal.is_host is not None and not self._is_silent:
            self._hearers.on_host(renewal.is_host)

    async def begin(self) -> None:
        """Open the event stream and wait for the roster. Raises Unavailable, or Refused when put out at once."""
        self._tasks.spawn(self._guard(self._events.run()), "call-events")
        self._tasks.spawn(self._guard(self._lease.run()), "call-token")
        try:
            async with asyncio.timeout(ROSTER_LIMIT_S):
                await self._settled.wait()
        except TimeoutError:
            raise Unavailable("call.unreachable", "no roster") from None
        if self._gone_code:
            raise Refused(self._gone_code, "put out while entering")

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except NotFound:
            self._leave_behind("call.room_closed")
        except Refused as error:
            _log.warning("the node no longer knows us (%s)", error.code)
            self._leave_behind("call.token_gone" if error.code == "call.token_gone" else "call.cut_off")

    def _leave_behind(self, code: str) -> None:
        entered, self._gone_code = self._settled.is_set(), code
        self._settled.set()
        if entered and not self._is_silent:
            self._hearers.on_gone(code)

    def _take(self, event: NodeEvent) -> None:
        if self._is_silent:
            return
        if self.roster.apply(event):
            self._hearers.on_roster(self)
        if self.roster.is_synced:
            self._settled.set()
        if isinstance(event, RefreshWanted):
            self._lease.refresh_soon()
        elif isinstance(event, PutOut):
            _log.info("put out by the node: %s", loggable(event.reason))
            self._leave_behind(code_for(event.reason))
        else:
            self._hearers.on_node(event)

    @property
    def is_waiting(self) -> bool:
        """Whether we stand outside, waiting to be let in."""
        row = self.roster.own_row
        return self.grant.is_waiting if row is None else row.is_waiting

    async def close(self, *, release: bool) -> None:
        """End all tasks and, unless the node has put us out already, give the token back. Safe to repeat."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._tasks.close()
        if release:
            await quietly(self.client.release(), "release_token")
        await self.client.close()


async def quietly(work: Coroutine[Any, Any, Any], what: str, *, limit_s: float = GOODBYE_LIMIT_S + 1) -> bool:
    """Await a request whose failure changes nothing for the user; log it. Return whether it succeeded."""
    try:
        async with asyncio.timeout(limit_s):
            await work
    except (VdxError, TimeoutError) as error:
        _log.info("%s did not succeed (%s)", what, getattr(error, "code", "timeout"))
        return False
    return True


async def enter_room(client: PexipClient, hearers: Hearers, *, one_time: Secret | None = None) -> Presence:
    """Enter the client's room, perhaps with the one-time token of a ``refer``.

    Raises Refused, NotFound, Unavailable, Unsupported; nothing stays open then.
    """
    try:
        grant = await client.enter(one_time)
    except BaseException:
        await client.close()
        raise
    # The compatibility report: what this node is, for support.
    _log.info(
        "entered a room; node version %s, %d ICE servers, relay only: %s, direct media: %s, chat: %s",
        grant.version or "?",
        len(grant.ice_servers),
        grant.relay_only,
        grant.direct_media,
        grant.chat_enabled,
    )
    presence = Presence(client, grant, hearers)
    hearers.on_entered(presence)
    try:
        await presence.begin()
    except BaseException:
        await presence.close(release=True)
        raise
    return presence
