"""Which calls are to be believed: the JWT that a record signs for each call. Pure.

Source: CDS Hooks 2.0.1, "Trusting CDS Clients": ES384 or RS384, ``iss`` and ``jku`` on a list agreed beforehand,
``aud`` the end point called, and no ``jti`` twice.
"""

from __future__ import annotations

import base64
import binascii
import heapq
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vdx_plugin.errors import Refused, Unavailable

ALGORITHMS = ["ES384", "RS384"]
"""Signatures by a key pair; neither ``none`` nor one made with a shared secret."""
LEEWAY_S = 30
LONGEST_S = 600
"""The specification asks for five minutes at most; what lives longer would have to be remembered longer."""
MAX_TOKEN = 8_000
MOST_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Trusted:
    """A record that may call: its name in ``iss``, and where its keys lie."""

    iss: str
    jku: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token before its signature is checked: only its header, by which the keys are found."""

    token: str
    jku: str
    kid: str

    @classmethod
    def of(cls, authorization: str | None, trusted: tuple[Trusted, ...]) -> Bearer:
        """Read a token's header. Raises Refused(``cds.bearer``) unless it names an allowed algorithm and key set."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN:
            raise _no("no bearer")
        header = _header(token)
        jku, kid = header.get("jku"), header.get("kid")
        if header.get("alg") not in ALGORITHMS or header.get("typ", "JWT") != "JWT":
            raise _no("algorithm")
        if not isinstance(kid, str) or not isinstance(jku, str) or jku not in {one.jku for one in trusted}:
            raise _no("key set")
        return cls(token, jku, kid)

    def issuer(self, keys: KeySet, trusted: tuple[Trusted, ...], endpoint: str, now: float) -> tuple[str, str, float]:
        """Return who calls, the token's ``jti`` and its end. Raises Refused(``cds.bearer``)."""
        claims = self._claims(keys)
        iss, jti = claims.get("iss"), claims.get("jti")
        ends, made = _time(claims, "exp"), _time(claims, "iat")
        if not any(one.iss == iss and one.jku == self.jku for one in trusted):
            raise _no("issuer")
        if claims.get("aud") not in (endpoint, [endpoint]):
            raise _no("audience")
        if ends + LEEWAY_S <= now or made - LEEWAY_S > now or ends - made > LONGEST_S:
            raise _no("times")
        if not isinstance(jti, str) or not 0 < len(jti) <= 200:
            raise _no("jti")
        return str(iss), jti, ends

    def _claims(self, keys: KeySet) -> Mapping[str, Any]:
        try:
            return dict(jwt.decode(self.token, keys, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _no(type(error).__name__) from None


class Seen:
    """Every ``jti`` for as long as its token is good, so that none is believed twice."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._seen: set[tuple[str, str]] = set()
        self._ends: list[tuple[float, tuple[str, str]]] = []

    def take(self, iss: str, jti: str, ends: float, now: float) -> None:
        """Take note of one. Raises Refused(``cds.bearer``) for a replayed one, Unavailable(``cds.busy``) when full."""
        while self._ends and self._ends[0][0] + LEEWAY_S <= now:
            self._seen.discard(heapq.heappop(self._ends)[1])
        if (iss, jti) in self._seen:
            raise _no("jti replayed")
        if len(self._seen) >= self._most:
            # Forgetting one would let it be replayed.
            raise Unavailable("cds.busy", "too many calls remembered")
        self._seen.add((iss, jti))
        heapq.heappush(self._ends, (ends, (iss, jti)))


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise _no("times")
    return float(value)


def _header(token: str) -> Mapping[str, Any]:
    first = token.split(".", 1)[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise _no("header") from None
    return found if isinstance(found, dict) else {}


def _no(why: str) -> Refused:
    return Refused("cds.bearer", why)
