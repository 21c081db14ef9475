"""The loop over our mailbox: what lies there is handed to ``intake`` and taken out when that is done.

A message is taken out only after what it says has been written down, so a crash repeats it and never loses it. What
nobody can read stays in the mailbox, is told in the log once, and holds up nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from vdx_plugin import log
from vdx_plugin.errors import Refused, Unreadable, VdxError
from vdx_plugin.invitations.transport import Entry, Incoming, Mailbox, MailboxReceipt

_log = log.get("invitations.mailbox")

_WAITED_S = 0.2


class MailboxReader:
    """Reads one mailbox for as long as ``run`` is running."""

    def __init__(
        self,
        mailbox: Mailbox,
        take_in: Callable[[Incoming], Awaitable[None]],
        receipted: Callable[[MailboxReceipt], Awaitable[None]],
        *,
        pause_s: float = 5.0,
    ) -> None:
        self._mailbox = mailbox
        self._take_in = take_in
        self._receipted = receipted
        self._pause_s = pause_s
        self._left: set[str] = set()
        self._is_lost = False

    async def run(self) -> None:
        """Take in messages until cancelled. An unreachable mailbox is told once when lost, once when back."""
        while True:
            if not await self._look():
                await asyncio.sleep(self._pause_s)

    async def _look(self) -> bool:
        """Take in what waits; False when it is better to pause before the next look."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        try:
            waiting = await self._mailbox.receive()
        except VdxError as error:
            self._tell_lost(error)
            return False
        if self._is_lost:
            self._is_lost = False
            _log.info("the mailbox answers again")
        self._left &= {entry.receipt for entry in waiting}
        fresh = [entry for entry in waiting if entry.receipt not in self._left]
        taken = [await self._take(entry) for entry in fresh]
        # An empty answer at once comes from an endpoint that does not wait: asking on would be a busy loop.
        waited = not waiting and loop.time() - asked_at >= _WAITED_S
        return all(taken) and (bool(fresh) or waited)

    def _tell_lost(self, error: VdxError) -> None:
        if not self._is_lost:
            self._is_lost = True
            _log.warning("the mailbox cannot be reached: %s", error)

    async def _take(self, entry: Entry) -> bool:
        """Deal with one message and take it out; False when it must be tried again later."""
        try:
            if isinstance(entry, MailboxReceipt):
                await self._receipted(entry)
            else:
                await self._take_in(entry)
            await self._mailbox.settle(entry)
        except (Unreadable, Refused) as error:
            self._left.add(entry.receipt)
            _log.warning("a message stays in the mailbox, it can be neither read nor answered: %s", error)
        except VdxError as error:
            _log.warning("a message could not be taken in yet: %s", error)
            return False
        except Exception as error:  # noqa: BLE001 - one message that trips us up must not stop the others
            self._left.add(entry.receipt)
            # Not the traceback: it may quote the message.
            _log.error("a message stays in the mailbox, taking it in failed: %s", type(error).__name__)
        return True
