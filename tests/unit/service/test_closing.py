"""What is written when a call is over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.invitations.samples import consultation
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.fees import FeeProposal
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.summary import Attendance
from vdx_plugin.service.closing import draft_note


def test_the_note_holds_the_number_of_the_interpreters_order() -> None:
    """Regions ask for it in the record; where there is none, nothing is said."""
    there = (Attendance(PartyRole.PATIENT, 60.0), Attendance(PartyRole.INTERPRETER, 60.0, "Bureauet", "REQ-4711"))
    without = (there[0], Attendance(PartyRole.INTERPRETER, 60.0, "Bureauet"))
    ended = datetime(2026, 10, 14, 11, 30, tzinfo=UTC)
    notes = [draft_note(consultation(), who, EndReason.HELD, FeeProposal(None, "x"), ended) for who in (there, without)]
    assert "Tolk: rekvisition REQ-4711." in notes[0]
    assert "rekvisition" not in notes[1]


@pytest.mark.parametrize(
    ("rule", "words"), [("fee.phone_after_failure", "lykkedes ikke"), ("fee.consultation", "blev afbrudt")]
)
def test_the_note_of_a_call_that_went_on_by_telephone_agrees_with_its_fee(rule: str, words: str) -> None:
    """A call that was held by video for a while is paid as such, and must not be said never to have come about."""
    note = draft_note(
        consultation(), (), EndReason.TO_PHONE, FeeProposal(None, rule), datetime(2026, 3, 2, 12, tzinfo=UTC)
    )
    assert f"Videoforbindelsen {words}; samtalen fortsatte på telefon." in note
