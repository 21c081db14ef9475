"""States as words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from vdx_plugin.domain.consultation import EndReason, Stage
from vdx_plugin.domain.parties import Channel, InvitationState, Party, PartyRole, PartyStatus, Presence
from vdx_plugin.ports import LineChanged, LineQuality
from vdx_plugin.service.view import StepKind
from vdx_plugin.ui import icons, scenes, wording


def test_the_patients_line_shows_the_number_masked() -> None:
    """Whoever looks over the shoulder must not read the last four digits."""
    line = wording.patient_facts(scenes.context().patient, date(2026, 3, 12))
    assert line == "25.12.1948  ·  77 år  ·  851248-****"


def test_what_is_unknown_of_a_patient_is_left_out() -> None:
    """Not every record tells a birth date."""
    patient = replace(scenes.context().patient, birth_date=None)
    assert wording.patient_facts(patient, date(2026, 3, 12)) == "851248-****"


def test_every_state_has_a_word_and_a_symbol() -> None:
    """Not colour alone: a state added to the domain must get both."""
    words = [
        *(wording.invitation(state) for state in InvitationState),
        *(wording.presence(state) for state in Presence),
        *(wording.line(LineChanged(quality)) for quality in LineQuality),
        *(wording.adapter_state(state) for state in ("running", "disabled", "failed", "paused")),
    ]
    assert all(word.text and word.symbol in icons.SHAPES for word in words)
    assert all(wording.role(role) and role.value in icons.SHAPES for role in PartyRole)
    assert all(wording.stage(stage) for stage in Stage)
    assert all(wording.step(kind) and wording.step_meaning(kind) for kind in StepKind)
    assert all(wording.outcome(reason) for reason in EndReason)


def test_where_a_party_is_counts_more_than_its_invitation() -> None:
    """Somebody who waits outside has plainly got the invitation, whatever the receipts say."""
    party = Party("k", PartyRole.HOSPITAL, Channel.MEDCOM)
    status = PartyStatus(party, InvitationState.FAILED, Presence.WAITING)
    assert wording.party_state(status).text == "Venter udenfor"
    assert wording.next_step(status, "Sygehuset") == ""


def test_a_link_is_to_be_passed_on_by_hand() -> None:
    """Nothing is sent over the channel LINK, so nothing may look as if it had been."""
    status = PartyStatus(Party("k", PartyRole.PATIENT, Channel.LINK))
    assert wording.party_state(status).text == "Giv linket videre"
    assert "kopierer linket" in wording.preview(status.party)


@pytest.mark.parametrize("state", [InvitationState.FAILED, InvitationState.REJECTED, InvitationState.UNKNOWN])
def test_an_invitation_in_trouble_says_what_to_do(state: InvitationState) -> None:
    """The sentence names the party and the next step."""
    status = PartyStatus(Party("k", PartyRole.HOSPITAL, Channel.MEDCOM), state)
    assert "Sygehuset" in wording.next_step(status, "Sygehuset")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-3), "0:00"),
        (timedelta(seconds=61), "1:01"),
        (timedelta(minutes=59, seconds=59), "59:59"),
        (timedelta(hours=1, minutes=5), "1 t 5 min"),
    ],
)
def test_a_length_of_time_reads_as_a_clock_shows_it(span: timedelta, words: str) -> None:
    """A clock that runs ahead must not show a negative time either."""
    assert wording.duration(span) == words


def test_just_now_is_told_from_minutes() -> None:
    """Nobody waits zero minutes."""
    now = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
    assert wording.waited(now - timedelta(seconds=40), now) == "Kom lige nu"
    assert wording.waited(now - timedelta(minutes=12), now) == "Har ventet 12 min"


def test_production_shows_no_strip() -> None:
    """The strip means that it is not the real thing."""
    assert wording.environment("production") == ""
    assert "SANDKASSE" in wording.environment("sandbox")
    assert "STAGE" in wording.environment("stage")
