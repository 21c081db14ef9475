"""The human-readable part of each resource: every element MedCom marks ``SHALL:in-narrative``, in Danish and English.

A receiver that cannot show a field shows this instead, and certification reads it. ``rows_of`` lists label and value
of the marked elements (read from the obligation extensions in the snapshots of CareCommunication 5.0.2, Core 3.0.1
and Messaging 4.0.2); ``narrate`` writes them as XHTML. Base64 never gets in (General Governance FHIR Standards, 5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from vdx_plugin.invitations import codes
from vdx_plugin.invitations.message import Json, dig, extension, rows, text_at

Row = tuple[str, str]

_XHTML = "http://www.w3.org/1999/xhtml"
# XML 1.0 cannot hold these at all, so one of them in a name would make the whole letter unreadable as XML.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

_TITLES = {
    "MessageHeader": "Beskedhoved (MessageHeader)",
    "Communication": "Korrespondancemeddelelse (Communication)",
    "Patient": "Patient",
    "PractitionerRole": "Stilling (PractitionerRole)",
    "Practitioner": "Sundhedsperson (Practitioner)",
    "Organization": "Organisation (Organization)",
    "CareTeam": "Team (CareTeam)",
    "Encounter": "Kontakt (Encounter)",
    "Provenance": "Historik (Provenance)",
    "OperationOutcome": "Fejlbeskrivelse (OperationOutcome)",
}


def clean(text: str) -> str:
    """Return ``text`` without characters that XML cannot hold, with line ends as MedCom wants them."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def narrate(resource: Json) -> dict[str, str]:
    """Return the Narrative element of a resource, made from the resource alone."""
    lines = "".join(
        f"<tr><td><b>{_html(label)}</b></td><td>{_html(value)}</td></tr>" for label, value in rows_of(resource)
    )
    kind = text_at(resource, "resourceType")
    title = _html(_TITLES.get(kind, kind))
    return {
        "status": "extensions" if holds_extension(resource) else "generated",
        "div": f'<div xmlns="{_XHTML}"><p><b>{title}</b></p><table>{lines}</table></div>',
    }


def rows_of(resource: Json) -> list[Row]:
    """Return label and value of each marked element that is present, in the order of the resource."""
    writer = _WRITERS.get(text_at(resource, "resourceType"))
    found = [("Id (id)", text_at(resource, "id")), *(writer(resource) if writer else ())]
    return [(label, value) for label, value in found if value]


def _html(text: str) -> str:
    return escape(clean(text), quote=False).replace("\n", "<br/>")


def holds_extension(value: Any) -> bool:
    """True when an extension stands anywhere in the value."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if "extension" in one:
                return True
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return False


def _reference(element: Any) -> str:
    return text_at(element, "reference") or text_at(element, "identifier", "value")


def _header(resource: Json) -> Iterator[Row]:
    yield "Hændelse (event)", text_at(resource, "eventCoding", "code")
    for destination in rows(resource, "destination"):
        use = text_at(extension(destination, codes.DESTINATION_USE_EXTENSION), "valueCoding", "code")
        yield "Modtagertype (destination use)", use
        yield "Modtageradresse (destination endpoint)", text_at(destination, "endpoint")
        yield "Modtager (receiver)", _reference(dig(destination, "receiver"))
    yield "Afsender (sender)", _reference(dig(resource, "sender"))
    yield "Afsenderadresse (source endpoint)", text_at(resource, "source", "endpoint")
    yield "Kvitterer for (response identifier)", text_at(resource, "response", "identifier")
    yield "Resultat (response code)", text_at(resource, "response", "code")
    yield "Detaljer (details)", _reference(dig(resource, "response", "details"))
    for focus in rows(resource, "focus"):
        yield "Indhold (focus)", _reference(focus)


def _communication(resource: Json) -> Iterator[Row]:
    sender = extension(resource, codes.SENDER_EXTENSION)
    yield "Specifik afsender (sender)", _reference(dig(sender, "valueReference"))
    yield "Status (status)", text_at(resource, "status")
    for category in rows(resource, "category"):
        code = text_at(category, "coding", 0, "code")
        yield "Kategori (category)", f"{codes.CATEGORIES.get(code, code)} ({code})"
    yield "Prioritet (priority)", text_at(resource, "priority")
    yield "Patient (subject)", _reference(dig(resource, "subject"))
    yield "Emne (topic)", text_at(resource, "topic", "text")
    yield "Kontakt (encounter)", _reference(dig(resource, "encounter"))
    for recipient in rows(resource, "recipient"):
        yield "Specifik modtager (recipient)", _reference(recipient)
    for payload in rows(resource, "payload"):
        yield from _payload(payload)


def _payload(payload: Json) -> Iterator[Row]:
    yield "Dato (date)", text_at(extension(payload, codes.DATETIME_EXTENSION), "valueDateTime")
    author = extension(payload, codes.PRACTITIONER_EXTENSION)
    yield "Forfatter (author)", _reference(dig(author, "valueReference"))
    contact = extension(payload, codes.CONTACT_EXTENSION)
    yield "Telefon (authorContact)", text_at(contact, "valueContactPoint", "value")
    yield "Meddelelsestekst (contentString)", text_at(payload, "contentString")
    attachment = dig(payload, "contentAttachment")
    yield "Vedhæftning, type (contentType)", text_at(attachment, "contentType")
    yield "Vedhæftning, titel (title)", text_at(attachment, "title")
    yield "Vedhæftning, link (url)", text_at(attachment, "url")
    yield "Vedhæftning, oprettet (creation)", text_at(attachment, "creation")


def _patient(resource: Json) -> Iterator[Row]:
    for identifier in rows(resource, "identifier"):
        yield "Personnummer (cpr, x-ecpr, d-ecpr)", text_at(identifier, "value")
    for name in rows(resource, "name"):
        yield from _name(name)
    for telecom in rows(resource, "telecom"):
        yield "Kontakt (telecom)", text_at(telecom, "value")
    for address in rows(resource, "address"):
        for line in dig(address, "line") or []:
            yield "Adresse (line)", line if isinstance(line, str) else ""
        yield "Postnummer (postalCode)", text_at(address, "postalCode")
        yield "By (city)", text_at(address, "city")


def _name(name: Json) -> Iterator[Row]:
    yield "Efternavn (family)", text_at(name, "family")
    for given in dig(name, "given") or []:
        yield "Fornavn (given)", given if isinstance(given, str) else ""


def _practitioner_role(resource: Json) -> Iterator[Row]:
    yield "Sundhedsperson (practitioner)", _reference(dig(resource, "practitioner"))
    yield "Organisation (organization)", _reference(dig(resource, "organization"))
    for code in rows(resource, "code"):
        for coding in rows(code, "coding"):
            value = text_at(coding, "code")
            word = codes.ROLES.get(value, ("", value))[1]
            yield "Rolle (code)", f"{word} ({value})"
        yield "Rolle (text)", text_at(code, "text")


def _practitioner(resource: Json) -> Iterator[Row]:
    for name in rows(resource, "name"):
        yield "Navn (name)", text_at(name, "text")
        yield from _name(name)


def _organization(resource: Json) -> Iterator[Row]:
    for identifier in rows(resource, "identifier"):
        system, value = text_at(identifier, "system"), text_at(identifier, "value")
        if system == codes.SOR:
            yield "SOR-id (SOR-ID)", value
        elif system == codes.GLN:
            yield "Lokationsnummer (EAN-ID)", value
        else:
            yield "Andet nummer (identifier)", value
    yield "Navn (name)", text_at(resource, "name")


def _care_team(resource: Json) -> Iterator[Row]:
    yield "Navn (name)", text_at(resource, "name")
    for organization in rows(resource, "managingOrganization"):
        yield "Organisation (managingOrganization)", _reference(organization)


def _encounter(resource: Json) -> Iterator[Row]:
    yield "Status (status)", text_at(resource, "status")
    yield "Type (class)", text_at(resource, "class", "code")
    yield "Patient (subject)", _reference(dig(resource, "subject"))
    for episode in rows(resource, "episodeOfCare"):
        yield "Forløb (episodeOfCare)", text_at(episode, "identifier", "value")
    yield "Organisation (serviceProvider)", _reference(dig(resource, "serviceProvider"))


def _provenance(resource: Json) -> Iterator[Row]:
    for target in rows(resource, "target"):
        yield "Vedrører (target)", _reference(target)
    yield "Afsendt (occurred)", text_at(resource, "occurredDateTime")
    activity = text_at(resource, "activity", "coding", 0, "code")
    yield "Aktivitet (activity)", f"{codes.ACTIVITIES.get(activity, activity)} ({activity})"
    for agent in rows(resource, "agent"):
        yield "Afsender (agent)", _reference(dig(agent, "who"))
    for entity in rows(resource, "entity"):
        yield "Reference (entity)", f"{text_at(entity, 'role')}: {_reference(dig(entity, 'what'))}"


def _outcome(resource: Json) -> Iterator[Row]:
    for issue in rows(resource, "issue"):
        yield "Alvor (severity)", text_at(issue, "severity")
        yield "Fejltype (code)", text_at(issue, "code")
        yield "Fejlkode (details)", text_at(issue, "details", "coding", 0, "code")
        yield "Forklaring (details)", text_at(issue, "details", "text")


_WRITERS: dict[str, Callable[[Json], Iterator[Row]]] = {
    "MessageHeader": _header,
    "Communication": _communication,
    "Patient": _patient,
    "PractitionerRole": _practitioner_role,
    "Practitioner": _practitioner,
    "Organization": _organization,
    "CareTeam": _care_team,
    "Encounter": _encounter,
    "Provenance": _provenance,
    "OperationOutcome": _outcome,
}
