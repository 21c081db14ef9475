"""Whatever comes over the wire becomes a Message or Unreadable, quickly, and nothing else."""

from __future__ import annotations

import random

import pytest

from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, ROOM, composer, consultation, ids
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.checks import check
from vdx_plugin.invitations.codes import FHIR_XML
from vdx_plugin.invitations.message import Message, read_message, text_at, write_xml

_BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><Bundle xmlns="http://hl7.org/fhir"><id value="&d;"/></Bundle>"""
_OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<Bundle xmlns="http://hl7.org/fhir"><id value="x"/><language value="x"/></Bundle>"""


def invitation() -> bytes:
    return composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids()).payload


@pytest.mark.parametrize(
    ("body", "mime"),
    [
        (b"", codes.FHIR_JSON),
        (b"", codes.FHIR_XML),
        (b"hello", codes.FHIR_JSON),
        (b"[1, 2]", codes.FHIR_JSON),
        (b'{"resourceType": "Patient"}', codes.FHIR_JSON),
        (b"\xff\xfe\x00", codes.FHIR_JSON),
        (b"[" * 100_000, codes.FHIR_JSON),
        (b'{"resourceType":"Bundle","a":' + b"[" * 200 + b"]" * 200 + b"}", codes.FHIR_JSON),
        (b"<Bundle/>", codes.FHIR_XML),
        (b"<Bundle", codes.FHIR_XML),
        (b'<Patient xmlns="http://hl7.org/fhir"><id value="x"/></Patient>', codes.FHIR_XML),
        (_BOMB, codes.FHIR_XML),
        (_OUTSIDE, codes.FHIR_XML),
    ],
)
def test_what_is_no_message_is_unreadable(body: bytes, mime: str) -> None:
    """Cut short, another format, another resource, too deep, an entity bomb, an outside file."""
    with pytest.raises(Unreadable):
        read_message(body, mime)


def test_a_document_type_is_refused_on_a_message_that_is_good_without() -> None:
    """Where a document type may stand, entities may be defined."""
    xml = write_xml(read_message(invitation(), codes.FHIR_JSON))
    head, _, rest = xml.partition(b"?>")
    with pytest.raises(Unreadable, match="document type"):
        read_message(head + b"?><!DOCTYPE Bundle>" + rest, codes.FHIR_XML)


def test_a_message_longer_than_allowed_is_not_even_parsed() -> None:
    """Parsing hundreds of megabytes would stop the consultation."""
    with pytest.raises(Unreadable, match="longer"):
        read_message(b"[" * 101, codes.FHIR_JSON, max_bytes=100)


def test_the_error_does_not_tell_what_stood_there() -> None:
    """A broken message is full of personal data, and errors are logged."""
    with pytest.raises(Unreadable) as caught:
        read_message(b'{"name": "Elmer 2509479989" oops', codes.FHIR_JSON)
    assert "Elmer" not in str(caught.value)
    assert caught.value.place == "character 28"


@pytest.mark.parametrize("mime", [codes.FHIR_JSON, codes.FHIR_XML])
def test_damaged_bytes_give_a_message_or_unreadable(mime: str) -> None:
    """Cut, doubled and overwritten at random places: no other exception, whatever the damage."""
    good = invitation()
    if mime == codes.FHIR_XML:
        good = write_xml(read_message(good, codes.FHIR_JSON))
    chance = random.Random(7)
    for _ in range(150):
        body = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(body))
            match chance.randrange(3):
                case 0:
                    del body[place : place + chance.randint(1, 200)]
                case 1:
                    body[place] = chance.randrange(256)
                case _:
                    body[place:place] = body[: chance.randint(1, 60)]
        try:
            check(read_message(bytes(body), mime))
        except Unreadable:
            continue


def test_a_thread_id_in_xml_reads_like_the_one_in_json() -> None:
    """Partners may answer in either form."""
    message = read_message(invitation(), codes.FHIR_JSON)
    assert read_message(write_xml(message), codes.FHIR_XML).thread_id == message.thread_id


def test_a_file_that_says_another_character_set_and_holds_utf8_is_read_as_utf8() -> None:
    """Pitfall 33: such files are known from the field, MedCom's own samples among them."""
    body = write_xml(message_of_name("Ærø Sygehus")).replace(b"encoding='utf-8'", b"encoding='iso-8859-1'")
    assert b"iso-8859-1" in body
    assert text_at(read_message(body, FHIR_XML).first("Organization"), "name") == "Ærø Sygehus"


def test_a_file_in_the_character_set_that_it_names_is_read_in_it() -> None:
    """The declaration counts where the bytes are not UTF-8."""
    body = write_xml(message_of_name("Ærø Sygehus")).decode().replace("encoding='utf-8'", "encoding='iso-8859-1'")
    read = read_message(body.encode("iso-8859-1"), FHIR_XML)
    assert text_at(read.first("Organization"), "name") == "Ærø Sygehus"


def message_of_name(name: str) -> Message:
    organization = {"resourceType": "Organization", "id": "o", "name": name}
    return Message({"resourceType": "Bundle", "type": "message", "entry": [{"resource": organization}]})
