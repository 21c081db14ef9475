"""Which STUN and TURN servers an attempt uses. Pure.

aiortc takes one TURN address of those it is given, so each attempt is given one, in turn: by UDP first, which is best
for sound, then by TCP and TLS, which a firewall lets through that stops UDP. None listed is none used: a public server
would learn of every consultation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vdx_plugin.media.pexip.replies import IceServer

_TURN = ("turn:", "turns:")


def arranged(servers: Sequence[IceServer], attempt: int) -> tuple[IceServer, ...]:
    """Return the servers for an attempt, counted from 0: every STUN server and one address of TURN."""
    stun = [server for server in servers if not any(url.startswith(_TURN) for url in server.urls)]
    relays = [replace(server, urls=(url,)) for server in servers for url in server.urls if url.startswith(_TURN)]
    # Stable, so that the node's own order counts among those of one kind.
    relays.sort(key=lambda relay: _reach(relay.urls[0]))
    return (*stun, *relays[attempt % len(relays) :][:1]) if relays else tuple(stun)


def _reach(url: str) -> int:
    """How narrow a way the address still gets through: UDP 0, TCP 1, TLS 2."""
    if url.startswith("turns:"):
        return 2
    return 1 if url.lower().endswith("transport=tcp") else 0
