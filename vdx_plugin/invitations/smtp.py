"""E-mail through the practice's own mail server.

A mail that may have gone out is never sent again: after the content has been handed over, silence means OutcomeUnknown.
Before that, nothing has been sent and trying again is harmless (RFC 5321, 4.5.4.1 and 4.5.5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import aiosmtplib

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Refused, SignInNeeded, Unavailable, VdxError
from vdx_plugin.ports import OutboxDraft


class Security(StrEnum):
    NONE = "none"
    """Only for a server on the same machine."""
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """``sender`` is the envelope's return address; ``password`` comes from the keyring."""

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    limit_s: float = 20.0


class SmtpCarrier:
    """Carrier for Channel.EMAIL: one connection for each mail."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(self, draft: OutboxDraft) -> str:
        """Send one mail and return the server's answer code; see ``Carrier``."""
        server = aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            timeout=self._settings.limit_s,
            use_tls=self._settings.security is Security.TLS,
            start_tls=self._settings.security is Security.STARTTLS,
        )
        try:
            await self._greet(server, draft.receiver)
            return await _hand_over(server, draft.payload)
        finally:
            # Closing says nothing new about the mail, and QUIT could hang as long as the server did.
            server.close()

    async def _greet(self, server: aiosmtplib.SMTP, receiver: str) -> None:
        settings = self._settings
        try:
            await server.connect()
            if settings.user:
                await server.login(settings.user, settings.password.reveal())
            await server.mail(settings.sender)
            await server.rcpt(receiver)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise meaning(error, handed_over=False) from error

    async def close(self) -> None:
        """Nothing is kept open between mails."""


async def _hand_over(server: aiosmtplib.SMTP, payload: bytes) -> str:
    try:
        answer = await server.data(payload)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise meaning(error, handed_over=True) from error
    return str(answer.code)


def meaning(error: Exception, *, handed_over: bool) -> VdxError:
    """Say what an exception of aiosmtplib means. Servers quote addresses in their answers, so only the code is told."""
    name = type(error).__name__
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return Refused("invite.mail_failed", name)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return SignInNeeded("invite.setup", name)
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        detail = f"{name} {error.code}"
        return Unavailable("invite.unreachable", detail) if error.code < 500 else Refused("invite.mail_failed", detail)
    if isinstance(error, aiosmtplib.SMTPNotSupported | ValueError):
        return Misconfigured("invite.setup", name)
    if handed_over:
        return OutcomeUnknown("invite.unknown", name)
    return Unavailable("invite.unreachable", name)
