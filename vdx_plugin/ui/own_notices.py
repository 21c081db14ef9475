"""Notices that the windows themselves have to give: a command that failed, a text that was copied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from vdx_plugin.service.view import Notice, Problem, Severity

CONFIRMATION_MS = 8000


class OwnNotices(QObject):
    """Kept beside the desk's. Their numbers are below zero, so that the two never meet."""

    changed = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._count = 0
        self.all: tuple[Notice, ...] = ()

    def tell(self, code: str, severity: Severity, **facts: str | int) -> int:
        """Show a problem until it is dismissed; the same code is shown once. Return its number."""
        self._count += 1
        notice = Notice(-self._count, Problem(code, facts), severity, self._now())
        self.all = (*(each for each in self.all if each.problem.code != code), notice)
        self.changed.emit()
        return notice.id

    def confirm(self, code: str, **facts: str | int) -> None:
        """Show for a few seconds that something was done."""
        number = self.tell(code, Severity.INFO, **facts)
        QTimer.singleShot(CONFIRMATION_MS, self, lambda: self.forget(number))

    def forget(self, number: int) -> None:
        """Take one away; one that is gone already is fine."""
        self.all = tuple(each for each in self.all if each.id != number)
        self.changed.emit()
