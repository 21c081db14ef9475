"""What reading a table in would do, before it is done: new, changed, gone, and every refused row with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Partner
from vdx_plugin.ports import ImportPreview, Refusal
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import StateLine, button, card, label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word

_NAMED = 12
"""How many names each part shows; the rest are counted."""


class ImportDialog(QDialog):
    """Emits ``accept_wanted``."""

    accept_wanted = Signal()

    def __init__(self, theme: Theme, preview: ImportPreview, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(_("Importér partnere"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        parts = QVBoxLayout(inside)
        parts.setContentsMargins(0, 0, px(8), 0)
        parts.setSpacing(px(8))
        self._add_changes(parts, preview)
        for row in preview.refused:
            parts.addWidget(self._refused(row))
        parts.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setAccessibleName(_("Hvad importen ændrer"))
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        self.go = button(theme, _("&Tag ændringerne ind"), "primary", "check")
        self.go.setEnabled(preview.changes_anything)
        self.go.clicked.connect(self._on_go)
        self.stay = button(theme, _("&Lad være"))
        self.stay.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(12))
        column.addWidget(label(_("Importér partnere"), "title"))
        column.addWidget(label(_("Intet er ændret endnu. Det kan fortrydes bagefter."), "quiet"))
        column.addWidget(area, 1)
        low = QHBoxLayout()
        low.addWidget(self.stay)
        low.addStretch(1)
        low.addWidget(self.go)
        column.addLayout(low)
        self.setMinimumSize(px(520), px(400))

    def _add_changes(self, column: QVBoxLayout, preview: ImportPreview) -> None:
        for words, partners, word in (
            (_("Nye: {count}"), preview.new, Word("", "check", "accent")),
            (_("Ændrede: {count}"), preview.changed, Word("", "info", "accent")),
            (_("Udgår: {count}"), preview.removed, Word("", "cross", "warning")),
        ):
            if partners:
                line = StateLine(self._theme)
                line.show_word(Word(words.format(count=len(partners)), word.symbol, word.tone))
                column.addWidget(line)
                column.addWidget(label(_names(partners), "quiet"))
        if not preview.changes_anything:
            column.addWidget(label(_("Kartoteket har allerede alt, der kan bruges fra filen."), "quiet"))
        if preview.refused:
            lines = len({row.line for row in preview.refused})
            line = StateLine(self._theme)
            line.show_word(Word(_("Afviste rækker: {count}").format(count=lines), "warning", "danger"))
            column.addWidget(line)
            column.addWidget(label(_("De er ikke med. Partnere, der står her i forvejen, bliver som de er."), "quiet"))

    def _refused(self, row: Refusal) -> QWidget:
        frame, inside = card(self._theme)
        place = _("Linje {line}, kolonne {column}: {found}").format(line=row.line, column=row.column, found=row.found)
        inside.addWidget(label(place, "small"))
        inside.addWidget(label(f"{row.sentence} {row.advice}"))
        return frame

    def _on_go(self) -> None:
        self.accept()
        self.accept_wanted.emit()


def _names(partners: Sequence[Partner]) -> str:
    names = "\n".join(partner.name for partner in partners[:_NAMED])
    rest = len(partners) - _NAMED
    return names if rest <= 0 else _("{names}\nog {count} til").format(names=names, count=rest)
