"""Coloured bands that tell something across a window without stopping the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label, paint_symbol, set_style, symbol_label
from vdx_plugin.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class BandFact:
    """What one band shows. ``key`` tells it from the others; ``actions`` are (action, words) pairs.

    ``code`` stands small below, for support. A band that can be dismissed has a button **Skjul**.
    """

    key: str
    text: str
    tone: str = "warning"
    code: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    is_dismissable: bool = False


_SYMBOL = {"accent": "info", "warning": "warning", "danger": "warning"}


class Band(QFrame):
    """One band. Emits ``acted(key, action)``; the action of **Skjul** is ``dismiss``."""

    acted = Signal(str, str)

    def __init__(self, theme: Theme, fact: BandFact, *, is_wide: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self.fact = fact
        self.setProperty("kind", "band")
        self.setProperty("tone", fact.tone)
        ink = f"on_{fact.tone}_soft"
        self._symbol = symbol_label(theme, _SYMBOL[fact.tone], ink)
        self._text = label(fact.text)
        self._code = label(fact.code, "small")
        self._code.setVisible(bool(fact.code))
        outer = QHBoxLayout(self)
        outer.setContentsMargins(theme.px(12), theme.px(8), theme.px(12), theme.px(8))
        outer.setSpacing(theme.px(8))
        # Beside a button the line of text stands in the middle; above buttons it begins at the top.
        height = Qt.AlignmentFlag.AlignVCenter if is_wide else Qt.AlignmentFlag.AlignTop
        outer.addWidget(self._symbol, 0, height)
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        outer.addLayout(column, 1)
        column.addWidget(self._text)
        column.addWidget(self._code)
        (outer if is_wide else column).addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(self._theme.px(8))
        actions = self.fact.actions
        if self.fact.is_dismissable:
            actions = (*actions, ("dismiss", _("Skjul")))
        for action, words in actions:
            pressed = button(self._theme, words, "band")
            pressed.clicked.connect(lambda _checked=False, a=action: self.acted.emit(self.fact.key, a))
            row.addWidget(pressed)
        row.addStretch(1)
        return row

    def show_fact(self, fact: BandFact) -> None:
        """Show changed text or tone in place; key and actions must be the same."""
        self.fact = fact
        set_style(self, tone=fact.tone)
        paint_symbol(self._theme, self._symbol, _SYMBOL[fact.tone], f"on_{fact.tone}_soft")
        self._text.setText(fact.text)
        self._code.setText(fact.code)
        self._code.setVisible(bool(fact.code))


class BandStack(QWidget):
    """The bands of one window, in the order given. A band that stays is changed in place, not built anew.

    In a wide window the buttons of a band stand beside its text, in a narrow one below it.
    """

    acted = Signal(str, str)

    def __init__(self, theme: Theme, *, is_wide: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._is_wide = is_wide
        self._bands: dict[str, Band] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(4))
        self.setVisible(False)

    def show_facts(self, facts: Sequence[BandFact]) -> None:
        """Show these bands and no others."""
        wanted = {fact.key: fact for fact in facts}
        for key in [key for key, band in self._bands.items() if not _fits(band, wanted.get(key))]:
            gone = self._bands.pop(key)
            self._column.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, fact in enumerate(facts):
            if fact.key in self._bands:
                self._bands[fact.key].show_fact(fact)
            else:
                self._add(place, fact)
        self.setVisible(bool(facts))

    def _add(self, place: int, fact: BandFact) -> None:
        band = Band(self._theme, fact, is_wide=self._is_wide)
        band.acted.connect(self.acted)
        self._bands[fact.key] = band
        self._column.insertWidget(place, band)

    def keys(self) -> tuple[str, ...]:
        """Return the keys of the bands shown."""
        return tuple(self._bands)


def _fits(band: Band, fact: BandFact | None) -> bool:
    same = fact is not None and fact.actions == band.fact.actions
    return same and fact is not None and fact.is_dismissable == band.fact.is_dismissable
