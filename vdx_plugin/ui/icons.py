"""Symbols, drawn by us on a 24 x 24 grid with round strokes. None stands alone: each has its word beside it."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

_SLASH = '<path d="M4 4 20 20"/>'
_MICROPHONE = '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>'
_CAMERA = '<rect x="3" y="7" width="12" height="10" rx="2"/><path d="m15 11 6-3.5v9L15 13z"/>'
_HANDSET = (
    '<path d="M6 3.5 9 4l1.5 4L8.5 9.8a12 12 0 0 0 5.7 5.7L16 13.5l4 1.5.5 3c0 1.4-1 2.5-2.4 2.5'
    'C10 20.5 3.5 14 3.5 5.9 3.5 4.5 4.6 3.5 6 3.5z"/>'
)
_UNKNOWN = '<circle cx="12" cy="12" r="8.5"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.8-.9 1.7M12 16.6v.4"/>'
SHAPES: dict[str, str] = {
    "microphone": _MICROPHONE,
    "microphone-off": _MICROPHONE + _SLASH,
    "camera": _CAMERA,
    "camera-off": _CAMERA + _SLASH,
    "chat": '<path d="M4 5h16v11H11l-4.5 4V16H4z"/>',
    "phone": _HANDSET,
    "hang-up": '<path d="M3 14.5c5-5 13-5 18 0l-2.2 2.8-4-1.7v-2.7a13 13 0 0 0-5.6 0v2.7l-4 1.7z"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="10" rx="2"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5"/>',
    "unlock": '<rect x="5" y="10.5" width="14" height="10" rx="2"/><path d="M8 10.5V7a4 4 0 0 1 7.6-1.7"/>',
    "shrink": '<rect x="3" y="4" width="18" height="16" rx="2"/><rect x="12" y="12" width="7" height="6" rx="1"/>',
    "grow": '<path d="M13.5 4H20v6.5M20 4l-7 7M10.5 20H4v-6.5M4 20l7-7"/>',
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 5a3.5 3.5 0 0 1 0 6.5M18 14.5'
    'a6.5 6.5 0 0 1 3.5 5.5"/>',
    "patient": '<circle cx="12" cy="8" r="4"/><path d="M4.5 21a7.5 7.5 0 0 1 15 0"/>',
    "hospital": '<rect x="4" y="3" width="16" height="18" rx="1.5"/><path d="M12 7v6M9 10h6M10 21v-4h4v4"/>',
    "municipality": '<path d="M3 9.5 12 4l9 5.5zM5 20h14M6.5 12.5V17M12 12.5V17M17.5 12.5V17"/>',
    "nursing_home": '<path d="M3.5 11.5 12 4l8.5 7.5M6 9.5V20h12V9.5"/><path d="M12 16.8c-4-2.7-2-5.5 0-3.6'
    ' 2-1.9 4 .9 0 3.6z"/>',
    "interpreter": '<path d="M3 4h11v8H8l-3 3v-3H3zM17 9h4v8h-2v3l-3-3h-6v-2"/>',
    "other": _UNKNOWN,
    "stranger": _UNKNOWN,
    "chevron": '<path d="m7 10 5 5 5-5"/>',
    "chevron-up": '<path d="m7 14 5-5 5 5"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "cross": '<path d="M6 6l12 12M18 6 6 18"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
    "warning": '<path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.3"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.7v.3"/>',
    "ring": '<circle cx="12" cy="12" r="6.5"/>',
    "running": '<path d="M12 3.5a8.5 8.5 0 1 1-8.5 8.5"/><path d="M12 8v4l3 2"/>',
    "sent": '<path d="M3.5 11.5 20.5 4l-5 16.5-4-6.5z"/><path d="m11.5 14 9-10"/>',
    "answered": '<path d="M4 5h16v11H11l-4.5 4V16H4z"/><path d="m8.5 10.5 2.5 2.5 4.5-4.5"/>',
    "left": '<path d="M13 4H5v16h8M10 12h10.5M16.5 8l4 4-4 4"/>',
    "link": '<path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 1 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 1 0 11 18.7'
    'l1-1"/>',
    "copy": '<rect x="8" y="8" width="12" height="12" rx="2"/><path d="M16 8V4H4v12h4"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "more": '<path d="M5.5 12h.1M12 12h.1M18.5 12h.1" stroke-width="3"/>',
    "mail": '<rect x="3" y="5.5" width="18" height="13" rx="2"/><path d="m4 7.5 8 6 8-6"/>',
    "plan": '<rect x="4" y="5" width="16" height="15" rx="2"/><path d="M4 10h16M8.5 3v4M15.5 3v4M12 13v4M10 15h4"/>',
    "write": '<path d="M5 19.5h14M6 15.5 16 5.5l2.5 2.5-10 10-3 .5z"/>',
    "retry": '<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 4v4.5H15"/>',
    "video": _CAMERA,
    "screen": '<rect x="3" y="4" width="18" height="12" rx="2"/><path d="M9 20h6M12 16v4"/>',
    "screen-off": '<rect x="3" y="4" width="18" height="12" rx="2"/><path d="M9 20h6M12 16v4M9 7.5l6 5M15 7.5l-6 5"/>',
    "window": '<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M3 8.5h18"/>',
    "swap": '<path d="M7 4v13M4 14l3 3 3-3M17 20V7M14 10l3-3 3 3"/>',
}


def pixmap(name: str, color: str, size_px: int, ratio: float = 1.0) -> QPixmap:
    """Draw a symbol in one colour, once. Raises KeyError for an unknown name."""
    key = f"symbol {name} {color} {size_px} {ratio}"
    found = QPixmap()
    if QPixmapCache.find(key, found):
        return found
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" '
        f'stroke="{color}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">{SHAPES[name]}</svg>'
    )
    canvas = QPixmap(round(size_px * ratio), round(size_px * ratio))
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(canvas.rect()))
    painter.end()
    canvas.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, canvas)
    return canvas


def icon(name: str, color: str, size_px: int, *, disabled: str = "", selected: str = "") -> QIcon:
    """Return the symbol as an icon for ordinary and dense screens, in its own colours while disabled or selected."""
    result = QIcon()
    for ratio in (1.0, 2.0):
        result.addPixmap(pixmap(name, color, size_px, ratio))
        result.addPixmap(pixmap(name, disabled or color, size_px, ratio), QIcon.Mode.Disabled)
        if selected:
            result.addPixmap(pixmap(name, selected, size_px, ratio), QIcon.Mode.Selected)
    return result
