"""Our own signalling without media: the room is entered, locked and left for real, nothing is encoded.

For tests in which picture and sound would only cost time. It uses the plug-in's client of the room server, so the
room, its PINs, its lock and its waiting guests are those of the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable

from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import VdxError
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.control import RoomControl
from vdx_plugin.media.pexip.events import ConferenceChanged, NodeEvent
from vdx_plugin.media.presence import Hearers, Presence, enter_room
from vdx_plugin.ports import (
    Call,
    CallEvent,
    CallFigures,
    CallOver,
    DialOut,
    JoinTarget,
    LockChanged,
    MediaChoice,
    RosterChanged,
    ScreenPicture,
    VideoPicture,
    WorkplaceCheck,
    ignore_picture,
)


class SignallingCall:
    """``ports.Call`` without media."""

    def __init__(self, on_event: Callable[[CallEvent], None]) -> None:
        self._on_event = on_event
        self._presence: Presence | None = None
        self.media_started = 0

    async def enter(self, target: JoinTarget) -> None:
        hearers = Hearers(
            on_entered=lambda presence: None,
            on_node=self._on_node,
            on_roster=lambda presence: self._on_event(RosterChanged(presence.roster.participants())),
            on_gone=lambda code: self._on_event(CallOver(code)),
        )
        self._presence = await enter_room(PexipClient(target), hearers)

    @property
    def _client(self) -> PexipClient:
        assert self._presence is not None
        return self._presence.client

    def _on_node(self, event: NodeEvent) -> None:
        if isinstance(event, ConferenceChanged) and event.locked is not None:
            self._on_event(LockChanged(event.locked))

    async def lock(self) -> None:
        await self._client.lock(locked=True)

    async def unlock(self) -> None:
        await self._client.lock(locked=False)

    async def admit(self, participant_id: str) -> None:
        await self._client.admit(participant_id)

    async def put_out(self, participant_id: str) -> None:
        await self._client.put_out(participant_id)

    async def start_media(self, choice: MediaChoice) -> None:
        self.media_started += 1

    async def set_microphone(self, *, on: bool) -> None: ...

    async def set_camera(self, *, on: bool) -> None: ...

    async def use_devices(self, choice: MediaChoice) -> None:
        pass

    async def devices_changed(self) -> None:
        pass

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        await RoomControl(self._client).mute(participant_id, muted=muted)

    async def mute_guests(self, *, muted: bool) -> None:
        await RoomControl(self._client).mute_guests(muted=muted)

    async def spotlight(self, participant_id: str, *, on: bool) -> None:
        await RoomControl(self._client).spotlight(participant_id, on=on)

    async def set_host(self, participant_id: str, *, host: bool) -> None:
        await RoomControl(self._client).set_host(participant_id, host=host)

    async def move(self, participant_id: str, alias: str, pin: Secret) -> None:
        await RoomControl(self._client).move(participant_id, alias, pin)

    async def dial(self, call: DialOut) -> None:
        await RoomControl(self._client).dial(call)

    async def layouts(self) -> tuple[str, ...]:
        return await RoomControl(self._client).layouts()

    async def set_layout(self, name: str) -> None:
        await RoomControl(self._client).set_layout(name)

    async def present(self) -> None:
        await RoomControl(self._client).take_floor()

    def show_screen(self, picture: ScreenPicture) -> None: ...

    async def stop_presenting(self) -> None:
        await RoomControl(self._client).release_floor()

    async def send_chat(self, text: str) -> None:
        await self._client.say(text)

    async def leave(self) -> None:
        presence, self._presence = self._presence, None
        if presence is not None:
            await presence.close(release=True)

    async def end_for_all(self) -> None:
        try:
            await self._client.end_conference()
        except VdxError:
            await self.leave()
            raise
        await self.leave()

    def figures(self) -> LineFigures:
        return LineFigures()

    def now(self) -> CallFigures:
        return CallFigures(rtt_ms=24.0)

    def two_way_media_s(self) -> float:
        return 0.0


class SignallingEngine:
    """``ports.CallEngine`` that hands out ``SignallingCall``; ``call`` is the newest."""

    def __init__(self) -> None:
        self.call: SignallingCall | None = None

    async def prepare(self) -> None:
        """There is nothing to load."""

    async def check(self, choice: MediaChoice, target: JoinTarget | None) -> WorkplaceCheck:
        # No step of these tests tries the workplace's devices; one that did must not pass by a made-up answer.
        raise NotImplementedError

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
        on_slide: Callable[[VideoPicture], None] = ignore_picture,
    ) -> Call:
        self.call = SignallingCall(on_event)
        await self.call.enter(target)
        return self.call
