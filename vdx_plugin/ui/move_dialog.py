"""Another time for a meeting. Everybody who was invited hears of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.service.view import AgendaEntry
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_wording import entry_title, when
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.time_form import Check, TimeForm, no_complaints


class MoveDialog(QDialog):
    """Emits ``move_wanted(start, end)``."""

    move_wanted = Signal(object, object)

    def __init__(
        self, theme: Theme, entry: AgendaEntry, check: Check = no_complaints, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._old = (entry.start, entry.end)
        self.setWindowTitle(_("Flyt mødet"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        self.form = TimeForm(theme, check)
        self.go = button(theme, _("&Flyt, og giv besked"), "primary")
        self.stay = button(theme, _("F&ortryd"))
        self.go.clicked.connect(self._on_go)
        self.stay.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(_("Flyt mødet"), "title"))
        column.addWidget(label(entry_title(entry), "strong"))
        column.addWidget(label(_("Nu: {when}").format(when=when(entry.start, entry.end)), "quiet"))
        column.addSpacing(px(4))
        column.addWidget(self.form)
        column.addWidget(label(_("Alle, der har fået en invitation, får besked om den nye tid."), "quiet"))
        column.addStretch(1)
        low = QHBoxLayout()
        low.addWidget(self.stay)
        low.addStretch(1)
        low.addWidget(self.go)
        column.addLayout(low)
        self.setMinimumWidth(px(440))
        self.form.changed.connect(self._refresh)
        self.form.set_span(*self._old)

    def _refresh(self) -> None:
        self.go.setEnabled(self.form.is_good and self.form.span() != self._old)

    def _on_go(self) -> None:
        self.form.refresh()
        span = self.form.span()
        if span is not None and self.go.isEnabled():
            self.accept()
            self.move_wanted.emit(*span)
