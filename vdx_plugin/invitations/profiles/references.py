"""What a reference in a bundle means.

Source: FHIR R4 Bundle, "Resolving references in Bundles", and References, "Contained resources".
"""

from __future__ import annotations

import re
from typing import Any

from vdx_plugin.invitations.message import Json, reference_to, rows, text_at

_TYPED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]+)?")


class Bundled:
    """The resources of one bundle, by each address they can be meant by."""

    def __init__(self, bundle: Json) -> None:
        self._by_address: dict[str, Json] = {}
        for entry in rows(bundle, "entry"):
            resource = entry.get("resource")
            if isinstance(resource, dict):
                for address in (text_at(entry, "fullUrl"), reference_to(resource)):
                    self._by_address.setdefault(address, resource)

    def resolve(self, reference: Any, within: Json | None = None) -> Json | None:
        """Return what a Reference, or its text, points at; ``within`` is the resource whose contained ones count."""
        address = reference if isinstance(reference, str) else text_at(reference, "reference")
        if address.startswith("#"):
            return next((one for one in rows(within, "contained") if one.get("id") == address[1:]), None)
        return self._by_address.get(address) if address else None


def type_named_in(reference: str) -> str:
    """Return the resource type that a reference's address tells; empty when it tells none."""
    found = _TYPED.fullmatch(reference)
    return found[1] if found else ""
