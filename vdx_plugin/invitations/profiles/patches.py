"""Published faults, put right when a definition is read. Each names where it was repaired later.

1. medcom-carecommunication-definition-url in CareCommunication 5.0.2: the bar before the version is unescaped, so the
   rule accepts anything that begins with the address. Repaired in 5.0.3.
2. x-ecpr and d-ecpr in dk-core up to 3.4.0: asked of the value's value, which does not exist. Repaired in 3.5.0.
3. medcom-careCommunication-15 in 5.0.2 stands on Communication and can never fail there; 5.0.4 has it on Bundle.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from vdx_plugin.invitations.message import Json, rows, text_at

_MESSAGE = "http://medcomfhir.dk/ig/carecommunication/StructureDefinition/medcom-careCommunication-message"
_LETTER = "http://medcomfhir.dk/ig/carecommunication/StructureDefinition/medcom-careCommunication-communication"
_KEY_15 = "medcom-careCommunication-15"
_RULE_15 = {
    "key": _KEY_15,
    "severity": "error",
    "human": "An Encounter in the message is the one that the Communication refers to.",
    "expression": (
        "entry.resource.ofType(Encounter).exists() = entry.resource.ofType(Communication).encounter.exists()"
    ),
}


def patched(structure: Json) -> Json:
    """Return the StructureDefinition as it was meant; the very same one when nothing is wrong with it."""
    constraints = [one for row in rows(structure, "snapshot", "element") for one in rows(row, "constraint")]
    keys = {text_at(one, "key") for one in constraints}
    url = text_at(structure, "url")
    touched = keys & {*_EXPRESSIONS, _KEY_15} or url == _MESSAGE
    if not touched:
        return structure
    copy: dict[str, Any] = deepcopy(dict(structure))
    for element in copy["snapshot"]["element"]:
        _repair(element, url)
    if url == _MESSAGE and _KEY_15 not in keys:
        copy["snapshot"]["element"][0].setdefault("constraint", []).append(_RULE_15)
    return copy


def _repair(element: dict[str, Any], url: str) -> None:
    for constraint in element.get("constraint", []):
        wrong, right = _EXPRESSIONS.get(constraint.get("key"), ("", ""))
        if wrong:
            constraint["expression"] = constraint.get("expression", "").replace(wrong, right)
    if url == _LETTER and "constraint" in element:
        element["constraint"] = [one for one in element["constraint"] if one.get("key") != _KEY_15]


_EXPRESSIONS = {
    "medcom-carecommunication-definition-url": ("Definition|5", "Definition[|]5"),
    "x-ecpr": ("value.matches(", "matches("),
    "d-ecpr": ("value.matches(", "matches("),
}
