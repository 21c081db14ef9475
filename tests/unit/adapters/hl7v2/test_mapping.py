"""What we send."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from tests.fakes_clinic import NOON, context_of, summary
from tests.unit.adapters.hl7v2.samples import good
from vdx_plugin.adapters.hl7v2 import decoding, mapping, reading
from vdx_plugin.adapters.hl7v2.mapping import Addressing, Fault
from vdx_plugin.domain.fees import FeeProposal
from vdx_plugin.domain.patients import X_ECPR, Identifier, Patient, PersonName, cpr

PATIENT = Patient((cpr("8512484901"),), PersonName("Prøvesen", "Ditte"), date(1948, 12, 25), "P1001")
CONTEXT = context_of("local", PATIENT)
ADDRESSING = Addressing("5790000000104", "EKSEMPELJOURNAL", "LAEGEHUSET", "T")


def note(**changes: object) -> reading.Message:
    text = mapping.note(CONTEXT, replace(summary(), **changes), ADDRESSING, NOON)
    assert parse_message(text, validation_level=VALIDATION_LEVEL.STRICT).validate()
    return reading.read(text)


def test_a_note_is_a_valid_mdm_t02_for_the_patient():
    """MSH-9 names the structure, PID-3 each number with its assigner, TXA-12 our key."""
    message = note()
    assert (message.header.kind, message.header.trigger) == ("MDM", "T02")
    pid = message.need("PID")
    assert [(f.part(1), f.part(4, 2), f.part(5)) for f in pid.repetitions(3)] == [
        ("8512484901", "1.2.208.176.1.2", ""),
        ("P1001", "", "PI"),
    ]
    assert message.need("TXA").text(12) == str(summary().key)


def test_a_repeat_has_the_same_ids():
    """By which the receiver knows that it has the note already."""
    first, second = note(), note()
    assert first.header.control_id == second.header.control_id
    assert len(first.header.control_id) <= 20
    other = mapping.control_id_of(summary(2))
    assert other != first.header.control_id


def test_the_text_keeps_its_lines_and_its_separators():
    """A doctor may write anything; nothing of it may become structure."""
    text = "Set kl. 11 | tryk ^ & \\F\\ ~\n\nAftalt æøå ÆØÅ \u062f"
    lines = [field.part() for field in note(note=text).need("OBX").repetitions(5)]
    # An empty line cannot be told from no line in a repeating field.
    assert lines == ["Set kl. 11 | tryk ^ & \\F\\ ~", "Aftalt æøå ÆØÅ \u062f"]


def test_framing_bytes_in_a_note_become_line_ends():
    """VT and FS would end the MLLP block in the middle of the note."""
    assert [f.part() for f in note(note="a\x0bb\x1cc").need("OBX").repetitions(5)] == ["a", "b", "c"]


def test_a_proposed_fee_is_an_observation_of_its_own_and_may_be_missing():
    """It is a proposal for the doctor, never a charge (no FT1)."""
    observations = list(note().all("OBX"))
    assert observations[1].text(5) == "Foreslået ydelse: 0126 Videokonference"
    assert len(list(note(fee=FeeProposal(None, "fee.not_held")).all("OBX"))) == 1
    assert note().first("FT1") is None


def test_an_empty_note_is_still_a_document():
    """Some doctors write elsewhere and want the registration alone."""
    assert note(note="").need("OBX").text(5) == ""


def test_a_replacement_number_keeps_its_own_system():
    """It must not arrive as a CPR number."""
    patient = Patient((Identifier(X_ECPR, "6101850AB1"),), PATIENT.name, PATIENT.birth_date)
    text = mapping.note(replace(CONTEXT, patient=patient), summary(), ADDRESSING, NOON)
    assert reading.read(text).need("PID").text(3, 4, 2) == "1.2.208.176.1.6.1.1"
    assert reading.read(text).need("PID").text(3, 4, 1) == ""


def test_a_good_message_is_acknowledged_with_its_own_id():
    """MSA-2 is what the sender compares."""
    header = reading.read_header(decoding.decode(good("adt_a04_email")))
    answer = reading.read(mapping.acknowledgement(header, None, NOON, "1"))
    assert (answer.need("MSA").text(1), answer.need("MSA").text(2)) == ("AA", header.control_id)
    assert answer.need("MSH").text(5) == "EKSEMPELJOURNAL"
    assert answer.first("ERR") is None


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Fault(102, "PID-7"), "AE"), (Fault(201, "MSH-9"), "AR"), (Fault(202, "MSH-11"), "AR"), (Fault(207), "AE")],
)
def test_a_refusal_names_the_condition(fault, code):
    """AR is not for us at all and need not be sent again; AE is wrong in itself."""
    header = reading.read_header(decoding.decode(good("adt_a04_email")))
    answer = reading.read(mapping.acknowledgement(header, fault, NOON, "1"))
    assert answer.need("MSA").text(1) == code
    assert answer.need("ERR").text(3) == str(fault.condition)


def test_a_place_is_split_into_segment_and_field():
    """ERR-2 has a component for each."""
    answer = reading.read(mapping.acknowledgement(None, Fault(102, "PID-7"), NOON, "1"))
    error = answer.need("ERR")
    assert (error.text(2, 1), error.text(2, 2), error.text(2, 3)) == ("PID", "1", "7")


def test_an_odd_header_does_not_keep_us_from_answering():
    """Whatever the sender calls itself goes back as it came."""
    header = reading.Header("A" * 300, 'x|"', "ADT", "A04|", "id-" + "9" * 60, "Z", "2.2")
    answer = reading.read(mapping.acknowledgement(header, Fault(203, "MSH-12"), NOON, "1"))
    assert answer.need("MSA").text(2) == header.control_id
