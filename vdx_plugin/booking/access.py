"""Where VDX is and as whom we come."""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class VdxAccess:
    """Address and identity of one practice at one VDX environment.

    ``base_url`` is the address below which ``/meetings`` lies (``https://videoapi.example/videoapi/v2``).
    ``environment`` is sandbox, stage or production. ``role_claim`` names the claim of the token that holds the roles;
    its name is configuration at VDX (facts: OauthInterceptor).
    """

    base_url: str
    token_url: str
    client_id: str
    client_secret: Secret
    environment: str
    role_claim: str = "dk:medcom:video:role"
