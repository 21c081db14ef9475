"""The partner's checks: our own message damaged in one place each, and MedCom's own examples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sandbox.partners.samples import TEXT_ID, damaged, examples, invitation, needs_examples, resource
from vdx_plugin.sandbox.partners import demo_partners
from vdx_plugin.sandbox.partners.answers import Json
from vdx_plugin.sandbox.partners.bundle import Message, Unreadable, read_message
from vdx_plugin.sandbox.partners.checks import check, check_acknowledgement, gln_is_right

# MedCom's own examples that break a rule, and which: R-Tek-M is meant to.
_KNOWN = {"Bundle-R-Tek-M": {"category"}}


def test_a_right_message_passes_without_a_remark() -> None:
    """The ground on which every damaged sister below stands."""
    assert check(Message(invitation())) == ()


def payload(bundle: Json, number: int) -> Json:
    return dict.__getitem__(resource(bundle, "Communication"), "payload")[number]  # type: ignore[no-any-return]


def _second_patient(bundle: Json) -> None:
    bundle["entry"].append({"fullUrl": "x", "resource": {**resource(bundle, "Patient"), "id": "p2"}})


DAMAGES: list[tuple[str, Callable[[Json], Any]]] = [
    ("bundle-type", lambda b: b.update(type="collection")),
    ("bundle-timestamp", lambda b: b.update(timestamp="2026-10-07T09:12:00")),
    ("bdl-12", lambda b: b["entry"].reverse()),
    ("profile-messageHeader", lambda b: resource(b, "MessageHeader").pop("meta")),
    ("profile-provenance", lambda b: resource(b, "Provenance").pop("meta")),
    ("event-code", lambda b: resource(b, "MessageHeader")["eventCoding"].update(code="video-invitation")),
    ("definition", lambda b: resource(b, "MessageHeader").update(definition="x|4.0")),
    ("source-endpoint", lambda b: resource(b, "MessageHeader").pop("source")),
    ("focus", lambda b: resource(b, "MessageHeader").update(focus=[{"reference": "Patient/p1"}])),
    ("destination-count", lambda b: resource(b, "MessageHeader").update(destination=[])),
    ("destination-primary", lambda b: resource(b, "MessageHeader")["destination"][0].pop("extension")),
    ("sender", lambda b: resource(b, "MessageHeader").update(sender={"reference": "Organization/o9"})),
    ("ean-id", lambda b: resource(b, "Organization")["identifier"][0].update(system="http://www.gs1.org/gln")),
    ("gln-modulus-10", lambda b: resource(b, "Organization")["identifier"][0].update(value="5790000000105")),
    ("sor-id", lambda b: resource(b, "Organization", 1)["identifier"].pop()),
    ("one-patient", _second_patient),
    ("patient-name", lambda b: resource(b, "Patient")["name"][0].pop("family")),
    ("patient-identifier", lambda b: resource(b, "Patient")["identifier"][0].update(value="7113909995")),
    ("subject", lambda b: resource(b, "Communication").update(subject={"reference": "Patient/p9"})),
    ("status", lambda b: resource(b, "Communication").update(status="completed")),
    ("medcom-uuidv4", lambda b: resource(b, "Communication")["identifier"][0].update(value=TEXT_ID.upper())),
    ("category", lambda b: resource(b, "Communication")["category"][0]["coding"][0].update(code="video")),
    ("careCommunication-5", lambda b: resource(b, "Communication").update(priority="asap")),
    ("careCommunication-11", lambda b: resource(b, "Communication").update(extension=[{"url": "x"}])),
    ("payload-string", lambda b: resource(b, "Communication")["payload"].pop(0)),
    ("payload-date", lambda b: payload(b, 0)["extension"].pop(0)),
    ("payload-identifier", lambda b: payload(b, 1)["extension"].pop(1)),
    ("payload-author", lambda b: payload(b, 0)["extension"].pop(2)),
    ("payload-contact", lambda b: payload(b, 0)["extension"].pop(3)),
    ("careCommunication-7", lambda b: resource(b, "PractitionerRole")["code"][0].update(text="Læge")),
    ("careCommunication-8", lambda b: resource(b, "Practitioner").pop("name")),
    ("attachment-title", lambda b: payload(b, 1)["contentAttachment"].pop("title")),
    ("attachment-title", lambda b: payload(b, 1)["contentAttachment"].update(title="dagsorden.pdf")),
    ("attachment-type", lambda b: payload(b, 1)["contentAttachment"].update(contentType="text/html")),
    ("attachment-content", lambda b: payload(b, 1)["contentAttachment"].update(data="AAAA")),
    ("attachment-count", lambda b: resource(b, "Communication")["payload"].extend([payload(b, 1)] * 10)),
    ("provenance-own", lambda b: resource(b, "Provenance").update(target=[{"reference": "MessageHeader/x"}])),
    ("activity", lambda b: resource(b, "Provenance")["activity"]["coding"][0].update(code="retract-message")),
    ("provenance-time", lambda b: resource(b, "Provenance").pop("recorded")),
    ("provenance-agent", lambda b: resource(b, "Provenance").update(agent=[])),
    ("provenance-revision", lambda b: resource(b, "Provenance")["activity"]["coding"][0].update(code="reply-message")),
    ("provenance-payload", lambda b: resource(b, "Provenance")["entity"].pop()),
    ("narrative", lambda b: resource(b, "Patient").pop("text")),
    ("narrative", lambda b: resource(b, "Patient")["text"].update(div="<div><p> </p></div>")),
    ("unknown-member", lambda b: resource(b, "Communication").update(videoLink="x")),
]


@pytest.mark.parametrize(("rule", "damage"), DAMAGES, ids=[f"{rule}-{at}" for at, (rule, _) in enumerate(DAMAGES)])
def test_each_damage_is_found_by_its_rule(rule: str, damage: Callable[[Json], Any]) -> None:
    """One fault, and the finding that names it among whatever else it upsets."""
    findings = check(damaged(damage))
    assert rule in {finding.rule for finding in findings if finding.is_error}


def test_category_other_needs_a_topic() -> None:
    """Two places take part in this fault."""

    def damage(bundle: Json) -> None:
        resource(bundle, "Communication")["category"][0]["coding"][0].update(code="other")
        resource(bundle, "Communication").pop("topic")

    assert [finding.rule for finding in check(damaged(damage))] == ["careCommunication-6"]


def test_findings_never_tell_the_content() -> None:
    """They go into acknowledgements, pages and test reports."""
    for _, damage in DAMAGES:
        told = repr(check(damaged(damage)))
        assert "7101909995" not in told
        assert "Eksempel" not in told


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<a/>", b"\xff\xfe", b'{"resourceType": "Patient"}'])
@pytest.mark.parametrize("mime", ["application/fhir+json", "application/fhir+xml"])
def test_rubbish_is_unreadable_and_nothing_worse(body: bytes, mime: str) -> None:
    """Parsers answer with a message or with Unreadable."""
    with pytest.raises(Unreadable):
        read_message(body, mime)


def test_entities_in_xml_are_not_read() -> None:
    """A letter must not be able to read files of the machine."""
    attack = (
        b'<!DOCTYPE Bundle [<!ENTITY x SYSTEM "file:///etc/hostname">]><Bundle xmlns="http://hl7.org/fhir">&x;</Bundle>'
    )
    with pytest.raises(Unreadable):
        read_message(attack, "application/fhir+xml")


def test_a_bundle_of_odd_shapes_is_found_wrong_without_falling_over() -> None:
    """Every rule must survive members of the wrong shape."""
    for odd in ({"entry": [{"resource": None}]}, {"entry": "x"}, {"entry": [{"resource": {"resourceType": 1}}]}):
        assert check(Message({"resourceType": "Bundle", **odd}))


@pytest.mark.parametrize(("gln", "is_right"), [("5790000000104", True), ("5790000000105", False), ("579", False)])
def test_the_check_digit_of_a_location_number(gln: str, is_right: bool) -> None:
    """Thirteen digits, the last one computed."""
    assert gln_is_right(gln) is is_right


def test_the_demo_partners_have_right_numbers() -> None:
    """The list is shared with the sending side: a wrong number there would refuse every demo message."""
    partners = demo_partners()
    assert {partner.kind.value for partner in partners} == {"hospital", "municipality", "nursing_home", "other"}
    assert all(gln_is_right(partner.gln) for partner in partners)
    assert len({partner.gln for partner in partners}) == len(partners)


def test_a_home_without_a_number_is_read_for_by_its_unit() -> None:
    """Most nursing homes have no location number: their letters go to the municipality's unit, and name the home."""
    (unit,) = [partner for partner in demo_partners() if partner.homes]
    assert unit.kind.value == "municipality"
    assert unit.homes == ("Plejehjemmet Ådalen (Eksempel Kommune)",)


@needs_examples
@pytest.mark.parametrize(
    "path",
    examples("carecommunication-*/**/*.json", "carecommunication-*/**/*.xml", "video-invitation-own/[1-4]-*"),
    ids=lambda path: path.name[:28] + path.suffix,
)
def test_official_messages_are_accepted(path: Path) -> None:
    """If a real receiver's test messages failed here, our checks would be wrong."""
    errors = {finding.rule for finding in check(_read(path)) if finding.is_error}
    assert errors == next((rules for name, rules in _KNOWN.items() if path.name.startswith(name)), set())


@needs_examples
@pytest.mark.parametrize(
    "path",
    examples("acknowledgement-*/*", "video-invitation-own/1?-ack*"),
    ids=lambda path: path.name[:28] + path.suffix,
)
def test_official_acknowledgements_are_accepted(path: Path) -> None:
    """The empty base message among them is no acknowledgement."""
    message = _read(path)
    if message.event == "acknowledgement-message":
        assert check_acknowledgement(message) == ()


@needs_examples
@pytest.mark.parametrize("path", examples("broken-own/*.json"), ids=lambda path: path.stem)
def test_broken_messages_are_refused(path: Path) -> None:
    """One fault each, named by the file."""
    message = _read(path)
    checks = check_acknowledgement if path.stem.startswith("ack") else check
    assert any(finding.is_error for finding in checks(message))


def _read(path: Path) -> Message:
    return read_message(path.read_bytes(), "application/fhir+" + path.suffix[1:])
