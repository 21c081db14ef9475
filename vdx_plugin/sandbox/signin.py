"""The sign-in service of the sandbox: client credentials in, signed tokens out, and the check of a bearer.

Shaped after the Keycloak that stands before the national video API v2: a token end point, a key set, and tokens
whose claims carry organisation, e-mail and video roles (facts from ``OauthInterceptor`` and ``SecurityConfiguration``
of medcom-video-api 2.5.0). As there, the bearer check looks at signature, issuer and times, and at nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, unquote

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

REALM_PATH = "/auth/realms/vdx"
TOKEN_PATH = f"{REALM_PATH}/protocol/openid-connect/token"
CERTS_PATH = f"{REALM_PATH}/protocol/openid-connect/certs"

ORGANISATION_CLAIM = "dk:medcom:organisation_id"
EMAIL_CLAIM = "dk:medcom:email"
ROLE_CLAIM = "dk:medcom:video:role"

Algorithm = Literal["ES256", "RS256"]


@dataclass(frozen=True)
class SignInClient:
    """A registered program. ``extra_claims`` override the usual ones, to try out odd tokens."""

    client_id: str
    secret: str = field(repr=False)
    organisation: str | None = None
    email: str | None = None
    roles: tuple[str, ...] = ()
    extra_claims: Mapping[str, Any] = field(default_factory=dict)


class NotSignedIn(Exception):
    """The bearer is missing or not accepted; ``challenge`` is the value for ``WWW-Authenticate``."""

    def __init__(self, challenge: str = "Bearer") -> None:
        super().__init__("bearer not accepted")
        self.challenge = challenge


def _invalid(reason: str) -> NotSignedIn:
    return NotSignedIn(f'Bearer error="invalid_token", error_description="{reason}"')


class SignIn:
    """Issues and checks tokens. ``issuer`` is the public address of the realm."""

    def __init__(
        self,
        clients: tuple[SignInClient, ...],
        now: Callable[[], datetime],
        *,
        lifetime_s: int = 300,
        algorithm: Algorithm = "ES256",
    ) -> None:
        self.clients = {client.client_id: client for client in clients}
        self.issuer = f"http://127.0.0.1{REALM_PATH}"
        self.lifetime_s = lifetime_s
        self.issued_total = 0
        self._now = now
        self._algorithm = algorithm
        self._key = _new_key(algorithm)
        self._issued: set[str] = set()
        self._revoked: set[str] = set()

    def add_client(self, client: SignInClient) -> None:
        """Register a further program, or replace one of the same id."""
        self.clients[client.client_id] = client

    def issue(self, client: SignInClient, *, lifetime_s: int | None = None) -> str:
        """Return a signed token for ``client``; a negative lifetime gives one that has run out."""
        now = self._now()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + (self.lifetime_s if lifetime_s is None else lifetime_s),
            "jti": str(uuid.uuid4()),
            "sub": client.client_id,
            "azp": client.client_id,
            "typ": "Bearer",
        }
        _set_if(claims, ORGANISATION_CLAIM, client.organisation)
        _set_if(claims, EMAIL_CLAIM, client.email)
        _set_if(claims, ROLE_CLAIM, list(client.roles) or None)
        claims.update(client.extra_claims)
        self.issued_total += 1
        self._issued.add(str(claims["jti"]))
        header = {"alg": self._algorithm, "kid": self._key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=[self._algorithm])

    def expire_all(self) -> None:
        """Let every token issued so far be refused from now on."""
        self._revoked |= self._issued
        self._issued.clear()

    def check(self, authorization: str | None) -> Mapping[str, Any]:
        """Return the claims behind an ``Authorization`` header; raises ``NotSignedIn``."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn
        try:
            claims = jwt.decode(token.strip(), self._key, algorithms=[self._algorithm]).claims
        except (JoseError, ValueError) as error:
            raise _invalid("the signature is not valid") from error
        self._check_times(claims)
        if claims.get("iss") != self.issuer:
            raise _invalid("the iss claim is not valid")
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._now().timestamp()
        if claims.get("jti") in self._revoked or not isinstance(claims.get("exp"), int) or claims["exp"] <= now:
            raise _invalid("the token has expired")
        if claims.get("nbf", 0) > now:
            raise _invalid("the token is not valid yet")

    def key_set(self) -> dict[str, Any]:
        """Return the public keys as a JSON Web Key Set."""
        return dict(KeySet([self._key]).as_dict(private=False))


Redeem = Callable[[Mapping[str, str]], "tuple[SignInClient, str] | None"]
"""Turns the form of a person's code or refresh token into who it is and a new refresh token; None refuses."""


def routes(
    sign_in: SignIn, *, expire_next: Callable[[], bool] = lambda: False, redeem: Redeem = lambda _form: None
) -> list[BaseRoute]:
    """Return the realm's end points; ``expire_next`` says whether the next token is born run out."""

    def answer(client: SignInClient, refresh: str = "") -> Response:
        lifetime_s = -1 if expire_next() else sign_in.lifetime_s
        body: dict[str, Any] = {
            "access_token": sign_in.issue(client, lifetime_s=lifetime_s),
            # Born run out, but said to be good: this is what a clock gone wrong looks like to a client.
            "expires_in": abs(lifetime_s) if lifetime_s > 0 else sign_in.lifetime_s,
            "refresh_expires_in": 36_000 if refresh else 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": "email profile",
        }
        if refresh:
            body["refresh_token"] = refresh
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def token(request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") in ("authorization_code", "refresh_token"):
            redeemed = redeem(form)
            return _refusal(400, "invalid_grant", "Token is not active") if redeemed is None else answer(*redeemed)
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "unsupported_grant_type", "Unsupported grant_type")
        client = _authenticate(sign_in, form, request.headers.get("authorization"))
        if client is None:
            return _refusal(401, "unauthorized_client", "Invalid client or Invalid client credentials")
        return answer(client)

    async def certs(_request: Request) -> Response:
        return JSONResponse(sign_in.key_set())

    async def discovery(_request: Request) -> Response:
        base = sign_in.issuer.removesuffix(REALM_PATH)
        return JSONResponse(
            {
                "issuer": sign_in.issuer,
                "authorization_endpoint": f"{sign_in.issuer}/protocol/openid-connect/auth",
                "token_endpoint": base + TOKEN_PATH,
                "jwks_uri": base + CERTS_PATH,
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    return [
        Route(TOKEN_PATH, token, methods=["POST"]),
        Route(CERTS_PATH, certs),
        Route(f"{REALM_PATH}/.well-known/openid-configuration", discovery),
    ]


def _new_key(algorithm: Algorithm) -> ECKey | RSAKey:
    parameters: KeyParameters = {"kid": uuid.uuid4().hex[:12], "use": "sig", "alg": algorithm}
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", parameters)
    return RSAKey.generate_key(2048, parameters)


def _set_if(claims: dict[str, Any], name: str, value: object) -> None:
    if value is not None:
        claims[name] = value


def _authenticate(sign_in: SignIn, form: Mapping[str, str], authorization: str | None) -> SignInClient | None:
    """Find the client by Basic header or by form fields (RFC 6749, 2.3.1); None if the secret does not fit."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if authorization and authorization.lower().startswith("basic "):
        client_id, secret = _basic(authorization[6:])
    client = sign_in.clients.get(client_id)
    if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
        return None
    return client


def _basic(encoded: str) -> tuple[str, str]:
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client_id), unquote(secret)


def _refusal(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)
