"""Where each window was on this workplace, and that it is never opened where nobody can see it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QSettings, QSysInfo
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget


def fit(wanted: QRect, screens: Sequence[QRect]) -> QRect:
    """Return ``wanted`` moved, and if need be shrunk, to lie wholly on the screen it shares most with.

    ``screens`` are the usable rectangles, the primary screen first. Without any, ``wanted`` comes back.
    """
    if not screens:
        return wanted
    screen = max(screens, key=lambda each: _shared(wanted, each))
    width, height = min(wanted.width(), screen.width()), min(wanted.height(), screen.height())
    left = min(max(wanted.left(), screen.left()), screen.right() + 1 - width)
    top = min(max(wanted.top(), screen.top()), screen.bottom() + 1 - height)
    return QRect(left, top, width, height)


def _shared(one: QRect, other: QRect) -> int:
    both = one.intersected(other)
    return both.width() * both.height() if both.isValid() else 0


def screens() -> list[QRect]:
    """Return the usable part of each screen, the primary one first."""
    primary = QGuiApplication.primaryScreen()
    every = sorted(QGuiApplication.screens(), key=lambda each: each is not primary)
    return [each.availableGeometry() for each in every]


class Placement:
    """Keeps window places and other choices of one workplace in a settings file; never anything about a patient."""

    def __init__(self, settings_path: Path, *, workplace: str = "") -> None:
        self._settings = QSettings(str(settings_path), QSettings.Format.IniFormat)
        # The file may follow the user from machine to machine; places must not.
        self._workplace = workplace or QSysInfo.machineHostName() or "workplace"

    def restore(self, window: QWidget, name: str, default: QRect) -> None:
        """Put the window where it was, or at ``default``, on a screen that exists now."""
        kept = self._settings.value(f"{self._workplace}/{name}")
        rect = kept if isinstance(kept, QRect) and kept.isValid() else default
        least = window.minimumSizeHint().expandedTo(window.minimumSize())
        rect.setSize(rect.size().expandedTo(least))
        window.setGeometry(fit(rect, screens()))

    def keep(self, window: QWidget, name: str) -> None:
        """Remember where the window is now."""
        if window.isVisible() and not window.isMaximized():
            self._settings.setValue(f"{self._workplace}/{name}", window.geometry())

    def read(self, name: str, default: str = "") -> str:
        """Return a choice made on this workplace."""
        return str(self._settings.value(f"{self._workplace}/{name}", default))

    def write(self, name: str, value: str) -> None:
        """Keep a choice for this workplace."""
        self._settings.setValue(f"{self._workplace}/{name}", value)

    def save(self) -> None:
        """Write the file now."""
        self._settings.sync()
