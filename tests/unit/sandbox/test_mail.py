"""The mail catcher, driven by a real SMTP client."""

from __future__ import annotations

from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest

from vdx_plugin.sandbox.server import Sandbox


def letter(text: str = "Hej\nLink: https://example.org/m/1\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "klinik@laegehus.example"
    message["To"] = "tolk@tolkebureau.example"
    message["Subject"] = "Videomøde den 14. oktober"
    message.set_content(text)
    message.add_attachment(b"BEGIN:VCALENDAR\r\n", maintype="text", subtype="calendar", filename="moede.ics")
    return message


async def test_a_letter_is_kept_with_text_and_attachment(sandbox: Sandbox) -> None:
    """Danish letters in the subject and a calendar part are what our invitations have."""
    await aiosmtplib.send(letter(), hostname="127.0.0.1", port=sandbox.smtp_port)
    caught = (await sandbox.mail.wait_for(1, 5))[0]
    assert caught.subject == "Videomøde den 14. oktober"
    assert caught.recipients == ("tolk@tolkebureau.example",)
    assert "https://example.org/m/1" in caught.text
    assert [part.get_filename() for part in caught.attachments] == ["moede.ics"]


async def test_the_pages_show_the_letter_and_give_the_file(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """What a person looks at in the demo; HTML from outside is text here."""
    await aiosmtplib.send(letter("<script>alert(1)</script>"), hostname="127.0.0.1", port=sandbox.smtp_port)
    await sandbox.mail.wait_for(1, 5)
    assert "Videomøde den 14. oktober" in (await web.get("/mail/")).text
    shown = (await web.get("/mail/1")).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown
    file = await web.get("/mail/1/0")
    assert file.headers["content-disposition"] == "attachment"
    assert file.content.startswith(b"BEGIN:VCALENDAR")
    assert (await web.get("/mail/2")).status_code == 404


async def test_waiting_for_mail_that_does_not_come_ends(sandbox: Sandbox) -> None:
    """A test that waits in vain must say so."""
    with pytest.raises(TimeoutError):
        await sandbox.mail.wait_for(1, 0.01)


async def test_an_open_line_does_not_hold_up_the_stop(sandbox: Sandbox) -> None:
    """A client that never says goodbye must not keep the sandbox alive (checked by the fixture's stop)."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port)
    await client.connect()
    await sandbox.mail.stop()
    client.close()


async def test_a_mail_is_shown_as_a_mail_program_shows_it_and_can_do_nothing(
    sandbox: Sandbox, web: httpx.AsyncClient
) -> None:
    """Its HTML is anybody's making: no script runs, nothing is loaded."""
    message = letter()
    plain = EmailMessage()
    plain["From"], plain["To"], plain["Subject"] = message["From"], message["To"], "Med side"
    plain.set_content("Hej")
    plain.add_alternative("<p style='color:red'>Hej</p><script>alert(1)</script>", subtype="html")
    for one in (message, plain):
        await aiosmtplib.send(one, hostname="127.0.0.1", port=sandbox.smtp_port)
    await sandbox.mail.wait_for(2, 5)
    assert (await web.get("/mail/1/shown")).status_code == 404
    assert "/mail/1/shown" not in (await web.get("/mail/1")).text
    shown = await web.get("/mail/2/shown")
    assert "color:red" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "/mail/2/shown" in (await web.get("/mail/2")).text
