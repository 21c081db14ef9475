"""Microphone and speaker kept open for a call, whatever is pulled out and put in meanwhile.

A device that goes away is replaced by the next best, which is told, and taken back when it is there again, which is
told too. All methods may block and may be called by any thread; after ``close`` nothing is opened any longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.media.devices import Devices, FillBlock, OnBlock, SoundStream
from vdx_plugin.media.sound import Samples
from vdx_plugin.ports import DeviceNotice

_log = log.get("media.devices")

Tell = Callable[[DeviceNotice], None]
DEFAULT: str | None = None
"""The name of whatever the system takes by itself."""


class KeptStream:
    """One microphone or speaker. ``kind`` begins its notices: ``media.microphone_lost``, ``_replaced``, ``_back``."""

    def __init__(
        self,
        kind: str,
        wanted: str | None,
        open_named: Callable[[str | None], SoundStream],
        names: Callable[[], tuple[str, ...]],
        tell: Tell,
    ) -> None:
        self._kind = kind
        self._wanted = wanted
        self._open_named = open_named
        self._names = names
        self._tell = tell
        self._guard = threading.RLock()
        self._stream: SoundStream | None = None
        self._using: str | None = None
        self._trouble = ""
        self._is_closed = False

    def open(self) -> None:
        """Open the wanted device or the next best. That there is none is told, and it is tried again."""
        with self._guard:
            try:
                self._open_best()
            except VdxError as error:
                self._trouble = error.code
                self._tell(DeviceNotice(error.code))
            else:
                self._tell_change()

    def look(self) -> None:
        """Look after the device: every two seconds or so, and when the system's list of devices has changed."""
        with self._guard:
            if self._is_closed:
                return
            if self._is_running and not self._may_go_back:
                return
            was_running = self._stream is not None
            self._shut()
            try:
                self._open_best()
            except VdxError:
                if was_running:
                    self._say("lost")
                return
            self._tell_change()

    def switch(self, wanted: str | None) -> None:
        """Use another device from now on."""
        with self._guard:
            if self._is_closed or (wanted == self._wanted and self._is_running and self._using == wanted):
                return
            self._wanted = wanted
            self._shut()
            self.open()

    def close(self) -> None:
        """Free the device for good."""
        with self._guard:
            self._is_closed = True
            self._shut()

    @property
    def name(self) -> str:
        """The device in use; empty for the system's own choice, and while there is none."""
        return self._using or ""

    @property
    def is_running(self) -> bool:
        """True while the device is there."""
        return self._is_running

    @property
    def latency_s(self) -> float:
        stream = self._stream
        return stream.latency_s if stream is not None else 0.0

    @property
    def _is_running(self) -> bool:
        return self._stream is not None and self._stream.is_running

    @property
    def _may_go_back(self) -> bool:
        return self._using != self._wanted and self._wanted is not None and self._wanted in self._names()

    def _open_best(self) -> None:
        others = tuple(name for name in self._names() if name != self._wanted)
        problem: VdxError | None = None
        for name in dict.fromkeys((self._wanted, DEFAULT, *others)):
            try:
                self._stream, self._using = self._open_named(name), name
            except VdxError as error:
                problem = problem or error
            else:
                return
        if problem is not None:
            raise problem

    def _shut(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _tell_change(self) -> None:
        """Say what is used, when it is not what was said last."""
        if self._using == self._wanted:
            if self._trouble:
                self._say("back")
        else:
            self._say("replaced", self._using or next(iter(self._names()), ""))

    def _say(self, what: str, device: str = "") -> None:
        code = f"media.{self._kind}_{what}"
        if code != self._trouble:
            self._trouble = "" if what == "back" else code
            _log.info("%s", code)
            self._tell(DeviceNotice(code, device))


class KeptSound:
    """The sound devices of one call. ``on_played`` is told exactly what the speaker gives to its sound card."""

    def __init__(self, devices: Devices, on_played: OnBlock, tell: Tell) -> None:
        self._devices = devices
        self._on_played = on_played
        self._tell = tell
        self.microphone: KeptStream | None = None
        self.speaker: KeptStream | None = None

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream:
        """Open and keep it; one that is not there comes later."""
        self.microphone = KeptStream(
            "microphone",
            name,
            lambda each: self._devices.open_microphone(each, on_block),
            lambda: self._devices.names().microphones,
            self._tell,
        )
        self.microphone.open()
        return self.microphone

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        """Open and keep it; one that is not there comes later."""

        def told(count: int) -> Samples:
            samples = fill(count)
            self._on_played(samples)
            return samples

        self.speaker = KeptStream(
            "speaker",
            name,
            lambda each: self._devices.open_speaker(each, told),
            lambda: self._devices.names().speakers,
            self._tell,
        )
        self.speaker.open()
        return self.speaker

    @property
    def _streams(self) -> tuple[KeptStream, ...]:
        return tuple(each for each in (self.microphone, self.speaker) if each is not None)

    def look(self) -> None:
        """Look after both. Where all are gone, the list of devices is read anew, which would end those still there."""
        if self._streams and not any(each.is_running for each in self._streams):
            self._devices.refresh()
        for each in self._streams:
            each.look()

    def refresh(self) -> None:
        """The system says that devices came or went: read its list anew, and open what is best now."""
        self._devices.refresh()
        for each in self._streams:
            each.look()

    def switch(self, microphone: str | None, speaker: str | None) -> None:
        """Use other devices from now on."""
        if self.microphone is not None:
            self.microphone.switch(microphone)
        if self.speaker is not None:
            self.speaker.switch(speaker)

    def close(self) -> None:
        """Free both."""
        for each in self._streams:
            each.close()

    @property
    def delay_s(self) -> float:
        """How long sound takes through both sound cards."""
        return sum(each.latency_s for each in self._streams)
