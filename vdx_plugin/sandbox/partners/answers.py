"""What a partner's system sends back: acknowledgements (2.0) and replies by CareCommunication (5.0).

Plain FHIR objects with members in FHIR's order, so that they can be written as JSON or XML. Ids and times are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vdx_plugin.sandbox.partners import resources as fhir
from vdx_plugin.sandbox.partners.bundle import (
    GLN_SYSTEM,
    Message,
    Resource,
    identifier,
    items,
    payload_identifier,
    text,
)
from vdx_plugin.sandbox.partners.resources import ACK, CARE, MESSAGING, TERMS, Json, NewId
from vdx_plugin.sandbox.partners.values import Answer, Finding, Partner, PartnerKind


def acknowledgement(
    message: Message, answer: Answer, partner: Partner, sender_gln: str, now: datetime, new_id: NewId
) -> Json:
    """Return an Acknowledgement 2.0 of ``message``; its key for the sender is ``response.identifier``."""
    header_id, outcome_id, at = new_id(), new_id(), now.isoformat(timespec="seconds")
    own = fhir.organisation(partner.gln, partner.sor, partner.name, new_id())
    other = _usable(message.sender) or fhir.organisation(sender_gln, "", "Ukendt afsender", new_id())
    header = fhir.header(header_id, "acknowledgement-message", ACK + "messaging-acknowledgementHeader", own, other)
    response: Json = {"identifier": message.header_id, "code": answer.code}
    if answer.code != "ok":
        response["details"] = {"reference": f"OperationOutcome/{outcome_id}"}
    header["response"] = response
    original = _usable(message.own_provenance)
    provenance = fhir.provenance(
        new_id(), header_id, "acknowledgement", at, own, [fhir.revision(message.header_id)], MESSAGING + "provenance"
    )
    resources = [header, *([original] if original else []), provenance, own, other]
    if answer.code != "ok":
        resources.append(_outcome(outcome_id, answer))
    return fhir.message_bundle(new_id(), ACK + "messaging-acknowledgement", at, "acknowledgement", resources)


def reply(message: Message, words: str, partner: Partner, author: str, now: datetime, new_id: NewId) -> Json:
    """Return a reply to ``message``: same thread, earlier texts and history repeated, roles turned round."""
    header_id, communication_id, at = new_id(), new_id(), now.isoformat(timespec="seconds")
    own, other = _copy(message.receiver), _copy(message.sender)
    if identifier(other, GLN_SYSTEM) == partner.gln:
        # The newest letter of the thread is the partner's own.
        own, other = other, own
    practitioner, role = fhir.author(author, title_of(partner), new_id(), new_id())
    payload = fhir.text_payload(words, f"urn:uuid:{new_id()}", at, role, own, partner.phone or "+4500000000")
    communication = _reply_communication(message, communication_id, payload)
    header = fhir.header(header_id, "care-communication-message", CARE + "messageHeader", own, other)
    header["focus"] = [{"reference": f"Communication/{communication_id}"}]
    header["definition"] = fhir.CARE_DEFINITION
    source = {"role": "source", "what": {"identifier": {"value": payload_identifier(payload)}}}
    entities = [fhir.revision(message.header_id), source]
    provenance = fhir.provenance(new_id(), header_id, "reply-message", at, own, entities, CARE + "provenance")
    kept = _kept(message)
    resources = [header, communication, role, practitioner, own, other, provenance, *kept]
    return fhir.message_bundle(new_id(), CARE + "message", at, "carecommunication", resources)


def title_of(partner: Partner) -> str:
    """Return what a person who writes for this partner is."""
    return "Sundhedsperson" if partner.kind is PartnerKind.OTHER else "Sygeplejerske"


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
        "meta": {"profile": [CARE + "communication"]},
        "text": {},
        "identifier": [{"value": message.thread_id}],
        "status": "unknown",
        **kept,
        "payload": [*old, payload],
    }
    words = [text(part, "contentString") or text(part, "contentAttachment", "title") for part in [*old, payload]]
    topic = text(earlier, "topic", "text")
    rows = [("Emne (topic)", topic), *(("Meddelelsestekst (contentString)", each) for each in words)]
    communication["text"] = fhir.narrative("Korrespondancemeddelelse (Communication)", [("Id (id)", new_id), *rows])
    return communication


def _without_data(payload: Resource) -> Json:
    copy = _copy(payload)
    if "contentAttachment" in copy:
        copy["contentAttachment"] = {k: v for k, v in copy["contentAttachment"].items() if k != "data"}
    return copy


def _outcome(outcome_id: str, answer: Answer) -> Json:
    findings = answer.findings or (Finding("transient", "", "prøv igen senere", "MSG_Mailbox_Out_Of_Operation"),)
    issues = [
        {
            "severity": "error" if finding.is_error else "warning",
            "code": "structure" if answer.code == "fatal-error" else "transient",
            "details": {
                "coding": [{"system": TERMS + "medcom-acknowledgement-error-codes", "code": finding.error_code}],
                "text": f"{finding.place}: {finding.text} ({finding.rule})",
            },
        }
        for finding in findings
    ]
    rows = [("Id (id)", outcome_id), *(("Detalje (details)", finding.error_code) for finding in findings)]
    return {
        "resourceType": "OperationOutcome",
        "id": outcome_id,
        "meta": {"profile": [ACK + "acknowledgement-operationoutcome"]},
        "text": fhir.narrative("Fejl (OperationOutcome)", rows),
        "issue": issues,
    }


def _usable(resource: Resource) -> Json | None:
    """Return a copy if the resource can stand in a message of ours."""
    return _copy(resource) if text(resource, "resourceType") and text(resource, "id") else None


def _copy(resource: Mapping[str, Any]) -> Json:
    return dict(resource)
