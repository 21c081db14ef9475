"""What is done with all parties at once, and what can be taken back: above the list of who is expected."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from vdx_plugin.service.view import Undoable
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.party_menu import Doable
from vdx_plugin.ui.party_wishes import Act, Wish
from vdx_plugin.ui.party_wording import saying
from vdx_plugin.ui.theme import Theme

USUAL_DELAY_MIN = 10
DELAYS_MIN = (5, 10, 15)


class PartyCommands(QWidget):
    """Emits ``wished(Wish)``."""

    wished = Signal(object)

    def __init__(self, theme: Theme, about: str = "") -> None:
        """``about`` says which meeting, for a screen reader that meets several of these."""
        super().__init__()
        px = theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(4))
        self._band = QFrame()
        self._band.setProperty("kind", "band")
        self._band.setProperty("tone", "accent")
        inside = QHBoxLayout(self._band)
        inside.setContentsMargins(px(12), px(4), px(8), px(4))
        inside.setSpacing(px(8))
        self._saying = label()
        self.undo = button(theme, _("Fortryd"), "band", name=_("Fortryd det, der er ved at blive sendt"))
        self.undo.clicked.connect(lambda: self.wished.emit(Wish(Act.UNDO)))
        inside.addWidget(self._saying, 1)
        inside.addWidget(self.undo)
        self._row = QWidget()
        row = FlowLayout(px(4), is_centred=False)
        row.setContentsMargins(0, 0, 0, 0)
        self._row.setLayout(row)
        tail = f": {about}" if about else ""
        self.invite = button(theme, _("Inviter en til"), "plain", "people", name=_("Inviter en part mere") + tail)
        self.invite.clicked.connect(lambda: self.wished.emit(Wish(Act.INVITE)))
        words = _("{minutes} min forsinket").format(minutes=USUAL_DELAY_MIN)
        self.delay = button(
            theme, words, "plain", "clock", name=_("Giv alle besked: {delay}").format(delay=words) + tail
        )
        self.delay.clicked.connect(lambda: self.wished.emit(Wish(Act.DELAY, minutes=USUAL_DELAY_MIN)))
        self.remind = button(theme, _("Påmind"), "plain", "mail", name=_("Påmind dem, der ikke har svaret") + tail)
        self.remind.setToolTip(_("Påmind alle, der hverken har svaret eller fået besked på telefon"))
        self.remind.clicked.connect(lambda: self.wished.emit(Wish(Act.REMIND_ALL)))
        self.more = button(theme, "", "plain", "more", name=_("Anden forsinkelse") + tail)
        self.more.setToolTip(_("Anden forsinkelse"))
        self.more.clicked.connect(self._on_more)
        for part in (self.invite, self.remind, self.delay, self.more):
            row.addWidget(part)
        column.addWidget(self._band)
        column.addWidget(self._row)
        self.show_state(None, Doable.NOTHING)

    def show_state(self, undoable: Undoable | None, doable: Doable) -> None:
        """Show what can be taken back, and what can be done."""
        self._band.setVisible(undoable is not None)
        if undoable is not None:
            self._saying.setText(saying(undoable))
        self._row.setVisible(doable is not Doable.NOTHING)

    def menu(self) -> QMenu:
        """Return the other delays."""
        menu = QMenu(self)
        for minutes in DELAYS_MIN:
            if minutes != USUAL_DELAY_MIN:
                words = _("{minutes} min forsinket").format(minutes=minutes)
                menu.addAction(words, partial(self.wished.emit, Wish(Act.DELAY, minutes=minutes)))
        menu.addAction(_("Andet antal minutter …"), partial(self.wished.emit, Wish(Act.DELAY)))
        return menu

    def _on_more(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
