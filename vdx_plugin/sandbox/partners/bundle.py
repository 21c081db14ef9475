"""A received FHIR message as something one can ask: resources by type, references followed, values at a path.

Reading never fails once the message is a Bundle: what is missing is empty, what has the wrong shape is skipped. It is
the business of ``checks`` to say what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vdx_plugin.sandbox.partners.fhir_xml import UnreadableXml, read_xml

Resource = Mapping[str, Any]

GLN_SYSTEM = "https://www.gs1.org/gln"
SOR_SYSTEM = "urn:oid:1.2.208.176.1.1"
CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"
CORE = "http://medcomfhir.dk/ig/core/StructureDefinition/"


class Unreadable(ValueError):
    """The bytes are not a FHIR Bundle; the message says why, without content."""


@dataclass(frozen=True)
class Message:
    """A Bundle. ``raw`` is it as plain objects."""

    raw: Resource = field(repr=False)

    @property
    def entries(self) -> list[Resource]:
        """Return the resources in their order."""
        entries = items(self.raw, "entry")
        return [entry["resource"] for entry in entries if isinstance(entry.get("resource"), Mapping)]

    def all(self, kind: str) -> list[Resource]:
        """Return the resources of one type."""
        return [resource for resource in self.entries if resource.get("resourceType") == kind]

    def first(self, kind: str) -> Resource:
        """Return the first resource of a type, or an empty one."""
        return next(iter(self.all(kind)), {})

    def follow(self, reference: object) -> Resource:
        """Return what a Reference points at inside the message, or an empty resource."""
        target = text(reference, "reference")
        if not target:
            return {}
        for entry in items(self.raw, "entry"):
            resource = entry.get("resource")
            if isinstance(resource, Mapping) and target in _names(entry, resource):
                return resource
        return {}

    @property
    def header(self) -> Resource:
        """Return the MessageHeader."""
        return self.first("MessageHeader")

    @property
    def header_id(self) -> str:
        """Return the letter's identity, which is stable over re-sends."""
        return text(self.header, "id")

    @property
    def event(self) -> str:
        """Return what kind of message this is."""
        return text(self.header, "eventCoding", "code")

    @property
    def thread_id(self) -> str:
        """Return the Communication's identifier: the thread the letter belongs to."""
        return text(self.first("Communication"), "identifier", "value")

    @property
    def own_provenance(self) -> Resource:
        """Return the Provenance about this very message, or an empty resource."""
        wanted = f"MessageHeader/{self.header_id}"
        for provenance in self.all("Provenance"):
            if any(text(target, "reference").endswith(wanted) for target in items(provenance, "target")):
                return provenance
        return {}

    @property
    def sender(self) -> Resource:
        """Return the sending organisation."""
        return self.follow(self.header.get("sender"))

    @property
    def receiver(self) -> Resource:
        """Return the receiving organisation."""
        return self.follow(next(iter(items(self.header, "destination")), {}).get("receiver"))


def read_message(body: bytes, mime: str) -> Message:
    """Read a message in JSON or XML. Raises Unreadable."""
    try:
        raw = read_xml(body) if "xml" in mime else json.loads(body)
    except (UnreadableXml, ValueError) as error:
        raise Unreadable("neither FHIR JSON nor FHIR XML") from error
    if not isinstance(raw, dict) or raw.get("resourceType") != "Bundle":
        raise Unreadable("no Bundle")
    return Message(raw)


def items(value: object, name: str) -> list[Resource]:
    """Return the objects under ``name``, whether one or many."""
    found = value.get(name) if isinstance(value, Mapping) else None
    many = found if isinstance(found, list) else [found]
    return [item for item in many if isinstance(item, Mapping)]


def text(value: object, *path: str) -> str:
    """Return the text at a path, taking the first of lists; empty when there is none."""
    for step in path:
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) else ""


def extension(value: object, url: str) -> Resource:
    """Return the extension with this address, or an empty one."""
    return next((found for found in items(value, "extension") if found.get("url") == url), {})


def identifier(resource: object, system: str) -> str:
    """Return the value of the identifier of one system, or an empty text."""
    found = (item for item in items(resource, "identifier") if item.get("system") == system)
    return text(next(found, {}), "value")


def payload_identifier(payload: object) -> str:
    """Return the identifier of a payload."""
    return text(extension(payload, CORE + "medcom-core-identifier-extension"), "valueIdentifier", "value")


def human_name(resource: object) -> str:
    """Return given and family name of the first name, as one text."""
    name = next(iter(items(resource, "name")), {})
    given = name.get("given", [])
    parts = [*(given if isinstance(given, list) else [given]), text(name, "family")]
    return " ".join(part for part in parts if isinstance(part, str) and part)


def _names(entry: Resource, resource: Resource) -> Iterator[str]:
    yield f"{resource.get('resourceType')}/{resource.get('id')}"
    yield text(entry, "fullUrl")
