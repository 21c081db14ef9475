"""MedCom messages that the record's mail has brought for us, until they have been dealt with."""

from __future__ import annotations

from collections import OrderedDict

from vdx_plugin.adapters.local.letterbox import Kind, Letterbox
from vdx_plugin.api.v1 import RecordIncoming, Unavailable

MAX_WAITING = 100
MAX_REMEMBERED = 1000


class InTray:
    """Holds each message under the record's name for it. The record keeps its own until it hears that one is settled,
    so nothing is lost with us.
    """

    def __init__(self, letterbox: Letterbox) -> None:
        self._letterbox = letterbox
        self._waiting: dict[str, RecordIncoming] = {}
        self._settled: OrderedDict[str, None] = OrderedDict()

    def bring(self, letter: RecordIncoming) -> bool:
        """Take a message in; a repeat is the same one. True when it has been dealt with already.

        Raises Unavailable(``local.mail_full``) while too many wait; the record brings it again later.
        """
        if letter.receipt in self._settled:
            return True
        if letter.receipt not in self._waiting and len(self._waiting) >= MAX_WAITING:
            raise Unavailable("local.mail_full")
        self._waiting[letter.receipt] = letter
        return False

    def waiting(self) -> tuple[RecordIncoming, ...]:
        """Return what waits, oldest first."""
        return tuple(self._waiting.values())

    def settle(self, receipt: str) -> None:
        """It has been dealt with: drop it, and tell the record at its next poll."""
        if self._waiting.pop(receipt, None) is None:
            return
        self._settled[receipt] = None
        if len(self._settled) > MAX_REMEMBERED:
            self._settled.popitem(last=False)
        self._letterbox.put(Kind.SETTLED, receipt, {"receipt": receipt})
