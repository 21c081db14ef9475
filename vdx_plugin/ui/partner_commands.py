"""What a user can want of the directory of partners. Each method returns at once, as in ``commands``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtWidgets import QWidget

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import ImportPreview, Reach
from vdx_plugin.service.partners import PartnersView, TeamChoice
from vdx_plugin.ui.bridge import Operations
from vdx_plugin.ui.partners_port import PartnersPort


class PartnerCommands:
    """``failed`` is called on Qt's thread with what went wrong; ``port`` may be asked for faults on any thread."""

    def __init__(self, port: PartnersPort, operations: Operations, failed: Callable[[VdxError], None]) -> None:
        self.port = port
        self._operations, self._failed = operations, failed
        # A change must be carried through even when the window it came from has closed.
        self._anchor = QWidget()
        self._look = 0

    def look(self, window: QWidget, text: str, role: PartyRole | None, success: Callable[[PartnersView], None]) -> None:
        """Search for a window; an earlier search that has not ended is given up."""
        self._operations.cancel(self._look)
        self._look = self._operations.run(window, self._looked(text, role), success=success, failure=self._failed)

    async def _looked(self, text: str, role: PartyRole | None) -> PartnersView:
        return self.port.look(text, role)

    def change(self, work: Coroutine[Any, Any, None], done: Callable[[], None]) -> None:
        """Carry out a change of the directory."""
        self._operations.run(self._anchor, work, success=lambda _nothing: done(), failure=self._failed)

    def preview(self, window: QWidget, content: bytes, success: Callable[[ImportPreview], None]) -> None:
        self._operations.run(window, self.port.preview(content), success=success, failure=self._failed)

    def reach(self, window: QWidget, partner: Partner, success: Callable[[Reach], None]) -> None:
        self._operations.run(window, self.port.reach(partner), success=success, failure=self._failed)

    def team_choice(self, window: QWidget, context: ClinicContext, success: Callable[[TeamChoice], None]) -> None:
        self._operations.run(window, self.port.team_choice(context), success=success, failure=self._failed)

    def remember_team(self, context: ClinicContext, team_id: str) -> None:
        self._operations.run(self._anchor, self.port.remember_team(context, team_id), failure=self._failed)
