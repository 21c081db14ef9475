"""A letter on the old form: what the mapping makes of a CareCommunication, rule by rule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.sandbox.partners.samples import (
    CLINIC_GLN,
    EXAMPLES,
    HEADER_ID,
    HOSPITAL,
    TEXT_ID,
    THREAD_ID,
    invitation,
    needs_examples,
    resource,
)
from tests.unit.sandbox.partners.test_answers import numbers
from vdx_plugin.sandbox.partners.answers import Json, reply
from vdx_plugin.sandbox.partners.bundle import Message
from vdx_plugin.sandbox.partners.old_view import old_view
from vdx_plugin.sandbox.partners.xdis91 import (
    OldLetter,
    OldParty,
    OldReference,
    UnreadableLetter,
    converted,
    read,
    written,
)

NOW = datetime(2026, 10, 7, 8, 0, tzinfo=UTC)
LONG = "Videomøde om udskrivelse med hjemmepleje, plejehjem og egen læge 14.10.2026 kl. 13.00"


def old(bundle: Json) -> OldLetter:
    return converted(Message(bundle), NOW)


def xml(bundle: Json) -> str:
    return written(old(bundle)).decode()


def test_category_and_topic_become_one_subject_joined_by_a_comma() -> None:
    """The only line that a list of letters shows."""
    assert old(invitation()).subject == "Telemedicin, Videomøde 14.10.2026 kl. 13.00"


def test_the_subject_is_cut_at_seventy_characters() -> None:
    """Category and comma count too: what stands at the end of a long topic is lost."""
    bundle = invitation()
    resource(bundle, "Communication")["topic"]["text"] = LONG
    subject = old(bundle).subject
    assert subject == f"Telemedicin, {LONG}"[:70]
    assert len(subject) == 70
    assert "14.10" not in subject


def test_without_a_topic_the_category_alone_is_the_subject() -> None:
    """No stray comma."""
    bundle = invitation()
    del resource(bundle, "Communication")["topic"]
    assert old(bundle).subject == "Telemedicin"


def test_the_text_bears_author_and_role_and_its_lines_become_breaks() -> None:
    """Text01 has no other place for who wrote."""
    assert old(invitation()).words.splitlines()[-1] == "Karen Madsen, Speciallæge i praksis"
    assert "Invitation til videomøde.<Break/>Link: https://video.example/m/abc<Break/>" in xml(invitation())


def test_the_authors_phone_becomes_the_senders() -> None:
    """A reader of the old form still knows whom to ring."""
    assert old(invitation()).sender == OldParty(CLINIC_GLN, "Lægehuset Eksempel", "+4535000000")
    assert old(invitation()).receiver == OldParty(HOSPITAL.gln, HOSPITAL.name)


def test_a_link_becomes_a_reference_with_its_title_as_description() -> None:
    """It stays inside the one letter."""
    assert old(invitation()).references == (OldReference("Link til videomøde", "https://video.example/m/abc"),)
    assert "<RefDescription>Link til videomøde</RefDescription><URL>https://video.example/m/abc</URL>" in xml(
        invitation()
    )


def test_a_file_becomes_an_object_that_travels_in_a_letter_of_its_own() -> None:
    """Its id without prefix and hyphens, as the old forms write ids."""
    bundle = invitation()
    attachment = resource(bundle, "Communication")["payload"][1]["contentAttachment"]
    attachment.pop("url")
    attachment.update(data="AAAA", contentType="application/pdf")
    assert old(bundle).references == (OldReference("BIN", object_id="000000000000400080000000000000a2"),)


def test_letter_and_envelope_keep_the_identities_of_header_and_bundle() -> None:
    """Receipts are matched by them."""
    bundle = invitation()
    assert (old(bundle).letter_id, old(bundle).envelope_id) == (HEADER_ID, bundle["id"])


def test_thread_and_history_are_lost() -> None:
    """Neither Communication.identifier nor a Provenance or payload identifier is anywhere in the letter."""
    source = xml(invitation())
    for lost in (THREAD_ID, TEXT_ID, "Provenance", "h1"):
        assert lost.removeprefix("urn:uuid:") not in source


def test_that_it_is_an_answer_is_only_told_in_words() -> None:
    """The newest text comes first, the earlier ones below it."""
    answered = reply(Message(invitation()), "Vi deltager.", HOSPITAL, "Mia Test", NOW, numbers())
    words = old(answered).words
    assert words.startswith("Svar på tidligere meddelelse.\n\nVi deltager.\nMia Test, Sygeplejerske")
    assert "Invitation til videomøde." in words


def test_a_letter_reads_back_as_it_was_written() -> None:
    """Line breaks, Danish letters and references; the time has minutes only."""
    letter = old(invitation())
    assert read(written(letter)) == letter


def test_the_reader_sees_subject_text_and_reference() -> None:
    """No category, no thread: that is all there is."""
    seen = old_view(xml(invitation()))
    assert (seen.topic, seen.category) == ("Telemedicin, Videomøde 14.10.2026 kl. 13.00", "")
    assert seen.attachments[0].url == "https://video.example/m/abc"
    assert (seen.patient, seen.patient_number) == ("Ane Eksempel", "7101909995")


@pytest.mark.parametrize("source", [b"", b"<Emessage/>", b"<!DOCTYPE a><a/>", b"Brev"])
def test_what_is_no_letter_is_unreadable(source: bytes) -> None:
    """Nothing else comes out of reading."""
    with pytest.raises(UnreadableLetter):
        read(source)


@needs_examples
def test_medcoms_own_letter_reads() -> None:
    """The form is theirs: what our writer puts down, our reader finds in their example too."""
    letter = read((EXAMPLES / "conversion-flows-xdis91" / "Flow1-XDIS91_Ex_to_FHIR.xml").read_bytes())
    assert letter.subject
    assert len(letter.words.splitlines()) > 5
    assert letter.references[0].description == "BIN"
    assert len(letter.references[0].object_id) == 32
    assert all((letter.letter_id, letter.envelope_id, letter.sender.gln, letter.patient_number))
