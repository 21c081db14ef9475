"""Lines, characters and what a file says."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdx_plugin.adapters.gdt import lines, meaning
from vdx_plugin.adapters.gdt.meaning import Numbers
from vdx_plugin.domain.patients import Identifier, PersonName, cpr
from vdx_plugin.errors import Unreadable, Unsupported

FOLDER = Path(__file__).parents[4] / "fixtures" / "gdt"
GOOD = sorted((FOLDER / "good").glob("*.gdt"))
DAMAGED = sorted((FOLDER / "damaged").glob("*.gdt"))
HALF = (FOLDER / "growing" / "half.gdt").read_bytes()
OWN = Numbers("EDV1", is_cpr=False)


def call(payload: bytes, undeclared: str = "utf-8") -> meaning.Call:
    return meaning.call_of(lines.read(payload, undeclared=undeclared), OWN)


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_every_good_file_gives_the_whole_patient(file):
    """Whatever the sender's habits, the name must be whole."""
    found = call(file.read_bytes(), "iso8859-1")
    assert found.patient.identifiers == (Identifier("urn:vdx-plugin:gdt:EDV1", "P1001"),)
    expected = (
        PersonName("Prævesen", "Ditte Åse") if "cp437" in file.stem else PersonName("Prøvesen", "Ditte Ærøskøbing")
    )
    assert found.patient.name == expected
    assert found.patient.birth_date == date(1948, 12, 25)
    assert found.wants_start == (file.stem in ("request", "line_feeds_only", "byte_order_mark"))


@pytest.mark.parametrize("file", DAMAGED, ids=lambda file: file.stem)
def test_every_damaged_file_is_refused_without_its_content(file):
    """A wrong letter is a wrong patient to whoever reads it."""
    with pytest.raises((Unreadable, Unsupported)) as refused:
        call(file.read_bytes())
    assert not any(word in str(refused.value) for word in ("vesen", "Ditte", "P1001", "1948"))


def test_a_file_that_states_its_size_is_whole_when_it_has_it():
    """Then nobody need wait to see whether it grows."""
    request = (FOLDER / "good" / "request.gdt").read_bytes()
    assert lines.is_whole(request) is True
    assert lines.is_whole(request + b"0136228note\r\n") is None
    assert lines.is_whole((FOLDER / "good" / "gnumed_form_cp850.gdt").read_bytes()) is None
    assert lines.is_whole(HALF) is False


def test_a_number_is_a_cpr_number_only_where_the_clinic_says_so():
    """Ten digits alone are no proof."""
    payload = lines.write("6301", [("3000", "851248-4901"), ("3101", "P"), ("3103", "25121948")], codec="cp850")
    record = lines.read(payload, undeclared="cp850")
    assert meaning.call_of(record, Numbers("EDV1", is_cpr=True)).patient.identifiers == (cpr("8512484901"),)
    assert meaning.call_of(record, OWN).patient.identifiers[0].system == "urn:vdx-plugin:gdt:EDV1"
    with pytest.raises(Unreadable):
        meaning.call_of(
            lines.read(payload.replace(b"851248-4901", b"851248-490x"), undeclared="cp850"), Numbers("E", True)
        )


@pytest.mark.parametrize("date_text", ["", "00000000"])
def test_a_birth_date_that_is_not_known_leaves_the_patient_incomplete(date_text):
    """Nobody may start with a number and a name alone."""
    payload = lines.write("6302", [("3000", "1"), ("3101", "P"), ("3103", date_text)], codec="cp850")
    assert not call(payload).patient.is_complete


def test_what_is_written_states_its_lengths_and_its_size():
    """Strict out: other programs count."""
    payload = lines.write("6310", [("8315", "EDV1"), ("6228", "søn")], codec="iso8859-1")
    assert payload == b"01380006310\r\n014810000053\r\n0138315EDV1\r\n0126228s\xf8n\r\n".replace(b"00053", b"%05d" % 52)
    assert len(payload) == 52


@given(st.binary(max_size=300))
def test_any_bytes_give_a_record_or_unreadable(payload):
    """Whoever can write into the folder may write anything."""
    with suppress(Unreadable):
        assert lines.read(payload, undeclared="cp850").kind.isprintable()


FIELD = st.tuples(st.sampled_from(["3101", "6220", "6228", "8402"]), st.text("aeæøåÆØÅ ", max_size=60))


@given(st.lists(FIELD))
def test_what_is_written_is_read_back(fields):
    """In every character set that has a code."""
    given_fields = [(name, content.strip()) for name, content in fields]
    record = lines.read(lines.write("6310", given_fields, codec="iso8859-1"), undeclared="iso8859-1")
    assert list(record.fields[1:]) == given_fields
