"""The call itself: the other side as large as possible, our own picture over it, the bar, and a panel beside."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from vdx_plugin.ports import Slides, VideoPicture
from vdx_plugin.service.view import CallView, ConsultationView
from vdx_plugin.texts import _
from vdx_plugin.ui.call_bar import CallBar
from vdx_plugin.ui.chat_panel import ChatPanel
from vdx_plugin.ui.controls import label, paint_symbol, symbol_label
from vdx_plugin.ui.party_panel import PartyPanel, present_count
from vdx_plugin.ui.phone_panel import PhonePanel
from vdx_plugin.ui.self_view import SelfView, place
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_view import VideoView
from vdx_plugin.ui.wording import duration, line, patient_label

_STAGE_INK = {"": "stage_quiet", "accent": "on_stage", "warning": "stage_focus", "danger": "stage_focus"}


class Inset(VideoView):
    """The smaller of two pictures, over the larger one. Pressing it makes it the larger. Emits ``swap_wanted``."""

    swap_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent=parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(_("Byt om på de to billeder (Ctrl+B)"))
        self.setAccessibleName(_("Det lille billede. Tryk for at bytte om."))
        self.hide()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self.swap_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.swap_wanted.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        role = "stage_focus" if self.hasFocus() else "stage_control"
        painter.setPen(QPen(QColor(self._theme.color(role)), self._theme.px(4)))
        painter.drawRect(self.rect())
        painter.end()


class Stage(VideoView):
    """The other side's picture with our own in a corner of it; what somebody shows is large, and the people small."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        self.setMinimumSize(theme.px(320), theme.px(180))
        self.setAccessibleName(_("Billedet af de andre"))
        self.inset = Inset(theme, self)
        self.own = SelfView(theme, self)
        self.inset.swap_wanted.connect(self.swap)
        self._has_slides = False
        self._are_people_large = False
        QShortcut(QKeySequence("Ctrl+B"), self, self.swap)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.own.settle()
        self._settle_inset()

    def _settle_inset(self) -> None:
        px = self._theme.px
        width = min(px(256), max(px(128), self.width() // 4))
        self.inset.setFixedSize(width, width * 9 // 16)
        # In the corner opposite to our own picture, so that neither lies on the other.
        upright = "bottom" if self.own.corner.startswith("top") else "top"
        side = "left" if self.own.corner.endswith("right") else "right"
        self.inset.move(place(f"{upright}-{side}", self.inset.size(), self.rect(), px(12)))

    def set_slides(self, *, on: bool) -> None:
        """Somebody shows something, or no longer does."""
        if on is self._has_slides:
            return
        self._has_slides, self._are_people_large = on, False
        if not on:
            self.inset.hide()
            self.clear_all()

    def swap(self) -> None:
        """Let the small picture be the large one."""
        if self._has_slides:
            self._are_people_large = not self._are_people_large
            self.clear_all()

    def clear_all(self) -> None:
        """Wait for the next picture of each."""
        self.clear("", "people")
        self.inset.clear("", "people")

    def show_people(self, picture: VideoPicture) -> None:
        """Show a picture of the others where it belongs."""
        is_small = self._has_slides and not self._are_people_large
        self._show_in(self.inset if is_small else self, picture)

    def show_slide(self, picture: VideoPicture) -> None:
        """Show a picture of what somebody shows."""
        if self._has_slides:
            self._show_in(self.inset if self._are_people_large else self, picture)

    def _show_in(self, view: VideoView, picture: VideoPicture) -> None:
        view.show_picture(picture)
        if view is self.inset and self.inset.isHidden():
            self._settle_inset()
            self.inset.show()
            self.own.raise_()


class CallPage(QWidget):
    """Joins the pieces of the call; their signals are the page's."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._seen = 0
        self._messages = 0
        self.setProperty("kind", "stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.stage = Stage(theme)
        self.bar = CallBar(theme)
        self.parties = PartyPanel(theme)
        self.chat = ChatPanel(theme)
        self.phone = PhonePanel(theme)
        self._panels = QStackedWidget()
        for panel in (self.chat, self.phone):
            self._panels.addWidget(panel)
        self._panels.hide()
        self.bar.chat_wanted.connect(lambda: self._toggle(self.chat))
        self.bar.phone_wanted.connect(lambda: self._toggle(self.phone))
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addLayout(self._head())
        left.addWidget(self.stage, 1)
        left.addWidget(self.bar)
        outer.addLayout(left, 1)
        outer.addWidget(self._side())
        # What one does comes before what one may move.
        self.setTabOrder(self.bar.hang_up, self.stage.own)

    def _head(self) -> QBoxLayout:
        px = self._theme.px
        self._patient = label("", "stage-heading")
        self._symbol = symbol_label(self._theme, "ring", "stage_quiet")
        self._line = label("", "stage", wrap=False)
        self._time = label("", "stage", wrap=False)
        self._headline = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._headline.setContentsMargins(px(16), px(8), px(16), px(8))
        self._headline.setSpacing(px(8))
        self._headline.addWidget(self._patient, 1)
        state = QHBoxLayout()
        state.setSpacing(px(8))
        for part in (self._symbol, self._line, self._time):
            state.addWidget(part)
        state.addStretch(1)
        self._headline.addLayout(state)
        return self._headline

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the panel gives way to the picture, and the line stands below the name."""
        super().resizeEvent(event)
        px = self._theme.px
        self._panel.setFixedWidth(min(px(300), max(px(232), self.width() * 3 // 10)))
        is_narrow = self.width() < px(840)
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._headline.setDirection(direction)

    def _side(self) -> QWidget:
        px = self._theme.px
        self._panel = side = QWidget()
        side.setProperty("kind", "window")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(side)
        column.setContentsMargins(px(16), px(12), px(8), px(12))
        column.setSpacing(px(12))
        column.addWidget(self.parties, 3)
        column.addWidget(self._panels, 2)
        return side

    def show_consultation(self, view: ConsultationView, now: datetime) -> None:
        """Show the newest state."""
        call = view.call or CallView()
        self._messages = len(call.chat)
        if self._is_open(self.chat):
            self._seen = self._messages
        self.bar.show_call(call, unread=max(0, self._messages - self._seen))
        self.bar.setEnabled(view.call is not None)
        self.parties.show_consultation(view, now)
        self.chat.show_messages(call.chat)
        self.phone.show_consultation(view)
        self._patient.setText(patient_label(view.context))
        word = line(call.line)
        paint_symbol(self._theme, self._symbol, word.symbol, _STAGE_INK[word.tone])
        self._line.setText(word.text)
        self._time.setText(f"·  {duration(now - call.connected_at)}" if call.connected_at else "")
        self.stage.set_slides(on=call.slides.slides is Slides.THEIRS)
        if not call.remote_video and not self.stage.has_picture:
            self.stage.clear(_nothing_to_see(view, call), "people")
        if not call.camera_on:
            self.stage.own.clear(_("Kamera slukket"))

    def show_remote(self, picture: VideoPicture) -> None:
        self.stage.show_people(picture)

    def show_slide(self, picture: VideoPicture) -> None:
        self.stage.show_slide(picture)

    def show_own(self, picture: VideoPicture) -> None:
        self.stage.own.show_picture(picture)

    def forget(self) -> None:
        """Drop the pictures when the call is over."""
        self.stage.set_slides(on=False)
        self.stage.clear("", "people")
        self.stage.own.clear("", "camera")

    def _is_open(self, panel: QWidget) -> bool:
        return not self._panels.isHidden() and self._panels.currentWidget() is panel

    def _toggle(self, panel: QWidget) -> None:
        opening = not self._is_open(panel)
        self._panels.setCurrentWidget(panel)
        self._panels.setVisible(opening)
        if opening and panel is self.chat:
            self._seen = self._messages
            self.bar.show_unread(0)
            self.chat.field.setFocus()

    def open_phone(self) -> None:
        """Show the numbers."""
        if not self._is_open(self.phone):
            self._toggle(self.phone)


def _nothing_to_see(view: ConsultationView, call: CallView) -> str:
    if view.call is None:
        return _("Videoen er ikke startet.")
    if view.waiting:
        return _("Nogen venter udenfor. Luk dem ind til højre.")
    if present_count(view) == 0:
        return _("Ingen andre er i rummet endnu. De kan komme ind, når du lukker dem ind.")
    if call.remote_audio:
        return _("Der er lyd, men intet billede fra de andre.")
    return _("Venter på billede og lyd fra de andre.")
