"""Labels, buttons and frames as the theme knows them, each with the name a screen reader says."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from vdx_plugin.ui import icons
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.wording import Word

_INK = {
    "": "text",
    "primary": "on_accent",
    "admit": "on_accent",
    "danger": "on_danger",
    "plain": "accent",
    "call": "on_stage",
}
_ICON_PX = 18


class WrappingLabel(QLabel):
    """A label that breaks its text wherever its parent is narrow, and asks for no more height than it then needs.

    WORKAROUND: QLabel proposes, for a wrapping text with a minimum width, a size as narrow as its longest word and as
    high as that makes it; windows then open higher than the screen. To be removed when Qt proposes a readable shape.
    """

    _READABLE_CHARS = 44

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        room = metrics.averageCharWidth() * self._READABLE_CHARS
        longest = max((metrics.horizontalAdvance(line) for line in self.text().split("\n")), default=0) + 4
        width = min(longest, room)
        return QSize(width, max(self.heightForWidth(width), metrics.height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.fontMetrics().height())


def label(text: str = "", kind: str = "body", *, wrap: bool = True) -> QLabel:
    """Return a label. Plain text only: what a stranger wrote must never be read as markup."""
    result = WrappingLabel(text) if wrap else QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("kind", kind)
    result.setWordWrap(wrap)
    return result


def set_style(widget: QWidget, **properties: str) -> None:
    """Change ``kind`` or ``tone`` of a widget that is already shown."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def button(theme: Theme, text: str, kind: str = "", symbol: str = "", *, name: str = "") -> QPushButton:
    """Return a button of at least the target size; ``name`` replaces the text for a screen reader."""
    result = QPushButton(text)
    result.setProperty("kind", kind)
    # Enter must not press whatever happens to have the focus in a window with a text field.
    result.setAutoDefault(False)
    result.setMinimumHeight(theme.px(TARGET))
    if symbol:
        set_symbol(theme, result, symbol)
    if name:
        result.setAccessibleName(name)
    return result


class Chip(QPushButton):
    """A button that stays pressed. It keeps room for the heavier words it then has."""

    def sizeHint(self) -> QSize:
        heavy = QFont(self.font())
        heavy.setWeight(QFont.Weight.DemiBold)
        more = QFontMetrics(heavy).horizontalAdvance(self.text()) - self.fontMetrics().horizontalAdvance(self.text())
        return super().sizeHint() + QSize(max(0, more) + 4, 0)


def chip(theme: Theme, text: str, symbol: str = "") -> Chip:
    """Return a chip of target height."""
    result = Chip(text)
    result.setProperty("kind", "chip")
    result.setCheckable(True)
    result.setAutoDefault(False)
    result.setMinimumHeight(theme.px(TARGET))
    if symbol:
        set_symbol(theme, result, symbol)
    return result


def set_symbol(theme: Theme, target: QPushButton, symbol: str, ink: str = "") -> None:
    """Put a symbol before the button's text, in the colour that its kind has for text."""
    color = theme.color(ink or _INK.get(str(target.property("kind") or ""), "text"))
    size = theme.px(_ICON_PX)
    target.setIcon(icons.icon(symbol, color, size, disabled=theme.color("quiet")))
    target.setIconSize(QSize(size, size))


def symbol_label(theme: Theme, symbol: str, ink: str = "text", size: int = _ICON_PX) -> QLabel:
    """Return a symbol that stands beside its word; a screen reader reads the word only."""
    result = QLabel()
    result.setFixedSize(theme.px(size), theme.px(size))
    paint_symbol(theme, result, symbol, ink, size)
    return result


def paint_symbol(theme: Theme, target: QLabel, symbol: str, ink: str = "text", size: int = _ICON_PX) -> None:
    """Change the symbol of a label; repeating it costs nothing."""
    wanted = f"{symbol}/{ink}"
    if target.property("symbol") != wanted:
        target.setProperty("symbol", wanted)
        target.setPixmap(icons.pixmap(symbol, theme.color(ink), theme.px(size), target.devicePixelRatioF()))


TONE_INK = {"": "quiet", "accent": "accent", "warning": "on_warning_soft", "danger": "danger"}
"""Colour role of a state's symbol upon an ordinary surface, by its tone."""


class ChoiceField(QComboBox):
    """A field to choose from, at target height, with an arrow of ours: the style sheet's border removes Qt's."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setMinimumHeight(theme.px(TARGET))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_arrow(self._theme, self)


class DayField(QDateEdit):
    """A day, with a calendar to choose it from. It knows no zone; whoever sets it says which day it is in Denmark."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setDisplayFormat("dd.MM.yyyy")
        self.setCalendarPopup(True)
        self.setMinimumHeight(theme.px(TARGET))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_arrow(self._theme, self)


class ClockField(QTimeEdit):
    """A time on the wall clock, to the minute."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setDisplayFormat("HH:mm")
        # Qt gives a field whose buttons have no width no room before its text either.
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumHeight(theme.px(TARGET))


def paint_arrow(theme: Theme, field: QWidget) -> None:
    """Draw the arrow that says that a field opens."""
    side = theme.px(16)
    painter = QPainter(field)
    drawn = icons.pixmap("chevron", theme.color("quiet"), side, field.devicePixelRatioF())
    painter.drawPixmap(field.width() - side - theme.px(8), (field.height() - side) // 2, drawn)
    painter.end()


class StateLine(QWidget):
    """A state as symbol and word, with an addition such as a time."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._symbol = symbol_label(theme, "ring", "quiet", 16)
        # As high as a line of text, in whose middle the symbol then stands.
        self._symbol.setFixedHeight(theme.px(20))
        self._text = label()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        row.addWidget(self._symbol, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)

    def show_word(self, word: Word, addition: str = "") -> None:
        paint_symbol(self._theme, self._symbol, word.symbol, TONE_INK[word.tone], 16)
        self._text.setText(f"{word.text}  ·  {addition}" if addition else word.text)

    @property
    def text(self) -> str:
        return self._text.text()


def card(theme: Theme) -> tuple[QFrame, QVBoxLayout]:
    """Return a raised frame and the column inside it."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    column = QVBoxLayout(frame)
    pad = theme.px(12)
    column.setContentsMargins(pad, pad, pad, pad)
    column.setSpacing(theme.px(8))
    return frame, column


def rule() -> QFrame:
    """Return a thin line between two parts."""
    line = QFrame()
    line.setProperty("kind", "rule")
    return line
