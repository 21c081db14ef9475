"""FHIR XML to and from the same plain objects that FHIR JSON gives, as far as MedCom's messages need it.

XML does not say which elements may repeat, so the repeating ones are listed here by parent and name (FHIR R4 4.0.1,
the resources of CareCommunication 5.0 and Acknowledgement 2.0). Anything else that occurs twice becomes a list too.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

_FHIR = "http://hl7.org/fhir"
_XHTML = "http://www.w3.org/1999/xhtml"
_ALWAYS = frozenset({"coding", "extension", "profile", "given", "telecom", "address", "line", "modifierExtension"})
_REPEATING = {
    "Bundle": {"entry", "link"},
    "MessageHeader": {"destination", "focus"},
    "Communication": {"identifier", "category", "payload", "recipient", "basedOn", "partOf", "inResponseTo", "note"},
    "Patient": {"identifier", "name", "contact", "communication", "generalPractitioner"},
    "Practitioner": {"identifier", "name", "qualification"},
    "PractitionerRole": {"identifier", "code", "specialty", "location"},
    "Organization": {"identifier", "type", "alias", "contact"},
    "CareTeam": {"identifier", "managingOrganization", "participant", "category"},
    "Encounter": {"identifier", "episodeOfCare", "participant", "type"},
    "Provenance": {"target", "agent", "entity", "policy", "reason", "signature"},
    "OperationOutcome": {"issue"},
    "issue": {"expression", "location"},
    "name": {"prefix", "suffix"},
    "meta": {"tag", "security"},
}
_BOOLEANS = frozenset({"active", "valueBoolean", "deceasedBoolean"})


class UnreadableXml(ValueError):
    """The bytes are no FHIR resource in XML."""


class UnwritableXml(ValueError):
    """The plain objects are no FHIR resource that XML can hold."""


def read_xml(body: bytes) -> dict[str, Any]:
    """Return the resource as plain objects. Raises UnreadableXml; external entities and DTDs are not read."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableXml("not well-formed") from error
    if etree.QName(root).namespace != _FHIR or root.getroottree().docinfo.doctype:
        raise UnreadableXml("not a FHIR document")
    return _resource(root)


def _resource(element: etree._Element) -> dict[str, Any]:
    return {"resourceType": etree.QName(element).localname, **_members(element)}


def _members(element: etree._Element) -> dict[str, Any]:
    parent = etree.QName(element).localname
    members: dict[str, Any] = {str(name): str(value) for name, value in element.attrib.items() if name != "value"}
    for child in element:
        name = etree.QName(child).localname
        value = _value(child)
        if name in _ALWAYS or name in _REPEATING.get(parent, ()):
            members.setdefault(name, []).append(value)
        elif name in members:
            earlier = members[name]
            members[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
        else:
            members[name] = value
    return members


def _value(element: etree._Element) -> Any:
    if etree.QName(element).namespace == _XHTML:
        return etree.tostring(element, encoding="unicode", with_tail=False)
    name = etree.QName(element).localname
    if name in ("resource", "contained") and len(element):
        return _resource(element[0])
    if "value" in element.attrib and not len(element):
        value = str(element.attrib["value"])
        return value == "true" if name in _BOOLEANS else value
    return _members(element)


def write_xml(resource: dict[str, Any]) -> bytes:
    """Return the resource as FHIR XML; its members must stand in FHIR's order, which the caller sees to.

    Raises UnwritableXml for what XML cannot hold, as repeated from somebody else's message.
    """
    root = etree.Element(f"{{{_FHIR}}}{resource['resourceType']}", nsmap={None: _FHIR})
    try:
        _fill(root, resource)
    except (TypeError, ValueError, etree.XMLSyntaxError) as error:
        raise UnwritableXml("not writable") from error
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _fill(element: etree._Element, members: dict[str, Any]) -> None:
    for name, value in members.items():
        if name == "resourceType":
            continue
        if name == "url" and etree.QName(element).localname in ("extension", "modifierExtension"):
            element.set("url", value)
            continue
        for item in value if isinstance(value, list) else [value]:
            _append(element, name, item)


def _append(parent: etree._Element, name: str, item: Any) -> None:
    if name == "div":
        parent.append(etree.fromstring(item))
        return
    child = etree.SubElement(parent, f"{{{_FHIR}}}{name}")
    if not isinstance(item, dict):
        child.set("value", str(item).lower() if isinstance(item, bool) else str(item))
    elif "resourceType" in item:
        _fill(etree.SubElement(child, f"{{{_FHIR}}}{item['resourceType']}"), item)
    else:
        _fill(child, item)
