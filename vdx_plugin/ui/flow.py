"""A layout that sets its items like words in a paragraph: centred lines, broken where the width ends."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem


class FlowLayout(QLayout):
    """Items at their preferred size, ``gap`` apart both ways.

    ``outdent`` moves the lines to the left, so that the words of buttons without a frame stand under other words.
    """

    def __init__(self, gap: int, *, is_centred: bool = True, outdent: int = 0) -> None:
        super().__init__()
        self._outdent = outdent
        self._gap = gap
        self._is_centred = is_centred
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name; None ends it
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = list(self._lines(width))
        return sum(_height(line) for line in lines) + self._gap * max(0, len(lines) - 1)

    def sizeHint(self) -> QSize:
        shown = [_hint(item) for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self._gap * max(0, len(shown) - 1)
        return QSize(width, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        shown = [_hint(item) for item in self._items if not item.isEmpty()]
        return QSize(max((s.width() for s in shown), default=0), max((s.height() for s in shown), default=0))

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802 - Qt's name
        super().setGeometry(rect)
        top = rect.top()
        for line in self._lines(rect.width()):
            used = sum(_hint(item).width() for item in line) + self._gap * (len(line) - 1)
            left = rect.left() - self._outdent + ((rect.width() - used) // 2 if self._is_centred else 0)
            for item in line:
                item.setGeometry(QRect(QPoint(left, top), _hint(item)))
                left += _hint(item).width() + self._gap
            top += _height(line) + self._gap

    def _lines(self, width: int) -> Iterator[list[QLayoutItem]]:
        line: list[QLayoutItem] = []
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            needed = _hint(item).width()
            if line and used + self._gap + needed > width:
                yield line
                line, used = [], 0
            used += needed + (self._gap if line else 0)
            line.append(item)
        if line:
            yield line


def _height(line: list[QLayoutItem]) -> int:
    return max(_hint(item).height() for item in line)


def _hint(item: QLayoutItem) -> QSize:
    """Ask the widget itself: Qt's item keeps what it was told before the widget had its font."""
    widget = item.widget()
    if widget is None:
        return item.sizeHint()
    widget.ensurePolished()
    return widget.sizeHint().expandedTo(widget.minimumSize())
