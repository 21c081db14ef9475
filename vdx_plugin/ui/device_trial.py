"""Trying camera, microphone and speaker before a call: a picture, a moving level, a tone.

It opens the devices through Qt multimedia for as long as the trial lasts and closes them with it, so that the call
finds them free.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QTimer
from PySide6.QtGui import QImage

from vdx_plugin.ports import MediaChoice

RATE_HZ = 48_000
TONE_HZ = 440
TONE_S = 0.6
RECORD_MS = 3000
QUIETEST_DB = -60.0


def level(samples: bytes) -> int:
    """Return how loud 16 bit samples are, 0 (silence, -60 dB and below) to 100 (full scale)."""
    values = array("h", samples[: len(samples) // 2 * 2])
    if not values:
        return 0
    mean = math.sqrt(sum(value * value for value in values) / len(values)) / 32768
    if mean <= 0:
        return 0
    return round(100 * min(1.0, max(0.0, 1 - 20 * math.log10(mean) / QUIETEST_DB)))


def tone() -> bytes:
    """Return a soft tone of 0.6 s, 16 bit mono, swelling and fading so that it does not click."""
    count = int(RATE_HZ * TONE_S)
    wave = (math.sin(math.pi * i / count) * math.sin(2 * math.pi * TONE_HZ * i / RATE_HZ) for i in range(count))
    return array("h", (round(8000 * value) for value in wave)).tobytes()


class DeviceTrial(Protocol):
    """One trial at a time."""

    def start(self, choice: MediaChoice, on_picture: Callable[[QImage], None], on_level: Callable[[int], None]) -> None:
        """Open the chosen devices and report on Qt's thread until ``stop``."""
        ...

    def stop(self) -> None: ...

    def play_tone(self, choice: MediaChoice) -> None: ...

    def record(self, choice: MediaChoice, on_done: Callable[[], None]) -> None:
        """Record for some seconds, then play it and forget it; ``on_done`` is called when playing begins."""
        ...


class SystemTrial(QObject):
    """The trial on real devices."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open: list[Any] = []
        self._sound: list[Any] = []

    def start(self, choice: MediaChoice, on_picture: Callable[[QImage], None], on_level: Callable[[int], None]) -> None:
        self.stop()
        self._start_camera(choice, on_picture)
        self._start_microphone(choice, on_level)

    def _start_camera(self, choice: MediaChoice, on_picture: Callable[[QImage], None]) -> None:
        from PySide6.QtMultimedia import QCamera, QMediaCaptureSession, QMediaDevices, QVideoSink

        device = _chosen(QMediaDevices.videoInputs(), choice.camera, QMediaDevices.defaultVideoInput())
        if device.isNull() or choice.use_test_card:
            return
        camera, session, sink = QCamera(device, self), QMediaCaptureSession(self), QVideoSink(self)
        sink.videoFrameChanged.connect(lambda frame: on_picture(frame.toImage()))
        session.setCamera(camera)
        session.setVideoSink(sink)
        camera.start()
        self._open += [camera, session, sink]

    def _start_microphone(self, choice: MediaChoice, on_level: Callable[[int], None]) -> None:
        from PySide6.QtMultimedia import QAudioSource, QMediaDevices

        device = _chosen(QMediaDevices.audioInputs(), choice.microphone, QMediaDevices.defaultAudioInput())
        if device.isNull():
            return
        source = QAudioSource(device, _format(), self)
        stream = source.start()
        stream.readyRead.connect(lambda: on_level(level(bytes(stream.readAll().data()))))
        self._open.append(source)

    def stop(self) -> None:
        for part in self._open:
            if hasattr(part, "stop"):
                part.stop()
            part.deleteLater()
        self._open = []

    def record(self, choice: MediaChoice, on_done: Callable[[], None]) -> None:
        from PySide6.QtMultimedia import QAudioSource, QMediaDevices

        device = _chosen(QMediaDevices.audioInputs(), choice.microphone, QMediaDevices.defaultAudioInput())
        if device.isNull():
            on_done()
            return
        heard = QByteArray()
        source = QAudioSource(device, _format(), self)
        stream = source.start()
        stream.readyRead.connect(lambda: heard.append(stream.readAll()))

        def play() -> None:
            source.stop()
            source.deleteLater()
            self._play(choice, heard)
            on_done()

        QTimer.singleShot(RECORD_MS, self, play)

    def play_tone(self, choice: MediaChoice) -> None:
        self._play(choice, QByteArray(tone()))

    def _play(self, choice: MediaChoice, sound: QByteArray) -> None:
        from PySide6.QtMultimedia import QAudioSink, QMediaDevices

        device = _chosen(QMediaDevices.audioOutputs(), choice.speaker, QMediaDevices.defaultAudioOutput())
        if device.isNull():
            return
        buffer = QBuffer(self)
        buffer.setData(sound)
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        sink = QAudioSink(device, _format(), self)
        sink.start(buffer)
        # Both must live until the sound has been heard; the next tone replaces them.
        self._sound = [sink, buffer]


def _chosen(devices: list[Any], name: str | None, default: Any) -> Any:
    return next((each for each in devices if each.description() == name), default)


def _format() -> Any:
    from PySide6.QtMultimedia import QAudioFormat

    result = QAudioFormat()
    result.setSampleRate(RATE_HZ)
    result.setChannelCount(1)
    result.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return result
