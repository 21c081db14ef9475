"""What carries a message, and what brings partners' messages in.

Three answers must not be mixed up: the receipt that a carrier returns says that a mailbox has the message, MedCom's
acknowledgement that a system has taken it in, a reply that a person has read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from vdx_plugin.ports import OutboxDraft


class Carrier(Protocol):
    """Takes one message on its way."""

    async def send(self, draft: OutboxDraft) -> str:
        """Hand the message over and return the receipt, with ``ports.IN_MAILBOX`` before it where it says just that.

        Raises Unavailable when it was not taken, OutcomeUnknown when it may have been, Refused when it will never be,
        SignInNeeded and Misconfigured when a person must act first.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message in our mailbox. ``receipt`` names it there until it is settled."""

    receipt: str
    mime: str
    sender_gln: str
    body: bytes

    def __repr__(self) -> str:
        return f"Incoming({self.receipt!r}, {len(self.body)} bytes)"


class Verdict(Enum):
    """What the network says about a message of ours. It speaks of mailboxes and knows nothing of what is in them."""

    IN_MAILBOX = auto()
    BOUNCED = auto()
    """It could not be brought there now; another try may do it."""
    REFUSED = auto()
    """It will not be brought there however often it is tried."""


@dataclass(frozen=True, slots=True)
class MailboxReceipt:
    """A word of the network about our message ``message_id``. ``receipt`` names it in our mailbox until settled."""

    receipt: str
    message_id: str
    verdict: Verdict
    detail: str = ""


Entry = Incoming | MailboxReceipt


class Mailbox(Protocol):
    """Where partners' messages, and the network's receipts, wait for us. What is not settled comes again."""

    async def receive(self) -> Sequence[Entry]:
        """Return what waits, oldest first; wait a while when there is nothing. Raises Unavailable, SignInNeeded."""
        ...

    async def settle(self, entry: Entry) -> None:
        """Take it out of the mailbox, after it has been dealt with durably. Repeating it is harmless."""
        ...

    async def close(self) -> None: ...
