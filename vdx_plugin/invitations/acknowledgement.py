"""MedCom Acknowledgement 2.0: what a system says about a letter, read and written.

An acknowledgement speaks of delivery to a system, never of a person who has read or agreed. It is connected to its
letter by ``response.identifier`` and nothing else: MedCom's own examples name another message in their Provenance.
Only the FHIR code counts; the letters AA, AE and AR mean different things in different papers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import codes, resources
from vdx_plugin.invitations.identifier_checks import is_gln, is_sor
from vdx_plugin.invitations.message import Json, Message, dig, gln_of, rows, text_at, when
from vdx_plugin.invitations.narrative import clean
from vdx_plugin.invitations.resources import Party, Resource
from vdx_plugin.invitations.spoken_time import instant

_BASE = f"{codes.MEDCOM}/acknowledgement/".replace("http:", "https:")
# Our acknowledgement of a message always has the same id, so a repeat is known as one, also after a restart.
_OURS = UUID("5b0d8a0e-6f0b-4b7e-9a53-7d1d0b7f2c11")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")  # FHIR's own form of an id
_CODE = re.compile(r"[A-Za-z_-]{1,64}")


class AckCode(StrEnum):
    OK = "ok"
    TRANSIENT = "transient-error"
    FATAL = "fatal-error"


class Issue(StrEnum):
    """Why a message is turned down; from CodeSystem medcom-acknowledgement-error-codes."""

    INVALID = "MSG_Datatype_Wrong"
    NOT_FOR_US = "MSG_Receiver_Identifier_UNKNOWN"
    NOT_RECEIVED_HERE = "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE"


_ISSUE_TYPES = {Issue.INVALID: "structure", Issue.NOT_FOR_US: "value", Issue.NOT_RECEIVED_HERE: "not-supported"}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What was said about the letter ``answers``. ``reason`` is a code or empty; free text stays in the message."""

    message_id: str
    answers: str
    code: AckCode
    sender_gln: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why we do not take a message in, for the sender's support."""

    issue: Issue
    explanation: str


def read(message: Message) -> Acknowledgement:
    """Read an acknowledgement. Raises Unreadable(``invite.unreadable``) when it does not say what it is about."""
    response = dig(message.header, "response")
    answers = text_at(response, "identifier").removeprefix("urn:uuid:").lower()
    code = text_at(response, "code")
    if not answers or code not in tuple(AckCode):
        raise Unreadable("invite.unreadable", "an acknowledgement without code", place="MessageHeader.response")
    coding = text_at(message.first("OperationOutcome"), "issue", 0, "details", "coding", 0, "code")
    # It goes into the log, so anything but a code is left out.
    reason = coding if _CODE.fullmatch(coding) else ""
    return Acknowledgement(message.id, answers, AckCode(code), gln_of(message.sender), reason)


def id_for(message_id: str) -> str:
    """Return the MessageHeader.id of our acknowledgement of a message."""
    return str(uuid5(_OURS, message_id))


def build(
    incoming: Message, own: Party, at: datetime, new_id: Callable[[], UUID], refusal: Refusal | None = None
) -> Message:
    """Acknowledge ``incoming`` with ok, or with fatal-error and the reason. ``own.resource_id`` is chosen anew.

    Raises Unreadable when the sender cannot be addressed or the message is itself an acknowledgement: those are never
    acknowledged.
    """
    if incoming.event == codes.ACK_EVENT:
        raise Unreadable("invite.unreadable", "an acknowledgement is not acknowledged", place="MessageHeader.event")
    to = _sender(incoming, str(new_id()))
    own = Party(str(new_id()), own.name, own.sor, own.gln)
    message_id = id_for(incoming.id)
    outcome = [_outcome(str(new_id()), refusal)] if refusal else []
    response: Resource = {"identifier": incoming.id, "code": (AckCode.FATAL if refusal else AckCode.OK).value}
    if outcome:
        response["details"] = {"reference": f"OperationOutcome/{outcome[0]['id']}"}
    header = resources.header(message_id, own, to, profile=codes.ACK_HEADER, event=codes.ACK_EVENT, response=response)
    answered = {"reference": f"MessageHeader/{incoming.id}"}
    provenance = resources.provenance(
        str(new_id()), message_id, at, "acknowledgement", own.reference, profile=codes.PROVENANCE, answers=answered
    )
    ends = [resources.organization(to), resources.organization(own)]
    contents = [header, *_latest(incoming, to, new_id), provenance, *ends, *outcome]
    return Message(_bundle(str(new_id()), at, contents))


def _sender(incoming: Message, resource_id: str) -> Party:
    organization = incoming.sender
    sors = [text_at(one, "value") for one in rows(organization, "identifier") if one.get("system") == codes.SOR]
    gln = gln_of(organization)
    if not _ID.fullmatch(incoming.id) or not is_gln(gln) or not sors or not is_sor(sors[0]):
        raise Unreadable("invite.unreadable", "a sender that cannot be answered", place="MessageHeader.sender")
    return Party(resource_id, clean(text_at(organization, "name")).strip() or gln, sors[0], gln)


def _latest(incoming: Message, sender: Party, new_id: Callable[[], UUID]) -> list[Resource]:
    """The history entry of the acknowledged message itself, which travels along (rule 22)."""
    for history in incoming.all("Provenance"):
        at = when(text_at(history, "occurredDateTime"))
        activity = text_at(history, "activity", "coding", 0, "code")
        if _targets(history, incoming.id) and at is not None and activity in codes.ACTIVITIES:
            made = resources.provenance(
                str(new_id()), incoming.id, at, activity, sender.reference, profile=codes.PROVENANCE
            )
            return [made]
    return []


def _targets(history: Json, message_id: str) -> bool:
    return text_at(history, "target", 0, "reference") == f"MessageHeader/{message_id}"


def _outcome(resource_id: str, refusal: Refusal) -> Resource:
    coding = {"system": codes.ACK_ERROR_CODES, "code": refusal.issue.value}
    issue = {
        "severity": "error",
        "code": _ISSUE_TYPES[refusal.issue],
        "details": {"coding": [coding], "text": refusal.explanation},
    }
    return resources.resource("OperationOutcome", resource_id, codes.ACK_OUTCOME, issue=[issue])


def _bundle(bundle_id: str, at: datetime, contents: list[Resource]) -> Resource:
    entries = [
        {"fullUrl": f"{_BASE}{resource['resourceType']}/{resource['id']}", "resource": resource}
        for resource in contents
    ]
    return {
        "resourceType": "Bundle",
        "id": bundle_id,
        "meta": {"profile": [codes.ACKNOWLEDGEMENT]},
        "type": "message",
        "timestamp": instant(at),
        "entry": entries,
    }
