"""Shows decoded pictures: by graphics hardware where there is some, else painted by the processor at 360 lines.

Many practices work over remote desktop or Citrix, where the processor paints everything; there, half the size is a
third of the work.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vdx_plugin.ports import VideoPicture
from vdx_plugin.ui import icons
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_frames import frame_of, image, shrunk
from vdx_plugin.ui.video_surface import Surface, open_surface

PAINTED_LINES = 360
"""As many as are worth the processor's time."""


def fitted(size: QSize, room: QRect) -> QRect:
    """Return the largest rectangle of ``size``'s shape in the middle of ``room``."""
    shape = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    left = room.left() + (room.width() - shape.width()) // 2
    top = room.top() + (room.height() - shape.height()) // 2
    return QRect(left, top, shape.width(), shape.height())


class VideoView(QWidget):
    """The newest picture, as large as fits; a symbol and words while there is none.

    One that is mirrored or small is painted by the processor always. Other widgets may lie over it.
    """

    def __init__(self, theme: Theme, *, is_mirrored: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_mirrored = is_mirrored
        self._image = QImage()
        self._surface: Surface | None = None
        self._may_have_surface = not is_mirrored
        self._is_on_surface = False
        self._words = ""
        self._symbol = "camera-off"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme.px(96), theme.px(64))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_picture(self, picture: VideoPicture) -> None:
        """Show one picture in place of the last. Raises ValueError for planes that are too short."""
        if self._has_surface():
            self._show_on_surface(picture)
        else:
            self.show_image(image(shrunk(picture, self._lines_worth())))

    def _lines_worth(self) -> int:
        """No more than two lines for each that there is room for."""
        return min(PAINTED_LINES, max(64, 2 * round(self.height() * self.devicePixelRatioF())))

    def _has_surface(self) -> bool:
        if self._may_have_surface and self._surface is None:
            self._surface = open_surface(self, self._theme.color("stage"))
            self._may_have_surface = self._surface is not None
            if self._surface is not None:
                self._surface.failed.connect(self._on_surface_failed, Qt.ConnectionType.QueuedConnection)
        return self._surface is not None

    def _show_on_surface(self, picture: VideoPicture) -> None:
        if self._surface is not None:
            self._surface.show_frame(frame_of(picture))
            self._is_on_surface = True

    def _on_surface_failed(self) -> None:
        """Paint from now on; the next picture is a moment away."""
        surface, self._surface = self._surface, None
        self._may_have_surface = self._is_on_surface = False
        if surface is not None:
            surface.discard()

    def show_image(self, picture: QImage) -> None:
        """Show a picture that Qt has made itself."""
        self._image = picture
        self.update()

    def clear(self, words: str, symbol: str = "camera-off") -> None:
        """Show words in place of a picture."""
        if not self.has_picture and (words, symbol) == (self._words, self._symbol):
            return
        if self._surface is not None:
            self._surface.hide()
        self._is_on_surface = False
        self._image, self._words, self._symbol = QImage(), words, symbol
        self.setAccessibleDescription(words)
        self.update()

    @property
    def has_picture(self) -> bool:
        return self._is_on_surface or not self._image.isNull()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._surface is not None:
            self._surface.fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.color("stage")))
        if not self._image.isNull():
            self._paint_image(painter)
        elif not self._is_on_surface:
            self._paint_words(painter)
        painter.end()

    def _paint_image(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = fitted(self._image.size(), self.rect())
        if self._is_mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
            target.moveLeft(self.width() - target.right() - 1)
        painter.drawImage(target, self._image)

    def _paint_words(self, painter: QPainter) -> None:
        px = self._theme.px
        side = min(px(40), self.height() // 4)
        ink = self._theme.color("stage_quiet")
        words = QRect(px(8), 0, self.width() - 2 * px(8), 0)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        needed = painter.boundingRect(QRect(words.left(), 0, words.width(), self.height()), flags, self._words)
        top = max(0, (self.height() - side - px(8) - needed.height()) // 2)
        symbol = icons.pixmap(self._symbol, ink, side, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - side) // 2, top, symbol)
        painter.setPen(QColor(ink))
        words.setTop(top + side + px(8))
        words.setHeight(needed.height())
        painter.drawText(words, flags, self._words)
