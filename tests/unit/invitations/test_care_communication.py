"""Letters against golden files, FHIR's own reader, and the rules of the thread."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.unit.invitations import golden
from tests.unit.invitations.samples import (
    HOSPITAL,
    HOSPITAL_PARTY,
    MUNICIPALITY_PARTY,
    NOW,
    PRACTICE,
    ROOM,
    START,
    composer,
    consultation,
    ids,
)
from vdx_plugin.domain.patients import PersonName
from vdx_plugin.invitations import care_communication, codes
from vdx_plugin.invitations.care_communication import Content
from vdx_plugin.invitations.checks import check_outgoing
from vdx_plugin.invitations.message import Message, read_message, rows, text_at, write_json, write_xml
from vdx_plugin.invitations.resources import Author
from vdx_plugin.ports import OutboxDraft

AUTHOR = Author(PersonName("Madsen", "Karen Test"), "speciallaegeipraksis", "35000000")
PARTNER_AUTHOR = Author(PersonName("Burns", "Michael"), "sygeplejerske", "78450000")


def invited() -> OutboxDraft:
    return composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())


def message_of(draft: OutboxDraft) -> Message:
    return read_message(draft.payload, draft.mime)


def pretty(message: Message) -> str:
    return json.dumps(message.bundle, ensure_ascii=False, indent=1) + "\n"


def payload_texts(message: Message) -> list[str]:
    return [text_at(row, "contentString") for row in rows(message.first("Communication"), "payload")]


def activities(message: Message) -> list[str]:
    return [text_at(one, "activity", "coding", 0, "code") for one in message.all("Provenance")]


def test_an_invitation_is_what_the_golden_file_says() -> None:
    """Every element a receiver relies on is fixed, so a change is seen in a diff."""
    golden.check("invitation.json", pretty(message_of(invited())))


def test_a_move_is_what_the_golden_file_says() -> None:
    """A reply to our own letter repeats the thread and says first that the time is another."""
    later = consultation(start=START + timedelta(hours=25))
    old = (START, START + timedelta(minutes=30))
    moved = composer().move(later, HOSPITAL_PARTY, invited(), ROOM, old, NOW + timedelta(days=1), ids(100))
    golden.check("move.json", pretty(message_of(moved)))


def test_a_cancellation_is_what_the_golden_file_says() -> None:
    """A reply to our own letter that says first that it is off."""
    off = composer().cancellation(consultation(), HOSPITAL_PARTY, invited(), NOW + timedelta(days=2), ids(200))
    golden.check("cancellation.json", pretty(message_of(off)))


@pytest.mark.parametrize("name", ["invitation", "move", "move-after-answer", "cancellation", "reminder", "delay"])
def test_each_kind_of_letter_in_xml_is_what_the_golden_file_says(name: str) -> None:
    """Half of the partners read XML; both forms say the same, and line breaks are character references (pitfall 34)."""
    message = Message(json.loads(golden.read(f"{name}.json")))
    xml = write_xml(message)
    golden.check(f"{name}.xml", xml.decode())
    assert b"&#10;" in xml
    assert payload_texts(read_message(xml, codes.FHIR_XML)) == payload_texts(message)


def test_the_same_arguments_make_the_same_bytes() -> None:
    """A draft made again after a crash is the same draft."""
    assert invited() == invited()


@pytest.mark.parametrize("write", [write_json, write_xml])
def test_fhir_reads_back_what_was_written(write: object) -> None:
    """Both forms that receivers must accept hold the same message."""
    message = message_of(invited())
    mime = codes.FHIR_XML if write is write_xml else codes.FHIR_JSON
    again = read_message(write(message), mime)  # type: ignore[operator]
    assert check_outgoing(again) == []
    assert Bundle.model_validate(again.bundle).model_dump(mode="json") == again.bundle
    assert payload_texts(again) == payload_texts(message)


def test_an_own_reply_keeps_the_thread_and_everything_in_it() -> None:
    """Rules 3 to 5: same thread, new ids, all earlier texts and history."""
    first = message_of(invited())
    second = care_communication.answer(first, PRACTICE.gln or "", AUTHOR, Content("AFLYST"), NOW, ids(300))
    assert second.thread_id == first.thread_id
    assert {second.id, second.bundle["id"]}.isdisjoint({first.id, first.bundle["id"]})
    assert payload_texts(second) == [*payload_texts(first), "AFLYST"]
    assert activities(second) == ["reply-message", "new-message"]
    assert len(second.all("PractitionerRole")) == 1
    assert check_outgoing(second) == []


def test_a_reply_to_the_partner_turns_sender_and_receiver_round() -> None:
    """The partner's newest letter is answered to the partner, and names what it answers."""
    first = message_of(invited())
    partner = care_communication.answer(first, HOSPITAL.gln or "", PARTNER_AUTHOR, Content("Vi kommer"), NOW, ids(400))
    ours = care_communication.answer(partner, PRACTICE.gln or "", AUTHOR, Content("Tak"), NOW, ids(500))
    assert partner.sender["name"] == HOSPITAL.name
    assert ours.sender["name"] == PRACTICE.name
    assert text_at(ours.all("Provenance")[0], "entity", 0, "what", "reference") == f"MessageHeader/{partner.id}"
    assert activities(ours) == ["reply-message", "reply-message", "new-message"]
    assert check_outgoing(partner) == check_outgoing(ours) == []


def test_a_reply_drops_base64_of_earlier_attachments_and_keeps_their_titles() -> None:
    """Rule 6: the content is not repeated, what it was is."""
    bundle = json.loads(invited().payload)
    attachment = bundle["entry"][1]["resource"]["payload"][1]["contentAttachment"]
    del attachment["url"]
    attachment.update(contentType="application/pdf", data="AAAA")
    second = care_communication.answer(Message(bundle), PRACTICE.gln or "", AUTHOR, Content("AFLYST"), NOW, ids(300))
    kept = rows(second.first("Communication"), "payload")[1]["contentAttachment"]
    assert "data" not in kept
    assert kept["title"] == attachment["title"]


def test_a_named_sender_becomes_the_named_recipient() -> None:
    """Rule 7: whom the partner wrote as, we write to."""
    bundle = json.loads(invited().payload)
    letter = bundle["entry"][1]["resource"]
    role = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "PractitionerRole")
    sender = bundle["entry"][0]["resource"]["sender"]
    role["organization"] = sender
    letter["extension"] = [
        {"url": codes.SENDER_EXTENSION, "valueReference": {"reference": f"PractitionerRole/{role['id']}"}}
    ]
    answer = care_communication.answer(
        Message(bundle), HOSPITAL.gln or "", PARTNER_AUTHOR, Content("Vi kommer"), NOW, ids(400)
    )
    assert answer.first("Communication")["recipient"] == [{"reference": f"PractitionerRole/{role['id']}"}]
    assert "extension" not in answer.first("Communication")
    assert check_outgoing(answer) == []


def test_another_try_has_new_bundle_id_and_times_and_is_else_the_same_letter() -> None:
    """MR7: the receiver tells the repeat by MessageHeader.id."""
    first = message_of(invited())
    again = care_communication.resent(first, NOW + timedelta(minutes=31), ids(600))
    assert again.id == first.id
    assert again.bundle["id"] != first.bundle["id"]
    assert again.bundle["timestamp"] == "2026-10-07T09:43:00+02:00"
    assert again.all("Provenance")[0]["recorded"] == "2026-10-07T09:43:00+02:00"
    assert again.first("Communication") == first.first("Communication")
    assert check_outgoing(again) == []


def test_a_resent_reply_leaves_the_times_of_earlier_history_alone() -> None:
    """Only this message is sent anew; what happened before happened when it did."""
    off = message_of(composer().cancellation(consultation(), HOSPITAL_PARTY, invited(), NOW, ids(200)))
    again = care_communication.resent(off, NOW + timedelta(hours=1), ids(600))
    times = [one["recorded"] for one in again.all("Provenance")]
    assert times == ["2026-10-07T10:12:00+02:00", "2026-10-07T09:12:00+02:00"]


def test_names_with_markup_and_control_characters_make_a_valid_letter() -> None:
    """A clinic system may hold anything; the narrative must stay XHTML and the message readable as XML."""
    content = Content('Tid & sted <her>\r\nlinje\x0b to ]]> "citat"')
    first = message_of(invited())
    message = care_communication.answer(first, PRACTICE.gln or "", AUTHOR, content, NOW, ids(300))
    assert check_outgoing(message) == []
    assert payload_texts(read_message(write_xml(message), codes.FHIR_XML))[-1] == (
        'Tid & sted <her>\nlinje to ]]> "citat"'
    )


def test_each_partner_has_its_own_thread_and_message() -> None:
    """One thread for two partners would show each a thread that never matches."""
    new_id = ids()
    one = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, new_id)
    two = composer().invitation(consultation(), MUNICIPALITY_PARTY, ROOM, NOW, new_id)
    assert one.thread_id != two.thread_id
    assert one.message_id != two.message_id
    assert one.key != two.key
