"""From which of its addresses this machine would reach the node: another one means another network.

Asked of the routing table through a UDP socket that is connected and sends nothing: some microseconds, the same on
every system, and only the route to the node counts. An adapter that comes or goes elsewhere is no news.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from urllib.parse import urlsplit

_ANY_PORT = 443


class Network:
    """``learn`` the node's addresses once, then ask for ``sources`` as often as you like."""

    def __init__(self) -> None:
        self._targets: list[tuple[Any, Any]] = []

    async def learn(self, node: str) -> None:
        """Look the node up. Where it cannot be found there are no sources, and so never news."""
        host = urlsplit(node).hostname or ""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, _ANY_PORT, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            return
        # One of each family: a name may have many addresses, and they lie behind the same route.
        self._targets = list({family: (family, address) for family, _, _, _, address in found}.values())

    def sources(self) -> tuple[str, ...]:
        """Return our address on the way to the node, for each family that has a way."""
        return tuple(source for family, address in self._targets if (source := _source(family, address)) is not None)


def _source(family: Any, address: Any) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError:
        return None
