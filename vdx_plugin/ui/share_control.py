"""Sharing the screen: from the button over the choice to the end, whoever ends it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from vdx_plugin.ports import Slides
from vdx_plugin.service.view import CallView
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.room_port import RoomPort
from vdx_plugin.ui.screen_capture import CaptureSource, ScreenShare, SystemCapture
from vdx_plugin.ui.share_dialog import ShareDialog
from vdx_plugin.ui.windows import Windows


class ShareControl(QObject):
    """One for the desktop. What is captured stops with the call, with the room's word, and with **Stop deling**."""

    def __init__(
        self,
        room: RoomPort,
        commands: Commands,
        notices: OwnNotices,
        parent: QObject | None = None,
        *,
        source: Callable[[], CaptureSource] = SystemCapture,
    ) -> None:
        super().__init__(parent)
        self._room, self._commands, self._notices = room, commands, notices
        self.share = ScreenShare(source(), room.show_screen, self)
        self.share.image_taken.connect(self._on_image)
        self.share.lost.connect(self._on_lost)
        self._windows: Windows | None = None
        self._is_ours = False
        self.dialog: ShareDialog | None = None

    def join(self, windows: Windows) -> None:
        """Take part in these windows."""
        self._windows = windows
        windows.call.call.bar.share_wanted.connect(self.open_choice)
        windows.call.call.bar.stop_share_wanted.connect(self.stop)
        windows.call.stop_share_wanted.connect(self.stop)
        windows.small.stop_share_wanted.connect(self.stop)

    def show(self, call: CallView | None) -> None:
        """Follow the call: what the room has ended is captured no longer."""
        is_ours = call is not None and call.slides.slides is Slides.OURS
        if self._is_ours and not is_ours:
            self.share.stop()
        if call is None and self.dialog is not None:
            self.dialog.reject()
        self._is_ours = is_ours

    def open_choice(self) -> None:
        """Ask what to show."""
        if self._windows is None or self.dialog is not None:
            return
        self.dialog = ShareDialog(self._windows.theme, self.share.choices(), self._windows.call)
        self.dialog.looked_at.connect(self.share.look_at)
        self.dialog.share_wanted.connect(self._on_share)
        self.dialog.rejected.connect(self.share.stop)
        self.dialog.finished.connect(self._on_closed)
        self.dialog.open()

    def stop(self) -> None:
        """Stop at once here, then tell the room."""
        self.share.stop()
        self._commands.run(self._room.stop_presenting())

    def _on_share(self) -> None:
        self.share.send()
        self._commands.run(self._room.present(), success=self._on_begun)

    def _on_begun(self, is_allowed: bool) -> None:
        if not is_allowed:
            self.share.stop()

    def _on_closed(self) -> None:
        self.dialog = None

    def _on_image(self, image: QImage) -> None:
        if self.dialog is not None:
            self.dialog.show_image(image)

    def _on_lost(self) -> None:
        if self.dialog is not None:
            self.dialog.show_lost()
        elif self._is_ours:
            self._commands.run(self._room.stop_presenting())
            self._notices.confirm("share.lost")
