"""One line of the panel for somebody in the call who was not expected, was called up, or came by a party's link too."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from vdx_plugin.ports import RoomParticipant
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label, paint_symbol, symbol_label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.host_line import HostLine
from vdx_plugin.ui.person_wishes import PersonAct, PersonWish
from vdx_plugin.ui.room_menu import add_for_person
from vdx_plugin.ui.theme import Theme


class StrangerRow(QWidget):
    """Emits ``put_out_wanted(participant_id)`` and ``person_wished(PersonWish)``."""

    put_out_wanted = Signal(str)
    person_wished = Signal(object)

    def __init__(self, theme: Theme, person: RoomParticipant) -> None:
        super().__init__()
        self._theme, self._person = theme, person
        self._name = name = person.display_name or _("Intet navn")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(4), 0, theme.px(4))
        row.setSpacing(theme.px(8))
        self._symbol = symbol_label(theme, "stranger", "danger", 20)
        row.addWidget(self._symbol, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        row.addLayout(column, 1)
        column.addWidget(label(name, "strong"))
        self._words = label()
        column.addWidget(self._words)
        self.host = HostLine(theme, name)
        self.host.given_up.connect(lambda: self.person_wished.emit(PersonWish(PersonAct.MAKE_GUEST, person.id, name)))
        column.addWidget(self.host)
        tools = FlowLayout(theme.px(4), is_centred=False)
        column.addLayout(tools)
        self.out = button(theme, _("Tag ud"), name=_("Tag {name} ud af samtalen").format(name=name))
        self.out.clicked.connect(lambda: self.put_out_wanted.emit(person.id))
        self.more = button(theme, _("Mere"), "plain", "more", name=_("Mere om {name}").format(name=name))
        self.more.clicked.connect(self._on_more)
        for part in (self.out, self.more):
            tools.addWidget(part)
        self.show_person(person, can_steer=False)

    def show_person(self, person: RoomParticipant, *, can_steer: bool, came_by: str = "") -> None:
        """Show what has changed; only a host ``can_steer``. ``came_by`` names the party whose link they followed."""
        self._person = person
        symbol, ink, words = "stranger", "danger", _("Med i samtalen, men ikke ventet")
        if person.is_called_up:
            symbol, ink, words = "phone", "text", _("Ringet op herfra")
        elif came_by:
            symbol, ink, words = "people", "text", _("Kom med linket til {party}").format(party=came_by)
        paint_symbol(self._theme, self._symbol, symbol, ink, 20)
        self._words.setText(words)
        self.host.setVisible(person.is_host)
        self.host.give_up.setVisible(can_steer)
        self.more.setVisible(can_steer)

    def _on_more(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def menu(self) -> QMenu:
        """Return what can be done with them beyond the visible button."""
        menu = QMenu(self)
        add_for_person(menu, self._person, self._name, self.person_wished.emit)
        return menu
