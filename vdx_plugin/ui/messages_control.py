"""Dead letters and stray answers from their window to the desk."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from vdx_plugin.domain.parties import Channel
from vdx_plugin.service.correspondence_view import DeadLetter, Whereto
from vdx_plugin.service.view import DeskView
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.correspondence_port import CorrespondencePort
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.windows import Windows, present


class MessagesControl(QObject):
    """``port`` is the desk's part for them."""

    def __init__(self, port: CorrespondencePort, commands: Commands, notices: OwnNotices, parent: QObject) -> None:
        super().__init__(parent)
        self._port, self._commands, self._notices = port, commands, notices
        self._windows: Windows | None = None

    def join(self, windows: Windows) -> None:
        """Serve new windows."""
        self._windows = windows
        window, port = windows.messages, self._port
        window.resend_wanted.connect(lambda key: self._do(port.resend(key)))
        window.channel_wanted.connect(lambda key, channel: self._do(port.other_channel(key, Channel(channel))))
        window.phoned.connect(lambda key: self._do(port.by_phone(key)))
        window.matched.connect(self._on_matched)
        window.aside_wanted.connect(lambda message_id: self._do(port.put_aside(message_id)))
        window.back_wanted.connect(lambda message_id: self._do(port.take_back(message_id)))
        window.link_wanted.connect(self._on_link)

    def show(self, view: DeskView) -> None:
        """Show the newest state."""
        if self._windows is not None:
            self._windows.messages.show_view(view.correspondence)

    def open_messages(self) -> None:
        """Open the window, on what the store holds now."""
        if self._windows is not None:
            present(self._windows.messages, is_active=True)
            self._do(self._port.refresh())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._commands.run(work)

    def _on_matched(self, message_id: str, whereto: Whereto) -> None:
        self._do(self._port.match(message_id, whereto.consultation_id, whereto.party_key))

    def _on_link(self, dead: DeadLetter) -> None:
        if dead.link is not None:
            QGuiApplication.clipboard().setText(dead.link.reveal())
            self._notices.confirm("link.copied", party=dead.party)
