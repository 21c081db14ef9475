"""The mail catcher: an SMTP server on loopback that keeps every letter, and a page to read them."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.pages import page

_KEPT_AT_MOST = 500
_SHOWN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-top-navigation-by-user-activation"
)


@dataclass(frozen=True)
class CaughtMail:
    """A letter as it came over the wire."""

    id: int
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    arrived_at: datetime

    @property
    def subject(self) -> str:
        """Return the subject line, decoded."""
        return str(self.message.get("Subject", "(uden emne)"))

    @property
    def text(self) -> str:
        """Return the readable body: plain text if there is one, else the HTML source."""
        part = self.message.get_body(preferencelist=("plain", "html"))
        return "" if part is None else str(part.get_content())

    @property
    def attachments(self) -> list[EmailMessage]:
        """Return everything that is not the readable body, calendar parts included."""
        body = self.message.get_body(preferencelist=("plain", "html"))
        parts = [part for part in self.message.walk() if not part.is_multipart()]
        return [part for part in parts if part is not body and part.get_content_type() != "text/html"]


class MailCatcher:
    """Listens on ``host`` and keeps the newest letters in the order they came."""

    def __init__(self, now: Callable[[], datetime], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._now = now
        self._host = host
        self._wanted_port = port
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._lines: list[SMTP] = []
        self._arrived = asyncio.Condition()
        self.caught: list[CaughtMail] = []

    @property
    def port(self) -> int:
        """Return the port it listens on; raises RuntimeError before the start."""
        if self._server is None:
            raise RuntimeError("the mail catcher is not running")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Begin to listen."""
        # At INFO aiosmtpd writes every line of the conversation, addresses included.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._answer, self._host, self._wanted_port)

    async def stop(self) -> None:
        """Stop listening and cut the open lines. What was caught stays."""
        if self._server is None:
            return
        self._server.close()
        for line in self._lines:
            if line.transport is not None:
                line.transport.abort()
        handlers = [line._handler_coroutine for line in self._lines if line._handler_coroutine is not None]
        await asyncio.gather(*handlers, return_exceptions=True)
        self._lines.clear()
        await self._server.wait_closed()
        self._server = None

    async def wait_for(self, count: int, timeout_s: float) -> list[CaughtMail]:
        """Return the letters once at least ``count`` have come; raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._arrived:
            await self._arrived.wait_for(lambda: len(self.caught) >= count)
        return list(self.caught)

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one letter."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        sender, recipients = str(envelope.mail_from), tuple(envelope.rcpt_tos)
        mail = CaughtMail(next(self._numbers), sender, recipients, message, self._now())
        async with self._arrived:
            self.caught.append(mail)
            del self.caught[:-_KEPT_AT_MOST]
            self._arrived.notify_all()
        return "250 Message accepted for delivery"

    def _answer(self) -> SMTP:
        self._lines = [line for line in self._lines if line.transport is not None]
        line = SMTP(self, hostname="mail.sandbox.test", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._lines.append(line)
        return line


def routes(mail: MailCatcher) -> list[BaseRoute]:
    """Return the pages: the list, one letter, one attachment."""

    def find(request: Request) -> CaughtMail:
        wanted = request.path_params["id"]
        letter = next((caught for caught in mail.caught if caught.id == wanted), None)
        if letter is None:
            raise HTTPException(404)
        return letter

    async def listing(_request: Request) -> Response:
        return page("mail_list.html", letters=list(reversed(mail.caught)))

    async def letter(request: Request) -> Response:
        found = find(request)
        parts = [
            {
                "name": part.get_filename() or part.get_content_type(),
                "kind": part.get_content_type(),
                "text": part.get_content() if part.get_content_maintype() == "text" else "",
            }
            for part in found.attachments
        ]
        has_page = found.message.get_body(preferencelist=("html",)) is not None
        return page("mail_letter.html", letter=found, parts=parts, has_page=has_page)

    async def attachment(request: Request) -> Response:
        parts = find(request).attachments
        number = request.path_params["part"]
        if not 0 <= number < len(parts):
            raise HTTPException(404)
        content = parts[number].get_payload(decode=True)
        # Never shown in the browser: a letter may hold HTML of anybody's making.
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type=parts[number].get_content_type(), headers=headers)

    async def shown(request: Request) -> Response:
        part = find(request).message.get_body(preferencelist=("html",))
        if part is None:
            raise HTTPException(404)
        # As a mail program shows it: no script, nothing loaded, and no way to the sandbox's own pages.
        headers = {
            "Content-Security-Policy": _SHOWN_POLICY,
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        return Response(str(part.get_content()), media_type="text/html; charset=utf-8", headers=headers)

    return [
        Route("/mail/", listing),
        Route("/mail/{id:int}/shown", shown),
        Route("/mail/{id:int}", letter),
        Route("/mail/{id:int}/{part:int}", attachment),
    ]
