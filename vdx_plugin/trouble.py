"""Telling the user of trouble before there is a window of the program to tell it in."""

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


def nobody_reads_the_terminal() -> bool:
    """True for a program started by a click or by a link: its standard error goes nowhere."""
    return sys.stderr is None or not sys.stderr.isatty()


def show(sentence: str) -> None:
    """Show one sentence in a message box and return when it is closed."""
    from PySide6.QtWidgets import QApplication, QMessageBox

    app = QApplication.instance() or QApplication(sys.argv[:1])
    box = QMessageBox(QMessageBox.Icon.Warning, "Videokonsultation", sentence)
    box.exec()
    del app
