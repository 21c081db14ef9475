"""From bytes to news: good messages, their damaged sisters, and whatever else may come."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest

from tests.unit.adapters.hl7v2.samples import DAMAGED, FOLDER, GOOD, damaged, good, news
from vdx_plugin.adapters.hl7v2 import decoding, reading
from vdx_plugin.adapters.hl7v2.news import AppointmentDropped, AppointmentStands, PatientSeen, PatientsMerged
from vdx_plugin.domain.patients import CPR, X_ECPR, Identifier
from vdx_plugin.errors import Unreadable, Unsupported

REFUSED = {
    "charset_8859_declared_utf8": (102, "MSH-18"),
    "charset_8859_undeclared": (102, "MSH-18"),
    "charset_unknown": (102, "MSH-18"),
    "charset_utf8_declared_8859": (102, "MSH-18"),
    "cpr_too_short": (102, "PID-3"),
    "cut_short": (101, "PID-5"),
    "cut_short_before_name": (101, "PID-5"),
    "ends_before_it_begins": (103, "SCH-11"),
    "event_not_taken": (201, "MSH-9"),
    "gln_wrong_check_digit": (103, "AIL-3"),
    "impossible_date": (102, "PID-7"),
    "letter_lost": (102, "MSH-18"),
    "lf_inside_field": (102, "message"),
    "merge_with_itself": (103, "MRG-1"),
    "no_control_id": (101, "MSH-10"),
    "no_identifier": (101, "PID-3"),
    "no_msh": (100, "MSH"),
    "no_pid": (100, "PID"),
    "processing_id_production": (202, "MSH-11"),
    "type_not_taken": (200, "MSH-9"),
    "version_unknown": (203, "MSH-12"),
    "wrong_date": (102, "PID-7"),
    "z_segment_first": (100, "PID"),
}
TOLERATED = {"lf_for_cr"}


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_message_is_read(file):
    """The forms that record systems send, one file each."""
    news(file.read_bytes())


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_damaged_message_is_refused_with_condition_and_place(name):
    """The sender's support can only mend what the answer names; half a patient must never be taken."""
    with pytest.raises((Unreadable, Unsupported)) as caught:
        news(damaged(name))
    place = caught.value.place if isinstance(caught.value, Unreadable) else caught.value.detail
    assert (caught.value.facts["condition"], place) == REFUSED[name]


def test_every_damaged_file_has_its_row():
    """A file nobody expects anything of proves nothing."""
    assert {file.stem for file in DAMAGED} == set(REFUSED) | TOLERATED


def test_line_feeds_in_place_of_every_carriage_return_are_put_right():
    """Common among small senders, and without ambiguity; hl7apy would read one long header."""
    assert news(damaged("lf_for_cr")) == news(good("adt_a04_email"))


def test_the_error_holds_nothing_of_the_patient():
    """It goes into the log and back to the sender."""
    for name in REFUSED:
        with pytest.raises((Unreadable, Unsupported)) as caught:
            news(damaged(name))
        told = f"{caught.value} {caught.value!r} {caught.value.facts}"
        assert not any(word in told for word in ("Ditte", "Prøvesen", "8512484901", "1948"))


def test_a_patient_carries_numbers_with_their_systems():
    """Ten digits alone are no CPR number; the assigner says what they are."""
    seen = news(good("adt_a04_email"))
    assert isinstance(seen, PatientSeen)
    patient = seen.patient
    assert patient.national_id == Identifier(CPR, "8512484901")
    assert patient.local_id == "P1001"
    assert patient.name is not None
    assert patient.name.full == "Ditte Prøvesen"
    assert patient.birth_date == date(1948, 12, 25)
    assert (patient.email, patient.mobile) == ("patient@example.test", "+4500000001")


def test_a_replacement_number_is_not_taken_for_a_cpr_number():
    """X-eCPR numbers hold letters and have a system of their own."""
    patient = news(good("adt_a04_ecpr")).patient
    assert patient.national_id is not None
    assert patient.national_id.system == X_ECPR


def test_a_patient_without_a_national_number_is_known_by_the_clinic_own():
    """Tourists and newborns have consultations too."""
    patient = news(good("adt_a04_no_cpr")).patient
    assert patient.national_id is None
    assert patient.is_complete


def test_danish_letters_come_out_of_both_character_sets_alike():
    """The same patient from an old sender and a new one."""
    latin, unicode = news(good("adt_a04_latin1")).patient, news(good("adt_a04_elderly")).patient
    assert latin == unicode
    assert latin.name is not None
    assert latin.name.given == "Sørine Æ"


def test_an_undeclared_character_set_may_be_set_for_a_known_sender():
    """Senders that cannot be changed exist; guessing is refused, being told is not."""
    assert "Prøvesen" in decoding.decode(damaged("charset_8859_undeclared"), undeclared="8859/1")


def test_an_appointment_names_its_partners_by_location_number():
    """So that one click invites the hospital and the municipality the secretary put on the appointment."""
    stands = news(good("siu_s12_hospital"))
    assert isinstance(stands, AppointmentStands)
    appointment = stands.appointment
    assert appointment.partner_glns == ("5790000000203", "5790000000302")
    assert appointment.start == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert appointment.end == datetime(2026, 11, 23, 9, 45, tzinfo=UTC)
    assert appointment.is_video
    assert (appointment.id, appointment.patient_ref) == ("A2001", "P1001")


def test_an_appointment_in_person_is_not_video():
    """It must not be offered as one."""
    assert not news(good("siu_s12_in_person")).appointment.is_video


def test_the_time_may_stand_in_tq1():
    """From 2.5 on the standard has it there."""
    assert news(good("siu_s12_tq1")).appointment.start == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_a_cancelled_appointment_is_dropped():
    """The list must not offer it any longer."""
    assert news(good("siu_s15_cancelled")) == AppointmentDropped("A2004", "cancelled")


def test_a_merge_names_the_retired_numbers_and_the_survivor():
    """A40: MRG-1 is retired, PID-3 stays."""
    merged = news(good("adt_a40_merge"))
    assert isinstance(merged, PatientsMerged)
    assert [number.value for number in merged.retired] == ["P1090"]
    assert merged.survivor.local_id == "P1002"


def test_a_test_message_is_refused_in_production():
    """Synthetic patients must not appear on a working clinic's list."""
    with pytest.raises(Unsupported):
        news(good("adt_a04_email"), processing_id="P")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("202611231030", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("202607011030", datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
        ("20261123103000+0000", datetime(2026, 11, 23, 10, 30, tzinfo=UTC)),
        ("20261123103000.1234-0100", datetime(2026, 11, 23, 11, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_danish_time(text, expected):
    """Summer and winter; a wrong hour is a patient waiting alone."""
    assert reading.read_time(text, "SCH-11") == expected


@pytest.mark.parametrize(
    "text", ["", "20261123", "2026112325", "202613011030", "20261123103000+9999", "i morgen kl. 9"]
)
def test_what_is_no_time_is_refused(text):
    """hl7apy takes 25-12-1948 for a date; we do not."""
    with pytest.raises(Unreadable):
        reading.read_time(text, "SCH-11")


def test_escapes_are_resolved_and_a_deleted_value_is_empty():
    """Names with an ampersand exist, and two quotes mean that there is nothing."""
    text = 'MSH|^~\\&|a||||||ADT^A04|1|T|2.5.1\rPID|1||x||Holm \\T\\ S\\E\\n^""^A\\.br\\B|\r'
    pid = reading.read(text).need("PID")
    assert (pid.text(5, 1), pid.text(5, 2), pid.text(5, 3)) == ("Holm & S\\n", "", "A\nB")


@pytest.mark.parametrize("seed", range(60))
def test_spoilt_messages_are_read_or_refused_and_nothing_else(seed):
    """Bytes lost, doubled, swapped or cut: never another exception, which would cost the sender its connection."""
    chance = random.Random(seed)
    conditions = []
    files = GOOD + DAMAGED + sorted(FOLDER.glob("*.hl7"))
    for _attempt in range(60):
        payload = bytearray(chance.choice(files).read_bytes())
        for _change in range(chance.randint(1, 12)):
            at = chance.randrange(len(payload))
            what = chance.randrange(5)
            if what == 0:
                payload[at] = chance.choice(b"|^~\\&\r\n0Zx\xff\xc3")
            elif what == 1:
                del payload[at : at + chance.randint(1, 30)]
            elif what == 2:
                payload[at:at] = payload[at : at + chance.randint(1, 40)]
            elif what == 3:
                payload[at:at] = chance.randbytes(3)
            else:
                del payload[at:]
            if not payload:
                break
        try:
            news(bytes(payload))
        except (Unreadable, Unsupported) as error:
            conditions.append(int(error.facts["condition"]))
    assert conditions
    assert all(100 <= condition <= 207 for condition in conditions)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_are_refused(seed):
    """Whatever reaches the port."""
    chance = random.Random(seed)
    for size in (0, 1, 7, 100, 5000):
        with pytest.raises(Unreadable):
            news(b"MSH" * chance.randrange(2) + chance.randbytes(size))


def test_a_huge_message_is_refused_by_its_number_of_segments():
    """Made here and not stored: a hundred thousand segments."""
    with pytest.raises(Unreadable, match="too many segments"):
        news(good("adt_a04_email") + b"NTE|1||x\r" * 100_000)
