"""Whether a window could be shown here."""

from __future__ import annotations

import os
import sys


def has_screen() -> bool:
    """Return False on a Linux machine without a display; Windows and macOS have one."""
    if os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        return False
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
