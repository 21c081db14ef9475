"""One meeting of the calendar: when, who, how far the room and each party are, and what can be done now."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from vdx_plugin.domain.consultation import FINISHED
from vdx_plugin.domain.parties import PartyStatus
from vdx_plugin.service.view import AgendaEntry, EntryAction
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_wording import entry_state, entry_title, owner, span
from vdx_plugin.ui.controls import StateLine, button, label, symbol_label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.party_commands import PartyCommands
from vdx_plugin.ui.party_menu import Doable
from vdx_plugin.ui.party_row import PartyRow, Setting
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word, party_name, role, trouble

PROLONG_MIN = (10, 15, 30)


class AgendaRow(QFrame):
    """Emits ``acted(entry, action)``, ``prolonged(entry, timedelta)``, ``link_wanted(entry, party_key)``,
    ``file_wanted(entry, ending)`` and ``wished(entry, wish)``."""

    acted = Signal(object, object)
    wished = Signal(object, object)
    prolonged = Signal(object, object)
    link_wanted = Signal(object, str)
    file_wanted = Signal(object, str)

    def __init__(self, theme: Theme, entry: AgendaEntry) -> None:
        super().__init__()
        self._theme, self.entry = theme, entry
        self._shown: AgendaEntry | None = None
        self.setProperty("kind", "card")
        px = theme.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(12), px(8), px(12), px(8))
        row.setSpacing(px(16))
        self._time = label("", "strong", wrap=False)
        row.addWidget(self._time, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(px(4))
        row.addLayout(column, 1)
        self._title = label("", "strong")
        self._owner = label("", "small")
        self._state = StateLine(theme)
        self._problem = label("")
        self._code = label("", "small")
        self._parties = QVBoxLayout()
        self._parties.setSpacing(0)
        for part in (self._title, self._owner, self._state, self._problem, self._code):
            column.addWidget(part)
        self.parties: dict[str, PartyRow] = {}
        self._shape: object = None
        self.commands = PartyCommands(theme, entry_title(entry))
        self.commands.wished.connect(lambda wish: self.wished.emit(self.entry, wish))
        column.addLayout(self._parties)
        column.addWidget(self.commands)
        self._make_buttons(column)
        self.show_entry(entry)

    def _make_buttons(self, column: QVBoxLayout) -> None:
        actions = FlowLayout(self._theme.px(4), is_centred=False)
        column.addLayout(actions)
        self.start = self._action(_("Start video"), EntryAction.START, "admit", "video")
        self.retry = self._action(_("Prøv igen"), EntryAction.RETRY, "", "retry")
        self.move_button = self._action(_("Flyt"), EntryAction.MOVE, "plain", "clock")
        self.prolong = button(self._theme, _("Forlæng"), "plain", "plan")
        self.prolong.clicked.connect(lambda: self._open(self.prolong_menu(), self.prolong))
        self.copy = button(self._theme, _("Kopiér link"), "plain", "link")
        self.copy.clicked.connect(self._on_copy)
        self.export = button(self._theme, _("Gem …"), "plain", "more")
        self.export.clicked.connect(lambda: self._open(self.export_menu(), self.export))
        self.cancel = self._action(_("Aflys"), EntryAction.CANCEL, "plain", "cross")
        for part in self._pressed():
            actions.addWidget(part)

    def _action(self, words: str, action: EntryAction, kind: str, symbol: str) -> QPushButton:
        pressed = button(self._theme, words, kind, symbol)
        pressed.clicked.connect(lambda: self.acted.emit(self.entry, action))
        return pressed

    def show_entry(self, entry: AgendaEntry) -> None:
        """Show the newest state in place."""
        if entry == self._shown:
            return
        self.entry = self._shown = entry
        title, state = entry_title(entry), entry_state(entry)
        self._time.setText(span(entry.start, entry.end))
        self._title.setText(title)
        self._owner.setText(owner(entry))
        self._owner.setVisible(not entry.is_own)
        self._state.show_word(state)
        problem = entry.problem
        self._problem.setText(trouble(problem) if problem else "")
        self._code.setText(problem.code if problem else "")
        self._problem.setVisible(problem is not None)
        self._code.setVisible(problem is not None)
        self._show_parties(entry)
        self._show_buttons(entry, title)
        self.setAccessibleName(f"{span(entry.start, entry.end)}, {title}: {state.text}")

    def set_gone(self) -> None:
        """Say that the meeting is no longer here; the row keeps its place until the mouse has left the list."""
        self._state.show_word(Word(_("Står her ikke længere"), "cross"))
        for pressed in self._pressed():
            pressed.setEnabled(False)

    def _pressed(self) -> tuple[QPushButton, ...]:
        return self.start, self.retry, self.move_button, self.prolong, self.copy, self.export, self.cancel

    def _show_parties(self, entry: AgendaEntry) -> None:
        is_over = entry.stage in FINISHED
        shape = (is_over, tuple(status.party.key for status in entry.parties))
        if shape != self._shape:
            self._shape = shape
            self._build_parties(entry, is_over=is_over)
        for status in entry.parties:
            row = self.parties.get(status.party.key)
            if row is not None:
                row.show_status(status, _setting(entry, status))
        self.commands.show_state(entry.undoable, doable(entry))
        self.commands.setVisible(entry.undoable is not None or doable(entry) is not Doable.NOTHING)

    def _build_parties(self, entry: AgendaEntry, *, is_over: bool) -> None:
        self.parties = {}
        while old := self._parties.takeAt(0):
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for status in entry.parties:
            if is_over or entry.context is None:
                self._parties.addWidget(self._line(entry, status))
                continue
            row = PartyRow(self._theme, status, _setting(entry, status), is_folded=True)
            row.wished.connect(lambda wish: self.wished.emit(self.entry, wish))
            self.parties[status.party.key] = row
            self._parties.addWidget(row)

    def _line(self, entry: AgendaEntry, status: PartyStatus) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(self._theme.px(8))
        symbol = symbol_label(self._theme, status.party.role.value, "quiet", 16)
        symbol.setToolTip(role(status.party.role))
        line.addWidget(symbol, 0, Qt.AlignmentFlag.AlignTop)
        words = _name(entry, status)
        line.addWidget(label(f"{words}. „{status.answers[-1].text}“" if status.answers else words, "small"), 1)
        return holder

    def _show_buttons(self, entry: AgendaEntry, title: str) -> None:
        buttons = {
            EntryAction.START: self.start,
            EntryAction.RETRY: self.retry,
            EntryAction.MOVE: self.move_button,
            EntryAction.PROLONG: self.prolong,
            EntryAction.CANCEL: self.cancel,
        }
        for action, pressed in buttons.items():
            pressed.setVisible(action in entry.actions)
        self.copy.setVisible(bool(entry.links))
        self.export.setVisible(entry.consultation_id is not None and entry.context is not None)
        for pressed in self._pressed():
            pressed.setAccessibleName(f"{pressed.text()}: {span(entry.start, entry.end)}, {title}")

    def prolong_menu(self) -> QMenu:
        """Return the lengths by which the meeting can be prolonged."""
        menu = QMenu(self)
        for minutes in PROLONG_MIN:
            words = _("{minutes} min længere").format(minutes=minutes)
            menu.addAction(words, partial(self.prolonged.emit, self.entry, timedelta(minutes=minutes)))
        return menu

    def link_menu(self) -> QMenu:
        """Return the parties whose link can be copied."""
        menu = QMenu(self)
        for status in self.entry.parties:
            if status.party.key in self.entry.links:
                words = _("Link til {name}").format(name=_name(self.entry, status))
                menu.addAction(words, partial(self.link_wanted.emit, self.entry, status.party.key))
        return menu

    def export_menu(self) -> QMenu:
        """Return the files that the meeting can be saved as."""
        menu = QMenu(self)
        menu.addAction(_("Gem som kalenderfil …"), partial(self.file_wanted.emit, self.entry, "ics"))
        menu.addAction(_("Eksportér til journalen (FHIR) …"), partial(self.file_wanted.emit, self.entry, "json"))
        return menu

    def _on_copy(self) -> None:
        if len(self.entry.links) == 1:
            self.link_wanted.emit(self.entry, next(iter(self.entry.links)))
        else:
            self._open(self.link_menu(), self.copy)

    def _open(self, menu: QMenu, below: QPushButton) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(below.mapToGlobal(below.rect().bottomLeft()))


def _name(entry: AgendaEntry, status: PartyStatus) -> str:
    return party_name(status.party, entry.context) if entry.context else role(status.party.role)


def doable(entry: AgendaEntry) -> Doable:
    """Return what can be done with the parties: what can be done with the meeting says whether it is settled."""
    return Doable.BOOKED if EntryAction.MOVE in entry.actions else Doable.NOTHING


def _setting(entry: AgendaEntry, status: PartyStatus) -> Setting:
    if entry.context is None:
        raise ValueError("a meeting of somebody else's has no parties here")
    return Setting(entry.context, None, status.party.key in entry.links, doable(entry))
