"""What may stand in a text and what must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdx_plugin.invitations import text_rules
from vdx_plugin.ports import TextForm, TextKind, TextName, TextReader

SMS = TextName(TextReader.PATIENT, TextKind.INVITATION, TextForm.SMS)
SUBJECT = TextName(TextReader.PATIENT, TextKind.INVITATION, TextForm.SUBJECT)
OFF = TextName(TextReader.PATIENT, TextKind.CANCELLATION, TextForm.SMS)
GUEST = TextName(TextReader.GUEST, TextKind.INVITATION, TextForm.SMS)


@pytest.mark.parametrize(
    ("name", "text", "faults"),
    [
        (SMS, "{time}\n{link}", []),
        (SMS, "{time}\n {link} ", []),
        (SMS, "", [("text.empty", "")]),
        (SMS, " \n ", [("text.empty", "")]),
        (SMS, "Kom\n{link}", [("text.missing", "time")]),
        (SMS, "{time}", [("text.missing", "link")]),
        (SMS, "{time}\n{link}\n{cpr}", [("text.unknown", "cpr")]),
        (SMS, "{time}\nSe {link}.", [("text.link_alone", "link")]),
        (SMS, "{time}\n{link}\n{", [("text.brace", "")]),
        (SMS, "{time}\n{link}\n{}", [("text.brace", "")]),
        (SMS, "{time!r}\n{link}", [("text.brace", "")]),
        (SMS, "{time:>99}\n{link}", [("text.brace", "")]),
        (SMS, "{time.__class__}\n{link}", [("text.brace", "")]),
        (SMS, "{time}\n{link}\n{sex}", [("text.unknown", "sex")]),
        (GUEST, "{time}\n{link}\n{sex}", []),
        (SUBJECT, "Kom {time}", []),
        (SUBJECT, "Kom", []),
        (SUBJECT, "{link}", [("text.unknown", "link")]),
        (SUBJECT, "Kom\n{time}", [("text.long", "")]),
        (OFF, "Aflyst {time}\n{link}", [("text.unknown", "link")]),
        (SMS, "{time}\n{link}\n" + "a" * 2000, [("text.long", "")]),
    ],
)
def test_a_text_is_refused_for_what_is_wrong_with_it(name: TextName, text: str, faults: list[tuple[str, str]]) -> None:
    """Beside the field stands which place is meant, before a patient gets a message without a link."""
    assert [(fault.code, fault.place) for fault in text_rules.faults_of(name, text)] == faults


def test_a_line_with_nothing_to_say_is_left_out() -> None:
    """No „Ring: " without a number, and no gap where the line was."""
    text = "Hej\n\nTolk: {sex}\n\nRing: {phone}\nSlut"
    assert text_rules.fill(text, {"sex": "", "phone": "35"}) == "Hej\n\nRing: 35\nSlut"


def test_a_value_with_braces_stays_as_it_is() -> None:
    """A clinic's name is no text of ours and is not read as one."""
    assert text_rules.fill("{clinic}!", {"clinic": "{link}"}) == "{link}!"


@given(st.text(alphabet="{}abcdelink_time!:.0 \n", max_size=60))
def test_whatever_is_typed_gives_faults_or_can_be_filled(text: str) -> None:
    """No text that passes can trip up the composer later."""
    if not list(text_rules.faults_of(SMS, text)):
        values = dict.fromkeys(text_rules.places_of(SMS), "x")
        assert text_rules.fill(text, values)
