"""Signing in as a person: authorization code with PKCE, over the browser and a port of this machine.

The way of RFC 8252 (native apps): the system's browser shows the sign-in service, which sends the person back to
``http://127.0.0.1:<port>/``. The code that comes back is worth nothing without the verifier we keep (RFC 7636), and is
taken only with our own ``state`` and, where the service says so, its own ``iss`` (RFC 9207). What stays is a refresh
token: ``RefreshGrant`` gives it to ``TokenAuth`` as one more way of getting a token.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from vdx_plugin.booking import faults
from vdx_plugin.booking.auth import DEFAULT_LIFETIME_S, Token, token_refused
from vdx_plugin.booking.returning import ReturnAddress
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, Refused, SignInNeeded, Unavailable, Unreadable

PATIENCE_S = 300.0
"""How long a person may take at the sign-in page."""


@dataclass(frozen=True, slots=True)
class Realm:
    """The sign-in service's addresses, from its discovery document. ``names_issuer``: it sends ``iss`` back."""

    issuer: str
    authorization_url: str
    token_url: str
    names_issuer: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Granted:
    """What a sign-in gives."""

    access: Token
    refresh: Secret


async def discover(issuer: str, http: httpx.AsyncClient) -> Realm:
    """Read the discovery document of ``issuer`` (OpenID Connect Discovery 1.0, 4).

    Raises Unavailable, Misconfigured where no such service is there or it names another issuer.
    """
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    with faults.translated(None):
        answer = await http.get(url)
    if answer.status_code != httpx.codes.OK:
        raise token_refused(answer.status_code)
    try:
        found = json.loads(answer.content)
        realm = Realm(
            str(found["issuer"]),
            str(found["authorization_endpoint"]),
            str(found["token_endpoint"]),
            found.get("authorization_response_iss_parameter_supported") is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("vdx.unreadable", "discovery document", place="openid-configuration") from error
    if realm.issuer.rstrip("/") != issuer.rstrip("/"):
        raise Misconfigured("vdx.setup", "the sign-in service names another issuer")
    return realm


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One try at signing in: what is sent to the browser, and what must come back with it."""

    realm: Realm
    client_id: str
    redirect_uri: str
    state: str
    verifier: str

    @classmethod
    def new(cls, realm: Realm, client_id: str, redirect_uri: str) -> Attempt:
        """Draw state and verifier; each is used once."""
        return cls(realm, client_id, redirect_uri, secrets.token_urlsafe(32), secrets.token_urlsafe(64))

    def address(self) -> str:
        """Return where the browser goes."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": self.state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.realm.authorization_url}?{urlencode(query)}"

    def code(self, came_back: Mapping[str, str]) -> str:
        """Take the code out of what came back. Raises Refused where it is not the answer to this attempt."""
        if not hmac.compare_digest(came_back.get("state", "").encode(), self.state.encode()):
            raise Refused("vdx.sign_in_foreign", "another state came back")
        issuer = came_back.get("iss")
        if (issuer is None and self.realm.names_issuer) or (issuer is not None and issuer != self.realm.issuer):
            raise Refused("vdx.sign_in_foreign", "another issuer came back")
        if "error" in came_back:
            raise _said_no(came_back["error"])
        if not came_back.get("code"):
            raise Unreadable("vdx.unreadable", "answer of the sign-in service", place="code")
        return came_back["code"]

    def exchange(self, code: str) -> dict[str, str]:
        """Return the form that turns the code into tokens."""
        return {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }


def _said_no(error: str) -> SignInNeeded | Unavailable:
    """RFC 6749, 4.1.2.1: the two that pass by waiting, and all others, which need the person again."""
    if error in ("server_error", "temporarily_unavailable"):
        return Unavailable("vdx.unreachable", "the sign-in service has trouble")
    return SignInNeeded("vdx.sign_in_again", "the sign-in was called off")


async def sign_in(
    realm: Realm,
    client_id: str,
    http: httpx.AsyncClient,
    show: Callable[[str], object],
    *,
    patience_s: float = PATIENCE_S,
) -> Granted:
    """Let a person sign in; ``show`` opens an address in the browser. Cancelling leaves no port open.

    Raises SignInNeeded (called off, or nobody came back in time), Refused (an answer to somebody else's attempt),
    Unavailable, Unreadable.
    """
    async with ReturnAddress() as back:
        attempt = Attempt.new(realm, client_id, back.uri)
        show(attempt.address())
        try:
            async with asyncio.timeout(patience_s):
                code = attempt.code(await back.came_back())
        except TimeoutError:
            raise SignInNeeded("vdx.sign_in_again", "nobody signed in in time") from None
    with faults.translated(None):
        answer = await http.post(realm.token_url, data=attempt.exchange(code), headers={"Accept": "application/json"})
    return read_granted(answer)


def read_granted(answer: httpx.Response) -> Granted:
    """Take both tokens out of an answer of the token service. Raises SignInNeeded, Unavailable, Unreadable."""
    if answer.status_code != httpx.codes.OK:
        refused = token_refused(answer.status_code)
        # A refresh token that has run out, or was used by somebody else: the person signs in once more.
        raise SignInNeeded("vdx.sign_in_again", refused.detail) if isinstance(refused, SignInNeeded) else refused
    try:
        body: dict[str, Any] = json.loads(answer.content)
        access = Token(str(body["access_token"]), float(body.get("expires_in", DEFAULT_LIFETIME_S)))
        return Granted(access, Secret(str(body.get("refresh_token") or "")))
    except (ValueError, TypeError, KeyError, AttributeError):
        # The cause would carry the token into a traceback.
        raise Unreadable("vdx.unreadable", "answer of the token service", place="access_token") from None


class RefreshGrant:
    """Gets tokens with a refresh token (RFC 6749, 6). ``keep`` stores each new one: the old one is used up then."""

    scheme = "Bearer"

    def __init__(self, token_url: str, client_id: str, refresh: Secret, keep: Callable[[Secret], object]) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._refresh = refresh
        self._keep = keep

    def request(self) -> httpx.Request:
        """Raises SignInNeeded(``vdx.sign_in_again``) when nobody has signed in yet."""
        if not self._refresh:
            raise SignInNeeded("vdx.sign_in_again", "nobody has signed in")
        form = {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "refresh_token": self._refresh.reveal(),
        }
        return httpx.Request("POST", self._token_url, data=form, headers={"Accept": "application/json"})

    def read(self, answer: httpx.Response) -> Token:
        granted = read_granted(answer)
        if granted.refresh:
            self._refresh = granted.refresh
            self._keep(granted.refresh)
        return granted.access
