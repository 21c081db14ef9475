"""Acknowledgements: reading MedCom's, writing ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.invitations import golden, official
from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, OWN, ROOM, composer, consultation, ids
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import acknowledgement, care_communication
from vdx_plugin.invitations.acknowledgement import AckCode, Issue, Refusal
from vdx_plugin.invitations.checks import check_outgoing
from vdx_plugin.invitations.message import Message, read_message, text_at


def letter() -> Message:
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    return read_message(draft.payload, draft.mime)


@official.needed
@pytest.mark.parametrize("path", official.ACKS, ids=official.short)
def test_official_acknowledgements_are_read_by_their_response(path: Path) -> None:
    """With and without coding or definition, and whatever their Provenance says."""
    message = read_message(path.read_bytes(), official.mime_of(path))
    ack = acknowledgement.read(message)
    assert ack.answers == message.header["response"]["identifier"]
    assert ack.code == message.header["response"]["code"]


@official.needed
def test_the_code_counts_and_not_the_letters_of_old_papers() -> None:
    """The test file named AR says transient-error, the one named AE fatal-error; papers say the opposite."""
    codes = {path.name: acknowledgement.read(read_message(path.read_bytes(), official.mime_of(path))).code
             for path in official.ACKS if path.name.startswith("Ack_3.3")}  # fmt: skip
    assert codes["Ack_3.3.2.1_A_AE.xml"] is AckCode.FATAL
    assert codes["Ack_3.3.3.1_A_AR.xml"] is AckCode.TRANSIENT


def test_a_misleading_provenance_is_not_looked_at() -> None:
    """In MedCom's error examples the history names another message than the one acknowledged."""
    ack = acknowledgement.build(letter(), OWN, NOW, ids(50))
    bundle = json.loads(json.dumps(ack.bundle))
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Provenance":
            entry["resource"]["target"] = [{"reference": "MessageHeader/other"}]
    assert acknowledgement.read(Message(bundle)).answers == letter().id


def test_an_acknowledgement_without_code_is_unreadable() -> None:
    """It says nothing about the letter, so nothing is concluded."""
    bundle = json.loads(json.dumps(acknowledgement.build(letter(), OWN, NOW, ids(50)).bundle))
    bundle["entry"][0]["resource"]["response"]["code"] = "fine"
    with pytest.raises(Unreadable):
        acknowledgement.read(Message(bundle))


def test_our_ok_is_what_the_golden_file_says() -> None:
    """The partner's system reads it, so every element is fixed."""
    ack = acknowledgement.build(letter(), OWN, NOW, ids(50))
    assert check_outgoing(ack) == []
    golden.check("ack-ok.json", json.dumps(ack.bundle, ensure_ascii=False, indent=1) + "\n")


def test_our_refusal_carries_its_reason() -> None:
    """fatal-error without an OperationOutcome is itself invalid (medcom-acknowledgement-1)."""
    ack = acknowledgement.build(letter(), OWN, NOW, ids(50), Refusal(Issue.INVALID, "status: skal være unknown"))
    assert check_outgoing(ack) == []
    golden.check("ack-fatal.json", json.dumps(ack.bundle, ensure_ascii=False, indent=1) + "\n")
    assert acknowledgement.read(ack).reason == Issue.INVALID


def test_a_repeat_is_acknowledged_under_the_same_id() -> None:
    """MR8: the same content again, new Bundle.id and times."""
    first = acknowledgement.build(letter(), OWN, NOW, ids(50))
    again = care_communication.resent(first, NOW, ids(900))
    assert first.id == again.id == acknowledgement.id_for(letter().id)
    assert first.bundle["id"] != again.bundle["id"]
    assert check_outgoing(again) == []


def test_an_acknowledgement_is_never_acknowledged() -> None:
    """Two systems that do would never stop."""
    ack = acknowledgement.build(letter(), OWN, NOW, ids(50))
    with pytest.raises(Unreadable):
        acknowledgement.build(ack, OWN, NOW, ids(90))


@pytest.mark.parametrize("message_id", ["", "not an id", "x" * 65, "æ"])
def test_a_message_that_cannot_be_named_is_not_acknowledged(message_id: str) -> None:
    """response.identifier must be a FHIR id, or our answer is invalid."""
    bundle = json.loads(json.dumps(letter().bundle))
    bundle["entry"][0]["resource"]["id"] = message_id
    with pytest.raises(Unreadable):
        acknowledgement.build(Message(bundle), OWN, NOW, ids(90))


def test_it_goes_to_the_sender_from_us() -> None:
    """Sender and receiver are turned round."""
    ack = acknowledgement.build(letter(), OWN, NOW, ids(50))
    assert ack.receiver["name"] == letter().sender["name"]
    assert text_at(ack.sender, "name") == OWN.name


def test_a_reason_that_is_no_code_is_left_out() -> None:
    """The reason is logged, and a partner's system may put anything there."""
    ack = acknowledgement.build(letter(), OWN, NOW, ids(50), Refusal(Issue.INVALID, "x"))
    bundle = json.loads(json.dumps(ack.bundle))
    bundle["entry"][-1]["resource"]["issue"][0]["details"]["coding"][0]["code"] = "2509479989"
    assert acknowledgement.read(Message(bundle)).reason == ""
