"""The service from its settings, on this machine's own address: what carries TLS stands in front of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from vdx_plugin.cds_hooks.bearer import Trusted
from vdx_plugin.cds_hooks.cards import Links
from vdx_plugin.cds_hooks.feedback import FeedbackFile
from vdx_plugin.cds_hooks.keys import KeySets
from vdx_plugin.cds_hooks.service import PATH, CardService
from vdx_plugin.errors import Misconfigured, Unavailable
from vdx_plugin.loopback import HOST, LoopbackServer

FILE = "cds-feedback.csv"


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, where, to whom. ``port`` is of 127.0.0.1; ``folder`` takes the file of feedback."""

    public_url: str
    port: int
    trusted: tuple[Trusted, ...]
    links: Links
    folder: Path
    origins: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise Misconfigured that names the setting at fault, never its value."""
        if not _is_safe(self.public_url):
            raise _wrong("public_url")
        if not self.trusted or not all(one.iss and _is_safe(one.jku) for one in self.trusted):
            raise _wrong("trusted")
        if not (self.links.launch or self.links.page):
            raise _wrong("launch_url")
        for name, url in (("launch_url", self.links.launch), ("page_url", self.links.page)):
            if url and not _is_safe(url):
                raise _wrong(name)
        if "*" in self.origins:
            raise _wrong("allow_origins")


@asynccontextmanager
async def serving(served: Served, now: Callable[[], datetime] | None = None) -> AsyncGenerator[str, None]:
    """Serve, and give the local address of the discovery. Raises Misconfigured, Unavailable(``local.port_taken``)."""
    served.check()
    feedback = FeedbackFile(served.folder / FILE)
    clock = now or (lambda: datetime.now(UTC))
    service = CardService(served.public_url, served.trusted, served.links, feedback, KeySets(), clock, served.origins)
    server = LoopbackServer(service.app, "cds-hooks")
    try:
        await server.start(served.port)
    except OSError as error:
        raise Unavailable("local.port_taken", type(error).__name__, port=served.port) from error
    try:
        yield f"http://{HOST}:{server.port}{PATH}"
    finally:
        await server.stop()


def _is_safe(url: str) -> bool:
    """Encrypted, or on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_here = parts.scheme == "http" and parts.hostname in (HOST, "localhost")
    return bool(parts.hostname) and not parts.username and (parts.scheme == "https" or is_here)


def _wrong(name: str) -> Misconfigured:
    return Misconfigured("settings.value", "missing, or not https", setting=f"cds_hooks.{name}")
