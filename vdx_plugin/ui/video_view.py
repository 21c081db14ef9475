"""Paints decoded pictures. Works without graphics hardware (remote desktop, Citrix), as many practices have it.

``image`` turns three planes of YUV 4:2:0 into something a painter can draw; Qt does the arithmetic (3 ms at 720p
on one core), so no array library is needed here. Qt multimedia is imported with the first picture, not before.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vdx_plugin.ports import VideoPicture
from vdx_plugin.ui import icons
from vdx_plugin.ui.theme import Theme


def image(picture: VideoPicture) -> QImage:
    """Return the picture as a QImage that owns its bytes. Raises ValueError for planes that are too short."""
    from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

    form = QVideoFrameFormat(QSize(picture.width, picture.height), QVideoFrameFormat.PixelFormat.Format_YUV420P)
    form.setColorSpace(QVideoFrameFormat.ColorSpace.ColorSpace_BT601)
    frame = QVideoFrame(form)
    if not frame.map(QVideoFrame.MapMode.WriteOnly):
        return QImage()
    try:
        for index in range(3):
            height = picture.height if index == 0 else (picture.height + 1) // 2
            width = picture.width if index == 0 else (picture.width + 1) // 2
            source = memoryview(picture.planes[index])
            target = memoryview(frame.bits(index))
            _copy(source, picture.strides[index], target, frame.bytesPerLine(index), width, height)
    finally:
        frame.unmap()
    return frame.toImage()


def _copy(source: memoryview, stride: int, target: memoryview, pitch: int, width: int, height: int) -> None:
    if len(source) < stride * (height - 1) + width:
        raise ValueError("a plane is shorter than its picture")
    if stride == pitch and len(source) >= stride * height:
        target[: stride * height] = source[: stride * height]
        return
    for line in range(height):
        target[line * pitch : line * pitch + width] = source[line * stride : line * stride + width]


def fitted(size: QSize, room: QRect) -> QRect:
    """Return the largest rectangle of ``size``'s shape in the middle of ``room``."""
    shape = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    left = room.left() + (room.width() - shape.width()) // 2
    top = room.top() + (room.height() - shape.height()) // 2
    return QRect(left, top, shape.width(), shape.height())


class VideoView(QWidget):
    """The newest picture, as large as fits; a symbol and words while there is none."""

    def __init__(self, theme: Theme, *, is_mirrored: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_mirrored = is_mirrored
        self._image = QImage()
        self._words = ""
        self._symbol = "camera-off"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme.px(96), theme.px(64))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_picture(self, picture: VideoPicture) -> None:
        """Show one picture in place of the last."""
        self.show_image(image(picture))

    def show_image(self, picture: QImage) -> None:
        """Show a picture that Qt has made itself."""
        self._image = picture
        self.update()

    def clear(self, words: str, symbol: str = "camera-off") -> None:
        """Show words in place of a picture."""
        if self._image.isNull() and (words, symbol) == (self._words, self._symbol):
            return
        self._image, self._words, self._symbol = QImage(), words, symbol
        self.setAccessibleDescription(words)
        self.update()

    @property
    def has_picture(self) -> bool:
        return not self._image.isNull()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.color("stage")))
        if self._image.isNull():
            self._paint_words(painter)
        else:
            self._paint_image(painter)
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
