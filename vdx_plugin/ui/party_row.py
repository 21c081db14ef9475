"""One party of a consultation: how it stands, what it answered, what has happened, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import SENT_BY_US, Answer, AnswerMark, Channel, InvitationState, PartyStatus, Presence
from vdx_plugin.ports import RoomParticipant
from vdx_plugin.texts import _
from vdx_plugin.ui.answer_box import AnswerBox
from vdx_plugin.ui.controls import StateLine, button, label, set_symbol, symbol_label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.host_line import HostLine
from vdx_plugin.ui.party_menu import Doable, party_menu
from vdx_plugin.ui.party_wishes import Act, Wish
from vdx_plugin.ui.party_wording import history, levels
from vdx_plugin.ui.person_wishes import PersonAct, PersonWish
from vdx_plugin.ui.room_menu import add_for_person
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import next_step, party_name, party_state, party_time, role

_MISSED = (InvitationState.REJECTED, InvitationState.FAILED, InvitationState.UNKNOWN)
_TO_SEND_AGAIN = (*_MISSED, InvitationState.SENT)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a row must know of the consultation: whose it is, whether a link can be copied, and what can be done."""

    context: ClinicContext
    now: datetime | None = None
    """Where it is known, times of today stand without their day."""
    has_link: bool = False
    doable: Doable = Doable.NOTHING
    person: RoomParticipant | None = None
    """Who of the room the party is, while inside and we are its host."""


class PartyRow(QWidget):
    """Emits ``wished(Wish)``, and ``person_wished(PersonWish)`` for whoever of the party is in the call.

    With ``is_folded`` it opens on a click; what asks for the user shows all the same.
    """

    wished = Signal(object)
    person_wished = Signal(object)

    def __init__(self, theme: Theme, status: PartyStatus, setting: Setting, *, is_folded: bool = False) -> None:
        super().__init__()
        self._theme, self._status, self._setting = theme, status, setting
        self._is_foldable, self._is_open = is_folded, not is_folded
        self._name = party_name(status.party, setting.context)
        self._shown_answers: tuple[Answer, ...] | None = None
        px = theme.px
        row = QHBoxLayout(self)
        row.setContentsMargins(0, px(4), 0, px(4))
        row.setSpacing(px(8))
        row.addWidget(symbol_label(theme, status.party.role.value, "text", 20), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(px(4))
        row.addLayout(column, 1)
        self._state = StateLine(theme)
        self.host = HostLine(theme, self._name)
        self.host.given_up.connect(self._on_host_given_up)
        self._advice = label("", "small")
        self._answers = QVBoxLayout()
        self._answers.setSpacing(px(4))
        self._history = label("", "small")
        column.addLayout(self._head())
        column.addWidget(self._state)
        column.addWidget(self.host)
        column.addWidget(self._advice)
        column.addLayout(self._answers)
        self._tools = QWidget()
        self._buttons = FlowLayout(px(4), is_centred=False)
        self._buttons.setContentsMargins(0, 0, 0, 0)
        self._tools.setLayout(self._buttons)
        self._make_buttons()
        column.addWidget(self._tools)
        column.addWidget(self._history)
        self._history.hide()
        self.show_status(status, setting)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(label(self._name, "strong"), 1)
        self.fold = button(self._theme, "", "plain", "chevron", name=_("Vis mere om {name}").format(name=self._name))
        self.fold.setVisible(self._is_foldable)
        self.fold.clicked.connect(self._on_fold)
        head.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _on_fold(self) -> None:
        self._is_open = not self._is_open
        set_symbol(self._theme, self.fold, "chevron-up" if self._is_open else "chevron")
        self.show_status(self._status, self._setting)
        if not self._is_open:
            self.story.setChecked(False)

    def _make_buttons(self) -> None:
        self.copy = self._button(_("Kopiér link"), Act.COPY, "link")
        self.resend = self._button(_("Send igen"), Act.RESEND, "retry")
        self.told = self._button(_("Klaret på telefon"), Act.TOLD, "phone")
        self.told.setToolTip(_("Har fået besked på telefon"))
        self.story = button(
            self._theme, _("Forløb"), "plain", "chevron", name=_("Forløb for {name}").format(name=self._name)
        )
        self.story.setCheckable(True)
        self.story.toggled.connect(self._on_story)
        self.more = button(self._theme, _("Mere"), "plain", "more", name=_("Mere om {name}").format(name=self._name))
        self.more.clicked.connect(self._on_more)
        for part in (self.story, self.more):
            self._buttons.addWidget(part)

    def _button(self, words: str, act: Act, symbol: str) -> QPushButton:
        pressed = button(self._theme, words, "plain", symbol, name=f"{words}: {self._name}")
        pressed.clicked.connect(lambda: self.wished.emit(Wish(act, self._status.party.key)))
        self._buttons.addWidget(pressed)
        return pressed

    def show_status(self, status: PartyStatus, setting: Setting) -> None:
        """Show how far the party has come."""
        self._status, self._setting = status, setting
        word = party_state(status)
        self._state.show_word(word, party_time(status))
        self.host.setVisible(setting.person is not None and setting.person.is_host)
        advice = next_step(status, self._name)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        lines = history(status, self._name) or _("Der er ikke sket noget endnu.")
        self._history.setText(f"{lines}\n\n{levels()}")
        self.setToolTip(lines)
        self._show_answers()
        self._show_buttons(asks=bool(advice) or status.has_unread_answer)
        self.setAccessibleName(f"{role(status.party.role)}, {self._name}: {word.text}")

    def _show_answers(self) -> None:
        answers = self._status.answers
        if answers == self._shown_answers:
            return
        self._shown_answers = answers
        while old := self._answers.takeAt(0):
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for answer in answers:
            box = AnswerBox(self._theme, answer, self._name, self._setting.now, is_newest=answer is answers[-1])
            box.marked.connect(self._on_marked)
            self._answers.addWidget(box)

    def _show_buttons(self, *, asks: bool) -> None:
        status, setting = self._status, self._setting
        is_out = status.presence in (Presence.EXPECTED, Presence.LEFT)
        by_hand = status.party.channel in (Channel.LINK, Channel.PHONE)
        can_tell = setting.doable is not Doable.NOTHING
        is_sent = status.party.channel in SENT_BY_US
        self.copy.setVisible(is_out and setting.has_link and by_hand and status.is_expected)
        is_doubtful = status.invitation in (_TO_SEND_AGAIN if status.party.channel is Channel.MEDCOM else _MISSED)
        self.resend.setVisible(is_out and is_sent and can_tell and is_doubtful)
        self.told.setVisible(is_out and can_tell and (status.invitation in _MISSED or (asks and by_hand)))
        self.more.setVisible(can_tell or setting.has_link or setting.person is not None)
        self._tools.setVisible(self._is_open or asks)

    def _on_marked(self, message_id: str, mark: AnswerMark) -> None:
        self.wished.emit(Wish(Act.MARK, self._status.party.key, message_id=message_id, mark=mark))

    def _on_host_given_up(self) -> None:
        if self._setting.person is not None:
            self.person_wished.emit(PersonWish(PersonAct.MAKE_GUEST, self._setting.person.id, self._name))

    def _on_story(self, is_shown: bool) -> None:
        self._history.setVisible(is_shown)
        set_symbol(self._theme, self.story, "chevron-up" if is_shown else "chevron")

    def _on_more(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def menu(self) -> QMenu:
        """Return what can be done with this party beyond the visible buttons."""
        setting = self._setting
        menu = party_menu(
            self, self._status, setting.context, setting.doable, self.wished.emit, has_link=setting.has_link
        )
        if setting.person is not None:
            add_for_person(menu, setting.person, self._name, self.person_wished.emit)
        return menu
