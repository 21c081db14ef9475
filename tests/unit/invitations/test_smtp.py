"""Mail against a real SMTP server on loopback: what it got, and what each of its failures means."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosmtplib
import pytest

from tests.unit.invitations.samples import NOW, PATIENT_PARTY, ROOM, composer, consultation, ids
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Refused, SignInNeeded, Unavailable, VdxError
from vdx_plugin.invitations.smtp import MailSettings, Security, SmtpCarrier, meaning
from vdx_plugin.invitations.transport import Carrier
from vdx_plugin.ports import OutboxDraft

# What the little server says to each command; None hangs up, "silence" says nothing at all.
Script = dict[str, str | None]
FRIENDLY: Script = {
    "HELLO": "220 ready",
    "EHLO": "250 ok",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
    "QUIT": "221 bye",
}


class Server:
    """Speaks just enough SMTP, one line at a time, and keeps what it got."""

    def __init__(self, script: Script) -> None:
        self.script = {**FRIENDLY, **script}
        self.lines: list[bytes] = []
        self.body = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await self._say(writer, "HELLO")
        while said:
            line = await reader.readline()
            if not line:
                return
            self.lines.append(line)
            command = line[:4].decode().strip().upper()
            said = await self._say(writer, command)
            if command == "DATA" and said and self.script["DATA"] == FRIENDLY["DATA"]:
                self.body = await reader.readuntil(b"\r\n.\r\n")
                said = await self._say(writer, ".")

    async def _say(self, writer: asyncio.StreamWriter, step: str) -> bool:
        words = self.script.get(step, "502 unknown")
        if words is None:
            return False
        if words != "silence":
            writer.write(f"{words}\r\n".encode())
            await writer.drain()
        return True


@asynccontextmanager
async def serving(script: Script, security: Security = Security.NONE) -> AsyncIterator[tuple[Server, SmtpCarrier]]:
    one = Server(script)
    listener = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    settings = MailSettings("127.0.0.1", port, "video@laegehuset.example", security, limit_s=0.3)
    try:
        yield one, SmtpCarrier(settings)
    finally:
        listener.close()
        await listener.wait_closed()


def draft() -> OutboxDraft:
    return composer().invitation(consultation(), PATIENT_PARTY, ROOM, NOW, ids())


async def test_a_mail_arrives_as_it_was_composed() -> None:
    """Byte for byte, to the one receiver."""
    async with serving({}) as (server, carrier):
        port: Carrier = carrier
        assert await port.send(draft()) == "250"
        await port.close()
    # A dot at the beginning of a line is doubled on the way (RFC 5321, 4.5.2).
    body = server.body.removesuffix(b"\r\n.\r\n").replace(b"\r\n..", b"\r\n.")
    assert body == draft().payload.removesuffix(b"\r\n")
    assert any(b"RCPT TO:<bruno@patient.example>" in line for line in server.lines)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ({"HELLO": "554 no"}, Refused),
        ({"HELLO": "421 later"}, Unavailable),
        ({"HELLO": None}, Unavailable),
        ({"HELLO": "silence"}, Unavailable),
        ({"MAIL": "451 later"}, Unavailable),
        ({"MAIL": None}, Unavailable),
        ({"RCPT": "550 nobody"}, Refused),
        ({"RCPT": "450 greylisted"}, Unavailable),
        ({"DATA": "451 later"}, Unavailable),
        ({".": "452 full"}, Unavailable),
        ({".": "554 spam"}, Refused),
        ({".": None}, OutcomeUnknown),
        ({".": "silence"}, OutcomeUnknown),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else value.__name__,
)
async def test_each_failure_says_whether_the_mail_may_have_gone_out(script: Script, kind: type[VdxError]) -> None:
    """Before the content nothing was sent; after it, silence may mean anything."""
    async with serving(script) as (_, carrier):
        with pytest.raises(VdxError) as caught:
            await carrier.send(draft())
    assert type(caught.value) is kind


async def test_a_server_that_is_not_there_is_tried_later() -> None:
    """The practice's mail server may be down for a while."""
    listener = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    with pytest.raises(Unavailable):
        await SmtpCarrier(MailSettings("127.0.0.1", port, "a@b.example", Security.NONE, limit_s=1)).send(draft())


async def test_a_server_without_tls_gets_no_mail_when_tls_is_wanted() -> None:
    """The link must not travel in the clear because a server forgot its certificate."""
    async with serving({}, Security.STARTTLS) as (server, carrier):
        with pytest.raises(VdxError):
            await carrier.send(draft())
    assert not any(b"MAIL" in line for line in server.lines)


def test_no_exception_of_aiosmtplib_lacks_a_meaning() -> None:
    """And none of its texts, which quote addresses, gets into ours."""
    for _, foreign in inspect.getmembers(aiosmtplib, inspect.isclass):
        if issubclass(foreign, aiosmtplib.SMTPException):
            for handed_over in (False, True):
                error = foreign.__new__(foreign)
                error.__dict__.update(code=550, message="x@y.example")
                assert isinstance(meaning(error, handed_over=handed_over), VdxError)
                assert "@" not in str(meaning(error, handed_over=handed_over))


def test_a_sign_in_that_fails_needs_a_person() -> None:
    """Trying a wrong password again and again locks the account."""
    assert isinstance(meaning(aiosmtplib.SMTPAuthenticationError(535, "no"), handed_over=False), SignInNeeded)
    assert isinstance(meaning(aiosmtplib.SMTPNotSupported("no"), handed_over=False), Misconfigured)
