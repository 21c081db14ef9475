"""Pictures on graphics hardware: Qt Quick's video output, which other widgets may lie over, fed through its QVideoSink.

The hardware turns YUV into colours and scales, so that the program only copies bytes. Qt Quick is imported with the
first picture that is to be shown so. Where hardware is missing or far away (remote desktop, Citrix, a virtual screen),
``open_surface`` gives None, and the processor paints.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext
from PySide6.QtWidgets import QWidget

from vdx_plugin import log

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QVideoFrame

_log = log.get("ui.video")

_OUTPUT = b"import QtQuick\nimport QtMultimedia\nVideoOutput { fillMode: VideoOutput.PreserveAspectFit }\n"
_SCREENLESS = ("offscreen", "minimal", "vnc", "linuxfb")
_BY_PROCESSOR = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software rasterizer")
_REMOTE_SESSIONS = ("rdp-", "ica-")
_GL_RENDERER = 0x1F01
_SM_REMOTESESSION = 0x1000


class Surface(QObject):
    """Covers its parent from behind, below whatever else lies on it. ``failed`` says that the processor must paint."""

    failed = Signal()

    def __init__(self, parent: QWidget, background: str) -> None:
        super().__init__(parent)
        from PySide6.QtQml import QQmlComponent
        from PySide6.QtQuickWidgets import QQuickWidget

        self._widget = widget = QQuickWidget(parent)
        widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        widget.setResizeMode(QQuickWidget.ResizeMode.SizeRootObjectToView)
        widget.setClearColor(background)
        widget.sceneGraphError.connect(lambda *_: self.failed.emit())
        component = QQmlComponent(widget.engine(), widget)
        component.setData(_OUTPUT, QUrl())
        self._output = component.create()
        self._is_judged = False
        if self._output is None:
            raise RuntimeError("Qt Quick's video output is not installed")
        widget.setContent(QUrl(), component, self._output)
        widget.lower()
        self.fit()

    def fit(self) -> None:
        """Take the parent's size."""
        parent = self._widget.parentWidget()
        if parent is not None:
            self._widget.setGeometry(parent.rect())

    def show_frame(self, frame: QVideoFrame) -> None:
        """Show a frame in place of the last; the newest wins."""
        sink: Any = self._output.property("videoSink")
        sink.setVideoFrame(frame)
        self._widget.show()
        if not self._is_judged:
            self._judge()

    def hide(self) -> None:
        self._widget.hide()

    def discard(self) -> None:
        """Take it away for good."""
        self._widget.hide()
        self._widget.deleteLater()

    def _judge(self) -> None:
        """After the first frames it is known what paints them; a processor does it better without the detour."""
        from PySide6.QtGui import QRhiDriverInfo

        window = self._widget.quickWindow()
        rhi = window.rhi() if window is not None and window.isSceneGraphInitialized() else None
        if rhi is None:
            return
        self._is_judged = True
        kind: Any = rhi.driverInfo().deviceType
        if kind == QRhiDriverInfo.DeviceType.CpuDevice:
            self.failed.emit()


def open_surface(parent: QWidget, background: str) -> Surface | None:
    """Return a surface on ``parent``, None where the processor should paint."""
    if not has_graphics():
        return None
    try:
        return Surface(parent, background)
    except (ImportError, RuntimeError) as error:
        _log.info("pictures are painted by the processor (%s)", type(error).__name__)
        return None


@cache
def has_graphics() -> bool:
    """Whether this session paints with hardware of this machine. Asked for once."""
    found = is_local(QGuiApplication.platformName(), os.environ, is_remote=_is_remote()) and not _gl_is_processor()
    _log.info("pictures are painted by %s", "graphics hardware" if found else "the processor")
    return found


def is_local(platform: str, environment: Mapping[str, str], *, is_remote: bool) -> bool:
    """Judge a session by what the system says of it. ``QT_QUICK_BACKEND=software`` is Qt's own way to say no."""
    if platform in _SCREENLESS or environment.get("QT_QUICK_BACKEND") == "software" or is_remote:
        return False
    session = environment.get("SESSIONNAME", "").lower()
    display = environment.get("DISPLAY", "")
    return not session.startswith(_REMOTE_SESSIONS) and not display.startswith("localhost:")


def is_processor(renderer: str) -> bool:
    """Whether OpenGL's renderer of this name is a program; an empty name is no OpenGL at all."""
    return not renderer or any(name in renderer.lower() for name in _BY_PROCESSOR)


def _is_remote() -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    return bool(ctypes.windll.user32.GetSystemMetrics(_SM_REMOTESESSION))


def _gl_is_processor() -> bool:
    """Ask OpenGL, where Qt paints with it."""
    if sys.platform in ("win32", "darwin"):
        return False
    target, context = QOffscreenSurface(), QOpenGLContext()
    target.create()
    if not context.create() or not context.makeCurrent(target):
        return True
    name = context.functions().glGetString(_GL_RENDERER)
    context.doneCurrent()
    return is_processor(str(name or ""))
