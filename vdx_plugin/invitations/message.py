"""A FHIR message as plain JSON values, read safely from the wire and written to it.

Whatever a partner sends becomes a ``Message`` or ``Unreadable``, never another exception and never work without
bound: size and depth are limited, XML may have no document type, entities or network.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from fhir.resources.R4B.bundle import Bundle

from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import safe_xml
from vdx_plugin.invitations.codes import FHIR_XML

Json = Mapping[str, Any]

MAX_BYTES = 100_000_000
"""MedCom's limit for a whole message, envelope included (Governance for Network Layer)."""
MAX_DEPTH = 64
"""Levels of nesting; the deepest message of MedCom's own examples has 12."""


def dig(value: Any, *path: str | int) -> Any:
    """Follow names and positions into JSON values; None as soon as one is missing or of another kind."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def rows(value: Any, *path: str | int) -> list[Json]:
    """Follow ``path`` to a list and return its objects; empty when there is no list."""
    found = dig(value, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text_at(value: Any, *path: str | int) -> str:
    """Follow ``path`` to a text; empty when there is none."""
    found = dig(value, *path)
    return found if isinstance(found, str) else ""


def extension(element: Any, url: str) -> Json | None:
    """Return the first extension of that address."""
    for row in rows(element, "extension"):
        if row.get("url") == url:
            return row
    return None


@dataclass(frozen=True)
class Message:
    """One Bundle. The accessors are safe on any JSON object, also one that breaks FHIR.

    What is in it is looked up once: the bundle is not changed under a Message, but copied and changed.
    """

    bundle: Json

    def __repr__(self) -> str:
        return f"Message({self.event or 'no event'})"

    @cached_property
    def resources(self) -> list[Json]:
        """All resources in their order."""
        found = (entry.get("resource") for entry in rows(self.bundle, "entry"))
        return [resource for resource in found if isinstance(resource, dict)]

    @cached_property
    def _by_kind(self) -> dict[str, list[Json]]:
        kinds: dict[str, list[Json]] = defaultdict(list)
        for resource in self.resources:
            kinds[text_at(resource, "resourceType")].append(resource)
        return dict(kinds)

    @cached_property
    def _by_address(self) -> dict[str, Json]:
        addresses: dict[str, Json] = {}
        for entry in rows(self.bundle, "entry"):
            resource = entry.get("resource")
            if isinstance(resource, dict):
                for address in (text_at(entry, "fullUrl"), reference_to(resource)):
                    addresses.setdefault(address, resource)
        return addresses

    def all(self, kind: str) -> list[Json]:
        """Return the resources of one type in their order."""
        return self._by_kind.get(kind, [])

    def first(self, kind: str) -> Json:
        """Return the first resource of a type, an empty object when there is none."""
        return next(iter(self.all(kind)), {})

    @property
    def header(self) -> Json:
        """The first MessageHeader."""
        return self.first("MessageHeader")

    @property
    def id(self) -> str:
        """The letter id: MessageHeader.id, stable over every resend."""
        return text_at(self.header, "id")

    @property
    def event(self) -> str:
        return text_at(self.header, "eventCoding", "code")

    def resolve(self, reference: Any) -> Json | None:
        """Return the resource in the bundle that a Reference, or its text, points at."""
        wanted = reference if isinstance(reference, str) else text_at(reference, "reference")
        return self._by_address.get(wanted) if wanted else None

    @property
    def sender(self) -> Json:
        return self.resolve(dig(self.header, "sender")) or {}

    @property
    def receiver(self) -> Json:
        return self.resolve(dig(self.header, "destination", 0, "receiver")) or {}

    @property
    def thread_id(self) -> str:
        """The bare uuid of Communication.identifier; empty when there is none."""
        return text_at(self.first("Communication"), "identifier", 0, "value").removeprefix("urn:uuid:")


def reference_to(resource: Json) -> str:
    """Return the relative reference ``Type/id`` of a resource."""
    return f"{resource.get('resourceType', '')}/{resource.get('id', '')}"


def gln_of(organization: Json) -> str:
    """Return an Organization's location number. Compared by value: the system is written in two ways in the field."""
    for identifier in rows(organization, "identifier"):
        if text_at(identifier, "system").endswith("www.gs1.org/gln"):
            return text_at(identifier, "value")
    return ""


def when(text: str) -> datetime | None:
    """Return a FHIR dateTime or instant as an aware time; None when it is none or has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def walk(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value below ``value`` with its place, parents first."""
    yield place, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from walk(child, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from walk(child, f"{place}[{position}]")


def read_message(body: bytes, mime: str, *, max_bytes: int = MAX_BYTES) -> Message:
    """Read one Bundle in JSON or XML. Raises Unreadable(``invite.unreadable``)."""
    if len(body) > max_bytes:
        raise Unreadable("invite.unreadable", "longer than a message may be")
    bundle = _from_xml(body) if mime.partition(";")[0].strip() == FHIR_XML else _from_json(body)
    if dig(bundle, "resourceType") != "Bundle":
        raise Unreadable("invite.unreadable", "not a Bundle", place="resourceType")
    _refuse_depth(bundle)
    return Message(bundle)


def _refuse_depth(bundle: Any) -> None:
    level: list[Any] = [bundle]
    for _ in range(MAX_DEPTH):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise Unreadable("invite.unreadable", "nested too deeply")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _from_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError:
        raise Unreadable("invite.unreadable", "nested too deeply") from None
    except ValueError as error:
        # The exception's text quotes the content, so only the place is kept.
        place = f"character {error.pos}" if isinstance(error, json.JSONDecodeError) else "character set"
        raise Unreadable("invite.unreadable", "not JSON", place=place) from None


def _from_xml(body: bytes) -> Any:
    safe_xml.parse(body)
    try:
        return Bundle.model_validate_xml(body, xmlparser=safe_xml.parser_for(body)).model_dump(mode="json")
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError):
        # fhir.resources answers XML of another shape than FHIR's with whatever its internals run into.
        raise Unreadable("invite.unreadable", "not a FHIR Bundle in XML") from None


def write(message: Message, mime: str) -> bytes:
    """Write a message in one of the two forms that every receiver must take."""
    return write_xml(message) if mime == FHIR_XML else write_json(message)


def write_json(message: Message) -> bytes:
    """Write a message as ``application/fhir+json``."""
    return json.dumps(message.bundle, ensure_ascii=False, separators=(",", ":")).encode()


def write_xml(message: Message) -> bytes:
    """Write a message as ``application/fhir+xml``; line breaks in attributes become character references."""
    xml = Bundle.model_validate(message.bundle).model_dump_xml()
    return xml if isinstance(xml, bytes) else str(xml).encode()
