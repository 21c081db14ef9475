"""Can I reach VDX? Each step with its answer as it comes, and a report for support without anything about patients."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.ports import CheckState, DiagnosisLine
from vdx_plugin.service.view import DiagnosisView
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_wording import check
from vdx_plugin.ui.controls import StateLine, button, card, label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word


class DiagnosisWindow(QWidget):
    """Emits ``examine_wanted`` and ``copy_wanted(text)``."""

    examine_wanted = Signal()
    copy_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: DiagnosisView | None = None
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Kan jeg nå VDX?"))
        px = theme.px
        self._verdict = StateLine(theme)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.again = button(theme, _("&Undersøg igen"), "", "retry")
        self.again.clicked.connect(self.examine_wanted)
        self.copy = button(theme, _("&Kopiér rapport til support"), "", "copy")
        self.copy.clicked.connect(lambda: self._shown and self.copy_wanted.emit(self._shown.text))
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(16))
        outer.setSpacing(px(12))
        outer.addWidget(label(_("Kan jeg nå VDX?"), "title"))
        outer.addWidget(self._verdict)
        outer.addWidget(self._area, 1)
        outer.addWidget(label(_("Rapporten nævner ingen patienter, personer eller adgangskoder."), "quiet"))
        low = QHBoxLayout()
        low.setSpacing(px(8))
        for part in (self.again, self.copy):
            low.addWidget(part)
        low.addStretch(1)
        low.addWidget(self.close_button)
        outer.addLayout(low)
        QShortcut(QKeySequence("Escape"), self, self.close)

    def show_diagnosis(self, view: DiagnosisView) -> None:
        """Show how far it has come."""
        if view == self._shown:
            return
        self._shown = view
        self._verdict.show_word(_verdict(view))
        self.again.setEnabled(not view.is_running)
        self.copy.setEnabled(bool(view.text))
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._theme.px(8))
        for line in view.lines:
            column.addWidget(self._card(line))
        column.addStretch(1)
        self._area.setWidget(inside)

    def _card(self, line: DiagnosisLine) -> QWidget:
        frame, inside = card(self._theme)
        state = StateLine(self._theme)
        state.show_word(check(line.state))
        row = QHBoxLayout()
        row.addWidget(label(line.title, "strong"), 1)
        row.addWidget(state)
        inside.addLayout(row)
        inside.addWidget(label(line.sentence))
        frame.setAccessibleName(f"{line.title}: {check(line.state).text}. {line.sentence}")
        return frame


def _verdict(view: DiagnosisView) -> Word:
    if view.is_running:
        return Word(_("Undersøger, trin for trin …"), "running", "accent")
    if not view.lines:
        return Word(_("Ikke undersøgt endnu"), "ring")
    if any(line.state is CheckState.BAD for line in view.lines):
        return Word(_("Nej. Det, der mangler, står herunder med næste skridt."), "warning", "danger")
    return Word(_("Ja. I kan booke og starte video."), "check", "accent")
