"""A carrier that asks the national register before a letter leaves, and does not send what its receiver cannot take.

The plan has asked already, but between the plan and the sending lie weeks, and letters that were never planned: a team,
an exchange, another channel. Without the question the answer would come hours later, as MedCom's
``MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE``.
"""

from __future__ import annotations

from vdx_plugin.domain.parties import LetterFormat
from vdx_plugin.errors import Refused
from vdx_plugin.invitations.message import read_message
from vdx_plugin.invitations.threads import sor_of
from vdx_plugin.invitations.transport import Carrier
from vdx_plugin.ports import AddressBook, MessageKind, OutboxDraft, ReachState


class AskingFirst:
    """A Carrier before another one. Where the register is silent or does not know, the letter is sent."""

    def __init__(self, carrier: Carrier, addresses: AddressBook) -> None:
        self._carrier, self._addresses = carrier, addresses

    async def send(self, draft: OutboxDraft) -> str:
        """See ``Carrier``. Raises Refused(``invite.cannot_receive``) besides."""
        if await self._is_in_vain(draft):
            raise Refused("invite.cannot_receive")
        return await self._carrier.send(draft)

    async def close(self) -> None:
        await self._carrier.close()

    async def _is_in_vain(self, draft: OutboxDraft) -> bool:
        # Whoever wrote to us can be answered. Where the network converts, the register speaks of the new form only.
        if draft.kind is MessageKind.ACKNOWLEDGEMENT or draft.format is LetterFormat.CONVERTED:
            return False
        told = await self._addresses.reach(sor_of(read_message(draft.payload, draft.mime).receiver))
        return told.state is ReachState.CANNOT
