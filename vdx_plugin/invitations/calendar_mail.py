"""E-mail with a calendar entry, for those whom MedCom does not reach: the patient and the interpreter.

E-mail travels in the clear and stays in mailboxes, so it says who calls, when, where and what to do, and nothing about
the patient: no name, no number, no purpose. The same message id always makes the same Message-ID, so that a repeat is
recognised. iCalendar after RFC 5545 and RFC 5546: REQUEST, and CANCEL with the next SEQUENCE under the same UID.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime

from icalendar import Calendar, vCalAddress, vText

from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations import calendar_event, mail_page
from vdx_plugin.invitations.mail_page import Manner
from vdx_plugin.invitations.narrative import clean
from vdx_plugin.invitations.spoken_time import local

_POLICY = policy.SMTP.clone(max_line_length=78)
_SEQUENCE = "X-Calendar-Sequence"
_FILE = "videosamtale.ics"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whose mail it is and how it is told apart. ``message_id`` has its angle brackets, ``uid`` is the calendar's."""

    sender: str
    sender_name: str
    receiver: str
    message_id: str
    uid: str
    sequence: int = 0

    def __repr__(self) -> str:
        return f"Envelope(sequence={self.sequence})"


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says, in its reader's language. ``entry`` is the title in the calendar."""

    subject: str
    text: str
    entry: str
    manner: Manner

    def __repr__(self) -> str:
        return "Words(…)"


@dataclass(frozen=True, slots=True)
class Call:
    """When and where; an empty ``link`` for a call that is off."""

    start: datetime
    end: datetime
    link: Secret


def request(envelope: Envelope, words: Words, call: Call, written_at: datetime) -> bytes:
    """Build the mail that invites, or invites anew, as RFC 5322 bytes with CRLF."""
    return _write(envelope, words, call, written_at, calendar=_calendar(envelope, words, call, "REQUEST", written_at))


def cancel(envelope: Envelope, words: Words, call: Call, written_at: datetime) -> bytes:
    """Build the mail that cancels. ``envelope.sequence`` is one more than the invitation's, ``uid`` the same."""
    return _write(envelope, words, call, written_at, calendar=_calendar(envelope, words, call, "CANCEL", written_at))


def notice(envelope: Envelope, words: Words, call: Call, written_at: datetime, answers: str) -> bytes:
    """Build a mail that changes nothing in the reader's calendar, as an answer to the mail of Message-ID ``answers``.

    ``envelope.sequence`` is the last one told.
    """
    return _write(envelope, words, call, written_at, answers=answers)


def sequence_of(payload: bytes) -> int:
    """Return the SEQUENCE that holds after a mail made here; 0 for any other."""
    told = str(BytesParser(policy=_POLICY).parsebytes(payload, headersonly=True).get(_SEQUENCE, ""))
    return int(told) if told.isascii() and told.isdigit() else 0


def _write(
    envelope: Envelope,
    words: Words,
    call: Call,
    written_at: datetime,
    *,
    calendar: Calendar | None = None,
    answers: str = "",
) -> bytes:
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(envelope.sender_name, envelope.sender)
    mail["To"] = _line(envelope.receiver)
    mail["Subject"] = _line(words.subject)
    mail["Date"] = format_datetime(local(written_at))
    mail["Message-ID"] = envelope.message_id
    # Keeps out-of-office answers and delivery robots from writing back.
    mail["Auto-Submitted"] = "auto-generated"
    # A mail without a calendar entry must tell it too: the next change counts on from here.
    mail[_SEQUENCE] = str(envelope.sequence)
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    text = clean(words.text)
    mail.set_content(f"{text}\n", cte="quoted-printable")
    page = mail_page.html(text, call.link.reveal(), words.manner)
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    if calendar is not None:
        _add_calendar(mail, calendar)
    _fix_boundaries(mail, envelope.message_id)
    # Only now: what is set before the parts goes into the first of them.
    mail["Content-Language"] = words.manner.code
    return mail.as_bytes()


def _add_calendar(mail: EmailMessage, calendar: Calendar) -> None:
    """Once as a form of the mail, which calendars act on by themselves, and once as a file for those that do not."""
    content, method = calendar.to_ical(), str(calendar["METHOD"])
    mail.add_alternative(content.decode(), subtype="calendar", cte="base64", params={"method": method})
    mail.add_attachment(content, maintype="application", subtype="ics", filename=_FILE)


def _fix_boundaries(mail: EmailMessage, message_id: str) -> None:
    """The standard library draws random boundaries; the same message must always have the same bytes."""
    name = "".join(character for character in message_id if character.isalnum())[:40]
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}{name}")


def _address(name: str, address: str) -> str:
    quoted = _line(name).replace("\\", "").replace('"', "'")
    return f'"{quoted}" <{_line(address)}>'


def _line(text: str) -> str:
    """One line: a line break in a header would start another header."""
    return " ".join(clean(text).split())


def _calendar(envelope: Envelope, words: Words, call: Call, method: str, written_at: datetime) -> Calendar:
    event = calendar_event.event(envelope.uid, envelope.sequence, call.start, call.end, words.entry, written_at)
    organizer = vCalAddress(f"MAILTO:{_line(envelope.sender)}")
    organizer.params["CN"] = vText(_line(envelope.sender_name))
    event["ORGANIZER"] = organizer
    attendee = vCalAddress(f"MAILTO:{_line(envelope.receiver)}")
    attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
    attendee.params["RSVP"] = vText("FALSE")
    event["ATTENDEE"] = attendee
    if method == "REQUEST":
        calendar_event.place(event, call.link)
    return calendar_event.calendar(method, event)
