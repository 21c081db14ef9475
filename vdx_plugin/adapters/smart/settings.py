"""Which records may launch us, and as whom we sign in there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from vdx_plugin.api.v1 import Misconfigured

NAME = "smart"
LEAST_LIMIT_S, MOST_LIMIT_S = 10, 600
_KNOWN = frozenset({"servers", "client_id", "port", "launch_limit_s", "write_back", "browser"})


@dataclass(frozen=True, slots=True)
class SmartSettings:
    """``servers`` are the FHIR base addresses that may launch, exactly as they name themselves in ``iss``.

    ``launch_limit_s`` may pass between launch and return. ``in_same_tab`` continues in the tab that the record opened;
    else the system's browser is opened.
    """

    servers: tuple[str, ...]
    client_id: str
    port: int = 0
    launch_limit_s: int = 60
    write_back: bool = True
    in_same_tab: bool = True

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> SmartSettings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        for name in set(settings) - _KNOWN:
            raise wrong(name, "unknown")
        servers = tuple(text.rstrip("/") for text in settings.get("servers", "").replace(",", " ").split())
        if not servers:
            raise wrong("servers", "missing")
        if not all(is_safe(server) for server in servers):
            raise wrong("servers", "not https, and not this machine")
        if not settings.get("client_id"):
            raise wrong("client_id", "missing")
        return cls(
            servers,
            settings["client_id"],
            _number(settings, "port", 0, 0, 65535),
            _number(settings, "launch_limit_s", 60, LEAST_LIMIT_S, MOST_LIMIT_S),
            settings.get("write_back", "yes") == "yes",
            settings.get("browser", "same") == "same",
        )


def wrong(name: str, why: str) -> Misconfigured:
    """Return the error that names a setting, never its value."""
    return Misconfigured("settings.value", why, setting=f"adapters.{NAME}.{name}")


def _number(settings: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = settings.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 7 and least <= int(text) <= most):
        raise wrong(name, "not a number in range")
    return int(text)


def is_safe(url: object) -> bool:
    """Tokens and patients go over this line: it is encrypted, or does not leave the machine."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.username or parts.password or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
