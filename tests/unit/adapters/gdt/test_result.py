"""The file we write."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.fakes_clinic import context_of, summary
from vdx_plugin.adapters.gdt import lines
from vdx_plugin.adapters.gdt.meaning import Numbers
from vdx_plugin.adapters.gdt.result import Address, key_of, result
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.errors import Refused

NUMBERS = Numbers("EDV1", is_cpr=True)
PATIENT = Patient((cpr("8512484901"),), PersonName("Prøvesen", "Ditte"), date(1948, 12, 25))


def address(codec: str = "iso8859-1") -> Address:
    return Address("VDXP", "EDV1", "ALLG01", codec)


def written(note: str = "Aftalt kontrol.", patient: Patient = PATIENT, codec: str = "iso8859-1") -> bytes:
    return result(context_of("gdt", patient), replace(summary(), note=note), address(codec), NUMBERS)


def test_it_says_who_for_whom_when_and_what():
    """In the order of the standard, and complete."""
    payload = written()
    record = lines.read(payload, undeclared="utf-8")
    assert record.kind == "6310"
    assert int(record.text("8100")) == len(payload)
    told = {
        name: record.text(name) for name in ("8315", "8316", "9206", "9218", "3000", "3101", "3102", "3103", "8402")
    }
    assert told == {
        "8315": "EDV1",
        "8316": "VDXP",
        "9206": "3",
        "9218": "02.10",
        "3000": "8512484901",
        "3101": "Prøvesen",
        "3102": "Ditte",
        "3103": "25121948",
        "8402": "ALLG01",
    }
    # Danish time: the summary began at 11.48.
    assert (record.text("8432"), record.text("8439")) == ("23112026", "114800")
    assert record.text("6220") == "Videokonsultation gennemført"
    assert list(record.texts("6228")) == ["Aftalt kontrol.", "Foreslået ydelse: 0126 Videokonference"]
    assert key_of(payload) == summary().key.hex


@pytest.mark.parametrize("outcome", list(EndReason))
def test_every_outcome_has_its_words(outcome):
    """One forgotten would lose the note."""
    payload = result(context_of("gdt", PATIENT), replace(summary(), outcome=outcome), address(), NUMBERS)
    assert lines.read(payload, undeclared="utf-8").text("6220")


def test_long_lines_are_wrapped_between_words():
    """A text field has sixty characters; records cut what is longer."""
    note = "ord " * 100 + "\n\nslut"
    told = list(lines.read(written(note), undeclared="utf-8").texts("6228"))
    assert max(map(len, told)) <= 60
    assert "".join(told).replace(" ", "").startswith("ord" * 100)
    assert told[-3:-1] == ["", "slut"]


def test_typographers_signs_are_made_plain_and_letters_are_never_changed():
    """A dash is a dash; a name with a hole in it is another name."""
    assert lines.read(written("37 °C – «ok» …"), undeclared="utf-8").text("6228") == "37 °C - «ok» ..."
    for codec, note in (("iso8859-1", "Łukasz"), ("cp437", "Ærø, ½ ø")):
        with pytest.raises(Refused, match=r"gdt\.letters"):
            written(note, codec=codec)
    foreign = replace(PATIENT, name=PersonName("ليلى", "Ł"))
    with pytest.raises(Refused, match=r"gdt\.letters"):
        written(patient=foreign)
    assert "ليلى".encode() in written(patient=foreign, codec="utf-8")


@pytest.mark.parametrize(
    "patient",
    [replace(PATIENT, name=None), replace(PATIENT, birth_date=None), replace(PATIENT, identifiers=())],
    ids=["name", "birth date", "number"],
)
def test_without_name_birth_date_or_the_records_number_nothing_is_written(patient):
    """The record would ask a secretary whose it is."""
    with pytest.raises(Refused, match=r"writeback\.refused"):
        written(patient=patient)
