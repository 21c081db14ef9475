"""A FHIR so small that it fits on a page, and profiles of it with one demand each.

All invented: a resource type ``Parcel`` and the few data types it needs, in the form of FHIR R4's StructureDefinition
with a snapshot. What the checker makes of each word of that form can so be seen without MedCom's packages.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Message
from vdx_plugin.invitations.profiles.archive import Package
from vdx_plugin.invitations.profiles.definitions import Definitions, entries_of
from vdx_plugin.invitations.profiles.walker import Tools, Walker

Json = dict[str, Any]

FHIR = "http://hl7.org/fhir/StructureDefinition/"
OURS = "http://parcel.example/StructureDefinition/"
COLOURS = "http://parcel.example/ValueSet/colours"
COLOUR_SYSTEM = "http://parcel.example/CodeSystem/colours"

_TYPES: dict[str, str] = {
    "Bundle": "id 0..1 id, meta 0..1 Meta, type 1..1 code, entry 0..* BackboneElement, entry.fullUrl 0..1 uri, "
    "entry.resource 0..1 Resource",
    "Parcel": "id 0..1 id, meta 0..1 Meta, contained 0..* Resource, extension 0..* Extension, label 1..1 string, "
    "colour 0..1 code, kind 0..1 CodeableConcept, number 0..* Identifier, receiver 0..1 Reference, sent 0..1 dateTime, "
    "part 0..* BackboneElement, part.name 0..1 string, part.size[x] 0..1 string|integer|Coding, "
    "part.inner 0..* #Parcel.part",
    "House": "id 0..1 id, meta 0..1 Meta, street 0..1 string",
    "Meta": "profile 0..* canonical",
    "Element": "id 0..1 string, extension 0..* Extension",
    "Extension": "id 0..1 string, extension 0..* Extension, url 1..1 string, value[x] 0..1 string|boolean|Coding",
    "Identifier": "extension 0..* Extension, system 0..1 uri, value 0..1 string",
    "Coding": "system 0..1 uri, code 0..1 code",
    "CodeableConcept": "coding 0..* Coding, text 0..1 string",
    "Reference": "reference 0..1 string",
}


def element(element_id: str, least: int, most: str, *types: str, **more: Any) -> Json:
    """One row of a snapshot."""
    path = ".".join(step.partition(":")[0] for step in element_id.split("."))
    return {"id": element_id, "path": path, "min": least, "max": most, "type": [{"code": one} for one in types], **more}


def _base(name: str, rows: str) -> Json:
    elements = [element(name, 0, "*")]
    for row in rows.split(", "):
        path, often, kinds = row.split(" ")
        least, most = often.split("..")
        if kinds.startswith("#"):
            elements.append(element(f"{name}.{path}", int(least), most, contentReference=kinds, base={"max": most}))
        else:
            elements.append(element(f"{name}.{path}", int(least), most, *kinds.split("|"), base={"max": most}))
    return _definition(FHIR + name, name, elements)


def _definition(url: str, kind: str, elements: list[Json]) -> Json:
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "version": "1.0.0",
        "type": kind,
        "snapshot": {"element": elements},
    }


def profile(name: str, kind: str, changes: dict[str, Json], *more: Json) -> Json:
    """A profile of a type: some of its rows changed, some rows (slices, mostly) put behind them."""
    elements = deepcopy(_base(kind, _TYPES[kind])["snapshot"]["element"])
    for one in elements:
        one.update(changes.get(one["id"].partition(".")[2], {}))
    return _definition(OURS + name, kind, [*elements, *more])


CORE = [_base(name, rows) for name, rows in _TYPES.items()]
TERMS: list[Json] = [
    {
        "resourceType": "CodeSystem",
        "url": COLOUR_SYSTEM,
        "content": "complete",
        "concept": [{"code": "red", "concept": [{"code": "crimson"}]}, {"code": "blue"}, {"code": "none"}],
    },
    {
        "resourceType": "ValueSet",
        "url": COLOURS,
        "version": "2.0.0",
        "compose": {
            "include": [{"system": COLOUR_SYSTEM}],
            "exclude": [{"system": COLOUR_SYSTEM, "concept": [{"code": "none"}]}],
        },
    },
    {
        "resourceType": "ValueSet",
        "url": f"{COLOURS}-reddish",
        "compose": {
            "include": [
                {
                    "system": COLOUR_SYSTEM,
                    "filter": [{"property": "concept", "op": "descendent-of", "value": "red"}],
                }
            ]
        },
    },
    {
        "resourceType": "ValueSet",
        "url": f"{COLOURS}-elsewhere",
        "compose": {"include": [{"system": "http://elsewhere.example/colours"}]},
    },
]


def package(*resources: Json, name: str = "parcel.example", needs: dict[str, str] | None = None) -> Package:
    files = {f"{number}.json": resource for number, resource in enumerate(resources)}
    return Package(name, "1.0.0", files, needs or {})


def files_of(made: Package, manifest: Json | None = None) -> dict[str, bytes]:
    """A package as the files it is published as."""
    head = manifest or {
        "name": made.name,
        "version": made.version,
        "fhirVersions": ["4.0.1"],
        "dependencies": made.needs,
    }
    bodies = {"package.json": head, **made.resources}
    return {name: json.dumps(body).encode() for name, body in bodies.items()}


def parcel(**elements: Any) -> Json:
    return {"resourceType": "Parcel", "id": "p1", "label": "Books", **elements}


def bundle(*resources: Json) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [
            {"fullUrl": f"https://parcel.example/{one['resourceType']}/{one.get('id')}", "resource": one}
            for one in resources
        ],
    }


def findings(resource: Json, *profiles: Json, beside: tuple[Json, ...] = ()) -> list[Finding]:
    """Check a resource that claims the first profile, in a bundle with those beside it."""
    definitions = Definitions(entries_of(package(*CORE, *TERMS, *profiles)))
    claimed = {**resource, "meta": {"profile": [profiles[0]["url"]]}} if profiles else resource
    return Walker(Message(bundle(claimed, *beside)), Tools(definitions)).check([])
