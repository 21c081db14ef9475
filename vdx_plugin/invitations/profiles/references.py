"""What a reference in a bundle means.

Source: FHIR R4 Bundle, "Resolving references in Bundles", and References, "Contained resources".
"""

from __future__ import annotations

import re

from vdx_plugin.invitations.message import Json, Message, rows

_TYPED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]+)?")


def resolve(message: Message, address: str, within: Json) -> Json | None:
    """Return the resource that an address points at; ``within`` is the one whose contained resources count."""
    if address.startswith("#"):
        return next((one for one in rows(within, "contained") if one.get("id") == address[1:]), None)
    return message.resolve(address)


def type_named_in(reference: str) -> str:
    """Return the resource type that a reference's address tells; empty when it tells none."""
    found = _TYPED.fullmatch(reference)
    return found[1] if found else ""
