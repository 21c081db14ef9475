"""Our rules against MedCom's own messages, and each rule against a message broken in that one place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.invitations import official
from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, OWN, ROOM, composer, consultation, ids
from vdx_plugin.invitations import acknowledgement, codes
from vdx_plugin.invitations.checks import by_medcom, check, check_outgoing, owed
from vdx_plugin.invitations.message import Message, read_message, write_json

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
    _encounter(bundle)
    resources["Communication"]["encounter"] = {"reference": "Encounter/e1"}


def _organization_number(system: str, value: str) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        numbers = resources["Organization"]["identifier"]
        numbers[:] = [one for one in numbers if one["system"] != system] + [{"system": system, "value": value}]

    return change


def _patient_number(system: str, value: str) -> Break:
    return _set("Patient", "identifier", [{"system": system, "value": value}])


def _phone(number: str) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        for one in resources["Communication"]["payload"][0]["extension"]:
            if one["url"] == codes.CONTACT_EXTENSION:
                one["valueContactPoint"]["value"] = number

    return change


def _category(code: str) -> Break:
    return _set("Communication", "category", [{"coding": [{"system": codes.CATEGORY_CODES, "code": code}]}])


def _other_without_topic(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    _category("other")(resources, bundle)
    resources["Communication"].pop("topic")


def _only_the_attachment(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Communication"]["payload"].pop(0)


def _time_without_zone(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    for one in resources["Communication"]["payload"][0]["extension"]:
        if one["url"] == codes.DATETIME_EXTENSION:
            one["valueDateTime"] = "2026-10-07"


def _attachment(name: str, value: object) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        attachment = resources["Communication"]["payload"][1]["contentAttachment"]
        attachment.pop(name, None)
        if value is not None:
            attachment[name] = value

    return change


def _destination(name: str, value: object) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        destination = resources["MessageHeader"]["destination"][0]
        destination.pop(name)
        if value is not None:
            destination[name] = value

    return change


def _encounter(bundle: dict[str, Any], **more: object) -> None:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    encounter = {"resourceType": "Encounter", "id": "e1", "status": "unknown", "class": kind, **more}
    bundle["entry"].append({"fullUrl": "https://x.example/Encounter/e1", "resource": encounter})


def _stray_encounter(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    _encounter(bundle)


def _episode_of_another_version(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    number = {"system": codes.LPR3, "value": "urn:uuid:00000000-0000-4000-8000-00000000000a"}
    _encounter(bundle, episodeOfCare=[{"identifier": number}])
    resources["Communication"]["encounter"] = {"reference": "Encounter/e1"}


def _narrative(change_text: Callable[[dict[str, Any]], None]) -> Break:
    return lambda resources, bundle: change_text(resources["Patient"]["text"])


def _eleven_attachments(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
    resources["Communication"]["payload"] += [resources["Communication"]["payload"][1]] * 10


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
    ("min-digits-sor", _short_sor),
    ("gln-length", _organization_number("https://www.gs1.org/gln", "57900000001")),
    ("gln-modulus-10", _organization_number("https://www.gs1.org/gln", "5790000000105")),
    ("uuid", _organization_number(codes.KOMBIT, "urn:uuid:00000000-0000-4000-8000-00000000000A")),
    ("CVR-modulus-11", _organization_number(codes.CVR, "12345678")),
    (
        "dk-core-organization-mandatory-identifier",
        _set("Organization", "identifier", [{"system": "https://www.gs1.org/gln", "value": "5790000000104"}]),
    ),
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
    ("patient-number", _set("Patient", "identifier", [{"system": "urn:other", "value": "1"}])),
    ("cpr", _cpr_of_a_day_that_is_not),
    ("x-ecpr", _patient_number("urn:oid:1.2.208.176.1.6.1.1", "0703920VJ5")),
    ("d-ecpr", _patient_number("urn:oid:1.2.208.176.1.6.1.3", "1206551VK9")),
    ("d-ecpr", _patient_number("urn:oid:1.2.208.176.1.6.1.3.177", "1206550vk9")),
    ("medcom-core-contact", _phone("spørg i døren")),
    ("medcom-careCommunication-4", _without("Practitioner")),
    ("medcom-careCommunication-6", _other_without_topic),
    ("medcom-careCommunication-11", _set("Communication", "extension", [{"url": "urn:ours", "valueString": "x"}])),
    ("medcom-careCommunication-15", _stray_encounter),
    ("uuidv5", _episode_of_another_version),
    ("focus", _set("MessageHeader", "focus", [{"reference": "Patient/elsewhere"}])),
    ("source-endpoint", _drop("MessageHeader", "source")),
    ("header-count", lambda resources, bundle: bundle["entry"].append(bundle["entry"][0])),
    ("author", _without("PractitionerRole")),
    ("category", _category("video")),
    ("subject", _drop("Communication", "subject")),
    ("payload-string", _only_the_attachment),
    ("payload-time", _time_without_zone),
    ("attachment-title", _attachment("title", None)),
    ("attachment-type", _attachment("contentType", "video/mp4")),
    ("destination-use", _destination("extension", [])),
    ("destination-endpoint", _destination("endpoint", None)),
    ("provenance-time", _set("Provenance", "occurredDateTime", "2026-10-07")),
    ("provenance-agent", _drop("Provenance", "agent")),
    ("bundle-id", lambda resources, bundle: bundle.pop("id")),
    ("patient-name", _set("Patient", "name", [{"family": "Elmer"}])),
    ("payload-extension", _without_extension(0, codes.CONTACT_EXTENSION)),
    ("payload-extension", _without_extension(1, codes.IDENTIFIER_EXTENSION)),
    ("topic", _set("Communication", "topic", {"coding": [{"code": "x"}]})),
    ("status", _set("Communication", "status", "completed")),
]

OWED: list[tuple[str, Break]] = [
    ("narrative", _drop("Patient", "text")),
    ("narrative-element", _set("Organization", "name", "Et andet navn")),
    ("narrative-status", _narrative(lambda text: text.update(status="extensions"))),
    ("narrative-terms", _narrative(lambda text: text.update(div=text["div"].replace("(family)", "")))),
    ("narrative-plain", _narrative(lambda text: text.update(div=text["div"] + "<script>x</script>"))),
    ("narrative-plain", _narrative(lambda text: text.update(div=text["div"] + "QUJD" * 200))),
    ("provider-number", _organization_number(codes.PROVIDER_NUMBER, "12345")),
    ("phone", _phone("1234567")),
    ("attachment-count", _eleven_attachments),
    ("text", _set("Communication", "topic", {"text": "Video\x0bmøde"})),
    ("gln-system", _http_gln),
    ("uuid", lambda resources, bundle: bundle.update(id="S-A-new-1")),
    ("subject-length", _set("Communication", "topic", {"text": "x" * 70})),
    ("attachment-title", _title_with_ending),
    ("provenance-payload", _one_entity),
]


def rules_found(message: Message) -> set[str]:
    """By the check of what came in, which stops at FHIR's own shape, and by the rules behind it."""
    found = check(message)
    assert found
    return {finding.rule for finding in (*found, *(by_medcom(message) or owed(message)))}


def _code(code: str) -> Break:
    def change(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        resources["MessageHeader"]["response"]["code"] = code

    return change


def _issue(system: str, code: str) -> Break:
    coding = {"coding": [{"system": system, "code": code}]}
    return lambda resources, bundle: resources["OperationOutcome"]["issue"][0].update(details=coding)


INVALID_ACKS: list[tuple[str, Break]] = [
    ("medcom-acknowledgement-1", _without("OperationOutcome")),
    ("medcom-acknowledgement-2", _drop("MessageHeader", "meta")),
    ("response-identifier", lambda resources, bundle: resources["MessageHeader"]["response"].update(identifier="")),
    ("response-code", _code("AE")),
    ("issue-code", _issue(codes.ACK_ERROR_CODES, "MSG_Mailbox_Full")),
    ("issue-code", _issue(codes.HL7_ERROR_CODES, "AE")),
    ("medcom-messaging-2", _without("Provenance")),
    ("provenance-activity", _set("Provenance", "activity", {"coding": [{"code": "retract-message"}]})),
    ("gln-modulus-10", _organization_number("https://www.gs1.org/gln", "5790000000105")),
]
OWED_ACKS: list[tuple[str, Break]] = [("ack-history", _set("MessageHeader", "id", "0" * 8))]


def broken_ack(change: Break) -> Message:
    """Our own refusal of our own invitation with one change."""
    why = acknowledgement.Refusal(acknowledgement.Issue.INVALID, "fejl")
    made = acknowledgement.build(broken(lambda resources, bundle: None), OWN, NOW, ids(500), why)
    bundle = json.loads(write_json(made))
    resources: dict[str, dict[str, Any]] = {}
    for entry in bundle["entry"]:
        resources.setdefault(entry["resource"]["resourceType"], entry["resource"])
    change(resources, bundle)
    return Message(bundle)


@pytest.mark.parametrize(("rule", "change"), INVALID_ACKS, ids=[rule for rule, _ in INVALID_ACKS])
def test_a_broken_rule_of_an_acknowledgement_is_found_by_its_name(rule: str, change: Break) -> None:
    """An invalid acknowledgement is as useless as none (Validation Governance, 2)."""
    assert check_outgoing(broken_ack(lambda resources, bundle: None)) == []
    assert rule in rules_found(broken_ack(change))


@pytest.mark.parametrize(("rule", "change"), OWED_ACKS, ids=[rule for rule, _ in OWED_ACKS])
def test_what_our_acknowledgements_owe_is_not_asked_of_others(rule: str, change: Break) -> None:
    """MedCom's own examples name another message in their history."""
    assert rule in {finding.rule for finding in check_outgoing(broken_ack(change))}
    assert check(broken_ack(change)) == []


def test_a_team_whose_organisation_is_no_list_is_refused() -> None:
    """R4 has a list there, though a team has one organisation at most."""

    def add_team(resources: dict[str, dict[str, Any]], bundle: dict[str, Any]) -> None:
        organization = {"reference": f"Organization/{resources['Organization']['id']}"}
        team = {"resourceType": "CareTeam", "id": "t1", "name": "Team", "managingOrganization": organization}
        bundle["entry"].append({"fullUrl": "https://x.example/CareTeam/t1", "resource": team})

    assert "fhir-structure" in {finding.rule for finding in check(broken(add_team))}


def test_an_acknowledgement_may_give_its_reason_in_words_alone() -> None:
    """One of MedCom's test acknowledgements does."""
    words = {"text": "Uden kode."}
    assert check(broken_ack(lambda resources, _: resources["OperationOutcome"]["issue"][0].update(details=words))) == []


@pytest.mark.parametrize(("rule", "change"), INVALID, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(INVALID)])
def test_a_broken_rule_is_found_by_its_name(rule: str, change: Break) -> None:
    """The finding names the rule, so that support and the sender know what to look at."""
    assert rule in rules_found(broken(change))


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


def mutate(value: Any, chance: random.Random) -> Any:
    """Change one random place of a JSON value."""
    junk: list[Any] = [None, "", 7, [], {}, True, "x" * 50, [[]], {"reference": 3}, ["a"], -1.5]
    if not isinstance(value, dict | list) or not value or chance.random() < 0.08:
        return chance.choice(junk)
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if chance.random() < 0.1:
        del value[key]
    else:
        value[key] = mutate(value[key], chance)
    return value


def test_no_mangled_message_makes_a_rule_fail_with_an_exception() -> None:
    """Whatever comes in, the answer is findings: an exception would stop the mailbox."""
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    chance = random.Random(20261007)
    found = 0
    for _ in range(400):
        bundle = json.loads(draft.payload)
        for _ in range(chance.randint(1, 3)):
            mutate(bundle["entry"], chance)
        found += bool(check_outgoing(Message(bundle)))
    assert found > 300
