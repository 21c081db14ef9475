"""Where VDX is and as whom we come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vdx_plugin.domain.secret import Secret


class ApiVersion(StrEnum):
    """Which video API is spoken: version 2 with tokens, or version 1 through MedCom's local certificate proxy."""

    V2 = "v2"
    V1_PROXY = "v1-proxy"


@dataclass(frozen=True, slots=True)
class VdxAccess:
    """Address and identity of one practice at one VDX environment.

    ``base_url`` is the address below which ``/meetings`` lies (``https://videoapi.example/videoapi/v2``; for the
    proxy an address of this machine, and then ``token_url``, ``client_id`` and ``client_secret`` stay empty).
    ``environment`` is sandbox, stage or production. ``role_claim`` names the claim of the token that holds the roles;
    the names of claims are configuration at VDX (facts: OauthInterceptor).
    """

    base_url: str
    token_url: str
    client_id: str
    client_secret: Secret
    environment: str
    version: ApiVersion = ApiVersion.V2
    role_claim: str = "dk:medcom:video:role"
    organisation_claim: str = "dk:medcom:organisation_id"
    email_claim: str = "dk:medcom:email"
