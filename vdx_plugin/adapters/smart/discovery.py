"""What a record says of its authorisation server: ``.well-known/smart-configuration``, read and held to our demands.

Source: SMART App Launch 2.2, "Conformance"; RFC 9207 for the issuer in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from vdx_plugin.adapters.smart import wire
from vdx_plugin.adapters.smart.settings import is_safe
from vdx_plugin.api.v1 import Refused


@dataclass(frozen=True, slots=True)
class Server:
    """One record: ``iss`` is its FHIR base address, ``issuer`` the name of its authorisation server."""

    iss: str
    issuer: str
    authorize: str
    token: str
    jwks: str
    revoke: str = ""
    names_itself: bool = False
    """Whether it promises to name itself in every answer to the browser (RFC 9207)."""

    @property
    def base(self) -> str:
        """The FHIR base address without a slash at its end; ``iss`` is kept as the record wrote it."""
        return self.iss.rstrip("/")


async def discover(http: httpx.AsyncClient, iss: str) -> Server:
    """Read and check a record's configuration.

    Raises Refused(``smart.unsafe``) where PKCE with S256 is missing, plain PKCE is offered, an end point is neither
    encrypted nor on this machine, or nobody signs the id_token; Unavailable, Unreadable.
    """
    answer = await wire.send(http, "GET", f"{iss.rstrip('/')}/.well-known/smart-configuration")
    if not answer.is_good:
        raise wire.away(f"status {answer.status}")
    return read(iss, wire.json_of(answer, "smart-configuration"))


def read(iss: str, found: Mapping[str, Any]) -> Server:
    """Make a server of its configuration. Pure. Raises Refused(``smart.unsafe``)."""
    methods = found.get("code_challenge_methods_supported")
    if not isinstance(methods, list) or "S256" not in methods or "plain" in methods:
        raise Refused("smart.unsafe", "PKCE methods")
    ends = {name: found.get(name) for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")}
    for name, end in ends.items():
        if not is_safe(end):
            raise Refused("smart.unsafe", name)
    revoke = found.get("revocation_endpoint")
    return Server(
        iss,
        str(ends["issuer"]),
        str(ends["authorization_endpoint"]),
        str(ends["token_endpoint"]),
        str(ends["jwks_uri"]),
        str(revoke) if is_safe(revoke) else "",
        found.get("authorization_response_iss_parameter_supported") is True,
    )
