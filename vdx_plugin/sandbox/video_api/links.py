"""The portal link and the short link, with the faults the real ones have."""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

SERVER_ZONE = ZoneInfo("Europe/Copenhagen")
MAX_PORTAL_LINK = 200


def build_portal_link(
    template: str,
    *,
    uri_with_domain: str,
    host_pin: int | None,
    guest_pin: int | None,
    start: datetime,
    guest_microphone: str,
) -> str:
    """Fill the operator's template (PortalLinkModel).

    ``__pin__`` is the guest PIN, and failing that the *host* PIN; ``__microphone__`` only says off or muted;
    ``__start-date__`` is the server's local time without offset; call type and return address come out empty because
    the server fills the link before it knows them.
    """
    pin = guest_pin if guest_pin is not None else host_pin
    values = {
        "__uri-with-domain__": uri_with_domain,
        "__pin__": "" if pin is None else str(pin),
        "__start-date__": start.astimezone(SERVER_ZONE).strftime("%Y-%m-%dT%H:%M:%S"),
        "__microphone__": guest_microphone if guest_microphone in ("off", "muted") else "",
        "__call-type__": "",
        "__return-url__": "",
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template


def short_id(seed: str) -> str:
    """Return the 12 hexadecimal digits under which a meeting is found; ``seed`` should be random."""
    return hashlib.sha256(seed.encode()).hexdigest()[:12]


def without_pin(portal_link: str) -> str:
    """Return the link with an empty PIN, so that whoever follows it is asked for it."""
    parts = urlsplit(portal_link)
    query = "&".join("pin=" if field.startswith("pin=") else field for field in parts.query.split("&"))
    return urlunsplit(parts._replace(query=query))
