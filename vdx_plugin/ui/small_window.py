"""The call beside the record: picture, name, who waits, microphone and hang up in 360 x 240."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.ports import Slides, VideoPicture
from vdx_plugin.service.view import CallView, ConsultationView, WaitingGuest
from vdx_plugin.texts import _
from vdx_plugin.ui.call_bar import CallControl, show_microphone
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.party_panel import link_label
from vdx_plugin.ui.theme import SMALL_WINDOW, Theme
from vdx_plugin.ui.video_view import VideoView
from vdx_plugin.ui.wording import line, patient_label


class SmallWindow(QWidget):
    """Stays on top. Closing it brings the large window back; it never ends a call by itself."""

    microphone_wanted = Signal(bool)
    hang_up_wanted = Signal()
    large_wanted = Signal()
    admit_wanted = Signal(object)
    stop_share_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window | Qt.WindowType.WindowStaysOnTopHint)
        self._theme = theme
        self._call = CallView()
        self._first: WaitingGuest | None = None
        self._is_known = False
        self._words = ""
        self.setProperty("kind", "stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Videokonsultation"))
        width, height = SMALL_WINDOW
        self.setMinimumSize(theme.px(width), theme.px(height))
        self._picture = VideoView(theme)
        self._picture.setAccessibleName(_("Billedet af de andre"))
        self._name = label("", "stage-quiet", wrap=False)
        self._line = label("", "stage-quiet", wrap=False)
        self.admit = button(theme, "", "admit", "check")
        self.admit.setParent(self._picture)
        self.admit.hide()
        self.admit.clicked.connect(self._on_admit)
        self.stop_share = button(theme, _("Du deler skærm – stop"), "admit", "screen-off")
        self.stop_share.setParent(self._picture)
        self.stop_share.hide()
        self.stop_share.clicked.connect(self.stop_share_wanted)
        self.microphone = CallControl(theme, "microphone", "Ctrl+D")
        self.microphone.clicked.connect(lambda: self.microphone_wanted.emit(not self._call.microphone_on))
        self.large = CallControl(theme, "grow", "Ctrl+M")
        self.large.clicked.connect(self.large_wanted)
        self.hang_up = CallControl(theme, "hang-up", "Ctrl+Shift+H")
        self.hang_up.clicked.connect(self.hang_up_wanted)
        self._lay_out(theme)

    def _lay_out(self, theme: Theme) -> None:
        px = theme.px
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(px(8), px(4), px(8), px(4))
        head.addWidget(self._name, 1)
        head.addWidget(self._line)
        outer.addLayout(head)
        outer.addWidget(self._picture, 1)
        low = QHBoxLayout()
        low.setContentsMargins(px(4), px(4), px(4), px(4))
        low.setSpacing(px(4))
        for control in (self.microphone, self.large, self.hang_up):
            low.addWidget(control, 1)
        outer.addLayout(low)

    def show_consultation(self, view: ConsultationView) -> None:
        """Show the newest state."""
        self._call = view.call or CallView()
        show_microphone(self.microphone, is_on=self._call.microphone_on)
        if not self._call.microphone_on:
            self.microphone.setText(_("Slukket"))
        self.large.show_state(_("Større"), "grow", _("Vis hele samtalen igen"))
        self.hang_up.show_state(_("Læg på"), "hang-up", _("Afslut samtalen"), tone="danger")
        self._name.setText(patient_label(view.context))
        self._line.setText(line(self._call.line).text)
        if not self._call.remote_video:
            self._picture.clear(_("Intet billede fra de andre"), "people")
        self.stop_share.setVisible(self._call.slides.slides is Slides.OURS)
        self.stop_share.resize(self.stop_share.sizeHint())
        self.stop_share.move(self._theme.px(4), self._theme.px(4))
        self._first = view.waiting[0] if view.waiting else None
        self.admit.setVisible(bool(view.waiting))
        if view.waiting:
            self._show_waiting(link_label(view.waiting[0].party_key, view))

    def _show_waiting(self, who: str) -> None:
        self._is_known = bool(who)
        # A stranger is looked at in the large window, with the name given, before anybody decides.
        words = _("Luk ind: {name}").format(name=who) if who else _("Ukendt venter – se hvem")
        self.admit.setAccessibleName(words)
        self.admit.setToolTip(words)
        self._words = words
        self._place_admit()

    def _on_admit(self) -> None:
        if self._is_known:
            self.admit_wanted.emit(self._first)
        else:
            self.large_wanted.emit()

    @property
    def has_picture(self) -> bool:
        return self._picture.has_picture

    def forget(self) -> None:
        """Drop the picture when the call is over."""
        self._picture.clear("", "people")

    def show_remote(self, picture: VideoPicture) -> None:
        if self._call.slides.slides is not Slides.THEIRS:
            self._picture.show_picture(picture)

    def show_slide(self, picture: VideoPicture) -> None:
        """What somebody shows goes before faces where there is room for one only."""
        if self._call.slides.slides is Slides.THEIRS:
            self._picture.show_picture(picture)

    def _place_admit(self) -> None:
        # Only a polished button knows its font, and so the room its words need.
        self.admit.ensurePolished()
        room = self._picture.width() - self._theme.px(88)
        self.admit.setText(self.admit.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))
        self.admit.resize(self.admit.sizeHint())
        self.admit.move(
            (self._picture.width() - self.admit.width()) // 2, self._picture.height() - self.admit.height() - 4
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_admit()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.large_wanted.emit()
