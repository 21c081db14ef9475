"""The call in numbers, for support: renewed each second while it is looked at, and copied as text."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vdx_plugin.ports import CallFigures
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, card, label
from vdx_plugin.ui.figures_wording import groups, report
from vdx_plugin.ui.theme import Theme

RENEW_MS = 1000


class FiguresWindow(QWidget):
    """Emits ``figures_wanted`` each second while it is open, and ``copy_wanted(text)``."""

    figures_wanted = Signal()
    copy_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._figures: CallFigures | None = None
        self._values: dict[tuple[int, int], QLabel] = {}
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Tal for forbindelsen"))
        self._none = label(_("Der er ingen samtale i gang."), "quiet")
        self._cards = QWidget()
        self.copy = button(theme, _("&Kopiér til support"), "", "copy")
        self.copy.clicked.connect(self._on_copy)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        self._timer = QTimer(self)
        self._timer.setInterval(RENEW_MS)
        self._timer.timeout.connect(self.figures_wanted)
        self._lay_out()
        self.show_figures(None)
        QShortcut(QKeySequence("Escape"), self, self.close)

    def _lay_out(self) -> None:
        px = self._theme.px
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(16))
        outer.setSpacing(px(12))
        outer.addWidget(label(_("Tal for forbindelsen"), "title"))
        outer.addWidget(self._none)
        sides = QHBoxLayout(self._cards)
        sides.setContentsMargins(0, 0, 0, 0)
        sides.setSpacing(px(12))
        columns = QVBoxLayout(), QVBoxLayout()
        for number, (title, rows) in enumerate(groups(CallFigures())):
            # The longest and the shortest stand on the left, so that both sides are about as high.
            columns[number in (1, 2)].addWidget(self._card(number, title, rows))
        for column in columns:
            column.setSpacing(px(12))
            column.addStretch(1)
            sides.addLayout(column, 1)
        outer.addWidget(self._cards)
        outer.addStretch(1)
        outer.addWidget(label(_("Tallene nævner ingen patienter, personer eller adresser."), "quiet"))
        low = QHBoxLayout()
        low.setSpacing(px(8))
        low.addWidget(self.copy)
        low.addStretch(1)
        low.addWidget(self.close_button)
        outer.addLayout(low)

    def _card(self, number: int, title: str, rows: tuple[tuple[str, str], ...]) -> QWidget:
        frame, inside = card(self._theme)
        inside.addWidget(label(title, "strong"))
        table = QGridLayout()
        table.setHorizontalSpacing(self._theme.px(12))
        table.setVerticalSpacing(self._theme.px(4))
        table.setColumnStretch(0, 1)
        for place, (name, value) in enumerate(rows):
            shown = label(value, "body", wrap=False)
            shown.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._values[number, place] = shown
            table.addWidget(label(name, "quiet"), place, 0)
            table.addWidget(shown, place, 1)
        inside.addLayout(table)
        return frame

    def show_figures(self, figures: CallFigures | None) -> None:
        """Show the newest; None says that no call runs."""
        self._figures = figures
        self._none.setVisible(figures is None)
        self._cards.setVisible(figures is not None)
        self.copy.setEnabled(figures is not None)
        for number, (_title, rows) in enumerate(groups(figures or CallFigures())):
            for place, (name, value) in enumerate(rows):
                shown = self._values[number, place]
                shown.setText(value)
                shown.setAccessibleName(f"{name}: {value}")

    def _on_copy(self) -> None:
        if self._figures is not None:
            self.copy_wanted.emit(report(self._figures, _("Tal for forbindelsen")))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.figures_wanted.emit()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)
