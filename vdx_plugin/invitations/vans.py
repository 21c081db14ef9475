"""What both roads to a VANS supplier share: our messages into envelopes, and envelopes into what the mailbox gives."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import vans_envelope
from vdx_plugin.invitations.message import read_message
from vdx_plugin.invitations.transport import Entry, Incoming, MailboxReceipt, Verdict
from vdx_plugin.invitations.vans_envelope import Ends, Receipt, ReceiptKind
from vdx_plugin.ports import OutboxDraft

HANDED_OVER = "envelope:"
"""How our receipt begins: the envelope is in the supplier's hands, and no mailbox is known of yet."""

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Rules:
    """``final_codes`` are the supplier's error codes after which another try is pointless: unknown receiver and such.

    MedCom publishes no list of them, so each supplier's own stands in a setting.
    """

    gln: str
    final_codes: Collection[int] = ()


class Envelopes:
    """Puts messages into envelopes and reads the network's. Remembers which envelope held which message, since one of
    the three receipts may name the envelope alone; after a restart such a receipt fits nothing, and is told so."""

    def __init__(self, rules: Rules, now: Callable[[], datetime], new_id: Callable[[], UUID]) -> None:
        self._rules = rules
        self._now = now
        self._new_id = new_id
        self._sent: OrderedDict[str, str] = OrderedDict()

    def packed(self, draft: OutboxDraft) -> tuple[str, bytes]:
        """Return a new envelope's id and the envelope: new at every send, round the same message id."""
        message = read_message(draft.payload, draft.mime)
        envelope_id = str(self._new_id())
        ends = Ends(self._rules.gln, draft.receiver, envelope_id, self._now())
        body = vans_envelope.write(ends, vans_envelope.document_of(message, draft.payload, draft.mime))
        self._sent[envelope_id] = message.id
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)
        return envelope_id, body

    def unpacked(self, handle: str, body: bytes) -> Entry:
        """Return what an envelope brought. Raises Unreadable(``invite.unreadable``)."""
        envelope = vans_envelope.read(body)
        if envelope.ends.receiver != self._rules.gln:
            raise Unreadable("invite.unreadable", "an envelope to somebody else", place="ReceiverID")
        if isinstance(envelope.content, Receipt):
            return self._receipt(handle, envelope.content)
        return Incoming(handle, envelope.content.mime, envelope.ends.sender, envelope.content.body)

    def _receipt(self, handle: str, receipt: Receipt) -> MailboxReceipt:
        message_id = receipt.message_id or self._sent.get(receipt.envelope_id, "")
        # The description is the supplier's free text and may hold anything, so only the code is told on.
        detail = f"{receipt.kind} {receipt.code}" if receipt.code else str(receipt.kind)
        return MailboxReceipt(handle, message_id, self._verdict(receipt), detail)

    def _verdict(self, receipt: Receipt) -> Verdict:
        if receipt.kind is ReceiptKind.POSITIVE:
            return Verdict.IN_MAILBOX
        is_final = receipt.kind is ReceiptKind.NEGATIVE_MESSAGE or receipt.code in self._rules.final_codes
        return Verdict.REFUSED if is_final else Verdict.BOUNCED
