"""Expected and present: who waits on top, then every expected party, then whoever else is in the room.

A list never jumps under the mouse: while the mouse is over it, rows are changed in place only; rows come, go and
move when it has left. Somebody who begins to wait meanwhile is told by the band across the picture.
"""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import PartyStatus, Presence
from vdx_plugin.ports import RoomParticipant
from vdx_plugin.service.view import CallView, ConsultationView, WaitingGuest
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import label, rule
from vdx_plugin.ui.party_commands import PartyCommands
from vdx_plugin.ui.party_menu import Doable
from vdx_plugin.ui.party_row import PartyRow, Setting
from vdx_plugin.ui.stranger_row import StrangerRow
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.waiting_row import WaitingRow
from vdx_plugin.ui.wording import party_name


def link_label(tag: str | None, view: ConsultationView) -> str:
    """Return the name of the party whose link bears ``tag``, empty where it is nobody's.

    Several may follow one: the doctor of a ward comes with a nurse, the patient with a daughter.
    """
    party = next((each.party for each in view.parties if each.party.key == tag), None)
    return party_name(party, view.context) if party else ""


def strangers(view: ConsultationView) -> tuple[RoomParticipant, ...]:
    """Return who is in the call without being an expected party.

    A host under our own name is ourselves, from before a connection that was lost, or a colleague here.
    """
    known = {each.participant_id for each in view.parties}
    everybody = (view.call or CallView()).participants
    own = {each.display_name for each in everybody if each.is_self}
    return tuple(
        p
        for p in everybody
        if not (p.is_self or p.is_waiting or p.id in known or (p.is_host and p.display_name in own))
    )


class PartyPanel(QScrollArea):
    """Emits what the user decides about each person."""

    admit_wanted = Signal(object, object)
    put_out_wanted = Signal(str)
    person_wished = Signal(object)
    wished = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.commands = PartyCommands(theme)
        self.commands.wished.connect(self.wished)
        self._view: ConsultationView | None = None
        self._now: datetime | None = None
        self._is_held = False
        self._shape: object = None
        self.waiting: dict[str, WaitingRow] = {}
        self.parties: dict[str, PartyRow] = {}
        self.strangers: dict[str, StrangerRow] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(_("Ventet og til stede"))
        # The commands move to each new column and belong to the panel from the start.
        nobody = QWidget()
        QVBoxLayout(nobody).addWidget(self.commands)
        self.setWidget(nobody)

    def show_consultation(self, view: ConsultationView, now: datetime) -> None:
        """Show the newest state of everybody."""
        self._view, self._now = view, now
        if not self._is_held and _shape(view) != self._shape:
            self._build(view)
        self._refresh(view, now)

    def enterEvent(self, _event: QEvent) -> None:
        self._is_held = True

    def leaveEvent(self, _event: QEvent) -> None:
        self._is_held = False
        if self._view is not None and self._now is not None:
            self.show_consultation(self._view, self._now)

    def _build(self, view: ConsultationView) -> None:
        self._shape = _shape(view)
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, self._theme.px(4), 0)
        column.setSpacing(self._theme.px(4))
        column.addWidget(label(_("Ventet og til stede"), "heading"))
        column.addWidget(self.commands)
        self.waiting = {guest.participant_id: self._waiting_row(guest, view) for guest in view.waiting}
        self.parties = {each.party.key: self._party_row(each, view) for each in view.parties}
        self.strangers = {each.id: self._stranger_row(each) for each in strangers(view)}
        for row in self.waiting.values():
            column.addWidget(row)
        for number, line in enumerate((*self.strangers.values(), *self.parties.values())):
            if number:
                column.addWidget(rule())
            column.addWidget(line)
        column.addStretch(1)
        place = self.verticalScrollBar().value()
        # Not destroyed at once: Qt may be in the middle of telling the old rows that the mouse has left them.
        old = self.takeWidget()
        self.setWidget(inside)
        if old is not None:
            old.hide()
            old.deleteLater()
        self.verticalScrollBar().setValue(place)

    def _refresh(self, view: ConsultationView, now: datetime) -> None:
        outside = {guest.participant_id for guest in view.waiting}
        for number, waiting in self.waiting.items():
            if number in outside:
                waiting.show_time(now)
            else:
                waiting.set_gone()
        for each in view.parties:
            row = self.parties.get(each.party.key)
            if row is not None:
                row.show_status(each, _setting(each, view, now))
        steers = (view.call or CallView()).rules.is_host
        for person in strangers(view):
            if person.id in self.strangers:
                party = link_label(person.call_tag, view)
                self.strangers[person.id].show_person(person, can_steer=steers, came_by=party)
        self.commands.show_state(view.undoable, doable(view))

    def _waiting_row(self, guest: WaitingGuest, view: ConsultationView) -> WaitingRow:
        missing = [(each.party.key, party_name(each.party, view.context)) for each in view.parties if _is_out(each)]
        row = WaitingRow(self._theme, guest, link_label(guest.party_key, view), missing)
        row.admitted.connect(self.admit_wanted)
        row.turned_away.connect(lambda who: self.put_out_wanted.emit(who.participant_id))
        return row

    def _party_row(self, status: PartyStatus, view: ConsultationView) -> PartyRow:
        row = PartyRow(self._theme, status, _setting(status, view, self._now or view.plan.start))
        row.wished.connect(self.wished)
        row.person_wished.connect(self.person_wished)
        return row

    def _stranger_row(self, participant: RoomParticipant) -> StrangerRow:
        row = StrangerRow(self._theme, participant)
        row.put_out_wanted.connect(self.put_out_wanted)
        row.person_wished.connect(self.person_wished)
        return row


def doable(view: ConsultationView) -> Doable:
    """Return what can be done with the parties: once everybody is invited, and while nothing else is being done."""
    is_ready = view.stage in (Stage.INVITED, Stage.IN_CALL) and not view.is_busy
    return Doable.IN_CALL if is_ready else Doable.NOTHING


def _setting(status: PartyStatus, view: ConsultationView, now: datetime) -> Setting:
    return Setting(view.context, now, status.party.key in view.links, doable(view), _person(status, view))


def _person(status: PartyStatus, view: ConsultationView) -> RoomParticipant | None:
    call = view.call or CallView()
    if not call.rules.is_host or status.participant_id is None:
        return None
    return next((each for each in call.participants if each.id == status.participant_id and not each.is_waiting), None)


def _is_out(status: PartyStatus) -> bool:
    return status.is_expected and status.presence in (Presence.EXPECTED, Presence.LEFT)


def _shape(view: ConsultationView) -> object:
    """What decides which rows there are and in which order."""
    return (
        view.id,
        tuple((guest.participant_id, guest.party_key, guest.name_given) for guest in view.waiting),
        tuple(each.party.key for each in view.parties),
        tuple((each.id, each.display_name) for each in strangers(view)),
    )


def present_count(view: ConsultationView) -> int:
    """Return how many others are in the call."""
    return len(strangers(view)) + sum(each.presence is Presence.IN_CALL for each in view.parties)
