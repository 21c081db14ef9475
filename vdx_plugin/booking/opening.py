"""Making the booking from its settings."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from vdx_plugin.booking.access import ApiVersion, VdxAccess
from vdx_plugin.booking.auth import Certificate, ClientCredentials, Grant, TokenAuth
from vdx_plugin.booking.client import VdxClient
from vdx_plugin.booking.health import Doctor
from vdx_plugin.booking.meetings import VdxMeetings
from vdx_plugin.booking.rooms import Patience, VdxRooms
from vdx_plugin.booking.wire import Version1, Version2, Wire
from vdx_plugin.ports import Clock


@dataclass(frozen=True, slots=True)
class Vdx:
    """One identity at one VDX: rooms for now, meetings for later, the API below both, and who looks after it all."""

    rooms: VdxRooms
    meetings: VdxMeetings
    client: VdxClient
    auth: TokenAuth | Certificate
    doctor: Doctor

    async def aclose(self) -> None:
        """Close the connections to VDX; no call may be under way."""
        await self.client.aclose()


def open_vdx(
    access: VdxAccess,
    clock: Clock,
    *,
    grant: Grant | None = None,
    patience: Patience | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Vdx:
    """Return everything of ``access``; nothing is sent before the first call. Close it with ``aclose``.

    ``grant`` says how a token is got, by client credentials unless given. Through MedCom's local proxy (version 1)
    there is no token. Outside the sandbox no room is looked at more often than VDX bears, whatever ``patience`` says.
    """
    auth: TokenAuth | Certificate
    wire: Wire
    if access.version is ApiVersion.V1_PROXY:
        auth, wire = Certificate(), Version1()
    else:
        auth, wire = _token_auth(access, grant or ClientCredentials(access)), Version2()
    client = VdxClient(access.base_url, auth, wire=wire, transport=transport)
    rooms = VdxRooms(client, auth, clock, (patience or Patience()).towards(access.environment))
    meetings = VdxMeetings(client, auth, rooms, clock)
    return Vdx(rooms, meetings, client, auth, Doctor(access, client, auth, clock))


def open_rooms(
    access: VdxAccess,
    clock: Clock,
    *,
    patience: Patience | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> VdxRooms:
    """Return the rooms of ``access`` alone, see ``open_vdx``. Close them with ``aclose``."""
    return open_vdx(access, clock, patience=patience, transport=transport).rooms


def _token_auth(access: VdxAccess, grant: Grant) -> TokenAuth:
    return TokenAuth(
        grant,
        role_claim=access.role_claim,
        organisation_claim=access.organisation_claim,
        email_claim=access.email_claim,
    )
