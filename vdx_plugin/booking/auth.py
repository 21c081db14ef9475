"""How a request gets its token, and what happens when the token is not liked.

``TokenAuth`` keeps one token for all requests, renews it before it runs out, and answers a 401 with one new token and
one repeat. Never with more: VDX answers 401 also to a good token without a role (UserSecurityInterceptor), so "401
means renew" would go round for ever. How the token is asked for is a ``Grant``: client credentials here, a person's
refresh token in ``person``. Behind MedCom's local proxy there is none: ``Certificate``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

import httpx

from vdx_plugin.booking.access import VdxAccess
from vdx_plugin.errors import Misconfigured, SignInNeeded, Unavailable, Unreadable, VdxError

PLANNERS = frozenset({"meeting-planner", "meeting-admin"})
"""Roles that may book for colleagues."""
BOOKERS = PLANNERS | {"meeting-user", "meeting-provisioner-user"}
"""Roles that may book at all."""

RENEW_BEFORE_S = 60.0
DEFAULT_LIFETIME_S = 60.0
"""Taken where the answer tells no lifetime (RFC 6749, 5.1, leaves it open)."""


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An access token and how long it holds from the moment it was handed out."""

    value: str
    lifetime_s: float


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who a token says we are. ``is_misshapen``: organisation or e-mail is a list, at which VDX answers 500."""

    organisation: str
    email: str
    roles: tuple[str, ...]
    is_misshapen: bool = False


class Authority(Protocol):
    """What the rest of ``booking`` asks whoever signs requests."""

    def roles(self) -> tuple[str, ...] | None: ...

    def identity(self) -> Identity | None: ...


class Certificate(httpx.Auth):
    """Nothing to add: MedCom's local proxy holds the certificate and speaks for it (version 1)."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield request

    def roles(self) -> tuple[str, ...] | None:
        """Only VDX knows the roles of a certificate."""
        return None

    def identity(self) -> Identity | None:
        """Nor is there a token to look into."""
        return None


class Grant(Protocol):
    """One way of getting a token. ``scheme`` is the word before it in the Authorization header."""

    scheme: str

    def request(self) -> httpx.Request:
        """Return the request that asks for a token."""
        ...

    def read(self, answer: httpx.Response) -> Token:
        """Take the token out of the answer. Raises SignInNeeded, Unavailable, Misconfigured, Unreadable."""
        ...


class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749, 4.4); the program identifies itself by HTTP Basic (2.3.1)."""

    scheme = "Bearer"

    def __init__(self, access: VdxAccess) -> None:
        self._access = access

    def request(self) -> httpx.Request:
        pair = f"{quote_plus(self._access.client_id)}:{quote_plus(self._access.client_secret.reveal())}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Accept": "application/json",
        }
        return httpx.Request("POST", self._access.token_url, data={"grant_type": "client_credentials"}, headers=headers)

    def read(self, answer: httpx.Response) -> Token:
        if answer.status_code != httpx.codes.OK:
            raise token_refused(answer.status_code)
        try:
            body = json.loads(answer.content)
            return Token(str(body["access_token"]), float(body.get("expires_in", DEFAULT_LIFETIME_S)))
        except (ValueError, TypeError, KeyError, AttributeError):
            # The cause would carry the token into a traceback.
            raise Unreadable("vdx.unreadable", "answer of the token service", place="access_token") from None


def token_refused(status: int) -> VdxError:
    """What a token service's refusal means: RFC 6749, 5.2, has 400 and 401 for a wrong program or secret."""
    if status in (400, 401, 403):
        return SignInNeeded("vdx.sign_in", f"token service says {status}")
    if status >= 500 or status in (408, 429):
        return Unavailable("vdx.unreachable", f"token service says {status}")
    return Misconfigured("vdx.setup", f"token service says {status}")


class TokenAuth(httpx.Auth):
    """Puts a valid token on every request of an AsyncClient. ``monotonic`` gives seconds that never go back."""

    requires_response_body = False

    def __init__(
        self,
        grant: Grant,
        *,
        role_claim: str = "",
        organisation_claim: str = "",
        email_claim: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grant = grant
        self._role_claim = role_claim
        self._organisation_claim = organisation_claim
        self._email_claim = email_claim
        self._monotonic = monotonic
        self._renewing = asyncio.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        raise RuntimeError("VDX is called from asyncio only")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        refused: Token | None = None
        for _ in range(2):
            # Whoever comes while another renews waits here and then finds the new token.
            async with self._renewing:
                token = self._usable(refused)
                if token is None:
                    answer = yield self._grant.request()
                    await answer.aread()
                    token = self._keep(answer)
            request.headers["Authorization"] = f"{self._grant.scheme} {token.value}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
            refused = token
        raise self._refusal()

    def _usable(self, refused: Token | None) -> Token | None:
        if self._token is None or self._token is refused or self._monotonic() >= self._renew_at:
            return None
        return self._token

    def _keep(self, answer: httpx.Response) -> Token:
        token = self._grant.read(answer)
        margin_s = min(RENEW_BEFORE_S, token.lifetime_s / 2)
        self._token, self._renew_at = token, self._monotonic() + token.lifetime_s - margin_s
        return token

    def _refusal(self) -> SignInNeeded:
        if self.roles() == ():
            return SignInNeeded("vdx.role", "a new token is refused and carries no role")
        return SignInNeeded("vdx.sign_in", "a new token is refused")

    def roles(self) -> tuple[str, ...] | None:
        """Return the roles in the token held now; None without a token, or where it cannot be looked into."""
        if self._token is None or not self._role_claim:
            return None
        claims = _claims(self._token.value)
        return None if claims is None else _as_texts(claims.get(self._role_claim))

    def identity(self) -> Identity | None:
        """Return who we are by the token held now; None without a token, or where it cannot be looked into."""
        claims = _claims(self._token.value) if self._token is not None else None
        if claims is None:
            return None
        return Identity(
            _as_text(claims.get(self._organisation_claim)),
            _as_text(claims.get(self._email_claim)),
            _as_texts(claims.get(self._role_claim)),
            is_misshapen=any(
                isinstance(claims.get(name), list) for name in (self._organisation_claim, self._email_claim)
            ),
        )


def _as_text(claim: Any) -> str:
    return claim if isinstance(claim, str) else ""


def _as_texts(claim: Any) -> tuple[str, ...]:
    if isinstance(claim, list | tuple):
        return tuple(str(value) for value in claim)
    return (str(claim),) if claim else ()


def _claims(token: str) -> dict[str, Any] | None:
    """Look into a JWT without checking it: good for telling a person what is wrong, and for nothing else."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) else None
