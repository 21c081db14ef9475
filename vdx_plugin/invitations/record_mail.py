"""MedCom messages through the record system's own mail: the usual road where the record is on the network already."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from vdx_plugin.invitations.message import read_message
from vdx_plugin.invitations.transport import Entry, Incoming
from vdx_plugin.invitations.vans_envelope import document_name
from vdx_plugin.ports import OutboxDraft, RecordIncoming, RecordLetter

HANDED_OVER = "record:"


class Systems(Protocol):
    """The part of ``ports.ClinicSystems`` that is used here."""

    async def send_letter(self, letter: RecordLetter) -> str: ...

    async def letters(self) -> Sequence[RecordIncoming]: ...

    async def settle_letter(self, receipt: str) -> None: ...


class RecordMail:
    """Carrier and Mailbox over the connections to record systems, which it does not close."""

    def __init__(self, systems: Systems, *, look_every_s: float = 5.0, wait_s: float = 20.0) -> None:
        self._systems = systems
        self._look_every_s = look_every_s
        self._wait_s = wait_s

    async def send(self, draft: OutboxDraft) -> str:
        """Hand the message to the record; see ``Carrier``."""
        name = document_name(read_message(draft.payload, draft.mime))
        letter = RecordLetter(draft.message_id, draft.receiver, name, draft.mime, draft.payload)
        return f"{HANDED_OVER}{await self._systems.send_letter(letter)}"

    async def receive(self) -> list[Entry]:
        """Ask the record until something is there, at most ``wait_s``; see ``Mailbox``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._wait_s
        while True:
            found = await self._systems.letters()
            if found or loop.time() >= until:
                return [Incoming(one.receipt, one.mime, one.sender_gln, one.body) for one in found]
            await asyncio.sleep(self._look_every_s)

    async def settle(self, entry: Entry) -> None:
        """Tell the record that the message has been dealt with."""
        await self._systems.settle_letter(entry.receipt)

    async def close(self) -> None:
        """The connections belong to the host."""
