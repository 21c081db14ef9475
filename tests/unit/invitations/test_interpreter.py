"""Interpreters hear when, where and in which language, and nothing about whose call it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.invitations.samples import (
    AGENCY,
    HOSPITAL_PARTY,
    INTERPRETER_PARTY,
    NOW,
    PATIENT_PARTY,
    ROOM,
    SETTINGS,
    SMS_PARTY,
    START,
    composer,
    consultation,
    ids,
)
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.context import ClinicUser
from vdx_plugin.domain.parties import Channel, Interpreting, Party
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.errors import Refused
from vdx_plugin.invitations import calendar_file, sms
from vdx_plugin.invitations.exporter import Exporter
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.ports import NoticeKind, OutboxDraft

ORDER = Interpreting("female", "REQ-4711", "i klinikken")
ORDERED = replace(INTERPRETER_PARTY, interpreting=ORDER)
BY_SMS = replace(ORDERED, key="p-int-sms", channel=Channel.SMS, address="20 12 34 56")

# Syllables that stand in no text of ours, so that a hit can only come from the patient.
_SYLLABLES = st.lists(st.sampled_from(["Zwq", "Xrk", "Qvy", "Wjx", "Yzk"]), min_size=2, max_size=4).map("".join)
_DIGITS = st.from_regex(r"3[01]02[0-9]{2}9[0-9]{3}", fullmatch=True)  # the 30th and 31st of February
patients = st.builds(
    lambda family, given_name, number, born, mail, mobile: Patient(
        (cpr(number),), PersonName(family, given_name), born, local_id=f"L{number}", email=mail, mobile=mobile
    ),
    _SYLLABLES,
    _SYLLABLES,
    _DIGITS,
    st.dates(date(1905, 1, 1), date(1999, 12, 31)),
    _SYLLABLES.map(lambda name: f"{name}@patient.example"),
    st.from_regex(r"\+4571[0-9]{6}", fullmatch=True),
)


def told(draft: OutboxDraft) -> str:
    """Everything the receiver can find, decoded, and the bytes as they travel."""
    if draft.channel is Channel.SMS:
        return sms.read(draft.payload).text
    mail = BytesParser(policy=policy.default).parsebytes(draft.payload)
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    texts = [str(part, "utf-8").replace("\r\n ", "") for part in parts if isinstance(part, bytes)]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *texts])


def everything_for(party: Party, one: Consultation) -> str:
    """Every text an interpreter can get about one consultation."""
    make = composer()
    first = make.invitation(one, party, ROOM, NOW, ids())
    drafts = [
        first,
        make.move(one, party, first, ROOM, (START, START), NOW, ids(100)),
        make.cancellation(one, party, first, NOW, ids(200)),
        *(make.notice(one, party, first, ROOM, kind, NOW, ids(300), minutes=10) for kind in NoticeKind),
    ]
    card = Exporter(SETTINGS, TextBook()).interpreter_card(one, party, NOW)
    files = card.ical.replace("\r\n ", "")
    return "\n".join([*(told(draft) for draft in drafts), card.text, files])


@given(patients, st.sampled_from([ORDERED, BY_SMS]))
def test_no_word_of_the_patient_reaches_an_interpreter(patient: Patient, party: Party) -> None:
    """Name, number, birth date, addresses, the record's own key; nor who is asked besides, nor who is signed in."""
    user = ClinicUser("QXZ-initials", name=PersonName("Qzwtest", "Ole"))
    parties = (replace(PATIENT_PARTY, address=patient.email, language="ar"), HOSPITAL_PARTY, party)
    one = consultation(*parties, patient=patient, user=user)
    text = everything_for(party, one)
    assert patient.name is not None
    assert patient.birth_date is not None
    number, born = patient.identifiers[0].value, patient.birth_date
    secrets = [patient.name.family, patient.name.given, number, number[:6], patient.email, patient.mobile]
    secrets += [patient.local_id, born.isoformat(), f"{born:%d.%m.%Y}", "QXZ", "Qzwtest", "REQ-4711", "Ældremedicinsk"]
    for secret in secrets:
        assert secret
        assert secret not in text


@pytest.mark.parametrize("party", [ORDERED, BY_SMS], ids=["mail", "sms"])
def test_an_interpreter_hears_what_the_work_needs(party: Party) -> None:
    """Language, whether a woman or a man is asked for, where the patient sits, when, and the way in."""
    text = told(composer().invitation(consultation(party), party, ROOM, NOW, ids()))
    for wanted in ("Sprog: arabisk", "Ønsket tolk: kvinde", "Patienten sidder her: i klinikken", "14. oktober", "3788"):
        assert wanted in text
    assert composer().guest_link(ROOM, party).reveal() in text.splitlines()


def test_what_was_not_asked_for_is_not_mentioned() -> None:
    """No „Ønsket tolk: " with nothing behind it."""
    text = told(composer().invitation(consultation(), INTERPRETER_PARTY, ROOM, NOW, ids()))
    assert "Ønsket tolk" not in text
    assert "sidder her" not in text


def test_the_card_is_the_invitation_with_its_file_and_the_numbers_beside() -> None:
    """The agency gets the text; the requisition is for the record and the fee notice for the patient."""
    one = consultation(replace(PATIENT_PARTY, language="ar"), ORDERED)
    card = Exporter(replace(SETTINGS, fee="191 kr."), TextBook()).interpreter_card(one, ORDERED, NOW)
    assert "Sprog: arabisk" in card.text
    assert (card.requisition, "REQ-4711" in card.text) == ("REQ-4711", False)
    assert "191 kr." in card.fee_notice
    assert "الدنمارك" in card.fee_notice
    entry = calendar_file.read(card.ical)
    assert entry.url == composer().guest_link(ROOM, ORDERED)
    assert (entry.start, entry.title) == (START, "Videosamtale med Lægehuset Eksempel")


def test_there_is_no_card_without_a_room() -> None:
    """It would have no link; the order is a card's only purpose."""
    with pytest.raises(Refused) as caught:
        Exporter(SETTINGS, TextBook()).interpreter_card(replace(consultation(ORDERED), room=None), ORDERED, NOW)
    assert caught.value.code == "room.not_ready"


@pytest.mark.parametrize("party", [PATIENT_PARTY, SMS_PARTY], ids=["mail", "sms"])
def test_the_patient_hears_of_a_possible_fee_before_the_interpreter_comes(party: Party) -> None:
    """A condition of the regions; only where an interpreter is asked, and only in the invitation."""
    alone, both = consultation(party), consultation(party, ORDERED)
    first = composer().invitation(both, party, ROOM, NOW, ids())
    assert "tolk" in told(first)
    assert "tolk" not in told(composer().invitation(alone, party, ROOM, NOW, ids()))
    reminder = composer().notice(both, party, first, ROOM, NoticeKind.REMINDER, NOW, ids(100))
    assert "tolk" not in told(reminder)
    assert AGENCY.name not in told(first)
