"""The call itself: the other side as large as possible, our own picture over it, the bar, and a panel beside."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from vdx_plugin.ports import VideoPicture
from vdx_plugin.service.view import CallView, ConsultationView
from vdx_plugin.texts import _
from vdx_plugin.ui.call_bar import CallBar
from vdx_plugin.ui.chat_panel import ChatPanel
from vdx_plugin.ui.controls import label, paint_symbol, symbol_label
from vdx_plugin.ui.party_panel import PartyPanel, present_count
from vdx_plugin.ui.phone_panel import PhonePanel
from vdx_plugin.ui.self_view import SelfView
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_view import VideoView
from vdx_plugin.ui.wording import duration, line, patient_label

_STAGE_INK = {"": "stage_quiet", "accent": "on_stage", "warning": "stage_focus", "danger": "stage_focus"}


class Stage(VideoView):
    """The other side's picture with our own in a corner of it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        self.setMinimumSize(theme.px(320), theme.px(180))
        self.setAccessibleName(_("Billedet af de andre"))
        self.own = SelfView(theme, self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.own.settle()


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
        if not call.remote_video:
            self.stage.clear(_nothing_to_see(view, call), "people")
        if not call.camera_on:
            self.stage.own.clear(_("Kamera slukket"))

    def show_remote(self, picture: VideoPicture) -> None:
        self.stage.show_picture(picture)

    def show_own(self, picture: VideoPicture) -> None:
        self.stage.own.show_picture(picture)

    def forget(self) -> None:
        """Drop the pictures when the call is over."""
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
