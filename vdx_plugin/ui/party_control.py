"""What is wished of the parties, from the windows to the desk: of a running consultation and of those booked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import SENT_BY_US, PartyStatus, Presence
from vdx_plugin.domain.secret import Secret
from vdx_plugin.service.view import AgendaEntry, ConsultationView, DeskView, EntryAction
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.delay_dialog import DelayDialog
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.partner_dialog import PartnerDialog
from vdx_plugin.ui.party_wishes import Act, Wish
from vdx_plugin.ui.windows import Windows
from vdx_plugin.ui.wording import party_name

_TO_MEETING = {Act.MOVE: EntryAction.MOVE, Act.CANCEL: EntryAction.CANCEL}


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose parties: the running consultation or an entry of the calendar, and the window that asks."""

    id: UUID
    context: ClinicContext
    parties: tuple[PartyStatus, ...]
    links: Mapping[str, Secret]
    window: QWidget
    start: datetime

    def party(self, key: str) -> PartyStatus | None:
        return next((each for each in self.parties if each.party.key == key), None)

    def name(self, key: str) -> str:
        status = self.party(key)
        return party_name(status.party, self.context) if status is not None else ""

    def names(self, *, are_written_to: bool) -> str:
        """Return who of those still to come hears of something from here, or who does not."""
        out = [each.party for each in self.parties if each.is_expected and each.presence is not Presence.IN_CALL]
        chosen = [party for party in out if (party.channel in SENT_BY_US) is are_written_to]
        return ", ".join(party_name(party, self.context) for party in chosen)


class PartyControl(QObject):
    """``acted`` is called with an entry of the calendar and what is to be done with the whole meeting, ``card`` with
    whose interpreter's card is wanted."""

    def __init__(
        self,
        commands: Commands,
        notices: OwnNotices,
        new_key: Callable[[], str],
        acted: Callable[[AgendaEntry, EntryAction], None],
        card: Callable[[UUID, str, QWidget, datetime], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._commands, self._notices, self._new_key, self._acted, self._card = commands, notices, new_key, acted, card
        self._windows: Windows | None = None
        self._running: ConsultationView | None = None

    def join(self, windows: Windows) -> None:
        """Serve new windows."""
        self._windows = windows
        windows.call.call.parties.wished.connect(self._on_running)
        windows.call.starting.parties.wished.connect(self._on_running)
        windows.calendar.list.wished.connect(self._on_entry)

    def show(self, view: DeskView) -> None:
        """Keep what runs now."""
        self._running = view.consultation

    def _on_running(self, wish: Wish) -> None:
        view = self._running
        if view is None or self._windows is None:
            return
        if wish.act in _TO_MEETING:
            plan = view.plan
            entry = AgendaEntry(view.id, plan.start, plan.end, consultation_id=view.id, context=view.context)
            self._acted(replace(entry, parties=view.parties), _TO_MEETING[wish.act])
        else:
            window, start = self._windows.call, view.plan.start
            self._do(_Subject(view.id, view.context, view.parties, view.links, window, start), wish)

    def _on_entry(self, entry: AgendaEntry, wish: Wish) -> None:
        if entry.consultation_id is None or entry.context is None or self._windows is None:
            return
        if wish.act in _TO_MEETING:
            self._acted(entry, _TO_MEETING[wish.act])
            return
        window = self._windows.calendar
        subject = _Subject(entry.consultation_id, entry.context, entry.parties, entry.links, window, entry.start)
        self._do(subject, wish)

    def _do(self, subject: _Subject, wish: Wish) -> None:
        match wish.act:
            case Act.COPY:
                self._copy(subject, wish.key)
            case Act.DELAY if not wish.minutes:
                self._ask_delay(subject)
            case Act.CARD:
                self._card(subject.id, wish.key, subject.window, subject.start)
            case Act.INVITE:
                self._ask_partner(subject, "")
            case Act.EXCHANGE:
                self._ask_partner(subject, wish.key)
            case Act.PUT_OUT:
                status = subject.party(wish.key)
                if status is not None and status.participant_id:
                    self._commands.put_out(status.participant_id)
            case _:
                self._tell(subject.id, wish)

    def _tell(self, number: UUID, wish: Wish) -> None:
        commands = self._commands
        match wish.act:
            case Act.RESEND:
                commands.resend(number, wish.key)
            case Act.TOLD:
                commands.told_by_phone(number, wish.key)
            case Act.REMIND:
                commands.remind(number, wish.key)
            case Act.REMIND_ALL:
                commands.remind(number)
            case Act.UNINVITE:
                commands.uninvite(number, wish.key)
            case Act.SEND_ANEW if wish.party is not None:
                commands.send_anew(number, wish.party)
            case Act.MARK:
                commands.mark_answer(number, wish.message_id, wish.mark)
            case Act.DELAY:
                commands.tell_delay(number, wish.minutes)
            case Act.UNDO:
                commands.undo(number)

    def _copy(self, subject: _Subject, key: str) -> None:
        if key in subject.links:
            QGuiApplication.clipboard().setText(subject.links[key].reveal())
            self._notices.confirm("link.copied", party=subject.name(key))

    def _ask_delay(self, subject: _Subject) -> None:
        if self._windows is None:
            return
        told, by_hand = subject.names(are_written_to=True), subject.names(are_written_to=False)
        dialog = DelayDialog(self._windows.theme, told, by_hand, subject.window)
        dialog.delay_chosen.connect(lambda minutes: self._commands.tell_delay(subject.id, minutes))
        dialog.open()

    def _ask_partner(self, subject: _Subject, key: str) -> None:
        if self._windows is None:
            return
        name = subject.name(key)
        dialog = PartnerDialog(self._windows.theme, self._new_key, name, subject.window)
        dialog.search_wanted.connect(lambda text: self._commands.search(dialog, text, dialog.show_found))
        if key:
            dialog.party_chosen.connect(lambda party: self._commands.exchange(subject.id, key, party))
        else:
            dialog.party_chosen.connect(lambda party: self._commands.invite(subject.id, party))
        dialog.open()
