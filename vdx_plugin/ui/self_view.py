"""Our own picture: small, mirrored as in a mirror, and movable by mouse or arrow keys between the four corners."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_view import VideoView

WIDEST = 192
NARROWEST = 112
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")


def place(corner: str, size: QSize, room: QRect, margin: int) -> QPoint:
    """Return the upper left point of a view of ``size`` in a corner of ``room``."""
    left = room.left() + margin
    right = room.right() + 1 - margin - size.width()
    top = room.top() + margin
    bottom = room.bottom() + 1 - margin - size.height()
    return QPoint(left if corner.endswith("left") else right, top if corner.startswith("top") else bottom)


def nearest(center: QPoint, room: QRect) -> str:
    """Return the corner whose quarter of ``room`` holds the point."""
    upright = "top" if center.y() < room.center().y() else "bottom"
    return f"{upright}-{'left' if center.x() < room.center().x() else 'right'}"


class SelfView(VideoView):
    """Lies over its parent and keeps to a corner of it. Emits ``moved_to(corner)``."""

    moved_to = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, is_mirrored=True, parent=parent)
        self.corner = "bottom-right"
        self._grip: QPoint | None = None
        self._resize(theme.px(WIDEST))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(_("Dit eget billede"))
        self.setToolTip(_("Dit eget billede. Træk det, eller flyt det med piletasterne."))
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def _resize(self, width: int) -> None:
        self.setFixedSize(width, width * 9 // 16)

    def settle(self) -> None:
        """Take a fifth of the parent's width and go to the corner, after the parent has changed size."""
        self._resize(min(self._theme.px(WIDEST), max(self._theme.px(NARROWEST), self._room().width() // 5)))
        self.move(place(self.corner, self.size(), self._room(), self._theme.px(12)))

    def set_corner(self, corner: str) -> None:
        """Move to a corner; an unknown one is ignored."""
        if corner in CORNERS:
            self.corner = corner
            self.settle()

    def _room(self) -> QRect:
        parent = self.parentWidget()
        return parent.rect() if parent else self.rect()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        upright, _dash, side = self.corner.partition("-")
        match event.key():
            case Qt.Key.Key_Left:
                side = "left"
            case Qt.Key.Key_Right:
                side = "right"
            case Qt.Key.Key_Up:
                upright = "top"
            case Qt.Key.Key_Down:
                upright = "bottom"
            case _other:
                super().keyPressEvent(event)
                return
        self._move_to(f"{upright}-{side}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grip = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self.move(self.mapToParent(event.position().toPoint() - self._grip))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._grip is not None:
            self._grip = None
            self._move_to(nearest(self.geometry().center(), self._room()))

    def _move_to(self, corner: str) -> None:
        self.set_corner(corner)
        self.moved_to.emit(corner)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        role = "stage_focus" if self.hasFocus() else "stage_control"
        painter.setPen(QPen(QColor(self._theme.color(role)), self._theme.px(4)))
        painter.drawRect(self.rect())
        painter.end()
