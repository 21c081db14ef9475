"""Each FHIR resource of an outgoing message, by MedCom's profiles.

Every function returns the resource as JSON values in FHIR's order, with its narrative. Identities come in; nothing here
invents one. The values are held to the types of fhir.resources in ``checks``, once, with the whole message around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vdx_plugin.domain.patients import CPR, D_ECPR, X_ECPR, Patient, PersonName
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.narrative import clean, narrate
from vdx_plugin.invitations.spoken_time import instant

Resource = dict[str, Any]

SOR_ADDRESS = "https://sor2.sum.dsdn.dk/#id="
"""Form of an endpoint address, as in all of MedCom's examples; the part after it is the SOR id."""


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a message. ``resource_id`` is the uuid of its Organization resource in the bundle."""

    resource_id: str
    name: str
    sor: str
    gln: str

    @property
    def reference(self) -> str:
        return f"Organization/{self.resource_id}"


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: shown and called back. ``role`` is a MedCom role code, or the role in words."""

    name: PersonName
    role: str
    phone: str


def resource(kind: str, resource_id: str, profile: str, **values: Any) -> Resource:
    """Return a resource of that type with its narrative. A value that is None or empty is left out."""
    head: Resource = {"resourceType": kind, "id": resource_id, "meta": {"profile": [profile]}}
    return with_narrative({**head, **{name: value for name, value in values.items() if value}})


def with_narrative(values: Resource) -> Resource:
    """Return the resource with its narrative in FHIR's place for it, after ``meta``."""
    head: Resource = {name: values[name] for name in ("resourceType", "id", "meta") if name in values}
    rest = {name: value for name, value in values.items() if name not in head and name != "text"}
    return {**head, "text": narrate(values), **rest}


def organization(party: Party) -> Resource:
    """Both SOR id and location number are mandatory (medcom-messaging-organization)."""
    return resource(
        "Organization",
        party.resource_id,
        codes.ORGANIZATION,
        identifier=[{"system": codes.GLN, "value": party.gln}, {"system": codes.SOR, "value": party.sor}],
        name=clean(party.name),
    )


def patient(resource_id: str, person: Patient) -> Resource:
    """The one patient the letter is about, with every national number known and the official name.

    The caller has seen to it that there is a name and a national number.
    """
    national = [one for one in person.identifiers if one.system in (CPR, X_ECPR, D_ECPR)]
    assert person.name is not None
    name: Resource = {"use": "official", "family": clean(person.name.family)}
    if person.name.given:
        name["given"] = [clean(person.name.given)]
    return resource(
        "Patient",
        resource_id,
        codes.PATIENT,
        identifier=[{"use": "official", "system": one.system, "value": one.value} for one in national],
        name=[name],
    )


def practitioner(resource_id: str, name: PersonName) -> Resource:
    given = {"given": [clean(name.given)]} if name.given else {}
    return resource(
        "Practitioner",
        resource_id,
        codes.PRACTITIONER,
        name=[{"family": clean(name.family), **given}],
    )


def practitioner_role(resource_id: str, practitioner_id: str, role: str) -> Resource:
    """``role`` becomes a coding or a text, never both (medcom-careCommunication-7)."""
    system = codes.ROLES.get(role, ("", ""))[0]
    code = {"coding": [{"system": system, "code": role}]} if system else {"text": clean(role)}
    return resource(
        "PractitionerRole",
        resource_id,
        codes.PRACTITIONER_ROLE,
        practitioner={"reference": f"Practitioner/{practitioner_id}"},
        code=[code],
    )


def care_team(resource_id: str, name: str, organization: Party) -> Resource:
    """A part of an organisation that a letter is meant for; ``managingOrganization`` is a list."""
    return resource(
        "CareTeam",
        resource_id,
        codes.CARE_TEAM,
        name=clean(name),
        managingOrganization=[{"reference": organization.reference}],
    )


def header(
    message_id: str,
    sender: Party,
    receiver: Party,
    *,
    profile: str,
    event: str,
    focus: str | None = None,
    response: Resource | None = None,
    definition: str | None = None,
) -> Resource:
    """The MessageHeader; ``message_id`` is the letter id that an acknowledgement quotes."""
    use = {"system": codes.DESTINATION_USE, "code": "primary"}
    return resource(
        "MessageHeader",
        message_id,
        profile,
        eventCoding={"system": codes.EVENT_CODES, "code": event},
        destination=[
            {
                "extension": [{"url": codes.DESTINATION_USE_EXTENSION, "valueCoding": use}],
                "endpoint": f"{SOR_ADDRESS}{receiver.sor}",
                "receiver": {"reference": receiver.reference},
            }
        ],
        sender={"reference": sender.reference},
        source={"endpoint": f"{SOR_ADDRESS}{sender.sor}"},
        response=response,
        focus=[{"reference": focus}] if focus else None,
        definition=definition,
    )


def provenance(
    resource_id: str,
    message_id: str,
    at: datetime,
    activity: str,
    sender_reference: str,
    *,
    profile: str = codes.CARE_PROVENANCE,
    answers: Resource | None = None,
    payload_ids: Sequence[str] = (),
) -> Resource:
    """Who did what when to the message ``message_id``: one entity for each new payload, one for what it answers."""
    entities = [{"role": "revision", "what": answers}] if answers else []
    entities += [{"role": "source", "what": {"identifier": {"value": value}}} for value in payload_ids]
    return resource(
        "Provenance",
        resource_id,
        profile,
        target=[{"reference": f"MessageHeader/{message_id}"}],
        occurredDateTime=instant(at),
        recorded=instant(at),
        activity={"coding": [{"system": codes.ACTIVITY_CODES, "code": activity}]},
        agent=[{"who": {"reference": sender_reference}}],
        entity=entities,
    )
