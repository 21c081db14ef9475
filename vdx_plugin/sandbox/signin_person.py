"""The sign-in service's other door: a person in a browser, authorization code with PKCE, refresh tokens.

Shaped after Keycloak with a public client: exact state and redirect address back, ``iss`` in the answer (RFC 9207),
S256 demanded (RFC 7636), loopback addresses with any port (RFC 8252), codes for one minute and one use, and refresh
tokens that are replaced at each use; an old one that comes again ends the whole session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.pages import page
from vdx_plugin.sandbox.signin import REALM_PATH, SignInClient

AUTHORIZE_PATH = f"{REALM_PATH}/protocol/openid-connect/auth"
LOGIN_PATH = f"{REALM_PATH}/login-actions/authenticate"
DESKTOP_CLIENT = "vdx-plugin-desktop"
CODE_HOLDS = timedelta(seconds=60)
SESSION_HOLDS = timedelta(hours=10)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    name: str
    email: str
    organisation: str
    roles: tuple[str, ...]

    def claims(self) -> SignInClient:
        """Return what a token says of the person."""
        return SignInClient(DESKTOP_CLIENT, "", self.organisation, self.email, self.roles)


@dataclass(frozen=True)
class _Asked:
    """A request that stands on the sign-in page, and later its code."""

    redirect_uri: str
    state: str
    challenge: str
    person: Person | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class _Session:
    person: Person
    until: datetime
    refresh: str


class PersonSignIn:
    """The pages and the memory behind them. ``issuer`` is asked for, because the port is known late."""

    def __init__(self, people: tuple[Person, ...], now: Callable[[], datetime], issuer: Callable[[], str]) -> None:
        self.people = people
        self._now = now
        self._issuer = issuer
        self._asked: dict[str, _Asked] = {}
        self._codes: dict[str, _Asked] = {}
        self._used: dict[str, str] = {}
        self._sessions: dict[str, _Session] = {}

    # --- the browser ----------------------------------------------------------------------------------------------

    def routes(self) -> list[BaseRoute]:
        """Return the page and what its links lead to."""
        return [Route(AUTHORIZE_PATH, self._authorize), Route(LOGIN_PATH, self._login)]

    async def _authorize(self, request: Request) -> Response:
        query = request.query_params
        if query.get("client_id") != DESKTOP_CLIENT or not _is_loopback(query.get("redirect_uri", "")):
            # Nobody is sent to an address that was not agreed on, not even with an error.
            return page("signin.html", people=(), path="", ticket="", status_code=400)
        asked = _Asked(query["redirect_uri"], query.get("state", ""), query.get("code_challenge", ""))
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256" or not asked.challenge:
            return self._back(asked, error="invalid_request")
        ticket = secrets.token_urlsafe(16)
        self._asked[ticket] = asked
        return page("signin.html", people=self.people, path=LOGIN_PATH, ticket=ticket)

    async def _login(self, request: Request) -> Response:
        asked = self._asked.pop(request.query_params.get("ticket", ""), None)
        if asked is None:
            return page("signin.html", people=(), path="", ticket="", status_code=400)
        email = request.query_params.get("email")
        person = next((one for one in self.people if one.email == email), None)
        if person is None:
            return self._back(asked, error="access_denied")
        code = secrets.token_urlsafe(24)
        until = self._now() + CODE_HOLDS
        self._codes[code] = _Asked(asked.redirect_uri, asked.state, asked.challenge, person, until)
        return self._back(asked, code=code)

    def _back(self, asked: _Asked, **answer: str) -> Response:
        query = answer | {"state": asked.state, "iss": self._issuer()}
        return RedirectResponse(f"{asked.redirect_uri}?{urlencode(query)}", status_code=302)

    # --- the token end point --------------------------------------------------------------------------------------

    def redeem(self, form: Mapping[str, str]) -> tuple[Person, str] | None:
        """Return the person behind a code or refresh token with a new refresh token; None: invalid_grant."""
        if form.get("client_id") != DESKTOP_CLIENT:
            return None
        if form.get("grant_type") == "refresh_token":
            return self._refreshed(form.get("refresh_token", ""))
        return self._exchanged(form)

    def _exchanged(self, form: Mapping[str, str]) -> tuple[Person, str] | None:
        code = form.get("code", "")
        if code in self._used:
            # Somebody else has seen the code: what it gave is taken back (RFC 6749, 4.1.2).
            self._sessions.pop(self._used[code], None)
            return None
        asked = self._codes.pop(code, None)
        if asked is None or asked.person is None or asked.until is None or asked.until <= self._now():
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        same = hmac.compare_digest(challenge.decode().rstrip("="), asked.challenge)
        if not same or form.get("redirect_uri") != asked.redirect_uri:
            return None
        session, refresh = secrets.token_urlsafe(12), secrets.token_urlsafe(32)
        self._used[code] = session
        self._sessions[session] = _Session(asked.person, self._now() + SESSION_HOLDS, refresh)
        return asked.person, f"{session}.{refresh}"

    def _refreshed(self, token: str) -> tuple[Person, str] | None:
        session, _, refresh = token.partition(".")
        known = self._sessions.get(session)
        if known is None or known.until <= self._now():
            return None
        if not hmac.compare_digest(known.refresh, refresh):
            del self._sessions[session]
            return None
        new = secrets.token_urlsafe(32)
        self._sessions[session] = _Session(known.person, known.until, new)
        return known.person, f"{session}.{new}"


def _is_loopback(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1")
