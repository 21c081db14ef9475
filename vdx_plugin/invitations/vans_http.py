"""MedCom messages through a VANS supplier's interface over HTTP, envelope by envelope.

Suppliers have interfaces of their own under contract, and none is published. This is the plain form that they share:
an envelope is handed in, a mailbox lists what waits, and each is fetched and then taken out:

``POST {url}/envelopes`` with the envelope as ``application/xml``: any 2xx, it is in the supplier's hands.
``GET {url}/mailboxes/{gln}?wait_s=20``: ``{"waiting": [id, …]}``, oldest first, as soon as there is something.
``GET {url}/mailboxes/{gln}/{id}``: the envelope. ``DELETE`` on the same: it does not come again.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, NotFound, Unreadable
from vdx_plugin.invitations.endpoint import json_of, refuse, translated
from vdx_plugin.invitations.message import dig
from vdx_plugin.invitations.transport import Entry, Incoming
from vdx_plugin.invitations.vans import HANDED_OVER, Envelopes
from vdx_plugin.invitations.vans_envelope import MAX_ENVELOPE_BYTES
from vdx_plugin.ports import OutboxDraft

SEND_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Access:
    """How we show who we are: a bearer token, user and password, a certificate of ours, or several of them.

    ``authority`` is a file of certificates that the supplier's is checked against instead of the machine's own.
    """

    token: Secret = field(default_factory=lambda: Secret(""))
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None


def open_client(access: Access) -> httpx.AsyncClient:
    """Return a client that shows who we are. Raises Misconfigured for certificates that cannot be read."""
    headers = {"Authorization": f"Bearer {access.token.reveal()}"} if access.token.reveal() else {}
    basic = httpx.BasicAuth(access.user, access.password.reveal()) if access.user else None
    return httpx.AsyncClient(headers=headers, auth=basic, verify=_trust(access), timeout=SEND_LIMIT_S)


def _trust(access: Access) -> ssl.SSLContext:
    try:
        trust = ssl.create_default_context(cafile=access.authority)
        if access.certificate is not None:
            trust.load_cert_chain(access.certificate, access.key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured("settings.file", type(error).__name__, setting="partners.vans.certificate") from error
    return trust


class VansSupplier:
    """Carrier and Mailbox over one HTTP client, which it closes."""

    def __init__(
        self,
        url: str,
        gln: str,
        envelopes: Envelopes,
        client: httpx.AsyncClient,
        *,
        wait_s: float = 20.0,
        max_bytes: int = MAX_ENVELOPE_BYTES,
    ) -> None:
        self._base = url.rstrip("/")
        self._mailbox = f"{self._base}/mailboxes/{gln}"
        self._envelopes = envelopes
        self._client = client
        self._wait_s = wait_s
        self._max_bytes = max_bytes

    async def send(self, draft: OutboxDraft) -> str:
        """Hand one envelope in; see ``Carrier``."""
        envelope_id, body = self._envelopes.packed(draft)
        headers = {"Content-Type": "application/xml"}
        with translated():
            answer = await self._client.post(f"{self._base}/envelopes", content=body, headers=headers)
        refuse(answer)
        return f"{HANDED_OVER}{envelope_id}"

    async def receive(self) -> list[Entry]:
        """Ask what waits and fetch it; see ``Mailbox``. What cannot be read comes as it is, for the log."""
        with translated():
            answer = await self._client.get(
                self._mailbox,
                params={"wait_s": f"{self._wait_s:g}"},
                timeout=httpx.Timeout(SEND_LIMIT_S, read=self._wait_s + SEND_LIMIT_S),
            )
        refuse(answer)
        waiting = dig(json_of(answer), "waiting")
        handles = [one for one in waiting if isinstance(one, str)] if isinstance(waiting, list) else []
        found = [await self._fetch(handle) for handle in handles]
        return [entry for entry in found if entry is not None]

    async def _fetch(self, handle: str) -> Entry | None:
        body = bytearray()
        with translated():
            async with self._client.stream("GET", self._address(handle)) as answer:
                if answer.status_code in (404, 410):
                    return None
                refuse(answer)
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > self._max_bytes:
                        return Incoming(handle, "", "", b"")
        try:
            return self._envelopes.unpacked(handle, bytes(body))
        except Unreadable:
            return Incoming(handle, "", "", bytes(body))

    async def settle(self, entry: Entry) -> None:
        """Take one envelope out; one that is gone already is fine."""
        with translated():
            answer = await self._client.delete(self._address(entry.receipt))
        try:
            refuse(answer)
        except NotFound:
            return

    def _address(self, handle: str) -> str:
        return f"{self._mailbox}/{quote(handle, safe='')}"

    async def close(self) -> None:
        await self._client.aclose()
