"""Which cameras, microphones and speakers there are, and word when one comes or goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject


@dataclass(frozen=True, slots=True)
class DeviceNames:
    """Names as the system gives them, its default first."""

    cameras: tuple[str, ...] = ()
    microphones: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()

    def without(self, others: DeviceNames) -> DeviceNames:
        """Return those that are not among ``others``."""
        return DeviceNames(
            tuple(name for name in self.cameras if name not in others.cameras),
            tuple(name for name in self.microphones if name not in others.microphones),
            tuple(name for name in self.speakers if name not in others.speakers),
        )


class DeviceSource(Protocol):
    """Tells the devices of this machine."""

    def names(self) -> DeviceNames: ...

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` on Qt's thread whenever a device comes or goes."""
        ...


class SystemDevices(QObject):
    """The devices as Qt multimedia sees them; it is loaded with the first object of this class."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        from PySide6.QtMultimedia import QMediaDevices

        self._devices = QMediaDevices(self)

    def names(self) -> DeviceNames:
        devices = self._devices
        return DeviceNames(
            tuple(each.description() for each in devices.videoInputs()),
            tuple(each.description() for each in devices.audioInputs()),
            tuple(each.description() for each in devices.audioOutputs()),
        )

    def on_change(self, listener: Callable[[], None]) -> None:
        self._devices.videoInputsChanged.connect(listener)
        self._devices.audioInputsChanged.connect(listener)
        self._devices.audioOutputsChanged.connect(listener)
