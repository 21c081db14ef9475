"""What a partner wrote, found by the payloads' own times."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.invitations.samples import HOSPITAL, HOSPITAL_PARTY, NOW, PRACTICE, ROOM, composer, consultation, ids
from vdx_plugin.domain.patients import PersonName
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import care_communication, replies
from vdx_plugin.invitations.care_communication import Content
from vdx_plugin.invitations.codes import FHIR_JSON
from vdx_plugin.invitations.message import Message, read_message, write_json
from vdx_plugin.invitations.resources import Author
from vdx_plugin.invitations.transport import Incoming
from vdx_plugin.ports import IncomingLetter

NURSE = Author(PersonName("Burns", "Michael"), "sygeplejerske", "78450000")
OWN_GLN = PRACTICE.gln or ""


def read(message: Message) -> IncomingLetter:
    return replies.read(message, OWN_GLN, Incoming("r-1", FHIR_JSON, "", write_json(message)), NOW)


def answered() -> Message:
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    first = read_message(draft.payload, draft.mime)
    later = NOW + timedelta(hours=1)
    return care_communication.answer(first, HOSPITAL.gln or "", NURSE, Content("Vi kommer"), later, ids(400))


def test_the_newest_text_of_the_partner_is_the_answer() -> None:
    """Our own earlier texts come back in every reply and are not the answer."""
    reply = read(answered())
    assert reply.text == "Vi kommer"
    assert reply.sender_gln == HOSPITAL.gln
    assert reply.written_at == NOW + timedelta(hours=1)
    assert reply.subject == "Telemedicin, Videomøde 14.10.2026 kl. 13.00"
    assert reply.patient_ids == ("2509479989",)
    assert "Vi kommer" not in repr(reply)


def test_the_order_of_payloads_does_not_count() -> None:
    """Rule 23: sort by time; letters may be merged in any order."""
    bundle: dict[str, Any] = json.loads(json.dumps(answered().bundle))
    bundle["entry"][1]["resource"]["payload"].reverse()
    assert read(Message(bundle)).text == "Vi kommer"


def test_of_two_answers_the_newer_is_taken() -> None:
    """First yes, then no: the letter repeats both, in whatever order."""
    second = care_communication.answer(
        answered(), HOSPITAL.gln or "", NURSE, Content("Vi kan ikke"), NOW + timedelta(hours=3), ids(600)
    )
    bundle: dict[str, Any] = json.loads(json.dumps(second.bundle))
    for _ in range(2):
        bundle["entry"][1]["resource"]["payload"].reverse()
        assert read(Message(bundle)).text == "Vi kan ikke"


def test_a_letter_in_which_nobody_else_wrote_has_no_answer() -> None:
    """Our own letter sent back to us is not an answer."""
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    with pytest.raises(Unreadable):
        read(read_message(draft.payload, draft.mime))
