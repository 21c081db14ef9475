"""Getting what is handed over from the desk, and writing it where the user wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from PySide6.QtWidgets import QWidget

from vdx_plugin.errors import Unavailable, VdxError
from vdx_plugin.ports import AppointmentFiles, InterpreterCard, TextName
from vdx_plugin.ui.bridge import Operations
from vdx_plugin.ui.desk_port import DeskPort


class HandOverCommands:
    """Each method returns at once; ``failed`` is called on Qt's thread with what went wrong."""

    def __init__(self, desk: DeskPort, operations: Operations, failed: Callable[[VdxError], None]) -> None:
        self._desk, self._operations, self._failed = desk, operations, failed
        # Carried through even when the window has closed.
        self._anchor = QWidget()

    def load_card(
        self, window: QWidget, consultation_id: UUID, party_key: str, success: Callable[[InterpreterCard], None]
    ) -> None:
        work = self._desk.interpreter_card(consultation_id, party_key)
        self._operations.run(window, work, success=success, failure=self._failed)

    def load_files(self, window: QWidget, consultation_id: UUID, success: Callable[[AppointmentFiles], None]) -> None:
        work = self._desk.export_appointment(consultation_id)
        self._operations.run(window, work, success=success, failure=self._failed)

    def keep_text(self, language: str, name: TextName, text: str, success: Callable[[], None]) -> None:
        work = self._desk.message_texts.keep(language, name, text)
        self._operations.run(self._anchor, work, success=lambda _: success(), failure=self._failed)

    def write_file(self, path: Path, text: str, success: Callable[[], None]) -> None:
        work = _written(path, text)
        self._operations.run(self._anchor, work, success=lambda _: success(), failure=self._failed)


async def _written(path: Path, text: str) -> None:
    try:
        # As it is: a calendar file's line ends belong to its format.
        await asyncio.to_thread(path.write_bytes, text.encode())
    except OSError as error:
        raise Unavailable("file.disk", type(error).__name__) from error
