"""Making the booking from its settings."""

from __future__ import annotations

import httpx

from vdx_plugin.booking.access import VdxAccess
from vdx_plugin.booking.auth import ClientCredentials, TokenAuth
from vdx_plugin.booking.client import VdxClient
from vdx_plugin.booking.rooms import Patience, VdxRooms
from vdx_plugin.ports import Clock


def open_rooms(
    access: VdxAccess,
    clock: Clock,
    *,
    patience: Patience | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> VdxRooms:
    """Return the rooms of ``access``; nothing is sent before the first call. Close it with ``aclose``."""
    auth = TokenAuth(ClientCredentials(access), role_claim=access.role_claim)
    client = VdxClient(access.base_url, auth, transport=transport)
    return VdxRooms(client, auth, clock, patience or Patience())
