"""Direct media acted out: two participants connect to each other, and the room only passes their signals on.

The first one's offer is answered with nothing: it waits for the other's, which comes as ``new_offer``. Answers come
back as ``ack`` and go to whoever offered as the answer of their own request. With a third participant the room
sends everybody back through its own media (``rules``). Sources: Pexip Infinity documentation, "Direct media"; the
vendor's client for browsers, which this was tried with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vdx_plugin.errors import NotFound, Refused
from vdx_plugin.sandbox.pexip.roster import Event
from vdx_plugin.sandbox.pexip.state import Conference

OFFER_IGNORED = "offer_ignored"
BACKGROUND = "background.svg"
_SCREENS = {
    "direct_media_welcome": "Velkommen. Vi venter på den anden part.",
    "direct_media_waiting_for_host": "Vi venter på værten.",
    "direct_media_other_participants_audio_only": "Den anden part er med på lyd alene.",
    "direct_media_escalate": "Et øjeblik, der kommer en mere med.",
    "direct_media_deescalate": "Et øjeblik.",
}
THEME = {
    key: {
        "layout_type": "direct_media",
        "background": {"path": BACKGROUND},
        "elements": [{"type": "text", "color": 4294967295, "text": words}],
    }
    for key, words in _SCREENS.items()
}


@dataclass(frozen=True)
class CallAnswer:
    """What a call or its renegotiation is answered with; ``ignored``: with nothing, wait for the other's offer."""

    call_uuid: str
    sdp: str
    ignored: bool = False


class DirectMedia:
    """The calls of those who connect directly. ``tell(uuid, event)`` puts an event on a participant's streams."""

    def __init__(
        self, state: Callable[[], Conference], tell: Callable[[str, Event], None], *, patience_s: float
    ) -> None:
        self._state = state
        self._tell = tell
        self._patience_s = patience_s
        self._calls: dict[str, str] = {}
        self._asked: dict[str, asyncio.Future[CallAnswer]] = {}
        self._linked: dict[str, str] = {}

    async def call(self, uuid: str, call_uuid: str, sdp: str) -> CallAnswer:
        """Pass an offer on to the other participant and return their answer; ignored while there is none."""
        self._calls[uuid] = call_uuid
        other = self._other(uuid)
        if other is None:
            self._show(uuid, "direct_media_welcome" if self._is_inside(uuid) else "direct_media_waiting_for_host")
            return CallAnswer(call_uuid, "", ignored=True)
        self._linked |= {uuid: other, other: uuid}
        return await self._ask(call_uuid, other, Event("new_offer", {"sdp": sdp}))

    async def update(self, uuid: str, call_uuid: str, sdp: str) -> CallAnswer:
        """Pass a new offer of a call that stands on, and return the answer."""
        self._require(uuid, call_uuid)
        other = self._other(uuid)
        if other is None:
            return CallAnswer(call_uuid, "", ignored=True)
        return await self._ask(call_uuid, other, Event("update_sdp", {"sdp": sdp}))

    def acknowledge(self, uuid: str, call_uuid: str, sdp: str, *, ignored: bool) -> None:
        """Take the answer to an offer that was passed on, or the word that it is ignored; or neither."""
        self._require(uuid, call_uuid)
        asked = self._asked.pop(uuid, None)
        if asked is not None and not asked.done():
            refused = ignored or sdp in ("", OFFER_IGNORED)
            asked.set_result(CallAnswer("", "" if refused else sdp, ignored=refused))
        self._show(uuid, None)

    def candidate(self, uuid: str, call_uuid: str, candidate: dict[str, str]) -> None:
        """Pass a candidate on; without another participant it is of no use to anybody."""
        self._require(uuid, call_uuid)
        other = self._other(uuid)
        if other is not None:
            self._tell(other, Event("new_candidate", candidate))

    def end(self, uuid: str) -> None:
        """Forget a participant's call and tell the other that they are alone."""
        self._calls.pop(uuid, None)
        other = self._linked.pop(uuid, "")
        self._linked.pop(other, None)
        for asked in (self._asked.pop(uuid, None), self._asked.pop(other, None)):
            if asked is not None and not asked.done():
                asked.set_result(CallAnswer("", "", ignored=True))
        if other in self._calls and self._state().direct_media:
            self._tell(other, Event("peer_disconnect"))

    def admitted(self, uuid: str) -> None:
        """Have somebody let in from the waiting room offer anew: until now both had only been told to wait."""
        if uuid in self._calls and self._other(uuid) is not None:
            self._tell(uuid, Event("peer_disconnect"))

    def holds(self, uuid: str) -> bool:
        """Whether this participant's call is a direct one."""
        return uuid in self._calls

    async def _ask(self, call_uuid: str, other: str, event: Event) -> CallAnswer:
        asked = self._asked[other] = asyncio.get_running_loop().create_future()
        self._tell(other, event)
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await asked
        except TimeoutError:
            raise Refused("room.no_peer") from None
        return CallAnswer(call_uuid, answer.sdp, answer.ignored)

    def _other(self, uuid: str) -> str | None:
        """The one other participant who is inside and has a call; None unless both are."""
        here = [person.uuid for person in self._state().inside if person.uuid in self._calls]
        others = [other for other in here if other != uuid]
        return others[0] if uuid in here and others else None

    def _is_inside(self, uuid: str) -> bool:
        return any(person.uuid == uuid for person in self._state().inside)

    def _require(self, uuid: str, call_uuid: str) -> None:
        if self._calls.get(uuid) != call_uuid:
            raise NotFound("room.no_call")

    def _show(self, uuid: str, screen: str | None) -> None:
        data: Any = {"screen_key": screen, "display_duration": 0} if screen else None
        self._tell(uuid, Event("splash_screen", data))
