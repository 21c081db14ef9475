"""Our rules against MedCom's own messages, and each rule against a message broken in that one place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.invitations import official
from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, ROOM, composer, consultation, ids
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.checks import check, check_outgoing
from vdx_plugin.invitations.message import Message, read_message

Break = Callable[[dict[str, dict[str, Any]], dict[str, Any]], None]


def broken(change: Break) -> Message:
    """Our own invitation with one change; ``change`` gets the first resource of each type, and the bundle."""
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    bundle = json.loads(draft.payload)
    resources: dict[str, dict[str, Any]] = {}
    for entry in bundle["entry"]:
        resources.setdefault(entry["resource"]["resourceType"], entry["resource"])
    change(resources, bundle)
    return Message(bundle)


@official.needed
@pytest.mark.parametrize("path", [*official.LETTERS, *official.ACKS], ids=official.short)
def test_official_messages_pass(path: Path) -> None:
    """A rule that refuses what MedCom calls valid would refuse real partners."""
    assert check(read_message(path.read_bytes(), official.mime_of(path))) == []


@official.needed
@pytest.mark.parametrize("path", official.BROKEN, ids=official.short)
def test_messages_with_one_fault_are_refused(path: Path) -> None:
    """Each file breaks one published rule."""
    assert check(read_message(path.read_bytes(), official.mime_of(path)))


def test_our_own_invitation_passes_every_rule() -> None:
    """The base of the cases below: unchanged, nothing is found."""
    assert check_outgoing(broken(lambda resources, bundle: None)) == []


def _set(kind: str, name: str, value: object) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        resources[kind][name] = value

    return change


def _drop(kind: str, name: str) -> Break:
    return lambda resources, bundle: resources[kind].pop(name)


def _without_extension(payload: int, url: str) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        row = resources["Communication"]["payload"][payload]
        row["extension"] = [one for one in row["extension"] if one["url"] != url]

    return change


def _without(kind: str) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        bundle["entry"] = [one for one in bundle["entry"] if one["resource"]["resourceType"] != kind]

    return change


def _no_entity(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Provenance"].pop("entity")


def _one_entity(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Provenance"]["entity"].pop()


def _http_gln(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Organization"]["identifier"][0]["system"] = "http://www.gs1.org/gln"


def _short_sor(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Organization"]["identifier"][1]["value"] = "1234567890"


def _copy_receiver(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["MessageHeader"]["destination"] *= 2


def _cpr_of_a_day_that_is_not(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Patient"]["identifier"][0]["value"] = "3002479989"


def _upper_thread(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Communication"]["identifier"][0]["value"] = "urn:uuid:00000000-0000-4000-8000-00000000000A"


def _title_with_ending(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Communication"]["payload"][1]["contentAttachment"]["title"] = "dagsorden.pdf"


def _stranger_as_recipient(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    reference = f"PractitionerRole/{resources['PractitionerRole']['id']}"
    resources["Communication"]["recipient"] = [{"reference": reference}]


def _encounter_without_episode(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    encounter = {"resourceType": "Encounter", "id": "e1", "status": "unknown", "class": kind}
    bundle["entry"].append({"fullUrl": "https://x.example/Encounter/e1", "resource": encounter})
    resources["Communication"]["encounter"] = {"reference": "Encounter/e1"}


INVALID: list[tuple[str, Break]] = [
    ("fhir-structure", _set("Communication", "link", "x")),
    ("bundle-type", lambda resources, bundle: bundle.update(type="collection")),
    ("bundle-timestamp", lambda resources, bundle: bundle.pop("timestamp")),
    ("bdl-12", lambda resources, bundle: bundle["entry"].reverse()),
    ("event", _set("MessageHeader", "eventCoding", {"system": codes.EVENT_CODES, "code": "video"})),
    ("medcom-careCommunication-1", _drop("MessageHeader", "meta")),
    ("medcom-carecommunication-definition-url", _set("MessageHeader", "definition", f"{codes.CARE_DEFINITION}|4.0")),
    ("destination", _copy_receiver),
    ("bundled", _set("MessageHeader", "sender", {"reference": "Organization/elsewhere"})),
    ("organization", _set("Organization", "identifier", [])),
    ("sor", _short_sor),
    ("medcom-careCommunication-2", _without("Patient")),
    ("medcom-careCommunication-3", _drop("Provenance", "meta")),
    ("medcom-messaging-2", _without("Provenance")),
    ("provenance-activity", _set("Provenance", "activity", {"coding": [{"code": "retract-message"}]})),
    ("provenance-entity", _no_entity),
    ("provenance-target", _set("Provenance", "target", [{"reference": "MessageHeader/other"}])),
    ("medcom-careCommunication-5", _set("Communication", "priority", "asap")),
    ("medcom-careCommunication-7", _set("PractitionerRole", "code", [{"text": "a", "coding": [{"code": "b"}]}])),
    ("medcom-careCommunication-8", _drop("Practitioner", "name")),
    ("medcom-careCommunication-9", _encounter_without_episode),
    ("medcom-careCommunication-12", _stranger_as_recipient),
    ("medcom-careCommunication-13", _drop("PractitionerRole", "practitioner")),
    ("medcom-uuidv4", _upper_thread),
    ("patient-number", _cpr_of_a_day_that_is_not),
    ("patient-name", _set("Patient", "name", [{"family": "Elmer"}])),
    ("payload-extension", _without_extension(0, codes.CONTACT_EXTENSION)),
    ("payload-extension", _without_extension(1, codes.IDENTIFIER_EXTENSION)),
    ("topic", _set("Communication", "topic", {"coding": [{"code": "x"}]})),
    ("status", _set("Communication", "status", "completed")),
]

OWED: list[tuple[str, Break]] = [
    ("narrative", _drop("Patient", "text")),
    ("narrative-element", _set("Organization", "name", "Et andet navn")),
    ("narrative-status", _set("Patient", "text", {"status": "additional", "div": "<div>x</div>"})),
    ("gln-system", _http_gln),
    ("uuid", lambda resources, bundle: bundle.update(id="S-A-new-1")),
    ("subject-length", _set("Communication", "topic", {"text": "x" * 70})),
    ("attachment-title", _title_with_ending),
    ("provenance-payload", _one_entity),
]


@pytest.mark.parametrize(("rule", "change"), INVALID, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(INVALID)])
def test_a_broken_rule_is_found_by_its_name(rule: str, change: Break) -> None:
    """The finding names the rule, so that support and the sender know what to look at."""
    assert rule in {finding.rule for finding in check(broken(change))}


@pytest.mark.parametrize(("rule", "change"), OWED, ids=[rule for rule, _ in OWED])
def test_what_only_a_sender_owes_is_found_on_outgoing_messages_only(rule: str, change: Break) -> None:
    """A certifier refuses it, a receiver must not."""
    message = broken(change)
    assert rule in {finding.rule for finding in check_outgoing(message)}
    assert rule not in {finding.rule for finding in check(message)}


def test_no_finding_tells_what_stood_in_the_message() -> None:
    """Findings go into logs and to partners."""
    for _, change in [*INVALID, *OWED]:
        told = repr(check_outgoing(broken(change)))
        assert "2509479989" not in told
        assert "Elmer" not in told


def _mutate(value: Any, chance: random.Random) -> Any:
    """Change one random place of a JSON value."""
    junk: list[Any] = [None, "", 7, [], {}, True, "x" * 50, [[]], {"reference": 3}, ["a"], -1.5]
    if not isinstance(value, dict | list) or not value or chance.random() < 0.08:
        return chance.choice(junk)
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if chance.random() < 0.1:
        del value[key]
    else:
        value[key] = _mutate(value[key], chance)
    return value


def test_no_mangled_message_makes_a_rule_fail_with_an_exception() -> None:
    """Whatever comes in, the answer is findings: an exception would stop the mailbox."""
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    chance = random.Random(20261007)
    found = 0
    for _ in range(400):
        bundle = json.loads(draft.payload)
        for _ in range(chance.randint(1, 3)):
            _mutate(bundle["entry"], chance)
        found += bool(check_outgoing(Message(bundle)))
    assert found > 300
