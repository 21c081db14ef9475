"""What is remembered of the feed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.fakes_clinic import NOON
from tests.unit.adapters.hl7v2.samples import good, news
from vdx_plugin.adapters.hl7v2 import directory as directory_module
from vdx_plugin.adapters.hl7v2.directory import Changes, Directory
from vdx_plugin.adapters.hl7v2.news import AppointmentDropped, AppointmentStands, PatientSeen, PatientsMerged
from vdx_plugin.domain.patients import Identifier, Patient, PersonName, cpr
from vdx_plugin.domain.plan import Appointment

LOCAL = "urn:vdx-plugin:hl7v2:X"


def person(local: str, *numbers: Identifier, name: str = "Prøve", born: date = date(1948, 12, 25)) -> Patient:
    return Patient((Identifier(LOCAL, local), *numbers), PersonName(name), born, local)


def slot(number: str, patient: Patient, start: datetime = NOON) -> AppointmentStands:
    end = start + timedelta(minutes=15)
    return AppointmentStands(Appointment(number, patient.local_id or "", start, end), patient)


def only_number(identifier: Identifier) -> Patient:
    return Patient((identifier,))


def test_a_patient_is_found_by_any_number():
    """The local call carries the CPR number, an appointment the clinic's own."""
    known = Directory()
    patient = person("P1", cpr("8512484901"))
    known.apply(PatientSeen(patient))
    assert known.find(only_number(cpr("8512484901"))) == patient
    assert known.find(only_number(Identifier(LOCAL, "P1"))) == patient
    assert known.find(only_number(cpr("7103792202"))) is None


def test_the_same_digits_in_another_system_are_another_number():
    """A lab's number may equal somebody's CPR number."""
    known = Directory()
    known.apply(PatientSeen(person("8512484901")))
    assert known.find(only_number(cpr("8512484901"))) is None


def test_an_update_replaces_what_was_known():
    """Also what it no longer says: a telephone number that was taken away is gone."""
    known = Directory()
    known.apply(news(good("adt_a04_email")))
    known.apply(news(good("adt_a08_new_number")))
    found = known.find(only_number(cpr("8512484901")))
    assert found is not None
    assert found.mobile == "+4500000009"


def test_a_corrected_cpr_number_no_longer_leads_to_the_patient():
    """The wrong number belongs to somebody else, whose record would show this name."""
    known = Directory()
    known.apply(PatientSeen(person("P1", cpr("7103792202"))))
    known.apply(PatientSeen(person("P1", cpr("8512484901"))))
    assert known.find(only_number(cpr("7103792202"))) is None


def test_numbers_of_two_persons_lead_to_nobody():
    """Nobody may guess which of the two is meant."""
    known = Directory()
    known.apply(PatientSeen(person("P1", born=date(1948, 12, 25))))
    known.apply(PatientSeen(person("P2", born=date(1979, 3, 11))))
    assert known.find(Patient((Identifier(LOCAL, "P1"), Identifier(LOCAL, "P2")))) is None


def test_after_a_merge_the_retired_number_leads_to_the_survivor():
    """The record may still be open under the old number."""
    known = Directory()
    old, new = person("P90"), person("P2", cpr("8512484901"))
    known.apply(PatientSeen(old))
    known.apply(PatientSeen(new))
    changes = known.apply(PatientsMerged((Identifier(LOCAL, "P90"),), new))
    assert changes.merged == ((Identifier(LOCAL, "P90"), Identifier(LOCAL, "P2")),)
    assert known.find(only_number(Identifier(LOCAL, "P90"))) == new


def test_two_records_of_one_person_are_merged_though_they_share_the_cpr_number():
    """The usual reason for a merge."""
    known = Directory()
    old, new = person("P90", cpr("8512484901")), person("P2", cpr("8512484901"))
    known.apply(PatientSeen(old))
    known.apply(PatientSeen(new))
    known.apply(slot("A1", old))
    known.apply(PatientsMerged((Identifier(LOCAL, "P90"),), new))
    assert known.find(only_number(cpr("8512484901"))) == new
    assert [item.patient_ref for item in known.appointments(NOON, NOON + timedelta(hours=1))] == ["P2"]


def test_a_merge_heard_twice_is_told_once():
    """Senders repeat what they think was lost."""
    known = Directory()
    merge = PatientsMerged((Identifier(LOCAL, "P90"),), person("P2"))
    assert known.apply(merge).merged
    assert known.apply(merge) == Changes()


def test_moving_an_appointment_leaves_one():
    """S13 carries the same number and another time."""
    known = Directory()
    known.apply(news(good("siu_s12_patient_only")))
    assert known.apply(news(good("siu_s13_moved"))).appointments
    day = datetime(2026, 11, 23, tzinfo=UTC)
    assert [item.start.hour for item in known.appointments(day, day + timedelta(days=1))] == [14]


def test_news_that_change_nothing_are_not_told():
    """A feed that repeats itself must not make the list flicker."""
    known = Directory()
    assert known.apply(slot("A1", person("P1"))).appointments
    assert not known.apply(slot("A1", person("P1"))).appointments
    assert known.apply(AppointmentDropped("A1", "cancelled")).appointments
    assert not known.apply(AppointmentDropped("A1", "cancelled")).appointments


def test_the_appointment_of_the_day_nearest_to_now_is_the_patients():
    """Two in one day happen; yesterday's is none."""
    known = Directory()
    patient = person("P1")
    for number, hours in (("early", -3), ("near", 1), ("yesterday", -24)):
        known.apply(slot(number, patient, NOON + timedelta(hours=hours)))
    found = known.appointment_near("P1", NOON)
    assert found is not None
    assert found.id == "near"
    assert known.appointment_near("P2", NOON) is None


def test_the_oldest_patients_are_forgotten(monkeypatch):
    """A feed of a hospital's every admission must not fill a workstation."""
    monkeypatch.setattr(directory_module, "MAX_PATIENTS", 100)
    known = Directory()
    for number in range(150):
        known.apply(PatientSeen(person(f"P{number}")))
    assert len(known._patients) <= 100
    assert len(known._holders) == len(known._patients)
    assert known.find(only_number(Identifier(LOCAL, "P149"))) is not None
