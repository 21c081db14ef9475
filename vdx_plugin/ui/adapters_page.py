"""The connections to clinic systems: how each fares, why, and a button to enable it again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.ports import AdapterStatus, Capability
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.controls import StateLine, button, card, label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import adapter_state


def ability(value: Capability) -> str:
    """Return what an adapter can do, in words."""
    return {
        Capability.CONTEXT: _("åben patient"),
        Capability.DIRECTORY: _("opslag af patient"),
        Capability.APPOINTMENTS: _("aftaler"),
        Capability.CONFIRM: _("bekræfter patienten"),
        Capability.WRITE_BACK: _("skriver i journalen"),
        Capability.START_ACTION: _("startknap i journalen"),
        Capability.LETTERS: _("sender MedCom-beskeder"),
    }[value]


class AdaptersPage(QWidget):
    """Emits ``enable_wanted(name)``."""

    enable_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[AdapterStatus, ...] | None = None
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Forbindelser"))
        px = theme.px
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(16))
        outer.setSpacing(px(12))
        outer.addWidget(label(_("Forbindelser til journalsystemer"), "title"))
        outer.addWidget(label(_("En forbindelse, der fejler, stopper ikke de andre."), "quiet"))
        outer.addWidget(self._area, 1)
        outer.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        QShortcut(QKeySequence("Escape"), self, self.close)

    def show_adapters(self, adapters: Sequence[AdapterStatus]) -> None:
        """Show how each fares."""
        if tuple(adapters) == self._shown:
            return
        self._shown = tuple(adapters)
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._theme.px(8))
        for status in adapters:
            column.addWidget(self._card(status))
        if not adapters:
            column.addWidget(label(_("Ingen forbindelser er installeret. Ring til support."), "quiet"))
        column.addStretch(1)
        self._area.setWidget(inside)

    def _card(self, status: AdapterStatus) -> QFrame:
        frame, inside = card(self._theme)
        row = QHBoxLayout()
        inside.addLayout(row)
        column = QVBoxLayout()
        column.setSpacing(self._theme.px(4))
        row.addLayout(column, 1)
        column.addWidget(label(status.name, "strong"))
        state = StateLine(self._theme)
        state.show_word(adapter_state(status.state))
        column.addWidget(state)
        if status.reason:
            column.addWidget(label(problem(status.reason, name=status.name)))
            column.addWidget(label(f"{status.reason}  {status.detail}".strip(), "small"))
        can = ", ".join(ability(each) for each in Capability if each in status.capabilities)
        if can:
            column.addWidget(label(_("Kan: {abilities}").format(abilities=can), "small"))
        if status.state in ("disabled", "paused", "failed"):
            enable = button(self._theme, _("Slå til"), name=_("Slå {name} til").format(name=status.name))
            enable.clicked.connect(lambda: self.enable_wanted.emit(status.name))
            row.addWidget(enable, 0, Qt.AlignmentFlag.AlignTop)
        return frame
