"""The resources that a partner's system puts into its messages, with members in FHIR's order and a narrative each."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import Any

from vdx_plugin.sandbox.partners.bundle import CORE, GLN_SYSTEM, SOR_SYSTEM, Resource, items, text

IG = "http://medcomfhir.dk/ig/"
ACK = IG + "acknowledgement/StructureDefinition/medcom-"
CARE = IG + "carecommunication/StructureDefinition/medcom-careCommunication-"
MESSAGING = IG + "messaging/StructureDefinition/medcom-messaging-"
CARE_DEFINITION = IG + "messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5.0"
TERMS = IG + "terminology/CodeSystem/"

# Returns a new UUID as text at every call.
NewId = Callable[[], str]
Json = dict[str, Any]


def text_payload(words: str, identifier: str, at: str, role: Json, own: Json, phone: str) -> Json:
    """Return a text with its four extensions: when, which, by whom, how to reach them."""
    by = {"reference": f"Organization/{own['id']}"}
    return {
        "extension": [
            {"url": CORE + "medcom-core-datetime-extension", "valueDateTime": at},
            {
                "url": CORE + "medcom-core-identifier-extension",
                "valueIdentifier": {"value": identifier, "assigner": by},
            },
            {
                "url": CORE + "medcom-core-practitioner-extension",
                "valueReference": {"reference": f"PractitionerRole/{role['id']}"},
            },
            {
                "url": CORE + "medcom-core-contact-extension",
                "valueContactPoint": {"system": "phone", "value": phone},
            },
        ],
        "contentString": words,
    }


def author(name: str, title: str, practitioner_id: str, role_id: str) -> tuple[Json, Json]:
    """Return who wrote, as Practitioner and PractitionerRole."""
    given, _, family = name.rpartition(" ")
    practitioner: Json = {
        "resourceType": "Practitioner",
        "id": practitioner_id,
        "meta": {"profile": [CORE + "medcom-core-practitioner"]},
        "text": narrative("Sundhedsperson (Practitioner)", [("Id (id)", practitioner_id), ("Navn (name)", name)]),
        "name": [{"family": family, "given": [given]}] if given else [{"family": family}],
    }
    rows = [
        ("Id (id)", role_id),
        ("Sundhedsperson (practitioner)", f"Practitioner/{practitioner_id}"),
        ("Rolle (code)", title),
    ]
    role: Json = {
        "resourceType": "PractitionerRole",
        "id": role_id,
        "meta": {"profile": [CORE + "medcom-core-practitionerrole"]},
        "text": narrative("Stilling (PractitionerRole)", rows),
        "practitioner": {"reference": f"Practitioner/{practitioner_id}"},
        "code": [{"text": title}],
    }
    return practitioner, role


def header(header_id: str, event: str, profile: str, own: Resource, other: Resource) -> Json:
    """Return a MessageHeader from ``own`` to ``other``, without what depends on the event."""
    to, by = (_endpoint(other), f"Organization/{other.get('id')}"), (_endpoint(own), f"Organization/{own.get('id')}")
    use = {
        "url": MESSAGING + "destinationUseExtension",
        "valueCoding": {"system": TERMS + "medcom-messaging-destinationUse", "code": "primary"},
    }
    rows = [
        ("Id (id)", header_id),
        ("Hændelse (event)", event),
        ("Modtagertype (destination use)", "primær (primary)"),
        ("Modtageradresse (destination endpoint)", to[0]),
        ("Modtager (receiver)", to[1]),
        ("Afsender (sender)", by[1]),
        ("Afsenderadresse (source endpoint)", by[0]),
    ]
    return {
        "resourceType": "MessageHeader",
        "id": header_id,
        "meta": {"profile": [profile]},
        "text": narrative("Beskedhoved (MessageHeader)", rows),
        "eventCoding": {"system": TERMS + "medcom-messaging-eventCodes", "code": event},
        "destination": [{"extension": [use], "endpoint": to[0], "receiver": {"reference": to[1]}}],
        "sender": {"reference": by[1]},
        "source": {"endpoint": by[0]},
    }


def _endpoint(organisation: Resource) -> str:
    sor = (item for item in items(organisation, "identifier") if item.get("system") == SOR_SYSTEM)
    return f"https://sor2.sum.dsdn.dk/#id={text(next(sor, {}), 'value')}"


def organisation(gln: str, sor: str, name: str, new_id: str) -> Json:
    """Return an organisation with the identifiers it has."""
    rows = [
        ("Id (id)", new_id),
        ("Lokationsnummer (EAN/GLN)", gln),
        ("SOR-id (SOR-ID)", sor),
        ("Navn (name)", name),
    ]
    return {
        "resourceType": "Organization",
        "id": new_id,
        "meta": {"profile": [MESSAGING + "organization"]},
        "text": narrative("Organisation (Organization)", rows),
        "identifier": [
            {"system": system, "value": value} for system, value in ((GLN_SYSTEM, gln), (SOR_SYSTEM, sor)) if value
        ],
        "name": name,
    }


def provenance(
    new_id: str, header_id: str, activity: str, at: str, own: Resource, entities: list[Json], profile: str
) -> Json:
    """Return a Provenance about the message ``header_id``."""
    rows = [
        ("Id (id)", new_id),
        ("Vedrører (target)", f"MessageHeader/{header_id}"),
        ("Tid (occurred)", at),
        ("Aktivitet (activity)", activity),
        ("Afsender (agent)", f"Organization/{own['id']}"),
    ]
    return {
        "resourceType": "Provenance",
        "id": new_id,
        "meta": {"profile": [profile]},
        "text": narrative("Historik (Provenance)", rows),
        "target": [{"reference": f"MessageHeader/{header_id}"}],
        "occurredDateTime": at,
        "recorded": at,
        "activity": {"coding": [{"system": TERMS + "medcom-messaging-activityCodes", "code": activity}]},
        "agent": [{"who": {"reference": f"Organization/{own['id']}"}}],
        "entity": entities,
    }


def revision(header_id: str) -> Json:
    """Return the Provenance entity that names the message answered."""
    return {"role": "revision", "what": {"reference": f"MessageHeader/{header_id}"}}


def message_bundle(new_id: str, profile: str, at: str, guide: str, resources: Iterable[Resource]) -> Json:
    """Return the message around its resources, the MessageHeader first."""
    return {
        "resourceType": "Bundle",
        "id": new_id,
        "meta": {"profile": [profile]},
        "type": "message",
        "timestamp": at,
        "entry": [
            {
                "fullUrl": f"https://medcomfhir.dk/ig/{guide}/{resource['resourceType']}/{resource['id']}",
                "resource": resource,
            }
            for resource in resources
        ],
    }


def narrative(title: str, rows: Iterable[tuple[str, str]]) -> Json:
    """Return the readable form of a resource."""
    cells = "".join(
        f"<tr><td><b>{html.escape(name)}</b></td><td>{html.escape(value).replace(chr(10), '<br/>')}</td></tr>"
        for name, value in rows
    )
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p><b>{html.escape(title)}</b></p><table>{cells}</table></div>'
    return {"status": "generated", "div": div}
