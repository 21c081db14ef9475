"""The one click that mends what the call's window advises about sound and devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject

from vdx_plugin.ui.call_advice import CANCEL_ECHO, DEVICES, UNMUTE, USE_MICROPHONE, USE_NEW, WRITE, request
from vdx_plugin.ui.call_window import CallWindow
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.device_setup import DeviceSetup
from vdx_plugin.ui.windows import Windows


class Cures(QObject):
    """Joins the call's window with the devices and the commands."""

    def __init__(
        self, commands: Commands, devices: DeviceSetup, open_devices: Callable[[], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._commands, self._devices = commands, devices
        self._window: CallWindow | None = None
        self._cures: dict[str, Callable[[], None]] = {
            UNMUTE: lambda: commands.set_microphone(on=True),
            DEVICES: open_devices,
            USE_MICROPHONE: self._use_microphone,
            CANCEL_ECHO: lambda: devices.choose(replace(devices.choice, cancel_echo=True)),
            WRITE: lambda: commands.send_chat(request()),
            USE_NEW: self._use_new,
        }
        devices.changed.connect(self._on_devices)

    def join(self, windows: Windows) -> None:
        """Serve these windows."""
        self._window = windows.call
        windows.call.cure_wanted.connect(lambda action: self._cures[action]())

    def _on_devices(self, new: DeviceNames) -> None:
        self._commands.devices_changed()
        if self._window is not None:
            self._window.offer(new)

    def _use_microphone(self) -> None:
        heard_by = self._window.heard_by if self._window is not None else ""
        if heard_by:
            self._devices.choose(replace(self._devices.choice, microphone=heard_by))

    def _use_new(self) -> None:
        if self._window is not None:
            self._devices.choose(self._window.advice.with_offer(self._devices.choice))
            self._window.offer(DeviceNames())
