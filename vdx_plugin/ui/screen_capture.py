"""Pictures of a screen or of one window, by Qt. Nothing is kept: each picture goes on, and the newest wins.

Screens and windows are captured by the system's own means, which on some systems ask the user first (macOS, Wayland).
Qt multimedia is imported with the first capture, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QElapsedTimer, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage, QScreen

from vdx_plugin.ports import ScreenPicture

FPS = 10
MAX_WINDOWS = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that can be shown: a screen or a window, by the name the user knows it by."""

    title: str
    is_screen: bool
    handle: Any

    def __repr__(self) -> str:
        return f"Shown(is_screen={self.is_screen})"


class CaptureSource(Protocol):
    """Whoever takes the pictures: this system, or a test."""

    def choices(self) -> list[Shown]:
        """Return the screens, then the windows."""
        ...

    def start(self, what: Shown, on_image: Callable[[QImage], None], on_lost: Callable[[], None]) -> None:
        """Take pictures of it; ``on_lost`` is called when there are none any longer."""
        ...

    def stop(self) -> None: ...


class SystemCapture:
    """The screens and windows of this machine."""

    def __init__(self) -> None:
        self._parts: tuple[QObject, ...] = ()

    def choices(self) -> list[Shown]:
        """Return the screens, then the windows that have a title."""
        from PySide6.QtMultimedia import QWindowCapture

        screens = [Shown(_screen_name(screen), True, screen) for screen in QGuiApplication.screens()]
        windows = [
            Shown(window.description(), False, window)
            for window in QWindowCapture.capturableWindows()
            if window.isValid() and window.description().strip()
        ]
        return [*screens, *windows[:MAX_WINDOWS]]

    def start(self, what: Shown, on_image: Callable[[QImage], None], on_lost: Callable[[], None]) -> None:
        """Begin; what was captured before is let go of."""
        from PySide6.QtMultimedia import QMediaCaptureSession, QScreenCapture, QVideoSink, QWindowCapture

        self.stop()
        session, sink = QMediaCaptureSession(), QVideoSink()
        capture: Any = QScreenCapture() if what.is_screen else QWindowCapture()
        if what.is_screen:
            capture.setScreen(what.handle)
            session.setScreenCapture(capture)
        else:
            capture.setWindow(what.handle)
            session.setWindowCapture(capture)
        session.setVideoSink(sink)
        since = QElapsedTimer()

        def take(frame: Any) -> None:
            if since.isValid() and since.elapsed() < 900 // FPS:
                return
            since.start()
            image = frame.toImage()
            if not image.isNull():
                on_image(image)

        sink.videoFrameChanged.connect(take)
        capture.errorOccurred.connect(lambda *_: on_lost())
        self._parts = (capture, sink, session)
        capture.start()

    def stop(self) -> None:
        """Take no more pictures."""
        parts, self._parts = self._parts, ()
        if parts:
            capture: Any = parts[0]
            capture.blockSignals(True)
            capture.stop()


def _screen_name(screen: QScreen) -> str:
    size = screen.size() * screen.devicePixelRatio()
    return f"{screen.name()} ({size.width()} x {size.height()})"


def screen_picture(image: QImage) -> ScreenPicture:
    """Return an image as it is sent; the bytes are a copy."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    return ScreenPicture(plain.width(), plain.height(), plain.bytesPerLine(), bytes(plain.constBits()))


class ScreenShare(QObject):
    """What we show: one thing at a time. Emits ``image_taken`` for a preview and ``lost`` when it went away."""

    image_taken = Signal(object)
    lost = Signal()

    def __init__(self, source: CaptureSource, send: Callable[[ScreenPicture], None], parent: QObject | None = None):
        super().__init__(parent)
        self._source, self._send = source, send
        self._is_sending = False
        self.title = ""

    def choices(self) -> list[Shown]:
        return self._source.choices()

    def look_at(self, what: Shown) -> None:
        """Take pictures for the preview; nothing leaves."""
        self._is_sending, self.title = False, what.title
        self._source.start(what, self._on_image, self._on_lost)

    def send(self) -> None:
        """From now on the pictures leave."""
        self._is_sending = True

    @property
    def is_sending(self) -> bool:
        return self._is_sending

    def stop(self) -> None:
        """Nothing is taken and nothing leaves any more."""
        self._is_sending, self.title = False, ""
        self._source.stop()

    def _on_image(self, image: QImage) -> None:
        if self._is_sending:
            self._send(screen_picture(image))
        else:
            self.image_taken.emit(image)

    def _on_lost(self) -> None:
        self.stop()
        self.lost.emit()
