"""Letters that go with the mail of a record system: handed to the adapter that counts most of those that carry them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vdx_plugin.errors import OutcomeUnknown, Unavailable
from vdx_plugin.host.guard import Limits
from vdx_plugin.host.running import Running
from vdx_plugin.ports import Capability, ClinicSystem, RecordIncoming, RecordLetter

_ABLE = Capability.LETTERS


class LetterCalls:
    """``ports.ClinicSystems``' calls about letters. A second adapter is never tried: a letter might go out twice.

    Each raises Unavailable(``invite.unreachable``) when no adapter that carries letters is running, else what the
    adapter raises.
    """

    def __init__(self, running: Callable[[], Iterable[Running]], limits: Limits) -> None:
        self._running = running
        self._limits = limits

    async def send_letter(self, letter: RecordLetter) -> str:
        """Send one. Raises OutcomeUnknown when nobody knows whether it went."""
        each, adapter = self._carrier()
        work = adapter.send_letter(letter)
        try:
            return str(await each.call_able(_ABLE, "send_letter", self._limits.write_back_s, work, letter=letter))
        except Unavailable as error:
            if error.code.startswith("adapter."):
                raise OutcomeUnknown("invite.unknown", error.detail) from error
            raise

    async def letters(self) -> Sequence[RecordIncoming]:
        """Return what came for us and is not settled."""
        each, adapter = self._carrier()
        found = await each.call_able(_ABLE, "letters", self._limits.ask_s, adapter.letters())
        return [one for one in found if isinstance(one, RecordIncoming)]

    async def settle_letter(self, receipt: str) -> None:
        """Say that one has been dealt with."""
        each, adapter = self._carrier()
        work = adapter.settle_letter(receipt)
        await each.call_able(_ABLE, "settle_letter", self._limits.ask_s, work, receipt=receipt)

    def _carrier(self) -> tuple[Running, ClinicSystem]:
        for each in self._running():
            if each.can(_ABLE) and each.adapter is not None:
                return each, each.adapter
        raise Unavailable("invite.unreachable", "no record system that carries letters is running")
