"""What the others are shown of our microphone and camera: a courtesy, which may fail."""

from __future__ import annotations

from collections.abc import Callable

from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.presence import quietly
from vdx_plugin.ports import CallEvent, DeviceNotice
from vdx_plugin.runtime import Tasks


class Shown:
    """A camera is shown as off also while the line has no room for its picture: a frozen one tells nothing."""

    def __init__(self, client: PexipClient, on_event: Callable[[CallEvent], None]) -> None:
        self._client = client
        self._on_event = on_event
        self._tasks = Tasks()
        self.begin()

    def begin(self) -> None:
        """Media is opened, and heard and seen."""
        self._microphone = self._camera = self._has_room = True

    async def set_microphone(self, *, on: bool) -> None:
        """The microphone is switched."""
        self._microphone = on
        await quietly(self._client.tell_muted(microphone=not on), "client_mute")

    async def set_camera(self, *, on: bool) -> None:
        """The camera is switched."""
        self._camera = on
        await self._tell_camera()

    def set_room(self, has_room: bool) -> None:
        """The line has no room for our picture, or has again; both sides are told."""
        self._has_room = has_room
        self._on_event(DeviceNotice("media.picture_back" if has_room else "media.sound_only"))
        self._tasks.spawn(self._tell_camera(), "media-sound-only")

    def begin_path(self) -> None:
        """A new path begins with pictures."""
        if not self._has_room:
            self.set_room(True)

    async def tell_anew(self, client: PexipClient) -> None:
        """Whoever enters anew is shown as heard and seen until told otherwise."""
        self._client = client
        if not self._microphone:
            await self.set_microphone(on=False)
        if not self._camera:
            await self._tell_camera()

    async def _tell_camera(self) -> None:
        await quietly(self._client.tell_muted(camera=not (self._camera and self._has_room)), "video_muted")

    async def end(self) -> None:
        """Tell nothing more."""
        await self._tasks.close()
