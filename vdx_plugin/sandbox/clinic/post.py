"""The record's own mail: it is on the network already, and carries MedCom messages for the program beside it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from vdx_plugin.sandbox.partners.bundle import Unreadable
from vdx_plugin.sandbox.partners.hub import EnvelopeConflict, PartnerDown, PartnerHub, UnknownReceiver
from vdx_plugin.sandbox.partners.values import Parcel


class ClinicPost:
    """Carries between the helper program and the partners' hub, under the practice's own location number."""

    def __init__(self, hub: PartnerHub, gln: str) -> None:
        self.carried: list[str] = []
        """Ids of the messages that were posted, in order."""
        self._hub = hub
        self._gln = gln

    async def carry(self, letter: dict[str, Any]) -> dict[str, Any] | None:
        """Post a message and return the receipt for the helper; None while the network does not take it."""
        parcel = Parcel(
            self._gln,
            letter["receiver_gln"],
            letter["message_id"],
            letter["mime"],
            b64decode(letter["body"]),
            letter["name"],
        )
        try:
            receipt = await self._hub.hand_in(parcel)
        except PartnerDown:
            return None
        except (UnknownReceiver, EnvelopeConflict, Unreadable):
            return {"accepted": False}
        self.carried.append(letter["message_id"])
        return {"accepted": True, "remote_id": receipt}

    async def waiting(self, wait_s: float) -> list[dict[str, Any]]:
        """Return what has come for the practice, as the helper takes it."""
        return [
            {
                "receipt": entry.receipt,
                "sender_gln": entry.parcel.sender_gln,
                "mime": entry.parcel.mime,
                "body": b64encode(entry.parcel.body).decode(),
            }
            for entry in await self._hub.waiting(self._gln, wait_s)
        ]

    async def settled(self, receipt: str) -> None:
        """The helper has dealt with it: take it out of the mailbox."""
        await self._hub.confirm(self._gln, receipt)
