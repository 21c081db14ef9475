"""MedCom messages through a message endpoint over HTTP.

There is no public HTTP interface to MedCom's network (VANS): suppliers have their own. This adapter speaks the form of
the sandbox's hub, which keeps the envelope's fields apart as VANSEnvelope 1.0.4 does: sender, receiver, envelope id
(new at every send), document name and MIME type. A supplier's own interface becomes another Carrier beside it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from vdx_plugin.errors import NotFound
from vdx_plugin.invitations.endpoint import json_of, refuse, translated
from vdx_plugin.invitations.message import dig, read_message, rows, text_at
from vdx_plugin.invitations.transport import Entry, Incoming
from vdx_plugin.invitations.vans_envelope import document_name
from vdx_plugin.ports import IN_MAILBOX, OutboxDraft

SEND_LIMIT_S = 20.0
LINES = 8
"""Messages on their way at once: the HTTP client's work for each one grows with the number that waits beside it."""


@dataclass(frozen=True, slots=True)
class HubSettings:
    """``url`` is the endpoint's base address, ``gln`` the practice's own location number."""

    url: str
    gln: str
    wait_s: float = 20.0
    """How long the mailbox is asked to wait for something to come."""


class MessageHub:
    """Carrier and Mailbox over one HTTP client, which it closes."""

    def __init__(self, settings: HubSettings, client: httpx.AsyncClient, new_id: Callable[[], UUID]) -> None:
        self._settings = settings
        self._client = client
        self._new_id = new_id
        self._base = settings.url.rstrip("/")
        self._lines = asyncio.Semaphore(LINES)

    async def send(self, draft: OutboxDraft) -> str:
        """Hand over one message under a new envelope id; see ``Carrier``."""
        headers = {
            "Content-Type": draft.mime,
            "X-Sender-Gln": self._settings.gln,
            "X-Receiver-Gln": draft.receiver,
            "X-Envelope-Id": str(self._new_id()),
            "X-Document-Name": document_name(read_message(draft.payload, draft.mime)),
        }
        async with self._lines:
            return await self._post(draft.payload, headers)

    async def _post(self, payload: bytes, headers: dict[str, str]) -> str:
        with translated():
            answer = await self._client.post(
                f"{self._base}/messages", content=payload, headers=headers, timeout=SEND_LIMIT_S
            )
        refuse(answer)
        # 202 of the endpoint says that the message lies in the receiver's mailbox.
        return f"{IN_MAILBOX}{text_at(json_of(answer), 'receipt')}"

    async def receive(self) -> list[Incoming]:
        """Ask the mailbox, which answers as soon as there is something; see ``Mailbox``."""
        wait_s = self._settings.wait_s
        with translated():
            answer = await self._client.get(
                f"{self._base}/mailbox/{self._settings.gln}",
                params={"wait_s": f"{wait_s:g}"},
                timeout=httpx.Timeout(SEND_LIMIT_S, read=wait_s + SEND_LIMIT_S),
            )
        refuse(answer)
        return [_incoming(entry) for entry in rows(json_of(answer), "messages")]

    async def settle(self, entry: Entry) -> None:
        """Take one message out of the mailbox; one that is gone already is fine."""
        with translated():
            answer = await self._client.delete(
                f"{self._base}/mailbox/{self._settings.gln}/{entry.receipt}", timeout=SEND_LIMIT_S
            )
        try:
            refuse(answer)
        except NotFound:
            return

    async def close(self) -> None:
        await self._client.aclose()


def _incoming(entry: Any) -> Incoming:
    body = dig(entry, "body")
    try:
        content = base64.b64decode(body, validate=True) if isinstance(body, str) else b""
    except (binascii.Error, ValueError):
        content = b""
    return Incoming(text_at(entry, "receipt"), text_at(entry, "mime"), text_at(entry, "sender_gln"), content)
