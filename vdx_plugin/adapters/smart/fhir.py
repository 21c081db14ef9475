"""FHIR R4 under one token: asked and written only as far as was granted, renewed once where it has run out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from vdx_plugin.adapters.smart import wire
from vdx_plugin.adapters.smart.tokens import Tokens
from vdx_plugin.api.v1 import Conflict, NotFound, OutcomeUnknown, Refused, SignInNeeded, Unreadable, Unsupported

JSON = "application/fhir+json"
Resource = Mapping[str, Any]
Renew = Callable[[Tokens], Awaitable[Tokens]]


class Record:
    """One record's FHIR server, as one launch may use it. ``base`` is its address without a slash at the end."""

    def __init__(self, http: httpx.AsyncClient, base: str, tokens: Tokens, renew: Renew) -> None:
        self.base = base
        self.tokens = tokens
        self._http = http
        self._renew = renew
        self._renewing = asyncio.Lock()

    def allows(self, kind: str, letter: str) -> bool:
        return self.tokens.granted.allows(kind, letter)

    def need(self, kind: str, letter: str) -> None:
        """Raise Unsupported(``smart.no_right``) unless the scope was granted: nothing is tried without it."""
        if not self.allows(kind, letter):
            raise Unsupported("smart.no_right", f"{kind}.{letter}")

    async def read(self, kind: str, local: str) -> tuple[Resource, str]:
        """Return a resource and its version tag. Raises NotFound, Unsupported, and what ``_ask`` raises."""
        answer = await self._ask("GET", f"/{kind}/{local}")
        found = _resource(answer, kind)
        if found.get("id") != local:
            raise Refused("smart.other_patient", f"another {kind} than asked for")
        return found, _version(answer, found)

    async def search(self, kind: str, **parameters: str) -> list[Resource]:
        """Return what a search finds, without what is only included."""
        self.need(kind, "s")
        answer = await self._ask("GET", f"/{kind}?{urlencode(parameters)}")
        bundle = _resource(answer, "Bundle")
        entries = bundle.get("entry") or []
        if not isinstance(entries, list):
            raise Unreadable("smart.unreadable", "entries", place=kind)
        found = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
        return [one for one in found if isinstance(one, dict) and one.get("resourceType") == kind]

    async def create(self, resource: Resource, unless: str) -> Resource | None:
        """Create unless ``unless`` finds one; return what stands there, None where the server does not show it."""
        kind = str(resource["resourceType"])
        self.need(kind, "c")
        answer = await self._ask("POST", f"/{kind}", resource, {"If-None-Exist": unless})
        return _resource(answer, kind) if answer.content.strip() else None

    async def update(self, resource: Resource, version: str) -> None:
        """Replace a resource in the version that was read. Raises Conflict(``writeback.conflict``) for a newer one."""
        kind = str(resource["resourceType"])
        self.need(kind, "u")
        if not version:
            # Without a version nothing stops us from overwriting somebody's change.
            raise Conflict("writeback.conflict", "the server keeps no versions")
        await self._ask("PUT", f"/{kind}/{resource['id']}", resource, {"If-Match": version})

    async def _ask(
        self, method: str, path: str, body: Resource | None = None, headers: Mapping[str, str] | None = None
    ) -> wire.Answer:
        """Send, and once more after a renewal where the token has run out.

        Raises SignInNeeded, NotFound, Conflict, Refused(``writeback.refused`` or ``smart.refused``), Unavailable,
        OutcomeUnknown where a write got no answer, Unreadable.
        """
        tokens = self.tokens
        answer = await self._send(tokens, method, path, body, headers or {})
        if answer.status == httpx.codes.UNAUTHORIZED:
            await self._renew_from(tokens)
            answer = await self._send(self.tokens, method, path, body, headers or {})
        return _checked(answer, changes=body is not None)

    async def _send(
        self, tokens: Tokens, method: str, path: str, body: Resource | None, headers: Mapping[str, str]
    ) -> wire.Answer:
        all_headers = {"Accept": JSON, "Authorization": f"Bearer {tokens.access.reveal()}", **headers}
        content = None
        if body is not None:
            all_headers |= {"Content-Type": JSON, "Prefer": "return=representation"}
            content = json.dumps(body, ensure_ascii=False).encode()
        changes = body is not None
        return await wire.send(
            self._http, method, self.base + path, headers=all_headers, content=content, changes=changes
        )

    async def _renew_from(self, spent: Tokens) -> None:
        """Renew once, however many calls found that the token had run out: a refresh token is good once."""
        async with self._renewing:
            if self.tokens is spent:
                self.tokens = await self._renew(spent)


def _checked(answer: wire.Answer, *, changes: bool) -> wire.Answer:
    status = answer.status
    if answer.is_good:
        return answer
    if status == httpx.codes.UNAUTHORIZED:
        raise SignInNeeded("smart.sign_in", "refused after renewal")
    if status in (httpx.codes.PRECONDITION_FAILED, httpx.codes.CONFLICT):
        raise Conflict("writeback.conflict", f"status {status}")
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise NotFound("writeback.refused" if changes else "context.none", f"status {status}")
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        # A server that fails may have written before it did.
        raise OutcomeUnknown("writeback.unknown", f"status {status}") if changes else wire.away(f"status {status}")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise wire.away("too many requests")
    raise Refused("writeback.refused" if changes else "smart.refused", f"status {status}")


def _resource(answer: wire.Answer, kind: str) -> Resource:
    found = wire.json_of(answer, kind)
    if found.get("resourceType") != kind:
        raise Unreadable("smart.unreadable", "another type", place=kind)
    return found


def _version(answer: wire.Answer, found: Resource) -> str:
    """Return the tag for If-Match; some servers tell the version in the resource alone."""
    if tag := answer.headers.get("etag"):
        return tag
    meta = found.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return f'W/"{version}"' if isinstance(version, str) else ""
