"""What is done with people in the call, from the menu of each: at once, or after a question."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from vdx_plugin.domain.room import OtherRoom
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.person_dialogs import MakeHostDialog, SendElsewhereDialog
from vdx_plugin.ui.person_wishes import PersonAct, PersonWish
from vdx_plugin.ui.room_port import RoomPort
from vdx_plugin.ui.windows import Windows


class PersonControl(QObject):
    """One for the desktop. ``dialog`` is the question that is asked now."""

    def __init__(self, room: RoomPort, commands: Commands, notices: OwnNotices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._room, self._commands, self._notices = room, commands, notices
        self._windows: Windows | None = None
        self.dialog: QDialog | None = None

    def join(self, windows: Windows) -> None:
        """Take part in these windows."""
        self._windows = windows
        for page in (windows.call.call, windows.call.starting):
            page.parties.person_wished.connect(self._on_wish)

    def _on_wish(self, wish: PersonWish) -> None:
        run, room, who = self._commands.run, self._room, wish.person_id
        match wish.act:
            case PersonAct.MUTE | PersonAct.UNMUTE:
                run(room.mute(who, muted=wish.act is PersonAct.MUTE))
            case PersonAct.SHOW_LARGE | PersonAct.SHOW_AS_OTHERS:
                run(room.spotlight(who, on=wish.act is PersonAct.SHOW_LARGE))
            case PersonAct.MAKE_HOST:
                self._ask_host(wish)
            case PersonAct.MAKE_GUEST:
                self._set_host(wish, host=False)
            case PersonAct.SEND_ELSEWHERE:
                self._ask_room(wish)

    def _ask_host(self, wish: PersonWish) -> None:
        if self._windows is not None:
            dialog = MakeHostDialog(self._windows.theme, wish.name, self._windows.call)
            dialog.confirmed.connect(partial(self._set_host, wish, host=True))
            self._open(dialog)

    def _ask_room(self, wish: PersonWish) -> None:
        if self._windows is not None:
            dialog = SendElsewhereDialog(self._windows.theme, wish.name, self._windows.call)
            dialog.room_chosen.connect(partial(self._send, wish))
            self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._on_closed)
        dialog.open()

    def _on_closed(self) -> None:
        self.dialog = None

    def _set_host(self, wish: PersonWish, *, host: bool) -> None:
        code = "person.made_host" if host else "person.made_guest"
        self._commands.run(self._room.set_host(wish.person_id, host=host), success=partial(self._tell, code, wish))

    def _send(self, wish: PersonWish, room: OtherRoom) -> None:
        work = self._room.send_elsewhere(wish.person_id, room.alias, room.pin)
        self._commands.run(work, success=partial(self._tell, "person.sent_elsewhere", wish))

    def _tell(self, code: str, wish: PersonWish, is_done: bool) -> None:
        # What went wrong is told by the desk.
        if is_done:
            self._notices.confirm(code, name=wish.name)
