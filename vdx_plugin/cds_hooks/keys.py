"""The key sets of the records that may call: fetched from the agreed addresses alone, kept an hour."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vdx_plugin import log
from vdx_plugin.errors import Unavailable

_log = log.get("cds")

KEPT_S = 3600.0
LEAST_BETWEEN_S = 60.0
"""A key set is fetched again for an unknown key, though not for every call that makes one up."""
MAX_BYTES = 100_000
LIMIT_S = 5.0

Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: KeySet
    kids: frozenset[str]
    at: float


class KeySets:
    """Key sets by address. ``fetch`` gets one; whoever asks has checked that the address is an agreed one."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or fetch_over_http
        self._kept: dict[str, _Kept] = {}
        self._tried: dict[str, float] = {}
        self._fetching = asyncio.Lock()

    async def of(self, jku: str, kid: str, now: float) -> KeySet:
        """Return the key set that should hold ``kid``. Raises Unavailable(``cds.keys``) where there is none."""
        async with self._fetching:
            kept = self._kept.get(jku)
            is_fresh = kept is not None and now - kept.at < KEPT_S and kid in kept.kids
            if not is_fresh and now - self._tried.get(jku, -LEAST_BETWEEN_S) >= LEAST_BETWEEN_S:
                self._tried[jku] = now
                self._kept[jku] = kept = await self._get(jku, now)
        if kept is None or now - kept.at >= KEPT_S:
            raise Unavailable("cds.keys", "the key set could not be fetched lately")
        return kept.keys

    async def _get(self, jku: str, now: float) -> _Kept:
        try:
            keys = KeySet.import_key_set(_key_set(await self._fetch(jku)))
        except (httpx.HTTPError, JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            _log.warning("a key set could not be read: %s", type(error).__name__)
            raise Unavailable("cds.keys", type(error).__name__) from None
        return _Kept(keys, frozenset(str(key.kid) for key in keys.keys), now)


def _key_set(data: bytes) -> Any:
    found = json.loads(data)
    usable = [key for key in found["keys"] if key.get("kty") in ("EC", "RSA") and key.get("kid")]
    return {"keys": usable}


async def fetch_over_http(jku: str) -> bytes:
    """Fetch a key set; no redirect is followed. Raises httpx.HTTPError, ValueError for one that is too large."""
    async with httpx.AsyncClient(trust_env=False, timeout=LIMIT_S) as http, http.stream("GET", jku) as answer:
        answer.raise_for_status()
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > MAX_BYTES:
                raise ValueError("too large")
        return bytes(content)
