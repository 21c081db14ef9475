"""Whose letter it may be, when the thread says nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.unit.invitations.samples import HOSPITAL, MUNICIPALITY_PARTY, consultation
from tests.unit.invitations.samples import NOW as PLANNED_AT
from vdx_plugin.domain.matching import candidates
from vdx_plugin.domain.patients import Patient, cpr

ELMER = "2509479989"
WEDNESDAY = datetime(2026, 10, 14, 11, 0, tzinfo=UTC)  # 13.00 in Denmark
ONE = consultation(start=WEDNESDAY)
OTHER = replace(consultation(start=WEDNESDAY + timedelta(days=7)), id=UUID(int=7))


@dataclass(frozen=True)
class Letter:
    sender_gln: str = HOSPITAL.gln or ""
    patient_ids: tuple[str, ...] = (ELMER,)
    written_at: datetime = PLANNED_AT + timedelta(days=1)
    subject: str = "Andet, Ukendt emne"
    text: str = "Vi kommer"


def test_a_letter_is_offered_to_the_party_with_its_sender_and_patient() -> None:
    """Both together: a ward writes about many patients, and about one patient many write."""
    assert [(one.consultation_id, one.party_key) for one in candidates(Letter(), [ONE])] == [(ONE.id, "p-hosp")]


def test_a_letter_from_somebody_who_was_not_invited_is_offered_to_nobody() -> None:
    """However well the rest fits."""
    assert candidates(Letter(sender_gln="5790000000999"), [ONE]) == ()
    assert candidates(Letter(), [consultation(MUNICIPALITY_PARTY)]) == ()


def test_a_letter_about_another_patient_is_offered_to_nobody() -> None:
    """A wrong match would put one patient's answer into another's record."""
    other = consultation(patient=Patient((cpr("2512489996"),)))
    assert candidates(Letter(), [other]) == ()


def test_a_replacement_number_is_enough() -> None:
    """A letter may name the patient by several numbers."""
    assert len(candidates(Letter(patient_ids=("0703921VJ5", ELMER)), [ONE])) == 1


def test_a_letter_that_names_the_day_comes_first_for_that_meeting() -> None:
    """Two meetings with the same ward about the same patient."""
    by_day = Letter(subject="Telemedicin, Videomøde 21.10.2026 kl. 13.00")
    assert [one.consultation_id for one in candidates(by_day, [ONE, OTHER])] == [OTHER.id, ONE.id]
    short = Letter(text="Den 21.10. passer fint")
    assert [one.consultation_id for one in candidates(short, [ONE, OTHER])] == [OTHER.id, ONE.id]


def test_without_a_day_the_nearest_meeting_comes_first() -> None:
    """And nothing is chosen: both are offered."""
    found = candidates(Letter(), [OTHER, ONE])
    assert [one.consultation_id for one in found] == [ONE.id, OTHER.id]
    assert not any(one.names_day for one in found)


def test_a_letter_written_long_after_or_before_the_plan_is_not_offered() -> None:
    """It speaks of something else."""
    assert candidates(Letter(written_at=PLANNED_AT - timedelta(hours=1)), [ONE]) == ()
    assert candidates(Letter(written_at=WEDNESDAY + timedelta(days=15)), [ONE]) == ()
    assert len(candidates(Letter(written_at=PLANNED_AT - timedelta(minutes=5)), [ONE])) == 1
