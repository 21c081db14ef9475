"""Frames of a hub: what is read of them, and that nothing but a result or Unreadable comes out."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime
from typing import Any

import pytest

from vdx_plugin.adapters.fhircast.events import FHIRCAST_PATIENT, Confirmation, Event, answer, id_of, read_frame
from vdx_plugin.domain.patients import Identifier, cpr
from vdx_plugin.errors import Unreadable

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p-1",
    "identifier": [
        {"system": "urn:oid:1.2.208.176.1.2", "value": "8512484901"},
        {"value": "no system"},
        {"system": "urn:oid:1.2.208.176.1.2", "value": "12"},
    ],
    "name": [
        {"use": "nickname", "family": "Lille"},
        {"use": "official", "family": "Prøvesen", "given": ["Ditte", "Å"]},
    ],
    "birthDate": "1948-12-25",
}
OPEN: dict[str, Any] = {
    "timestamp": "2026-11-23T11:00:00.000Z",
    "id": "e-1",
    "event": {
        "hub.topic": "t",
        "hub.event": "Patient-Open",
        "context": [{"key": "Patient", "resource": PATIENT}],
        "context.versionId": "v-1",
    },
}


def frame(**changes: Any) -> str:
    return json.dumps({**OPEN, **changes})


def test_an_event_is_read_with_its_patient() -> None:
    """Names of events and keys count without regard to case; only numbers with a system and a possible form count."""
    event = read_frame(frame())
    assert isinstance(event, Event)
    assert (event.id, event.name, event.version) == ("e-1", "patient-open", "v-1")
    assert event.at == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert event.patient is not None
    assert event.patient.identifiers == (cpr("8512484901"),)
    assert event.patient.name is not None
    assert event.patient.name.full == "Ditte Å Prøvesen"
    assert event.patient.birth_date == date(1948, 12, 25)


def test_an_encounter_brings_its_id() -> None:
    """The consultation may belong to it."""
    context = [*OPEN["event"]["context"], {"key": "encounter", "resource": {"id": "enc-7"}}]
    event = read_frame(frame(event={**OPEN["event"], "hub.event": "encounter-open", "context": context}))
    assert isinstance(event, Event)
    assert event.encounter_id == "enc-7"


def test_a_patient_with_nothing_but_an_id_is_known_by_it() -> None:
    """Then the host finds name and birth date elsewhere, or does not start."""
    bare = {"resourceType": "Patient", "id": "p-9"}
    event = read_frame(frame(event={**OPEN["event"], "context": [{"key": "patient", "resource": bare}]}))
    assert isinstance(event, Event)
    assert event.patient is not None
    assert event.patient.identifiers == (Identifier(FHIRCAST_PATIENT, "p-9"),)
    assert not event.patient.is_complete


def test_a_confirmation_tells_what_was_granted() -> None:
    """A hub may grant fewer events and a shorter lease than asked for."""
    given = {"hub.mode": "subscribe", "hub.topic": "t", "hub.events": "Patient-open,syncerror", "hub.lease_seconds": 60}
    assert read_frame(json.dumps(given)) == Confirmation(False, ("patient-open", "syncerror"), 60)
    assert read_frame(json.dumps({"hub.mode": "denied", "hub.reason": "no"})) == Confirmation(True)
    assert read_frame(json.dumps({"hub.mode": "subscribe", "bound": True})) == Confirmation(False)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "frame"),
        ("[]", "frame"),
        ('{"id": "x"', "frame"),
        ("[" * 100_000, "frame"),
        ("x" * 1_000_001, "frame"),
        (frame(id=""), "id"),
        (frame(id=7), "id"),
        (frame(event=None), "event.hub.event"),
        (frame(event={}), "event.hub.event"),
        (frame(timestamp="yesterday"), "timestamp"),
        (frame(timestamp="2026-11-23T11:00:00"), "timestamp"),
        (frame(event={"hub.event": "patient-open", "context": {}}), "event.context"),
        (frame(event={"hub.event": "patient-open", "context": [{}]}), "event.context[0].key"),
        (
            frame(event={"hub.event": "patient-open", "context": [{"key": "patient", "resource": {}}]}),
            "context.patient",
        ),
    ],
)
def test_what_breaks_the_form_is_unreadable_with_its_place(text: str, place: str) -> None:
    """The place helps support; the content stays out of every log."""
    with pytest.raises(Unreadable) as caught:
        read_frame(text)
    assert place in caught.value.place
    assert "Prøvesen" not in str(caught.value)


def test_damaged_frames_are_a_result_or_unreadable_and_nothing_else() -> None:
    """Fuzzed with a fixed seed: bytes changed, cut and doubled."""
    dice = random.Random(7)
    for _round in range(3000):
        text = list(frame())
        for _change in range(dice.randrange(1, 6)):
            place = dice.randrange(len(text))
            text[place : place + dice.randrange(3)] = dice.choice(["", "}", '"', "null", "[", "9", "\x00", "Å"])
        damaged = "".join(text)
        try:
            read_frame(damaged)
        except Unreadable:
            assert isinstance(id_of(damaged), str)


def test_an_answer_carries_the_id_and_the_status() -> None:
    """FHIRcast 3.0.0, 2.5.4."""
    assert json.loads(answer("e-1", 409)) == {"id": "e-1", "status": 409}
    assert id_of('{"id": "e-1", "event": 3}') == "e-1"
    assert id_of("nothing") == ""
