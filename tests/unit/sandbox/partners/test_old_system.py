"""A partner on the old form behind the network's converter: receipts, answers, and what of them gets through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
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
from tests.unit.sandbox.partners.test_answers import numbers
from tests.unit.sandbox.partners.test_hub import parcel, said
from vdx_plugin.sandbox.clock import SandboxClock
from vdx_plugin.sandbox.partners import Behaviour, Conduct, PartnerFormat, PartnerHub, PartnerTimes
from vdx_plugin.sandbox.partners.answers import Json, reply
from vdx_plugin.sandbox.partners.bundle import GLN_SYSTEM, Message, identifier, items, text
from vdx_plugin.sandbox.partners.checks import check
from vdx_plugin.sandbox.partners.conversion import (
    OldReceipt,
    ReceiptKind,
    answer_letter,
    answer_of,
    receipts_of,
    to_fhir,
)
from vdx_plugin.sandbox.partners.values import Answer, Finding
from vdx_plugin.sandbox.partners.xdis91 import OldReference, converted, read

NOW = datetime(2026, 10, 7, 8, 0, tzinfo=UTC)
OLD = replace(HOSPITAL, format=PartnerFormat.CONVERTED, phone="35000011")
WRONG = Answer("fatal-error", (Finding("behaviour", "x", "ukendt", "MSG_Receiver_Identifier_UNKNOWN"),))


def _with_file(bundle: Json) -> None:
    attachment = resource(bundle, "Communication")["payload"][1]["contentAttachment"]
    attachment.pop("url")
    attachment.update(data="AAAA", contentType="application/pdf")


PLAIN, FILE = Message(invitation()), damaged(_with_file)


def _positive(*letters: str) -> tuple[OldReceipt, ...]:
    return tuple(OldReceipt(ReceiptKind.POSITIVE, letter) for letter in letters)


@pytest.mark.parametrize(
    ("receipts", "message", "code"),
    [
        (_positive(HEADER_ID), PLAIN, "ok"),
        ((OldReceipt(ReceiptKind.NEGATIVE, HEADER_ID, WRONG),), PLAIN, "fatal-error"),
        ((OldReceipt(ReceiptKind.NEGATIVE, HEADER_ID, Answer("transient-error")),), PLAIN, "transient-error"),
        ((OldReceipt(ReceiptKind.NEGATIVE_VANS, HEADER_ID),), PLAIN, None),
        ((), PLAIN, None),
        (_positive("another"), PLAIN, None),
        (_positive(HEADER_ID), FILE, None),
        (_positive(HEADER_ID, f"{HEADER_ID}-bin"), FILE, "ok"),
    ],
)
def test_what_receipts_become(receipts: tuple[OldReceipt, ...], message: Message, code: str | None) -> None:
    """The network's own refusal becomes nothing, and a message with a file needs both receipts."""
    answer = answer_of(receipts, message)
    assert (answer.code if answer else None) == code


def test_a_refusal_keeps_its_reason_on_the_way_through_the_receipt() -> None:
    """XCTL02 bears the code that the sender's user is to see."""
    assert answer_of(receipts_of(WRONG, PLAIN, sends_positive=True), PLAIN) == WRONG


def test_an_old_system_may_send_no_positive_receipts() -> None:
    """Many do not, though asked; their refusals still come."""
    assert receipts_of(Answer("ok"), PLAIN, sends_positive=False) == ()
    assert len(receipts_of(WRONG, PLAIN, sends_positive=False)) == 1


def answered(words: str = "Vi kommer.\nMvh", subject: str | None = None) -> Message:
    """Return what the network makes of an answer to the invitation."""
    letter = converted(PLAIN, NOW)
    letter = letter if subject is None else replace(letter, subject=subject)
    written = answer_letter(letter, words, "Mia Test", OLD, NOW, numbers())
    return Message(to_fhir(written, OLD, PLAIN.sender, "Mia Test", NOW, numbers()))


def test_an_answer_is_a_valid_message_in_a_thread_of_its_own() -> None:
    """Communication.identifier is made anew by the network: nothing names the invitation."""
    message = answered()
    assert check(message) == ()
    assert message.thread_id != THREAD_ID
    assert text(message.own_provenance, "activity", "coding", "code") == "new-message"
    assert HEADER_ID not in json.dumps(message.raw)
    assert identifier(message.receiver, GLN_SYSTEM) == CLINIC_GLN
    assert identifier(message.sender, GLN_SYSTEM) == OLD.gln


def test_an_answers_category_is_other_and_its_topic_the_subject() -> None:
    """All that is left to match it by, with sender, patient and time."""
    communication = answered().first("Communication")
    assert text(communication, "category", "coding", "code") == "other"
    assert text(communication, "topic", "text") == "Sv: Telemedicin, Videomøde 14.10.2026 kl. 13.00"
    assert text(answered(subject="").first("Communication"), "topic", "text") == "Ukendt emne"


def test_an_answers_text_keeps_its_lines_and_the_signature() -> None:
    """Break by break."""
    (payload,) = items(answered().first("Communication"), "payload")
    assert text(payload, "contentString") == "Vi kommer.\nMvh\nMia Test"


@pytest.mark.parametrize(("phone", "shown"), [("35000011", "35000011"), ("", "0000 0000")])
def test_an_answers_phone_is_the_senders_or_zeros(phone: str, shown: str) -> None:
    """The profile demands one."""
    partner = replace(OLD, phone=phone)
    letter = answer_letter(converted(PLAIN, NOW), "Ja", "Mia Test", partner, NOW, numbers())
    bundle = to_fhir(letter, partner, PLAIN.sender, "Mia Test", NOW, numbers())
    (payload,) = items(Message(bundle).first("Communication"), "payload")
    contact = next(one for one in payload["extension"] if one["url"].endswith("contact-extension"))
    assert contact["valueContactPoint"] == {"system": "phone", "value": shown}


def test_a_reference_comes_back_as_a_link_with_an_id_of_its_own() -> None:
    """URL to attachment.url, description to title, and a new identifier."""
    letter = replace(converted(PLAIN, NOW), references=(OldReference("Parkering", "https://sygehus.example/p"),))
    message = Message(to_fhir(letter, OLD, PLAIN.sender, "Mia Test", NOW, numbers()))
    assert check(message) == ()
    link = items(message.first("Communication"), "payload")[1]
    assert link["contentAttachment"]["url"] == "https://sygehus.example/p"
    assert link["contentAttachment"]["title"] == "Parkering"


@pytest.fixture
async def hub() -> AsyncIterator[PartnerHub]:
    hub = PartnerHub((OLD,), SandboxClock().now, PartnerTimes(acknowledge_s=0.01))
    task = asyncio.create_task(hub.run(), name="hub")
    yield hub
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_partner_has_the_letter_in_its_own_form_and_acknowledges(hub: PartnerHub) -> None:
    """The clinic sees an ordinary acknowledgement; behind it stands a receipt of the old system."""
    await hub.hand_in(parcel(invitation()))
    (entry,) = await hub.waiting(CLINIC_GLN, 5)
    assert said(entry) == (HEADER_ID, "ok")
    (letter,) = hub.letters(OLD.gln)
    assert read(letter.old_source.encode()).subject == "Telemedicin, Videomøde 14.10.2026 kl. 13.00"
    (receipt,) = hub.said(OLD.gln, HEADER_ID)
    assert "<StatisticalCode>XCTL03</StatisticalCode>" in receipt.receipt_source
    assert f"<OriginalLetterIdentifier>{HEADER_ID}</OriginalLetterIdentifier>" in receipt.receipt_source


async def test_invitation_and_move_are_two_letters_without_a_thread(hub: PartnerHub) -> None:
    """A reader on the old form must understand the second by itself."""
    await hub.hand_in(parcel(invitation()))
    moved = reply(PLAIN, "ÆNDRET TID", replace(HOSPITAL, gln=CLINIC_GLN), "Karen Madsen", NOW, numbers())
    await hub.hand_in(parcel(moved))
    assert len({letter.thread_id for letter in hub.letters(OLD.gln)}) == 2


@pytest.mark.parametrize(
    "conduct", [Conduct(receipts=False), Conduct(Behaviour.UNDELIVERABLE), Conduct(Behaviour.SILENT)]
)
async def test_what_never_comes_back_leaves_the_mailbox_empty(hub: PartnerHub, conduct: Conduct) -> None:
    """No positive receipts, or the network's own refusal: either way the sender waits in vain."""
    hub.behave(OLD.gln, conduct)
    assert await hub.hand_in(parcel(invitation()))
    assert await hub.waiting(CLINIC_GLN, 0.1) == []
    assert len(hub.letters(OLD.gln)) == (0 if conduct.behaviour is Behaviour.UNDELIVERABLE else 1)


async def test_a_refusal_comes_though_positive_receipts_do_not(hub: PartnerHub) -> None:
    """XCTL02 is sent by all."""
    hub.behave(OLD.gln, Conduct(Behaviour.REJECT, receipts=False))
    await hub.hand_in(parcel(invitation()))
    (entry,) = await hub.waiting(CLINIC_GLN, 5)
    assert said(entry) == (HEADER_ID, "fatal-error")


async def test_a_person_there_answers_and_answers_again(hub: PartnerHub) -> None:
    """Each answer is a new thread to the clinic; to the partner it stays with the letter it answered."""
    hub.behave(OLD.gln, Behaviour.SILENT)
    await hub.hand_in(parcel(invitation()))
    first = await hub.reply(OLD.gln, HEADER_ID, "Vi kommer.", "Mia Test")
    second = await hub.reply(OLD.gln, first.header_id, "Vi bliver forsinket.", "Mia Test")
    came = [Message(json.loads(entry.parcel.body)) for entry in await hub.waiting(CLINIC_GLN, 5)]
    assert len({one.thread_id for one in came} | {THREAD_ID}) == 3
    assert [check(one) for one in came] == [(), ()]
    assert read(second.old_source.encode()).subject == "Sv: Telemedicin, Videomøde 14.10.2026 kl. 13.00"
    assert len(hub.thread(OLD.gln, HEADER_ID)) == 3
