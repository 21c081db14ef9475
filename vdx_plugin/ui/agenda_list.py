"""The meetings of a day, or what a search found. While the mouse is over it, rows change in place only."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.danish_time import danish, danish_day
from vdx_plugin.service.view import AgendaEntry
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_row import AgendaRow
from vdx_plugin.ui.agenda_wording import weekday
from vdx_plugin.ui.controls import label
from vdx_plugin.ui.theme import Theme


class AgendaList(QScrollArea):
    """Hands on what its rows emit."""

    acted = Signal(object, object)
    prolonged = Signal(object, object)
    link_wanted = Signal(object, str)
    file_wanted = Signal(object, str)
    wished = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: tuple[AgendaEntry, ...] = ()
        self._empty = ""
        self._with_days = False
        self._shape: object = None
        self._is_held = False
        self.rows: dict[UUID, AgendaRow] = {}
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(_("Møder"))

    def show_entries(self, entries: Sequence[AgendaEntry], empty: str, *, with_days: bool = False) -> None:
        """Show these; ``empty`` is what is said when there are none, ``with_days`` names the day where it changes."""
        self._entries, self._empty, self._with_days = tuple(entries), empty, with_days
        shape = (with_days, empty if not entries else "", tuple((one.meeting_id, one.start) for one in entries))
        if shape != self._shape and not (self._is_held and self.rows):
            self._shape = shape
            self._build()
        known = {entry.meeting_id: entry for entry in self._entries}
        for meeting_id, row in self.rows.items():
            if meeting_id in known:
                row.show_entry(known[meeting_id])
            else:
                row.set_gone()

    def turn(self) -> None:
        """Another day or a search: whatever is shown next is new, also under the mouse."""
        self._is_held = False

    def enterEvent(self, _event: QEvent) -> None:
        self._is_held = True

    def leaveEvent(self, _event: QEvent) -> None:
        self._is_held = False
        self.show_entries(self._entries, self._empty, with_days=self._with_days)

    def _build(self) -> None:
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, self._theme.px(4), 0)
        column.setSpacing(self._theme.px(8))
        self.rows, day = {}, None
        for entry in self._entries:
            if self._with_days and danish_day(entry.start) != day:
                day = danish_day(entry.start)
                column.addWidget(label(f"{weekday(day).capitalize()} {danish(entry.start):%d.%m.%Y}", "heading"))
            column.addWidget(self._row(entry))
        if not self._entries:
            column.addWidget(label(self._empty, "quiet"))
        column.addStretch(1)
        place = self.verticalScrollBar().value()
        # Not destroyed at once: Qt may be in the middle of telling the old rows that the mouse has left them.
        old = self.takeWidget()
        self.setWidget(inside)
        if old is not None:
            old.hide()
            old.deleteLater()
        self.verticalScrollBar().setValue(place)

    def _row(self, entry: AgendaEntry) -> AgendaRow:
        row = self.rows[entry.meeting_id] = AgendaRow(self._theme, entry)
        row.acted.connect(self.acted)
        row.prolonged.connect(self.prolonged)
        row.link_wanted.connect(self.link_wanted)
        row.file_wanted.connect(self.file_wanted)
        row.wished.connect(self.wished)
        return row
