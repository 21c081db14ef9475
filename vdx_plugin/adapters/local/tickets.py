"""Launch tickets: one start each, for a minute, for one user at one workstation. Pure.

A ticket stands for a context that the record handed over on a safe way, so that a link, a command line or a
``vdx://`` address need to carry nothing about the patient. Any web page can open such an address: whoever holds no
ticket gets nothing but a quiet notice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from vdx_plugin.api.v1 import ClinicContext, Refused

LIFETIME = timedelta(seconds=60)
TOKEN_BYTES = 32
"""Entropy of a token; 128 bits are asked for, 256 given."""
MAX_REMEMBERED = 500
MAX_ADDRESS_LENGTH = 200

_TOKEN = r"[A-Za-z0-9_-]{22,86}"
_ADDRESS = re.compile(rf"vdx://start/v1/?\?ticket=({_TOKEN})", re.ASCII)
_BARE = re.compile(_TOKEN, re.ASCII)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a ticket is bound to: the user signed in to the record, and the workstation with its own user."""

    user: str
    workstation: str

    def __repr__(self) -> str:
        return "Holder(…)"


@dataclass(slots=True)
class _Ticket:
    context: ClinicContext | None
    """None once the ticket is good for nothing."""
    holder: Holder
    expires_at: datetime
    used: bool = False


def address_of(token: str) -> str:
    """Return the address that starts a consultation with this ticket."""
    return f"vdx://start/v1?ticket={token}"


def token_in(text: str) -> str:
    """Return the token of a ``vdx://`` address or of a bare ticket.

    The whole text must be one of the two and nothing else: no further parameter, fragment or blank, as operating
    systems hand over the whole address unchanged. Raises Refused(``ticket.unknown``).
    """
    if len(text) <= MAX_ADDRESS_LENGTH:
        if found := _ADDRESS.fullmatch(text):
            return found.group(1)
        if _BARE.fullmatch(text):
            return text
    raise Refused("ticket.unknown", "not a ticket")


class TicketBook:
    """The tickets given out.

    Spent and stale ones are remembered a while, to say what is wrong with them, but not for whom they were.
    """

    def __init__(self) -> None:
        self._tickets: dict[str, _Ticket] = {}

    def issue(self, token: str, context: ClinicContext, holder: Holder, now: datetime) -> datetime:
        """Enter a new ticket and return when it ends. ``token`` must be fresh and unguessable."""
        self.sweep(now)
        while len(self._tickets) >= MAX_REMEMBERED:
            del self._tickets[next(iter(self._tickets))]
        expires_at = now + LIFETIME
        self._tickets[token] = _Ticket(context, holder, expires_at)
        return expires_at

    def redeem(self, token: str, holder: Holder, now: datetime) -> ClinicContext:
        """Return the context of a ticket and spend it.

        Raises Refused with ``ticket.unknown``, ``ticket.used``, ``ticket.stale`` or ``ticket.foreign``. An attempt by
        somebody else spends it too: it is in the wrong hands.
        """
        ticket = self._tickets.get(token)
        if ticket is None:
            raise Refused("ticket.unknown")
        if ticket.used:
            raise Refused("ticket.used")
        context, ticket.context, ticket.used = ticket.context, None, True
        if context is None or now >= ticket.expires_at:
            raise Refused("ticket.stale")
        if holder != ticket.holder:
            raise Refused("ticket.foreign")
        return context

    def sweep(self, now: datetime) -> None:
        """Forget the patients of tickets that have ended."""
        for ticket in self._tickets.values():
            if now >= ticket.expires_at:
                ticket.context = None

    def forget_all(self) -> None:
        """The user has left: no ticket is good any longer."""
        self._tickets.clear()
