"""The symbol among the system's own, where there is such a place: open the strip, start, quit."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from vdx_plugin.texts import _
from vdx_plugin.ui import icons
from vdx_plugin.ui.theme import Theme


class Tray(QObject):
    """Emits what was picked. Does nothing where the system has no tray."""

    open_wanted = Signal()
    start_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icon = QSystemTrayIcon(icons.icon("video", theme.color("accent"), 32), self)
        self._icon.setToolTip(_("Videokonsultation"))
        self.menu = QMenu()
        self.menu.addAction(_("Vis vinduet"), self.open_wanted.emit)
        self.start = self.menu.addAction(_("Start video"), self.start_wanted.emit)
        self.menu.addSeparator()
        self.menu.addAction(_("Afslut programmet"), self.quit_wanted.emit)
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._on_activated)

    @property
    def is_there(self) -> bool:
        """True when the system shows tray icons, so that windows may hide behind one."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        if self.is_there:
            self._icon.show()

    def show_ready(self, *, can_start: bool) -> None:
        """Offer the start only when a patient is open and nothing runs."""
        self.start.setEnabled(can_start)

    def close(self) -> None:
        self._icon.hide()
        self.menu.deleteLater()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self.open_wanted.emit()
