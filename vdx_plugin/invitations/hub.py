"""MedCom messages through a message endpoint over HTTP.

There is no public HTTP interface to MedCom's network (VANS): suppliers have their own. This adapter speaks the form of
the sandbox's hub, which keeps the envelope's fields apart as VANSEnvelope 1.0.4 does: sender, receiver, envelope id
(new at every send), document name and MIME type. A supplier's own interface becomes another Carrier beside it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from vdx_plugin.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Unavailable,
    Unreadable,
    VdxError,
)
from vdx_plugin.invitations.message import dig, read_message, rows, text_at
from vdx_plugin.invitations.transport import Entry, Incoming
from vdx_plugin.invitations.vans_envelope import document_name
from vdx_plugin.ports import IN_MAILBOX, OutboxDraft

SEND_LIMIT_S = 20.0

# Nothing of the request can have been taken in when one of these comes.
_NOT_SENT: tuple[type[Exception], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
_WRONG_ADDRESS: tuple[type[Exception], ...] = (httpx.UnsupportedProtocol, httpx.InvalidURL)


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

    async def send(self, draft: OutboxDraft) -> str:
        """Hand over one message under a new envelope id; see ``Carrier``."""
        headers = {
            "Content-Type": draft.mime,
            "X-Sender-Gln": self._settings.gln,
            "X-Receiver-Gln": draft.receiver,
            "X-Envelope-Id": str(self._new_id()),
            "X-Document-Name": document_name(read_message(draft.payload, draft.mime)),
        }
        with translated():
            answer = await self._client.post(
                f"{self._base}/messages", content=draft.payload, headers=headers, timeout=SEND_LIMIT_S
            )
        _refuse(answer)
        # 202 of the endpoint says that the message lies in the receiver's mailbox.
        return f"{IN_MAILBOX}{text_at(_json(answer), 'receipt')}"

    async def receive(self) -> list[Incoming]:
        """Ask the mailbox, which answers as soon as there is something; see ``Mailbox``."""
        wait_s = self._settings.wait_s
        with translated():
            answer = await self._client.get(
                f"{self._base}/mailbox/{self._settings.gln}",
                params={"wait_s": f"{wait_s:g}"},
                timeout=httpx.Timeout(SEND_LIMIT_S, read=wait_s + SEND_LIMIT_S),
            )
        _refuse(answer)
        return [_incoming(entry) for entry in rows(_json(answer), "messages")]

    async def settle(self, entry: Entry) -> None:
        """Take one message out of the mailbox; one that is gone already is fine."""
        with translated():
            answer = await self._client.delete(
                f"{self._base}/mailbox/{self._settings.gln}/{entry.receipt}", timeout=SEND_LIMIT_S
            )
        try:
            _refuse(answer)
        except NotFound:
            return

    async def close(self) -> None:
        await self._client.aclose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn httpx's exceptions into ours, by whether the other side can have acted."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise meaning(error) from error


def meaning(error: Exception) -> VdxError:
    """Say what an exception of httpx means; only its type is told, since its text holds the whole address."""
    name = type(error).__name__
    if isinstance(error, _WRONG_ADDRESS):
        return Misconfigured("invite.setup", name)
    if isinstance(error, _NOT_SENT):
        return Unavailable("invite.unreachable", name)
    return OutcomeUnknown("invite.unreachable", name)


def _refuse(answer: httpx.Response) -> None:
    status = answer.status_code
    detail = f"HTTP {status}"
    if status < 300:
        return
    if status in (401, 403):
        raise SignInNeeded("invite.setup", detail)
    if status in (502, 504):
        # A gateway gave up waiting: what stands behind it may have taken the message.
        raise OutcomeUnknown("invite.unreachable", detail)
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable("invite.unreachable", detail)
    raise (NotFound if status in (404, 410) else Refused)("invite.rejected", detail)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise Unreadable("invite.unreadable", "the endpoint's answer is not JSON") from None


def _incoming(entry: Any) -> Incoming:
    body = dig(entry, "body")
    try:
        content = base64.b64decode(body, validate=True) if isinstance(body, str) else b""
    except (binascii.Error, ValueError):
        content = b""
    return Incoming(text_at(entry, "receipt"), text_at(entry, "mime"), text_at(entry, "sender_gln"), content)
