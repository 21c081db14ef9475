"""The envelope's fields, its three receipts, and the own example of MedCom's field list."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace

import pytest

from tests.unit.invitations import official
from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, OWN, ROOM, composer, consultation, ids
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import acknowledgement, codes, vans_envelope
from vdx_plugin.invitations.message import read_message, write_json
from vdx_plugin.invitations.transport import MailboxReceipt, Verdict
from vdx_plugin.invitations.vans import Envelopes, Rules
from vdx_plugin.invitations.vans_envelope import Document, Ends, Envelope, Receipt, ReceiptKind

ENDS = Ends("5790000000203", OWN.gln, "00000000-0000-4000-8000-0000000000e1", NOW)
ABOUT = Document("00000000-0000-4000-8000-0000000000d1", "MCM:FDIS91#nursing", "5.0", b"{}", codes.FHIR_JSON)


def content_of(envelope: Envelope) -> Document:
    assert isinstance(envelope.content, Document)
    return envelope.content


def test_a_letter_in_its_envelope_has_the_fields_of_the_table() -> None:
    """Format, statistical name with the category, version, MIME tag, size (Network envelopes 3.1)."""
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    message = read_message(draft.payload, draft.mime)
    xml = vans_envelope.write(ENDS, vans_envelope.document_of(message, draft.payload, draft.mime))
    for field in (
        "<Format>HL7</Format>",
        "<Name>MCM:FDIS91#telemedicine</Name>",
        "<Version>5.0</Version>",
        f"<SizeInBytes>{len(draft.payload)}</SizeInBytes>",
        "<Type>reliable</Type>",
        "<TransformMessage>false</TransformMessage>",
        '<ServiceTag name="MCM:MIME">application/fhir+json</ServiceTag>',
        f"<Identifier>{draft.message_id}</Identifier>",
        '<SenderID EndPointType="EAN">5790000000203</SenderID>',
        "<SentDateTime>2026-10-07T09:12:00+02:00</SentDateTime>",
    ):
        assert field in xml.decode()
    assert content_of(vans_envelope.read(xml)).body == draft.payload


@pytest.mark.parametrize("refusal", [None, acknowledgement.Refusal(acknowledgement.Issue.INVALID, "x")])
def test_an_acknowledgement_is_named_by_its_code_and_has_its_own_version(
    refusal: acknowledgement.Refusal | None,
) -> None:
    """MCM:FCTL#ok in version 2.0.0: the network counts by it."""
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    ack = acknowledgement.build(read_message(draft.payload, draft.mime), OWN, NOW, ids(50), refusal)
    document = vans_envelope.document_of(ack, write_json(ack), codes.FHIR_JSON)
    assert document.name == ("MCM:FCTL#fatal-error" if refusal else "MCM:FCTL#ok")
    assert document.version == "2.0.0"


def test_the_same_letter_again_has_a_new_envelope_and_the_same_message_id() -> None:
    """Reliable messaging in VANSEnvelope, 2.2: so the receiver's side tells a repeat from a new one."""
    envelopes = Envelopes(Rules("5790000000104"), lambda: NOW, ids(70))
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    one, two = (vans_envelope.read(envelopes.packed(draft)[1]) for _ in range(2))
    assert one.ends.envelope_id != two.ends.envelope_id
    assert content_of(one).message_id == content_of(two).message_id == draft.message_id


@pytest.mark.parametrize("kind", list(ReceiptKind))
def test_each_receipt_comes_back_as_it_was(kind: ReceiptKind) -> None:
    """Positive, negative by the network, negative by the receiver's side."""
    code, words = (0, "") if kind is ReceiptKind.POSITIVE else (7, "Postkassen er fuld")
    receipt = Receipt(kind, ENDS.envelope_id, ABOUT.message_id, code, words)
    assert vans_envelope.read(vans_envelope.write_receipt(ENDS, receipt, ABOUT)).content == receipt


@pytest.mark.parametrize(
    ("receipt", "verdict"),
    [
        (Receipt(ReceiptKind.POSITIVE, ENDS.envelope_id, "m"), Verdict.IN_MAILBOX),
        (Receipt(ReceiptKind.NEGATIVE_VANS, ENDS.envelope_id, "m", 7, "x"), Verdict.BOUNCED),
        (Receipt(ReceiptKind.NEGATIVE_VANS, ENDS.envelope_id, "m", 0, "x"), Verdict.BOUNCED),
        (Receipt(ReceiptKind.NEGATIVE_VANS, ENDS.envelope_id, "m", 42, "x"), Verdict.REFUSED),
        (Receipt(ReceiptKind.NEGATIVE_MESSAGE, ENDS.envelope_id, "m", 7, "x"), Verdict.REFUSED),
    ],
)
def test_a_receipt_means_what_the_rules_say(receipt: Receipt, verdict: Verdict) -> None:
    """No list of codes is published, so the supplier's final ones are a setting; what is not final is tried again."""
    envelopes = Envelopes(Rules(OWN.gln, {42}), lambda: NOW, ids(70))
    document = replace(ABOUT, message_id=ABOUT.message_id)
    found = envelopes.unpacked("e-1", vans_envelope.write_receipt(ENDS, receipt, document))
    assert isinstance(found, MailboxReceipt)
    assert found.verdict is verdict
    assert "x" not in found.detail


def test_a_receipt_that_names_only_the_envelope_is_brought_to_its_letter() -> None:
    """NegativeVans may leave the message out."""
    envelopes = Envelopes(Rules(OWN.gln), lambda: NOW, ids(70))
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    envelope_id, _ = envelopes.packed(draft)
    receipt = Receipt(ReceiptKind.NEGATIVE_VANS, envelope_id, description="x")
    found = envelopes.unpacked("e-1", vans_envelope.write_receipt(ENDS, receipt))
    assert isinstance(found, MailboxReceipt)
    assert found.message_id == draft.message_id


def test_an_envelope_of_any_bytes_is_read_or_refused_and_nothing_else() -> None:
    """Five hundred damaged ones: cut, with a byte changed, with a piece doubled."""
    whole = vans_envelope.write(ENDS, ABOUT)
    dice = random.Random(1)
    for _ in range(500):
        body = bytearray(whole)
        at = dice.randrange(len(body))
        match dice.randrange(3):
            case 0:
                body = body[:at]
            case 1:
                body[at] = dice.randrange(256)
            case _:
                body[at:at] = body[dice.randrange(len(body)) : at]
        with contextlib.suppress(Unreadable):
            assert isinstance(vans_envelope.read(bytes(body)), Envelope)


@official.needed
def test_the_example_of_the_field_list_is_read() -> None:
    """Written by hand from the same field list, with line breaks and spaces as people make them."""
    path = official.SHARED / "specs" / "medcom" / "transport" / "vans" / "own-example-vans-envelope.xml"
    document = content_of(vans_envelope.read(path.read_bytes()))
    assert (document.name, document.version, document.mime) == ("MCM:FDIS91#telemedicine", "5.0", codes.FHIR_XML)
    assert read_message(document.body, document.mime).event == codes.CARE_EVENT


@pytest.mark.parametrize(
    ("place", "good", "bad"),
    [
        ("SizeInBytes", b"<SizeInBytes>2", b"<SizeInBytes>3"),
        ("SizeInBytes", b"<SizeInBytes>2", b"<SizeInBytes>x"),
        ("Data", b"<Data>e30=", b"<Data>e3*="),
        ("EnvelopeIdentifier", b"<EnvelopeIdentifier>0", b"<EnvelopeIdentifier>x"),
        ("Identifier", b"<Identifier>0", b"<Identifier>x"),
        ("root element", b"1.0.4", b"1.0.3"),
        ("SenderID", b">5790000000203<", b"><"),
        ("SenderID", b">5790000000203<", b">5790000000203579000<"),
        ("Message", b"MetaInformation", b"Information"),
        ("VANSEnvelope", b"Message>", b"Besked>"),
    ],
)
def test_a_field_that_has_not_its_form_is_named_and_not_quoted(place: str, good: bytes, bad: bytes) -> None:
    """Support finds the place; what stood there may be anything."""
    whole = vans_envelope.write(ENDS, ABOUT)
    assert good in whole
    with pytest.raises(Unreadable) as caught:
        vans_envelope.read(whole.replace(good, bad))
    assert caught.value.place == place


def test_a_document_type_is_refused_before_anything_is_made_of_it() -> None:
    """Entity bombs, and files of our machine read into a letter."""
    whole = vans_envelope.write(ENDS, ABOUT)
    bomb = b'<!DOCTYPE v [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><VANSEnvelope '
    with pytest.raises(Unreadable, match="document type"):
        vans_envelope.read(whole.replace(b"<VANSEnvelope ", bomb))
