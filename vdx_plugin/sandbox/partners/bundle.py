"""A received FHIR message as something one can ask: resources by type, references followed, values at a path.

Reading never fails once the message is a Bundle: what is missing is empty, what has the wrong shape is skipped. It is
the business of ``checks`` to say what is wrong.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from vdx_plugin.sandbox.partners.fhir_xml import UnreadableXml, read_xml

Resource = Mapping[str, Any]

GLN_SYSTEM = "https://www.gs1.org/gln"
SOR_SYSTEM = "urn:oid:1.2.208.176.1.1"
CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"
CORE = "http://medcomfhir.dk/ig/core/StructureDefinition/"


MAX_DEPTH = 64
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([^"']+)""")
# FHIR's strings have no control characters but tab and line ends; a lone surrogate cannot be written as UTF-8.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class Unreadable(ValueError):
    """The bytes are not a FHIR Bundle. ``reason`` is a short stable code; there is no content in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Message:
    """A Bundle. ``raw`` is it as plain objects."""

    raw: Resource = field(repr=False)

    @cached_property
    def entries(self) -> list[Resource]:
        """Return the resources in their order."""
        entries = items(self.raw, "entry")
        return [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]

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
            if isinstance(resource, dict) and target in _names(entry, resource):
                return resource
        return {}

    @cached_property
    def header(self) -> Resource:
        """Return the MessageHeader."""
        return self.first("MessageHeader")

    @property
    def header_id(self) -> str:
        """Return the letter's identity, which is stable over re-sends."""
        return text(self.header, "id")

    @property
    def bundle_id(self) -> str:
        """Return the identity of this very sending."""
        return text(self.raw, "id")

    @property
    def response(self) -> tuple[str, str]:
        """Return which message an acknowledgement is about, and its code."""
        return text(self.header, "response", "identifier"), text(self.header, "response", "code")

    @property
    def event(self) -> str:
        """Return what kind of message this is."""
        return text(self.header, "eventCoding", "code")

    @property
    def thread_id(self) -> str:
        """Return the Communication's identifier: the thread the letter belongs to."""
        return text(self.first("Communication"), "identifier", "value")

    @cached_property
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
    """Read a message in JSON or XML, in UTF-8 as FHIR demands. Raises Unreadable."""
    message = read_quickly(body, mime)
    _examine(message.raw)
    return message


def read_quickly(body: bytes, mime: str) -> Message:
    """Read a message whose texts will neither be shown nor written again. Raises Unreadable."""
    try:
        raw = _read_xml(body) if "xml" in mime else json.loads(_decoded(body))
    except UnreadableXml as error:
        raise Unreadable("not_xml") from error
    except RecursionError as error:
        raise Unreadable("too_deep") from error
    except json.JSONDecodeError as error:
        raise Unreadable("not_json") from error
    if not isinstance(raw, dict) or raw.get("resourceType") != "Bundle":
        raise Unreadable("not_a_bundle")
    return Message(raw)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("not_utf8") from error


def _read_xml(body: bytes) -> Resource:
    """Read XML without a document type, so that there are no entities to blow up or to fetch."""
    declared = _ENCODING.match(body.lstrip()[:200])
    if declared is not None and declared.group(1).lower() not in (b"utf-8", b"us-ascii"):
        raise Unreadable("not_utf8")
    if "<!DOCTYPE" in _decoded(body):
        raise Unreadable("document_type")
    return read_xml(body)


def _examine(raw: object) -> None:
    """Refuse what is nested beyond all reason, and texts with characters that no text has. Raises Unreadable."""
    layer: list[object] = [raw]
    for _ in range(MAX_DEPTH):
        if any(isinstance(value, str) and _NO_TEXT.search(value) for value in layer):
            raise Unreadable("control_characters")
        layer = [child for value in layer for child in _children(value)]
        if not layer:
            return
    raise Unreadable("too_deep")


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return itertools.chain(value, value.values())
    return value if isinstance(value, list) else ()


def items(value: object, name: str) -> list[Resource]:
    """Return the objects under ``name``, whether one or many."""
    found = value.get(name) if isinstance(value, dict) else None
    many = found if isinstance(found, list) else [found]
    return [item for item in many if isinstance(item, dict)]


def text(value: object, *path: str) -> str:
    """Return the text at a path, taking the first of lists; empty when there is none."""
    for step in path:
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(step) if isinstance(value, dict) else None
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
