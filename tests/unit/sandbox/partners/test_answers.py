"""What partners send: acknowledgements and replies, in both forms."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.unit.sandbox.partners.samples import (
    CLINIC_GLN,
    HEADER_ID,
    HOSPITAL,
    THREAD_ID,
    damaged,
    invitation,
    resource,
)
from vdx_plugin.sandbox.partners.answers import Json, acknowledgement, reply
from vdx_plugin.sandbox.partners.bundle import GLN_SYSTEM, Message, identifier, items, read_message, text
from vdx_plugin.sandbox.partners.checks import check, check_acknowledgement
from vdx_plugin.sandbox.partners.fhir_xml import write_xml
from vdx_plugin.sandbox.partners.values import Answer, Finding

NOW = datetime(2026, 10, 7, 8, 0, tzinfo=UTC)


def numbers() -> Callable[[], str]:
    counter = itertools.count(0x100)
    return lambda: f"00000000-0000-4000-9000-{next(counter):012x}"


@pytest.mark.parametrize("code", ["ok", "fatal-error", "transient-error"])
def test_an_acknowledgement_is_valid_and_names_the_message(code: str) -> None:
    """The key for the sender is response.identifier, a bare id."""
    findings = (Finding("category", "Communication.category", "unknown"),) if code == "fatal-error" else ()
    bundle = acknowledgement(Message(invitation()), Answer(code, findings), HOSPITAL, CLINIC_GLN, NOW, numbers())
    message = Message(bundle)
    assert check_acknowledgement(message) == ()
    assert text(message.header, "response", "identifier") == HEADER_ID
    assert text(message.header, "response", "code") == code
    assert identifier(message.receiver, GLN_SYSTEM) == CLINIC_GLN
    assert len(message.all("Provenance")) == 2
    assert bool(message.all("OperationOutcome")) == (code != "ok")


def test_a_message_without_sender_or_history_can_still_be_refused() -> None:
    """The transport's sender number is all there is to go by."""

    def damage(bundle: Json) -> None:
        bundle["entry"] = [bundle["entry"][0]]

    bundle = acknowledgement(damaged(damage), Answer("fatal-error"), HOSPITAL, CLINIC_GLN, NOW, numbers())
    assert identifier(Message(bundle).receiver, GLN_SYSTEM) == CLINIC_GLN


def test_a_reply_keeps_the_thread_and_everything_said_before() -> None:
    """New ids, roles turned round, earlier texts and history repeated, the answered message named."""
    answered = Message(reply(Message(invitation()), "Vi deltager.\nMvh", HOSPITAL, "Mia Test", NOW, numbers()))
    assert check(answered) == ()
    assert answered.thread_id == THREAD_ID
    assert answered.header_id != HEADER_ID
    assert identifier(answered.sender, GLN_SYSTEM) == HOSPITAL.gln
    said = [text(part, "contentString") for part in items(answered.first("Communication"), "payload")]
    assert said[-1] == "Vi deltager.\nMvh"
    assert said[0].startswith("Invitation")
    assert len(answered.all("Provenance")) == 2
    assert items(answered.own_provenance, "entity")[0]["what"] == {"reference": f"MessageHeader/{HEADER_ID}"}


def test_a_partner_may_write_again_after_its_own_reply() -> None:
    """Who is who is told by the location number, not by who wrote last."""
    new_id = numbers()
    first = Message(reply(Message(invitation()), "Vi deltager.", HOSPITAL, "Mia Test", NOW, new_id))
    second = Message(reply(first, "Vi bliver forsinket.", HOSPITAL, "Mia Test", NOW, new_id))
    assert check(second) == ()
    assert identifier(second.sender, GLN_SYSTEM) == HOSPITAL.gln
    assert len(second.all("Provenance")) == 3


def test_a_reply_does_not_repeat_the_bytes_of_an_attachment() -> None:
    """Identifier and title stay, the content is not sent twice."""
    bundle = invitation()
    attachment = resource(bundle, "Communication")["payload"][1]["contentAttachment"]
    attachment.pop("url")
    attachment.update(data="AAAA", contentType="application/pdf")
    answered = Message(reply(Message(bundle), "Ja", HOSPITAL, "Mia Test", NOW, numbers()))
    kept = items(answered.first("Communication"), "payload")[1]["contentAttachment"]
    assert kept["title"] == "Link til videomøde"
    assert "data" not in kept


def test_what_is_written_as_xml_reads_back_the_same() -> None:
    """Line breaks in texts and the narrative must survive the other form."""
    bundle = reply(Message(invitation()), "To\nlinjer", HOSPITAL, "Mia Test", NOW, numbers())
    again = read_message(write_xml(bundle), "application/fhir+xml")
    assert check(again) == ()
    payloads = items(again.first("Communication"), "payload")
    assert text(payloads[-1], "contentString") == "To\nlinjer"
    assert {**again.raw, "entry": None} == {**bundle, "entry": None}
    for one, other in zip(again.entries, Message(bundle).entries, strict=True):
        assert {**one, "text": None} == {**other, "text": None}
