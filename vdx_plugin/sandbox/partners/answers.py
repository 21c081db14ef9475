"""What a partner's system sends back: acknowledgements (2.0) and replies by CareCommunication (5.0).

Plain FHIR objects with members in FHIR's order, so that they can be written as JSON or XML. Ids and times are given.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from vdx_plugin.sandbox.partners.bundle import (
    CORE,
    GLN_SYSTEM,
    SOR_SYSTEM,
    Message,
    Resource,
    identifier,
    items,
    payload_identifier,
    text,
)
from vdx_plugin.sandbox.partners.values import Answer, Finding, Partner

_IG = "http://medcomfhir.dk/ig/"
_ACK = _IG + "acknowledgement/StructureDefinition/medcom-"
_CARE = _IG + "carecommunication/StructureDefinition/medcom-careCommunication-"
_MESSAGING = _IG + "messaging/StructureDefinition/medcom-messaging-"
_TERMS = _IG + "terminology/CodeSystem/"

# Returns a new UUID as text at every call.
NewId = Callable[[], str]
Json = dict[str, Any]


def acknowledgement(
    message: Message, answer: Answer, partner: Partner, sender_gln: str, now: datetime, new_id: NewId
) -> Json:
    """Return an Acknowledgement 2.0 of ``message``; its key for the sender is ``response.identifier``."""
    header_id, outcome_id, at = new_id(), new_id(), now.isoformat(timespec="seconds")
    own = _organisation(partner.gln, partner.sor, partner.name, new_id())
    other = _usable(message.sender) or _organisation(sender_gln, "", "Ukendt afsender", new_id())
    header = _header(header_id, "acknowledgement-message", _ACK + "messaging-acknowledgementHeader", own, other)
    response: Json = {"identifier": message.header_id, "code": answer.code}
    if answer.code != "ok":
        response["details"] = {"reference": f"OperationOutcome/{outcome_id}"}
    header["response"] = response
    original = _usable(message.own_provenance)
    provenance = _provenance(
        new_id(), header_id, "acknowledgement", at, own, [_revision(message.header_id)], _MESSAGING + "provenance"
    )
    resources = [header, *([original] if original else []), provenance, own, other]
    if answer.code != "ok":
        resources.append(_outcome(outcome_id, answer))
    return _bundle(new_id(), _ACK + "messaging-acknowledgement", at, "acknowledgement", resources)


def reply(message: Message, words: str, partner: Partner, author: str, now: datetime, new_id: NewId) -> Json:
    """Return a reply to ``message``: same thread, earlier texts and history repeated, roles turned round."""
    header_id, communication_id, at = new_id(), new_id(), now.isoformat(timespec="seconds")
    own, other = _copy(message.receiver), _copy(message.sender)
    if identifier(other, GLN_SYSTEM) == partner.gln:
        # The newest letter of the thread is the partner's own.
        own, other = other, own
    practitioner, role = _author(author, new_id(), new_id())
    payload = _text_payload(words, f"urn:uuid:{new_id()}", at, role, own)
    communication = _reply_communication(message, communication_id, payload)
    header = _header(header_id, "care-communication-message", _CARE + "messageHeader", own, other)
    header["focus"] = [{"reference": f"Communication/{communication_id}"}]
    header["definition"] = _IG + "messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5.0"
    source = {"role": "source", "what": {"identifier": {"value": payload_identifier(payload)}}}
    entities = [_revision(message.header_id), source]
    provenance = _provenance(new_id(), header_id, "reply-message", at, own, entities, _CARE + "provenance")
    kept = _kept(message)
    resources = [header, communication, role, practitioner, own, other, provenance, *kept]
    return _bundle(new_id(), _CARE + "message", at, "carecommunication", resources)


def _kept(message: Message) -> list[Json]:
    """Return what a reply repeats: patient, earlier authors, earlier history, the episode of care."""
    kinds = ("Patient", "PractitionerRole", "Practitioner", "CareTeam", "Encounter", "Provenance")
    kept = [_copy(resource) for kind in kinds for resource in message.all(kind)]
    ends = (text(message.sender, "id"), text(message.receiver, "id"))
    return kept + [_copy(org) for org in message.all("Organization") if text(org, "id") not in ends]


def _reply_communication(message: Message, new_id: str, payload: Json) -> Json:
    earlier = message.first("Communication")
    old = [_without_data(part) for part in items(earlier, "payload")]
    kept = {
        name: earlier[name] for name in ("category", "priority", "subject", "topic", "encounter") if name in earlier
    }
    communication: Json = {
        "resourceType": "Communication",
        "id": new_id,
        "meta": {"profile": [_CARE + "communication"]},
        "text": {},
        "identifier": [{"value": message.thread_id}],
        "status": "unknown",
        **kept,
        "payload": [*old, payload],
    }
    words = [text(part, "contentString") or text(part, "contentAttachment", "title") for part in [*old, payload]]
    topic = text(earlier, "topic", "text")
    rows = [("Emne (topic)", topic), *(("Meddelelsestekst (contentString)", each) for each in words)]
    communication["text"] = _narrative("Korrespondancemeddelelse (Communication)", [("Id (id)", new_id), *rows])
    return communication


def _without_data(payload: Resource) -> Json:
    copy = _copy(payload)
    if "contentAttachment" in copy:
        copy["contentAttachment"] = {k: v for k, v in copy["contentAttachment"].items() if k != "data"}
    return copy


def _text_payload(words: str, identifier: str, at: str, role: Json, own: Json) -> Json:
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
                "valueContactPoint": {"system": "phone", "value": "+4500000000"},
            },
        ],
        "contentString": words,
    }


def _author(name: str, practitioner_id: str, role_id: str) -> tuple[Json, Json]:
    given, _, family = name.rpartition(" ")
    practitioner: Json = {
        "resourceType": "Practitioner",
        "id": practitioner_id,
        "meta": {"profile": [CORE + "medcom-core-practitioner"]},
        "text": _narrative("Sundhedsperson (Practitioner)", [("Id (id)", practitioner_id), ("Navn (name)", name)]),
        "name": [{"family": family, "given": [given]}] if given else [{"family": family}],
    }
    rows = [
        ("Id (id)", role_id),
        ("Sundhedsperson (practitioner)", f"Practitioner/{practitioner_id}"),
        ("Rolle (code)", "Sygeplejerske"),
    ]
    role: Json = {
        "resourceType": "PractitionerRole",
        "id": role_id,
        "meta": {"profile": [CORE + "medcom-core-practitionerrole"]},
        "text": _narrative("Stilling (PractitionerRole)", rows),
        "practitioner": {"reference": f"Practitioner/{practitioner_id}"},
        "code": [{"text": "Sygeplejerske"}],
    }
    return practitioner, role


def _header(header_id: str, event: str, profile: str, own: Resource, other: Resource) -> Json:
    to, by = (_endpoint(other), f"Organization/{other.get('id')}"), (_endpoint(own), f"Organization/{own.get('id')}")
    use = {
        "url": _MESSAGING + "destinationUseExtension",
        "valueCoding": {"system": _TERMS + "medcom-messaging-destinationUse", "code": "primary"},
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
        "text": _narrative("Beskedhoved (MessageHeader)", rows),
        "eventCoding": {"system": _TERMS + "medcom-messaging-eventCodes", "code": event},
        "destination": [{"extension": [use], "endpoint": to[0], "receiver": {"reference": to[1]}}],
        "sender": {"reference": by[1]},
        "source": {"endpoint": by[0]},
    }


def _endpoint(organisation: Resource) -> str:
    sor = (item for item in items(organisation, "identifier") if item.get("system") == SOR_SYSTEM)
    return f"https://sor2.sum.dsdn.dk/#id={text(next(sor, {}), 'value')}"


def _organisation(gln: str, sor: str, name: str, new_id: str) -> Json:
    rows = [
        ("Id (id)", new_id),
        ("Lokationsnummer (EAN/GLN)", gln),
        ("SOR-id (SOR-ID)", sor),
        ("Navn (name)", name),
    ]
    return {
        "resourceType": "Organization",
        "id": new_id,
        "meta": {"profile": [_MESSAGING + "organization"]},
        "text": _narrative("Organisation (Organization)", rows),
        "identifier": [
            {"system": system, "value": value} for system, value in ((GLN_SYSTEM, gln), (SOR_SYSTEM, sor)) if value
        ],
        "name": name,
    }


def _provenance(
    new_id: str, header_id: str, activity: str, at: str, own: Resource, entities: list[Json], profile: str
) -> Json:
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
        "text": _narrative("Historik (Provenance)", rows),
        "target": [{"reference": f"MessageHeader/{header_id}"}],
        "occurredDateTime": at,
        "recorded": at,
        "activity": {"coding": [{"system": _TERMS + "medcom-messaging-activityCodes", "code": activity}]},
        "agent": [{"who": {"reference": f"Organization/{own['id']}"}}],
        "entity": entities,
    }


def _revision(header_id: str) -> Json:
    return {"role": "revision", "what": {"reference": f"MessageHeader/{header_id}"}}


def _outcome(outcome_id: str, answer: Answer) -> Json:
    findings = answer.findings or (Finding("transient", "", "prøv igen senere", "MSG_Mailbox_Out_Of_Operation"),)
    issues = [
        {
            "severity": "error" if finding.is_error else "warning",
            "code": "structure" if answer.code == "fatal-error" else "transient",
            "details": {
                "coding": [{"system": _TERMS + "medcom-acknowledgement-error-codes", "code": finding.error_code}],
                "text": f"{finding.place}: {finding.text} ({finding.rule})",
            },
        }
        for finding in findings
    ]
    rows = [("Id (id)", outcome_id), *(("Detalje (details)", finding.error_code) for finding in findings)]
    return {
        "resourceType": "OperationOutcome",
        "id": outcome_id,
        "meta": {"profile": [_ACK + "acknowledgement-operationoutcome"]},
        "text": _narrative("Fejl (OperationOutcome)", rows),
        "issue": issues,
    }


def _bundle(new_id: str, profile: str, at: str, guide: str, resources: Iterable[Resource]) -> Json:
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


def _narrative(title: str, rows: Iterable[tuple[str, str]]) -> Json:
    cells = "".join(
        f"<tr><td><b>{html.escape(name)}</b></td><td>{html.escape(value).replace(chr(10), '<br/>')}</td></tr>"
        for name, value in rows
    )
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p><b>{html.escape(title)}</b></p><table>{cells}</table></div>'
    return {"status": "generated", "div": div}


def _usable(resource: Resource) -> Json | None:
    """Return a copy if the resource can stand in a message of ours."""
    return _copy(resource) if text(resource, "resourceType") and text(resource, "id") else None


def _copy(resource: Mapping[str, Any]) -> Json:
    return dict(resource)
