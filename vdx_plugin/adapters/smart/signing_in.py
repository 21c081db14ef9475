"""One authorisation, from the click to the code: the rules, with time and chance as arguments. Pure.

Source: SMART App Launch 2.2, "App Launch: Launch and Authorization"; RFC 7636 (PKCE); RFC 9207 (issuer in the answer).
"""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from vdx_plugin.adapters.smart.discovery import Server
from vdx_plugin.api.v1 import Refused

MOST_UNDER_WAY = 8
MOST_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class SigningIn:
    """One authorisation that is under way. All its secrets stay here."""

    server: Server
    redirect: str
    began: datetime
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    def address(self, client_id: str, scopes: Sequence[str], launch: str) -> str:
        """Return the address at the authorisation server that the browser goes to."""
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.redirect,
            "scope": " ".join(scopes),
            "state": self.state,
            "nonce": self.nonce,
            "aud": self.server.iss,
            "launch": launch,
            "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in self.server.authorize else "?"
        return f"{self.server.authorize}{joint}{urlencode(asked)}"


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


class UnderWay:
    """The authorisations under way, each good for one answer within ``limit``; and the launches that were seen."""

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit
        self._open: OrderedDict[str, SigningIn] = OrderedDict()
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def see(self, iss: str, launch: str) -> None:
        """Take note of a launch. Raises Refused(``smart.launch_used``) for one that was here before."""
        mark = hashlib.sha256(f"{iss}\n{launch}".encode()).digest()
        if mark in self._seen:
            raise Refused("smart.launch_used")
        self._seen[mark] = None
        _shorten(self._seen, MOST_REMEMBERED)

    def add(self, one: SigningIn) -> None:
        self._open[one.state] = one
        _shorten(self._open, MOST_UNDER_WAY)

    def take(self, answer: Mapping[str, str], now: datetime) -> tuple[SigningIn, str]:
        """Return the authorisation that an answer belongs to, and its code. Each is taken once.

        Raises Refused: ``smart.state`` for an answer of none, ``smart.other_server`` where another server than the
        record's names itself, ``smart.late``, ``smart.refused`` with the server's error.
        """
        one = self._open.pop(answer.get("state", ""), None)
        if one is None:
            raise Refused("smart.state")
        if now - one.began > self._limit:
            raise Refused("smart.late")
        if not _is_from(one.server, answer.get("iss")):
            raise Refused("smart.other_server")
        if "error" in answer or not answer.get("code"):
            raise Refused("smart.refused", known_error(answer.get("error", "")))
        return one, answer["code"]

    def forget(self) -> None:
        """Take no answer any longer to what is under way."""
        self._open.clear()


def _is_from(server: Server, named: str | None) -> bool:
    if named is None:
        return not server.names_itself
    return named == server.issuer


def known_error(error: str) -> str:
    """Return an OAuth error code as it may stand in a log; anything else is not repeated."""
    return error if error.replace("_", "").isalpha() and error.isascii() and len(error) < 40 else "error"


def _shorten(kept: OrderedDict[str, SigningIn] | OrderedDict[bytes, None], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
