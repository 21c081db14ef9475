"""A consultation as an appointment for the record, in FHIR and as a calendar file, out and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fhir.resources.R4B.appointment import Appointment
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from tests.unit.invitations.samples import NOW, PATIENT_PARTY, ROOM, SETTINGS, START, composer, consultation
from vdx_plugin.domain.consultation import Consultation, EndReason, Stage
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import appointment, calendar_file
from vdx_plugin.invitations.appointment import AppointmentRecord, Attendee
from vdx_plugin.invitations.exporter import Exporter
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.ports import AppointmentFiles, Exports

FUT = "http://ehealth.sundhed.dk/fhir/StructureDefinition/ehealth-"


def exported(one: Consultation | None = None) -> AppointmentFiles:
    port: Exports = Exporter(SETTINGS, TextBook())
    return port.appointment(one or booked(), NOW)


def booked() -> Consultation:
    return replace(consultation(), stage=Stage.SCHEDULED)


def ended(reason: EndReason) -> Consultation:
    return replace(consultation(), stage=Stage.ENDED, end_reason=reason)


def event_of(ical: str) -> dict[str, object]:
    (event,) = Calendar.from_ical(ical).walk("VEVENT")
    return dict(event)


def test_a_booked_consultation_is_an_appointment_with_the_national_names() -> None:
    """Link, address and guest PIN under FUT's extensions, and the meeting under VDX's own identifier."""
    table = json.loads(exported().fhir)
    Appointment.model_validate(table)
    extensions = {row["url"].removeprefix(FUT): row for row in table["extension"]}
    assert set(extensions) == {"meeting-url", "vmr-uri", "guest-pin-code", "responsible"}
    assert extensions["meeting-url"]["valueUri"] == composer().guest_link(ROOM, PATIENT_PARTY).reveal()
    assert extensions["vmr-uri"]["valueUri"] == ROOM.alias
    assert extensions["guest-pin-code"]["valueString"] == "3788"
    assert {"system": "http://vdx.medcom.dk/meeting", "value": str(ROOM.meeting_id)} in table["identifier"]
    assert table["serviceType"][0]["coding"][0]["code"] == "video"
    assert (table["status"], table["start"]) == ("booked", "2026-10-14T13:00:00+02:00")


@pytest.mark.parametrize(
    "one",
    [
        booked(),
        consultation(),
        *(ended(reason) for reason in EndReason),
        replace(consultation(), stage=Stage.CANCELLED),
    ],
    ids=lambda one: f"{one.stage}-{one.end_reason}",
)
def test_an_appointment_keeps_fhirs_invariants_and_futs(one: Consultation) -> None:
    """app-1 to app-4; responsible-1: who is responsible takes part; one patient at the most."""
    table = json.loads(exported(one).fhir)
    for participant in table["participant"]:
        assert participant.get("type") or participant.get("actor")
    assert ("start" in table) == ("end" in table)
    assert "start" in table
    assert "cancelationReason" not in table or table["status"] in ("cancelled", "noshow")
    responsible = next(row for row in table["extension"] if row["url"] == f"{FUT}responsible")
    references = [participant.get("actor", {}).get("reference") for participant in table["participant"]]
    assert responsible["valueReference"]["reference"] in references
    kinds = [participant.get("actor", {}).get("type") for participant in table["participant"]]
    assert kinds.count("Patient") == 1
    assert len(table["participant"]) >= 2


@pytest.mark.parametrize(
    ("one", "status", "is_off"),
    [
        (booked(), "booked", False),
        (replace(consultation(), stage=Stage.BOOKING, room=None), "pending", False),
        (replace(consultation(), stage=Stage.IN_CALL), "arrived", False),
        (replace(consultation(), stage=Stage.CANCELLED), "cancelled", True),
        (ended(EndReason.HELD), "fulfilled", False),
        (ended(EndReason.TO_PHONE), "fulfilled", False),
        (ended(EndReason.NO_SHOW), "noshow", True),
        (ended(EndReason.TECHNICAL), "cancelled", True),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_off_has_no_link_and_says_why(one: Consultation, status: str, is_off: bool) -> None:
    """A link in a record that leads nowhere will be tried."""
    files = exported(one)
    table, event = json.loads(files.fhir), event_of(files.ical)
    assert table["status"] == event["X-FHIR-STATUS"] == status
    has_link = any(row["url"] == f"{FUT}meeting-url" for row in table["extension"])
    assert has_link is ("URL" in event) is (not is_off and one.room is not None)
    assert ("cancelationReason" in table) is is_off
    assert (event["STATUS"] == "CANCELLED") is is_off


def test_no_form_carries_the_host_pin() -> None:
    """Whoever reads the record, or a shared calendar, must not become host."""
    files = exported()
    assert "918273" not in files.fhir + files.ical
    assert "host-pin" not in files.fhir


def test_the_calendar_file_says_nothing_about_the_patient() -> None:
    """It is dragged into a calendar that colleagues see and telephones sync."""
    ical = exported().ical.replace("\r\n ", "")
    for secret in ("Elmer", "Bruno", "2509479989", "250947", "patient.example", "Sygehus,"):
        assert secret not in ical


def test_a_move_is_the_same_appointment_at_another_time() -> None:
    """Record and calendar replace the old time: same ids, later SEQUENCE."""
    exporter = Exporter(SETTINGS, TextBook())
    later = replace(consultation(start=START + timedelta(days=1)), stage=Stage.SCHEDULED)
    before, after = exporter.appointment(booked(), NOW), exporter.appointment(later, NOW + timedelta(hours=1))
    old, new = json.loads(before.fhir), json.loads(after.fhir)
    assert (old["id"], old["identifier"]) == (new["id"], new["identifier"])
    assert new["start"] == "2026-10-15T13:00:00+02:00"
    first, second = event_of(before.ical), event_of(after.ical)
    assert first["UID"] == second["UID"]
    assert int(str(second["SEQUENCE"])) > int(str(first["SEQUENCE"]))


words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
word = words.map(lambda text: " ".join(text.split())).filter(lambda text: bool(text.strip()))
moments = st.integers(1_700_000_000, 2_100_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
attendees = st.one_of(
    st.builds(Attendee, st.sampled_from(["Patient", "Location"]), word, st.just("urn:oid:1.2"), st.just("42")),
    st.builds(Attendee, st.just("interpreter"), st.one_of(st.just(""), word)),
)
records = st.builds(
    AppointmentRecord,
    st.uuids(version=4),
    st.uuids(version=4),
    st.sampled_from(["booked", "arrived", "fulfilled", "pending"]),
    moments,
    moments,
    word,
    st.lists(attendees, max_size=4).map(tuple),
    st.just(Secret("https://x.example/?a=1&b=2")),
    st.just("1@rooms.example"),
    st.from_regex(r"[0-9]{4,20}", fullmatch=True).map(Secret),
    st.booleans(),
    st.one_of(st.none(), st.integers(2, 100)),
)


@given(records)
def test_whatever_is_written_is_read_as_it_was(record: AppointmentRecord) -> None:
    """A record system that gives it back gives back the same meeting."""
    assert appointment.read_fhir(appointment.write_fhir(record)) == record
    entry = calendar_file.read(appointment.write_ical(record, "Videosamtale", 7, NOW))
    assert (entry.uid, entry.start, entry.end) == (str(record.id), record.start, record.end)
    assert (entry.url, entry.sequence) == (record.link, 7)
    assert entry.extra["X-VDX-MEETING"] == str(record.meeting_id)
    assert entry.extra["X-VDX-ADDRESS"] == record.address
    assert entry.extra["X-VDX-GUEST-PIN"] == record.guest_pin.reveal()
    assert entry.extra["X-FHIR-STATUS"] == record.status


def test_a_cancelled_one_is_read_back_with_its_reason() -> None:
    """So that a record can say why."""
    files = exported(ended(EndReason.NO_SHOW))
    read = appointment.read_fhir(files.fhir)
    assert (read.status, read.reason, read.link) == ("noshow", "pat", Secret(""))
    assert read.id == UUID(int=0xCC, version=4) or str(read.id).endswith("cc")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"resourceType": "Patient"}', '{"resourceType": "Appointment", "status": "booked"}', "{"]
)
def test_what_is_no_appointment_of_ours_is_unreadable(text: str) -> None:
    """And nothing of it is repeated in the error."""
    with pytest.raises(Unreadable):
        appointment.read_fhir(text)
    with pytest.raises(Unreadable):
        calendar_file.read(text)
