"""E-mails with a calendar entry, as a mail program would read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from icalendar import Calendar

from tests.unit.invitations import golden
from tests.unit.invitations.samples import (
    INTERPRETER_PARTY,
    NOW,
    PATIENT_PARTY,
    PRACTICE,
    ROOM,
    SETTINGS,
    START,
    composer,
    consultation,
    ids,
)
from vdx_plugin import texts
from vdx_plugin.errors import Misconfigured
from vdx_plugin.invitations import calendar_mail
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.ports import NoticeKind, OutboxDraft


def invited() -> OutboxDraft:
    return composer().invitation(consultation(), PATIENT_PARTY, ROOM, NOW, ids())


def cancelled() -> OutboxDraft:
    return composer().cancellation(consultation(), PATIENT_PARTY, invited(), NOW + timedelta(days=1), ids(20))


def mail_of(draft: OutboxDraft) -> EmailMessage:
    mail = BytesParser(policy=policy.default).parsebytes(draft.payload)
    assert isinstance(mail, EmailMessage)
    return mail


def event_of(draft: OutboxDraft) -> tuple[Calendar, dict[str, object]]:
    part = next(part for part in mail_of(draft).walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    return calendar, dict(calendar.walk("VEVENT")[0])


@pytest.fixture
def english() -> Iterator[None]:
    """Texts in English, and Danish again afterwards."""
    texts.set_language("en")
    yield
    texts.set_language("da")


def test_a_mail_is_what_the_golden_file_says() -> None:
    """Bytes and all: the same draft made again after a crash must be the same mail."""
    assert invited() == invited()
    golden.check("patient-invitation.eml", invited().payload.decode("ascii").replace("\r\n", "\n"))
    golden.check("patient-cancellation.eml", cancelled().payload.decode("ascii").replace("\r\n", "\n"))


def test_a_mail_has_plain_text_html_and_calendar() -> None:
    """Every mail program finds a form it can show, the richest last (RFC 2046, 5.1.4)."""
    parts = [part.get_content_type() for part in mail_of(invited()).walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html", "text/calendar", "application/ics"]
    assert mail_of(invited())["Message-ID"] == invited().message_id


def test_the_attached_file_is_the_same_entry() -> None:
    """Whoever's mail program does not act on a calendar part opens the file, and gets no second appointment."""
    for draft in (invited(), cancelled()):
        parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail_of(draft).walk()}
        assert parts["application/ics"] == parts["text/calendar"]
        names = [part.get_filename() for part in mail_of(draft).iter_attachments()]
        assert names == ["videosamtale.ics"]


def test_lines_end_with_cr_lf_and_none_is_too_long() -> None:
    """RFC 5322: bare line feeds and long lines are broken by servers on the way."""
    lines = invited().payload.split(b"\r\n")
    assert not any(b"\n" in line for line in lines)
    assert max(len(line) for line in lines) <= 998


def test_the_calendar_entry_says_when_and_where() -> None:
    """Accepted into a calendar, it is all the patient sees on the day."""
    calendar, event = event_of(invited())
    assert calendar["METHOD"] == "REQUEST"
    assert event["DTSTART"].dt == START == datetime(2026, 10, 14, 11, tzinfo=UTC)  # type: ignore[attr-defined]
    assert str(event["URL"]) == composer().guest_link(ROOM, PATIENT_PARTY).reveal()
    assert int(str(event["SEQUENCE"])) == 0


def test_a_cancellation_takes_the_same_entry_out_of_the_calendar() -> None:
    """RFC 5546: same UID, higher SEQUENCE, CANCEL."""
    (_, before), (calendar, event) = event_of(invited()), event_of(cancelled())
    assert calendar["METHOD"] == "CANCEL"
    assert event["UID"] == before["UID"]
    assert int(str(event["SEQUENCE"])) == 1
    assert event["STATUS"] == "CANCELLED"
    assert "URL" not in event
    assert "AFLYST" in str(mail_of(cancelled()).get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_a_move_is_the_same_entry_with_the_next_sequence() -> None:
    """Calendars replace the old time instead of showing two."""
    later = consultation(start=START + timedelta(days=1))
    old = (START, START + timedelta(minutes=30))
    moved = composer().move(later, PATIENT_PARTY, invited(), ROOM, old, NOW, ids(50))
    assert calendar_mail.sequence_of(moved.payload) == 1
    calendar, event = event_of(moved)
    assert event["UID"] == event_of(invited())[1]["UID"]
    assert (calendar["METHOD"], int(str(event["SEQUENCE"]))) == ("REQUEST", 1)
    assert event["DTSTART"].dt == START + timedelta(days=1)  # type: ignore[attr-defined]


def test_a_move_and_then_a_cancellation_count_on() -> None:
    """RFC 5546, 2.1.5: an entry with a lower SEQUENCE than the one in the calendar is thrown away."""
    old = (START, START + timedelta(minutes=30))
    moved = composer().move(consultation(), PATIENT_PARTY, invited(), ROOM, old, NOW, ids(50))
    off = composer().cancellation(consultation(), PATIENT_PARTY, moved, NOW, ids(60))
    assert [int(str(event_of(draft)[1]["SEQUENCE"])) for draft in (invited(), moved, off)] == [0, 1, 2]
    assert len({str(event_of(draft)[1]["UID"]) for draft in (invited(), moved, off)}) == 1


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_notice_leaves_the_calendar_alone_and_answers_the_invitation(kind: NoticeKind) -> None:
    """Mail programs show it beside the invitation, and the entry with its alarm stays as it is."""
    told = composer().notice(consultation(), PATIENT_PARTY, invited(), ROOM, kind, NOW, ids(50), minutes=10)
    parts = [part.get_content_type() for part in mail_of(told).walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html"]
    assert mail_of(told)["In-Reply-To"] == invited().message_id


def test_a_page_in_arabic_is_written_from_right_to_left() -> None:
    """Otherwise the full stops jump to the wrong end and addresses are read backwards."""
    party = replace(PATIENT_PARTY, language="ar")
    draft = composer().invitation(consultation(party), party, ROOM, NOW, ids())
    page = str(mail_of(draft).get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert '<html lang="ar" dir="rtl">' in page
    assert '<bdi dir="ltr">https://' in page
    assert mail_of(draft)["Content-Language"] == "ar"


def test_a_line_break_in_a_name_makes_no_header() -> None:
    """Header injection would send the link to somebody else."""
    settings = replace(SETTINGS, organisation=replace(PRACTICE, name="Hus\r\nBcc: x@evil.example"))
    draft = MessageComposer(settings).invitation(consultation(), PATIENT_PARTY, ROOM, NOW, ids())
    assert "Bcc" not in mail_of(draft)
    assert mail_of(draft)["Subject"]


@pytest.mark.parametrize("address", ["a@patient.example\r\nBcc: x@evil.example", "a b@x.example", "nobody"])
def test_an_address_that_is_none_is_not_written_to(address: str) -> None:
    """It would go into the mail server's commands as it is."""
    with pytest.raises(Misconfigured):
        composer().invitation(consultation(), replace(PATIENT_PARTY, address=address), ROOM, NOW, ids())


def test_a_mail_in_english_is_english_throughout() -> None:
    """The practice may choose English for its patients."""
    settings = replace(SETTINGS, mail_language="en")
    draft = MessageComposer(settings).invitation(consultation(), INTERPRETER_PARTY, ROOM, NOW, ids())
    plain = str(mail_of(draft).get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "Wednesday 14 October 2026 at 13:00-13:30 (Danish time)" in plain
    assert "Arabic" in plain
    assert "invites you to a video call." in plain


def test_a_mail_is_danish_though_the_program_speaks_english(english: None) -> None:
    """The doctor's language is not the patient's."""
    draft = composer().invitation(consultation(), INTERPRETER_PARTY, ROOM, NOW, ids())
    plain = str(mail_of(draft).get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "onsdag den 14. oktober 2026" in plain
