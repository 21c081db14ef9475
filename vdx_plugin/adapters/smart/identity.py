"""Who is signed in: the id_token, verified against the key set of the record's authorisation server.

Source: OpenID Connect Core 1.0, 3.1.3.7; SMART App Launch 2.2, "Scopes for requesting identity data".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vdx_plugin.adapters.smart import wire
from vdx_plugin.adapters.smart.discovery import Server
from vdx_plugin.api.v1 import Refused

ALGORITHMS = ["RS256", "RS384", "ES256", "ES384", "PS256"]
"""Signatures by a key pair alone: neither ``none`` nor one made with a shared secret."""
LEEWAY_S = 300
"""Workstations' clocks go wrong by minutes. That the token is of this sign-in is what the nonce says."""


async def keys_of(http: httpx.AsyncClient, server: Server) -> KeySet:
    """Fetch the server's keys. Raises Refused(``smart.identity``), Unavailable, Unreadable."""
    answer = await wire.send(http, "GET", server.jwks)
    if not answer.is_good:
        raise wire.away(f"status {answer.status}")
    try:
        return KeySet.import_key_set(wire.json_of(answer, "key set"))  # type: ignore[arg-type]  # checked by the import
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Refused("smart.identity", type(error).__name__) from None


def user_of(token: object, keys: KeySet, server: Server, client_id: str, nonce: str, now: datetime) -> str:
    """Return who is signed in, as the address of a Practitioner where the token names one. Pure.

    Raises Refused(``smart.identity``) unless the token is signed by the server, for us, now, and for this sign-in.
    """
    claims = _claims(token, keys)
    audience = claims.get("aud")
    for_us = audience == client_id or (isinstance(audience, list) and client_id in audience)
    if claims.get("iss") != server.issuer or not for_us or claims.get("azp", client_id) != client_id:
        raise Refused("smart.identity", "issuer or audience")
    if claims.get("nonce") != nonce:
        raise Refused("smart.identity", "nonce")
    _check_times(claims, now.timestamp())
    who = claims.get("fhirUser") or claims.get("profile") or claims.get("sub")
    if not isinstance(who, str) or not 0 < len(who) < 500:
        raise Refused("smart.identity", "names nobody")
    return who


def _claims(token: object, keys: KeySet) -> dict[str, Any]:
    if not isinstance(token, str):
        raise Refused("smart.identity", "no id_token")
    try:
        return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        # Without its cause: the token names the user.
        raise Refused("smart.identity", type(error).__name__) from None


def _check_times(claims: dict[str, Any], now: float) -> None:
    ends, made = claims.get("exp"), claims.get("iat")
    if not (isinstance(ends, int | float) and isinstance(made, int | float)):
        raise Refused("smart.identity", "times")
    if ends + LEEWAY_S <= now or made - LEEWAY_S > now:
        raise Refused("smart.identity", "times")
