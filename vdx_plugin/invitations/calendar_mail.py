"""E-mail with a calendar entry, for those whom MedCom does not reach: the patient and the interpreter.

E-mail travels in the clear and stays in mailboxes, so it says who calls, when, where and what to do, and nothing about
the patient: no name, no number, no purpose. The same message id always makes the same Message-ID, so that a repeat is
recognised. iCalendar after RFC 5545 and RFC 5546: REQUEST, and CANCEL with the next SEQUENCE under the same UID.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from html import escape

from icalendar import Calendar, Event, vCalAddress, vText

from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations.narrative import clean
from vdx_plugin.invitations.spoken_time import local, span
from vdx_plugin.ports import NoticeKind
from vdx_plugin.texts import _, language

_POLICY = policy.SMTP.clone(max_line_length=78)
_SEQUENCE = "X-Calendar-Sequence"


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
class Call:
    """When and where. ``phone`` is the practice's; ``language`` is set for an interpreter."""

    start: datetime
    end: datetime
    link: Secret
    phone: str
    language: str = ""


def invitation(
    envelope: Envelope, call: Call, written_at: datetime, old: tuple[datetime, datetime] | None = None
) -> bytes:
    """Build the mail that invites, as RFC 5322 bytes with CRLF. ``old`` is the former start and end of a moved call."""
    lines = [
        *([_("ÆNDRET TID"), ""] if old else []),
        _("{practice} inviterer til en videosamtale.").format(practice=envelope.sender_name),
        "",
        *([_("Før: {time}").format(time=span(*old, language()))] if old else []),
        _("Tid: {time}").format(time=span(call.start, call.end, language())),
        *([_("Sprog: {language}").format(language=call.language)] if call.language else []),
        "",
        _("Åbn dette link, når tiden er inde:"),
        call.link.reveal(),
        "",
        _("Brug en computer, telefon eller tablet med kamera og mikrofon. Du skal ikke installere noget."),
        _("Du venter uden for rummet, til lægen lukker dig ind."),
        *_call_us(call.phone),
    ]
    subject = _("Ændret tid: videosamtale {time}") if old else _("Videosamtale {time}")
    subject = subject.format(time=span(call.start, call.end, language()))
    return _write(envelope, subject, lines, call.link, _calendar(envelope, call, "REQUEST", written_at), written_at)


def cancellation(envelope: Envelope, call: Call, written_at: datetime) -> bytes:
    """Build the mail that cancels. ``envelope.sequence`` is one more than the invitation's, ``uid`` the same."""
    lines = [
        _("AFLYST"),
        "",
        _("Videosamtalen med {practice} er aflyst.").format(practice=envelope.sender_name),
        _("Tid: {time}").format(time=span(call.start, call.end, language())),
        _("Linket virker ikke længere."),
        *_call_us(call.phone),
    ]
    subject = _("Aflyst: videosamtale {time}").format(time=span(call.start, call.end, language()))
    return _write(envelope, subject, lines, None, _calendar(envelope, call, "CANCEL", written_at), written_at)


def notice(
    envelope: Envelope, call: Call, kind: NoticeKind, written_at: datetime, minutes: int, earlier_id: str
) -> bytes:
    """Build the mail that reminds or says that the doctor is late, as an answer to the mail ``earlier_id``.

    It has no calendar entry, so that nothing changes in the reader's calendar; ``envelope.sequence`` is the last one.
    """
    time = span(call.start, call.end, language())
    if kind is NoticeKind.REMINDER:
        subject = _("Husk: videosamtale {time}").format(time=time)
        first = _("{practice} minder om jeres videosamtale.").format(practice=envelope.sender_name)
    else:
        subject = _("Lægen er forsinket: videosamtale {time}").format(time=time)
        first = _("Lægen er ca. {minutes} minutter forsinket.").format(minutes=minutes)
    way_in = ["", _("Åbn dette link, når tiden er inde:"), call.link.reveal()]
    lines = [first, "", _("Tid: {time}").format(time=time), *way_in, *_call_us(call.phone)]
    return _write(envelope, subject, lines, call.link, None, written_at, earlier_id)


def sequence_of(payload: bytes) -> int:
    """Return the SEQUENCE that holds after a mail made here; 0 for any other."""
    told = str(BytesParser(policy=_POLICY).parsebytes(payload, headersonly=True).get(_SEQUENCE, ""))
    return int(told) if told.isascii() and told.isdigit() else 0


def _call_us(phone: str) -> list[str]:
    return ["", _("Spørgsmål? Ring: {phone}").format(phone=phone)] if phone else []


def _write(
    envelope: Envelope,
    subject: str,
    lines: list[str],
    link: Secret | None,
    calendar: Calendar | None,
    written_at: datetime,
    answers: str = "",
) -> bytes:
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(envelope.sender_name, envelope.sender)
    mail["To"] = _line(envelope.receiver)
    mail["Subject"] = _line(subject)
    mail["Date"] = format_datetime(local(written_at))
    mail["Message-ID"] = envelope.message_id
    # Keeps out-of-office answers and delivery robots from writing back.
    mail["Auto-Submitted"] = "auto-generated"
    # A mail without a calendar entry must tell it too: the next change counts on from here.
    mail[_SEQUENCE] = str(envelope.sequence)
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    text = clean("\n".join(lines))
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(_html(text, link), subtype="html", cte="quoted-printable")
    if calendar is not None:
        params = {"method": str(calendar["METHOD"])}
        mail.add_alternative(calendar.to_ical().decode(), subtype="calendar", cte="base64", params=params)
    _fix_boundary(mail, envelope.message_id)
    return mail.as_bytes()


def _fix_boundary(mail: EmailMessage, message_id: str) -> None:
    """The standard library draws a random boundary; the same message must always have the same bytes."""
    name = "".join(character for character in message_id if character.isalnum())[:40]
    mail.set_boundary(f"=_{name}")


def _address(name: str, address: str) -> str:
    quoted = _line(name).replace("\\", "").replace('"', "'")
    return f'"{quoted}" <{_line(address)}>'


def _line(text: str) -> str:
    """One line: a line break in a header would start another header."""
    return " ".join(clean(text).split())


def _html(text: str, link: Secret | None) -> str:
    body = escape(text)
    if link is not None:
        address = escape(link.reveal())
        body = body.replace(address, f'<a href="{address}">{address}</a>')
    lines = body.replace("\n", "<br>\n")
    return f'<!doctype html>\n<html lang="{language()}"><meta charset="utf-8"><body><p>{lines}</p></body></html>\n'


def _calendar(envelope: Envelope, call: Call, method: str, written_at: datetime) -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", "-//vdx-plugin//DA")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    event = Event()
    event.add("UID", envelope.uid)
    event.add("DTSTAMP", written_at.astimezone(UTC))
    # Times in UTC need no time zone table in the file and are shown in the reader's own zone.
    event.add("DTSTART", call.start.astimezone(UTC))
    event.add("DTEND", call.end.astimezone(UTC))
    event.add("SEQUENCE", envelope.sequence)
    event.add("SUMMARY", _("Videosamtale med {practice}").format(practice=clean(envelope.sender_name)))
    event.add("STATUS", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    organizer = vCalAddress(f"MAILTO:{_line(envelope.sender)}")
    organizer.params["CN"] = vText(_line(envelope.sender_name))
    event["ORGANIZER"] = organizer
    attendee = vCalAddress(f"MAILTO:{_line(envelope.receiver)}")
    attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
    attendee.params["RSVP"] = vText("FALSE")
    event["ATTENDEE"] = attendee
    if method == "REQUEST":
        event.add("LOCATION", call.link.reveal())
        event.add("URL", call.link.reveal())
    calendar.add_component(event)
    return calendar
