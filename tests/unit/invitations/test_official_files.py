"""Both checkers over everything that MedCom has published, and over everything that we make ourselves."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.unit.invitations import official
from tests.unit.invitations.official_definitions import checker, folders
from tests.unit.invitations.samples import (
    HOSPITAL,
    HOSPITAL_PARTY,
    MUNICIPALITY,
    MUNICIPALITY_PARTY,
    NOW,
    OWN,
    ROOM,
    START,
    composer,
    consultation,
    ids,
)
from tests.unit.invitations.test_checks import mutate
from vdx_plugin.domain.parties import Channel, Party, PartyRole, Unit
from vdx_plugin.domain.patients import PersonName
from vdx_plugin.invitations import acknowledgement, care_communication, codes
from vdx_plugin.invitations.acknowledgement import Issue, Refusal
from vdx_plugin.invitations.checks import check, check_outgoing
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Message, read_message, rows, write_json, write_xml
from vdx_plugin.invitations.narrative import narrate
from vdx_plugin.invitations.profiles import read_package
from vdx_plugin.invitations.resources import Author
from vdx_plugin.ports import NoticeKind, OutboxDraft

pytestmark = official.needed

# What MedCom's packages alone decide: place of the first finding of the profile checker, by the start of the name.
PLACES = {
    "ackb1": "Bundle",
    "b01": "MessageHeader.eventCoding.code",
    "b02": "Communication.payload[0].extension",
    "b03": "Communication",
    "b04": "Communication",
    "b06": "Organization[0].identifier[0].value",
    "b07": "Communication.identifier[0]",
    "b09": "Bundle",
    "b10": "Communication.status",
    "b11": "MessageHeader.definition",
    "b13": "MessageHeader.destination[0]",
    "b14": "Communication.payload[1].contentAttachment.title",
    "b15": "Communication.payload[1].contentAttachment.contentType",
    "b16": "Communication.category[0]",
    "b18": "Communication",
    "b19": "Bundle",
    "b21": "Patient.name[0].family",
    "b23": "Bundle",
    "Bundle-R-Tek-M": "Communication.category[0].coding[0].code",
}


def read(path: Path) -> Message:
    return read_message(path.read_bytes(), official.mime_of(path))


def by_profiles(message: Message) -> list[Finding]:
    return [one for one in checker().check(message) if not one.is_warning]


@pytest.mark.parametrize("path", [*official.LETTERS, *official.ACKS], ids=official.short)
def test_both_checkers_pass_what_medcom_calls_valid(path: Path) -> None:
    """JSON and XML, letters and acknowledgements. A checker that refuses these would refuse real partners."""
    message = read(path)
    assert check(message) == []
    assert by_profiles(message) == []


@pytest.mark.parametrize("path", official.BROKEN, ids=official.short)
def test_both_checkers_name_the_place_of_a_fault(path: Path) -> None:
    """One fault in each file, and MedCom's own R-Tek-M."""
    message = read(path)
    assert all(one.place and one.rule and one.text for one in check(message))
    assert check(message)
    place = next(place for start, place in PLACES.items() if path.name.startswith(start))
    assert by_profiles(message)[0].place == place


@pytest.mark.parametrize("path", official.NEITHER, ids=official.short)
def test_the_checkers_differ_only_over_the_empty_message(path: Path) -> None:
    """It keeps the profiles, and is turned down as a kind of message that we do not take in."""
    message = read(path)
    assert [one.rule for one in check(message)] == ["event"]
    assert by_profiles(message) == []


def _first() -> OutboxDraft:
    return composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())


def _letter(draft: OutboxDraft) -> Message:
    return read_message(draft.payload, draft.mime)


def _invitation() -> Message:
    return _letter(_first())


def _invitation_without_pin() -> Message:
    return _letter(composer().invitation(consultation(), MUNICIPALITY_PARTY, ROOM, NOW, ids()))


def _move() -> Message:
    later, old = consultation(start=START + timedelta(days=1)), (START, START + timedelta(minutes=30))
    return _letter(composer().move(later, HOSPITAL_PARTY, _first(), ROOM, old, NOW, ids(100)))


def _reminder() -> Message:
    kind = NoticeKind.REMINDER
    return _letter(composer().notice(consultation(), HOSPITAL_PARTY, _first(), ROOM, kind, NOW, ids(100)))


def _cancellation() -> Message:
    return _letter(composer().cancellation(consultation(), HOSPITAL_PARTY, _first(), NOW, ids(100)))


def _partners_answer() -> Message:
    nurse = Author(PersonName("Jensen", "Ida Test"), "Afdelingssygeplejerske", "35000001")
    content = care_communication.Content("Vi deltager.")
    return care_communication.answer(_invitation(), HOSPITAL.gln or "", nurse, content, NOW, ids(300))


def _answer_to_the_partner() -> Message:
    doctor = Author(PersonName("Madsen", "Karen Test"), "speciallaegeipraksis", "35000000")
    content = care_communication.Content("Tak.")
    return care_communication.answer(_partners_answer(), OWN.gln, doctor, content, NOW, ids(400))


def _acknowledgement() -> Message:
    return acknowledgement.build(_partners_answer(), OWN, NOW, ids(500))


def _refusal() -> Message:
    why = Refusal(Issue.INVALID, "medcom-careCommunication-2: beskeden skal handle om netop én patient")
    return acknowledgement.build(_partners_answer(), OWN, NOW, ids(500), why)


def _invitation_by_way_of_another_unit() -> Message:
    unit = Unit(MUNICIPALITY.name, MUNICIPALITY.sor or "", MUNICIPALITY.gln or "")
    home = replace(MUNICIPALITY, name="Plejehjemmet Solsikken", role=PartyRole.NURSING_HOME, gln=None, served_by=unit)
    party = Party("p-home", PartyRole.NURSING_HOME, Channel.MEDCOM, home)
    return _letter(composer().invitation(consultation(party), party, ROOM, NOW, ids()))


OURS: dict[str, Callable[[], Message]] = {
    "invitation": _invitation,
    "invitation without PIN": _invitation_without_pin,
    "invitation by way of another unit": _invitation_by_way_of_another_unit,
    "move": _move,
    "reminder": _reminder,
    "cancellation": _cancellation,
    "answer to the partner": _answer_to_the_partner,
    "acknowledgement": _acknowledgement,
    "refusal": _refusal,
}
AGAIN = {"json": (write_json, codes.FHIR_JSON), "xml": (write_xml, codes.FHIR_XML)}


def test_no_mangled_message_makes_the_profile_checker_fail_with_an_exception() -> None:
    """Whatever comes in, the answer is findings."""
    chance = random.Random(20261008)
    text = json.dumps(_invitation().bundle)
    found = 0
    for _ in range(150):
        bundle = json.loads(text)
        mutate(bundle["entry"], chance)
        found += bool(checker().check(Message(bundle)))
    assert found > 100


@cache
def _marked() -> dict[str, list[str]]:
    """Element ids that MedCom's packages mark as SHALL:in-narrative, by resource type."""
    found: dict[str, list[str]] = {}
    for folder in folders():
        for structure in read_package(folder).resources.values():
            for element in rows(structure, "snapshot", "element"):
                if "SHALL:in-narrative" in json.dumps(element.get("extension", [])):
                    found.setdefault(structure["type"], []).append(element["id"])
    return found


def _at(values: list[Any], steps: list[str]) -> list[Any]:
    """Values at an element id; a slice's name narrows nothing, so that more is asked for rather than less."""
    for step in steps:
        name = step.partition(":")[0].removesuffix("[x]")
        pairs = [pair for one in values if isinstance(one, dict) for pair in one.items()]
        below = [child for key, child in pairs if key == name or re.fullmatch(f"{name}[A-Z].*", key)]
        values = [one for child in below for one in (child if isinstance(child, list) else [child])]
    return values


def _words(value: Any) -> Iterator[str]:
    """What a reader must see of an element: its own value, not what only tells machines where it comes from."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        hidden = ("url", "system", "use", "id", "type", "assigner", "display", "period", "data", "valueIdentifier")
        for child in (child for key, child in value.items() if key not in hidden):
            yield from _words(child)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)


@pytest.mark.parametrize("path", official.LETTERS, ids=official.short)
def test_every_element_that_medcom_marks_stands_in_our_narrative(path: Path) -> None:
    """Read from the packages themselves, and over everybody's letters: no validator looks at this."""
    marked = _marked()
    for resource in read(path).resources:
        seen = " ".join(unescape(re.sub("<[^>]*>", " ", narrate(resource)["div"])).split())
        for element_id in marked.get(str(resource["resourceType"]), []):
            for word in _words(_at([resource], element_id.split(".")[1:])):
                assert " ".join(word.split()) in seen, element_id


@pytest.mark.parametrize("form", AGAIN)
@pytest.mark.parametrize("name", OURS)
def test_each_of_our_own_messages_passes_both_checkers(name: str, form: str) -> None:
    """As it arrives: written, and read again."""
    write, mime = AGAIN[form]
    message = read_message(write(OURS[name]()), mime)
    assert check_outgoing(message) == []
    assert checker().check(message) == []


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "golden").glob("*.json")), ids=official.short)
def test_the_golden_files_pass_both_checkers(path: Path) -> None:
    """They are what a reader of the tests takes for right."""
    message = Message(json.loads(path.read_bytes()))
    assert check_outgoing(message) == []
    assert checker().check(message) == []
