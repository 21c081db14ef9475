"""Finding a definition by its canonical address, with or without ``|version``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from vdx_plugin.invitations.message import Json
from vdx_plugin.invitations.profiles.archive import Package
from vdx_plugin.invitations.profiles.patches import patched
from vdx_plugin.invitations.profiles.snapshot import Structure, structure_of

CORE = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition that can be read."""

    kind: str
    url: str
    version: str
    read: Callable[[], Any]


class Definitions:
    """Everything that is defined. Each definition is read once, when it is first asked for."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[tuple[str, str], dict[str, Entry]] = defaultdict(dict)
        for entry in entries:
            self._entries[entry.kind, entry.url][entry.version] = entry
        self._structures: dict[str, Structure | None] = {}
        self._resources: dict[tuple[str, str], Json | None] = {}

    def structure(self, canonical: str) -> Structure | None:
        """Return the profile or type of that address, put right where it is published with a fault."""
        if canonical not in self._structures:
            found = self._find("StructureDefinition", canonical)
            self._structures[canonical] = structure_of(patched(found)) if found is not None else None
        return self._structures[canonical]

    def of_type(self, name: str) -> Structure | None:
        """Return FHIR's own definition of a resource or data type."""
        return self.structure(CORE + name)

    def value_set(self, canonical: str) -> Json | None:
        return self._find("ValueSet", canonical)

    def code_system(self, canonical: str) -> Json | None:
        return self._find("CodeSystem", canonical)

    def _find(self, kind: str, canonical: str) -> Json | None:
        if (kind, canonical) not in self._resources:
            url, _, version = canonical.partition("|")
            versions = self._entries.get((kind, url), {})
            # A pinned version that is not here is read from the newest that is, as the packages pin one another in
            # circles: acknowledgement 2.0.3 asks for messaging 2.1.0, which nobody has beside 4.0.2.
            entry = versions.get(version) or (versions[max(versions, key=_order)] if versions else None)
            self._resources[kind, canonical] = entry.read() if entry else None
        return self._resources[kind, canonical]


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def entries_of(package: Package) -> list[Entry]:
    """Return a package's definitions as they are in memory."""

    def reader(resource: Any) -> Callable[[], Any]:
        return lambda: resource

    return [
        Entry(one["resourceType"], one["url"], str(one.get("version", "")), reader(one))
        for one in package.resources.values()
    ]
