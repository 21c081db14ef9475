"""The bar of the call: labelled controls that never hide and say in words what is on and what is off."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeySequence
from PySide6.QtWidgets import QMenu, QPushButton, QVBoxLayout, QWidget

from vdx_plugin.ports import Slides
from vdx_plugin.service.view import CallView
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import set_style, set_symbol
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.room_menu import room_menu
from vdx_plugin.ui.theme import CALL_TARGET, Theme

_INK = {"": "on_stage", "off": "on_stage_off", "danger": "on_stage_danger"}


class CallControl(QPushButton):
    """One control of the bar: symbol, word, and a tone that says off or danger.

    It keeps the widest size it has had: muting must not move the next control under the mouse.
    """

    def __init__(self, theme: Theme, symbol: str, key: str = "") -> None:
        super().__init__()
        self._theme, self._key = theme, key
        self._widest = 0
        self.setProperty("kind", "call")
        self.setAutoDefault(False)
        self.setMinimumSize(theme.px(CALL_TARGET), theme.px(CALL_TARGET))
        set_symbol(theme, self, symbol)
        if key:
            self.setShortcut(QKeySequence(key))

    def show_state(self, words: str, symbol: str, meaning: str, *, tone: str = "") -> None:
        """Show what pressing it does (``meaning``) and how it stands (``words``)."""
        set_style(self, tone=tone)
        set_symbol(self._theme, self, symbol, _INK[tone])
        if self.text() != words:
            self.setText(words)
            # setText forgets a shortcut, as if the text could hold another one.
            self.setShortcut(QKeySequence(self._key))
        native = QKeySequence(self._key).toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{meaning} ({native})" if native else meaning)
        self.setAccessibleDescription(meaning)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        self._widest = max(self._widest, hint.width())
        return QSize(self._widest, hint.height())

    def reserve(self, words: str, *, is_bold: bool = True) -> None:
        """Keep room for these words from the beginning, in the bold that a tone brings."""
        font = self.font()
        font.setPixelSize(self._theme.body)
        font.setBold(is_bold)
        padding = 2 * (self._theme.px(8) + 2)
        icon = self.iconSize().width() + self._theme.px(8)
        self._widest = max(self._widest, QFontMetrics(font).horizontalAdvance(words) + padding + icon)


class CallBar(QWidget):
    """Microphone, camera, screen, chat, telephone, lock, more, small window, hang up."""

    microphone_wanted = Signal(bool)
    camera_wanted = Signal(bool)
    lock_wanted = Signal(bool)
    share_wanted = Signal()
    stop_share_wanted = Signal()
    mute_guests_wanted = Signal(bool)
    layout_wanted = Signal(str)
    chat_wanted = Signal()
    phone_wanted = Signal()
    small_wanted = Signal()
    hang_up_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._call = CallView()
        self.microphone = CallControl(theme, "microphone", "Ctrl+D")
        self.camera = CallControl(theme, "camera", "Ctrl+E")
        self.share = CallControl(theme, "screen", "Ctrl+Shift+S")
        self.chat = CallControl(theme, "chat", "Ctrl+T")
        self.phone = CallControl(theme, "phone")
        self.lock = CallControl(theme, "lock")
        self.more = CallControl(theme, "more", "Ctrl+Shift+M")
        self.small = CallControl(theme, "shrink", "Ctrl+M")
        self.hang_up = CallControl(theme, "hang-up", "Ctrl+Shift+H")
        self.microphone.clicked.connect(lambda: self.microphone_wanted.emit(not self._call.microphone_on))
        self.camera.clicked.connect(lambda: self.camera_wanted.emit(not self._call.camera_on))
        self.lock.clicked.connect(lambda: self.lock_wanted.emit(not self._call.locked))
        self.share.clicked.connect(self._on_share)
        self.more.clicked.connect(self._on_more)
        self.chat.clicked.connect(self.chat_wanted)
        self.phone.clicked.connect(self.phone_wanted)
        self.small.clicked.connect(self.small_wanted)
        self.hang_up.clicked.connect(self.hang_up_wanted)
        self._lay_out(theme)
        self.show_call(CallView(), unread=0)
        # Either word may be the wider one: that depends on the language.
        self.microphone.reserve(_("Mikrofon"), is_bold=False)
        self.microphone.reserve(_("Mikrofon fra"))
        self.camera.reserve(_("Kamera"), is_bold=False)
        self.camera.reserve(_("Kamera fra"))
        self.chat.reserve(_("Chat ({count})").format(count=9), is_bold=False)
        self.lock.reserve(_("Ulåst"))
        self.share.reserve(_("Stop deling"))

    def _lay_out(self, theme: Theme) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.px(12), theme.px(8), theme.px(12), theme.px(8))
        # Flowing, because seven Danish words at 200 % do not fit one line of a small screen.
        row = FlowLayout(theme.px(8))
        outer.addLayout(row)
        for control in (
            self.microphone,
            self.camera,
            self.share,
            self.chat,
            self.phone,
            self.lock,
            self.more,
            self.small,
            self.hang_up,
        ):
            row.addWidget(control)

    def show_call(self, call: CallView, *, unread: int) -> None:
        """Show how each control stands; ``unread`` counts messages not yet looked at."""
        self._call = call
        show_microphone(self.microphone, is_on=call.microphone_on)
        if call.camera_on:
            self.camera.show_state(_("Kamera"), "camera", _("Sluk kameraet"))
        else:
            self.camera.show_state(_("Kamera fra"), "camera-off", _("Tænd kameraet"), tone="off")
        if call.locked:
            self.lock.show_state(_("Låst"), "lock", _("Rummet er låst. Lås op, så alle med linket kan komme ind"))
        else:
            self.lock.show_state(_("Ulåst"), "unlock", _("Alle med linket kan komme ind. Lås rummet"), tone="off")
        if call.slides.slides is Slides.OURS:
            self.share.show_state(_("Stop deling"), "screen-off", _("De andre ser din skærm. Stop"), tone="off")
        else:
            self.share.show_state(_("Del skærm"), "screen", _("Vis de andre et vindue eller en skærm"))
        self.more.show_state(_("Mere"), "more", _("Mikrofoner og billedernes placering"))
        self.show_unread(unread)
        self.phone.show_state(_("Telefon"), "phone", _("Vis numre, og fortsæt på telefon"))
        self.small.show_state(_("Lille vindue"), "shrink", _("Vis samtalen i et lille vindue ved siden af journalen"))
        self.hang_up.show_state(_("Læg på"), "hang-up", _("Afslut samtalen"), tone="danger")

    def _on_share(self) -> None:
        is_ours = self._call.slides.slides is Slides.OURS
        (self.stop_share_wanted if is_ours else self.share_wanted).emit()

    def _on_more(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.more.mapToGlobal(self.more.rect().topLeft()))

    def menu(self) -> QMenu:
        """Return what is wanted now and then."""
        rules = self._call.rules
        return room_menu(self, rules, self._call.layouts, self.mute_guests_wanted.emit, self.layout_wanted.emit)

    def show_unread(self, count: int) -> None:
        """Show how many messages have not been looked at."""
        words = _("Chat ({count})").format(count=count) if count else _("Chat")
        news = _("{count} nye beskeder.").format(count=count) + " " if count else ""
        self.chat.show_state(words, "chat", news + _("Vis eller skjul beskeder til alle i samtalen"))


def show_microphone(control: CallControl, *, is_on: bool) -> None:
    """Show the microphone's state, in the bar and in the small window alike."""
    if is_on:
        control.show_state(_("Mikrofon"), "microphone", _("Sluk mikrofonen"))
    else:
        control.show_state(_("Mikrofon fra"), "microphone-off", _("Tænd mikrofonen"), tone="off")
