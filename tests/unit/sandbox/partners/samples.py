"""A care message to damage, and the official examples where they are at hand."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vdx_plugin.sandbox.partners.answers import Json, reply
from vdx_plugin.sandbox.partners.bundle import Message
from vdx_plugin.sandbox.partners.values import Partner, PartnerKind

CLINIC_GLN = "5790000000104"
HOSPITAL = Partner("5790000000203", "441211000016000", "Eksempel Sygehus", PartnerKind.HOSPITAL)
_SHARED = Path(os.environ.get("VDX_SHARED") or Path(__file__).parents[5] / "shared")
EXAMPLES = _SHARED / "specs" / "medcom" / "examples"

needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="MedCom's examples are not at hand (VDX_SHARED)")


def examples(*patterns: str) -> list[Path]:
    """Return the example files, sorted; none if they are not at hand."""
    return sorted(path for pattern in patterns for path in EXAMPLES.glob(pattern))


def resource(bundle: Json, kind: str, number: int = 0) -> Json:
    found: Json = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind][number]
    return found


def narrative() -> Json:
    return {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ord</p></div>'}


def invitation() -> Json:
    """Return a valid new CareCommunication from the clinic to the hospital, about a person who cannot exist."""
    return copy.deepcopy(_INVITATION)


def damaged(damage: Callable[[Json], Any]) -> Message:
    """Return the invitation after ``damage``."""
    bundle = invitation()
    damage(bundle)
    return Message(bundle)


IG, TERMS = "http://medcomfhir.dk/ig/", "http://medcomfhir.dk/ig/terminology/CodeSystem/"
CORE = IG + "core/StructureDefinition/medcom-core-"
CARE = IG + "carecommunication/StructureDefinition/medcom-careCommunication-"
AT = "2026-10-07T09:12:00+02:00"
HEADER_ID = "00000000-0000-4000-8000-000000000001"
TEXT_ID = "urn:uuid:00000000-0000-4000-8000-0000000000a1"
LINK_ID = "urn:uuid:00000000-0000-4000-8000-0000000000a2"
THREAD_ID = "urn:uuid:00000000-0000-4000-8000-0000000000aa"


def _entry(kind: str, number: str, **members: object) -> Json:
    return {
        "fullUrl": f"https://medcomfhir.dk/ig/carecommunication/{kind}/{number}",
        "resource": {"resourceType": kind, "id": number, "text": narrative(), **members},
    }


def _organisation(number: str, gln: str, sor: str, name: str) -> Json:
    identifiers = [{"system": "https://www.gs1.org/gln", "value": gln}, {"system": "urn:oid:1.2.208.176.1.1"}]
    identifiers[1]["value"] = sor
    return _entry("Organization", number, identifier=identifiers, name=name)


def _extension(name: str, **value: object) -> Json:
    return {"url": f"{CORE}{name}-extension", **value}


_PAYLOADS = [
    {
        "extension": [
            _extension("datetime", valueDateTime=AT),
            _extension("identifier", valueIdentifier={"value": TEXT_ID, "assigner": {"reference": "Organization/o1"}}),
            _extension("practitioner", valueReference={"reference": "PractitionerRole/r1"}),
            _extension("contact", valueContactPoint={"system": "phone", "value": "+4535000000"}),
        ],
        "contentString": "Invitation til videomøde.\nLink: https://video.example/m/abc\n<b>ikke fed</b>",
    },
    {
        "extension": [
            _extension("datetime", valueDateTime=AT),
            _extension("identifier", valueIdentifier={"value": LINK_ID, "assigner": {"reference": "Organization/o1"}}),
        ],
        "contentAttachment": {"url": "https://video.example/m/abc", "title": "Link til videomøde", "creation": AT},
    },
]
_INVITATION: Json = {
    "resourceType": "Bundle",
    "id": "00000000-0000-4000-8000-000000000000",
    "meta": {"profile": [CARE + "message"]},
    "type": "message",
    "timestamp": AT,
    "entry": [
        _entry(
            "MessageHeader",
            HEADER_ID,
            meta={"profile": [CARE + "messageHeader"]},
            eventCoding={"system": TERMS + "medcom-messaging-eventCodes", "code": "care-communication-message"},
            destination=[
                {
                    "extension": [
                        {
                            "url": IG + "messaging/StructureDefinition/medcom-messaging-destinationUseExtension",
                            "valueCoding": {"system": TERMS + "medcom-messaging-destinationUse", "code": "primary"},
                        }
                    ],
                    "endpoint": "https://sor2.sum.dsdn.dk/#id=441211000016000",
                    "receiver": {"reference": "Organization/o2"},
                }
            ],
            sender={"reference": "Organization/o1"},
            source={"endpoint": "https://sor2.sum.dsdn.dk/#id=1017421000016003"},
            focus=[{"reference": "Communication/c1"}],
            definition=IG + "messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5.0",
        ),
        _entry(
            "Communication",
            "c1",
            meta={"profile": [CARE + "communication"]},
            identifier=[{"value": THREAD_ID}],
            status="unknown",
            category=[
                {"coding": [{"system": TERMS + "medcom-careCommunication-categoryCodes", "code": "telemedicine"}]}
            ],
            subject={"reference": "Patient/p1"},
            topic={"text": "Videomøde 14.10.2026 kl. 13.00"},
            payload=_PAYLOADS,
        ),
        _entry(
            "Patient",
            "p1",
            identifier=[{"system": "urn:oid:1.2.208.176.1.2", "value": "7101909995"}],
            name=[{"use": "official", "family": "Eksempel", "given": ["Ane"]}],
        ),
        _entry(
            "PractitionerRole",
            "r1",
            practitioner={"reference": "Practitioner/d1"},
            code=[{"coding": [{"system": TERMS + "x", "code": "speciallaegeipraksis"}]}],
        ),
        _entry("Practitioner", "d1", name=[{"family": "Madsen", "given": ["Karen"]}]),
        _organisation("o1", CLINIC_GLN, "1017421000016003", "Lægehuset Eksempel"),
        _organisation("o2", HOSPITAL.gln, HOSPITAL.sor, HOSPITAL.name),
        _entry(
            "Provenance",
            "h1",
            meta={"profile": [CARE + "provenance"]},
            target=[{"reference": f"MessageHeader/{HEADER_ID}"}],
            occurredDateTime=AT,
            recorded=AT,
            activity={"coding": [{"system": TERMS + "medcom-messaging-activityCodes", "code": "new-message"}]},
            agent=[{"who": {"reference": "Organization/o1"}}],
            entity=[
                {"role": "source", "what": {"identifier": {"value": TEXT_ID}}},
                {"role": "source", "what": {"identifier": {"value": LINK_ID}}},
            ],
        ),
    ],
}

__all__ = ["CLINIC_GLN", "EXAMPLES", "HOSPITAL", "damaged", "examples", "invitation", "reply"]
