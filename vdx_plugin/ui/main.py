"""The whole program as far as Qt is concerned: ``run_desktop`` shows it until the user quits."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from vdx_plugin.runtime import Runtime
from vdx_plugin.ui.desk_port import DeskPort
from vdx_plugin.ui.desktop import Desktop, utc_now

__all__ = ["Desktop", "run_desktop"]

SIGNAL_CHECK_MS = 400


def run_desktop(
    app: QApplication,
    desk: DeskPort,
    runtime: Runtime,
    settings_path: Path,
    *,
    now: Callable[[], datetime] = utc_now,
) -> int:
    """Show the desktop until the user quits; return the exit code. Runtime and desk are the caller's to close."""
    app.setQuitOnLastWindowClosed(False)
    desktop = Desktop(app, desk, runtime, settings_path, now=now)
    earlier = signal.signal(signal.SIGINT, lambda *_arguments: app.exit(0))
    # Python looks at signals only between its own instructions, and Qt's loop runs none while nothing happens.
    awake = QTimer()
    awake.timeout.connect(lambda: None)
    awake.start(SIGNAL_CHECK_MS)
    desktop.open()
    try:
        return app.exec()
    finally:
        awake.stop()
        signal.signal(signal.SIGINT, earlier)
        desktop.close()
