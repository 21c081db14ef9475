"""What the clinic has chosen: the adapter's settings, read from text and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vdx_plugin.adapters.hl7v2 import framing
from vdx_plugin.adapters.hl7v2.securing import NO_PASSPHRASE, Papers
from vdx_plugin.adapters.hl7v2.sending import Receiver
from vdx_plugin.api.v1 import Misconfigured, Secret

NAME = "hl7v2"
DEFAULT_PORT = 2575
_NUMBERS = ("port", "note_port", "max_bytes")
_SWITCHES = ("listen_tls", "note_tls", "status")


@dataclass(frozen=True, slots=True)
class Hl7Settings:
    """Settings of the adapter, by the names they have in the settings file.

    ``host`` and ``port`` say where to listen; anything but the workstation itself needs TLS or a closed network.
    ``note_host`` and ``note_port`` are the receiver of notes; port 0 means none. ``undeclared`` is the MSH-18 value
    to assume when a sender declares none. ``senders`` are the values of MSH-3 listened to, empty for all.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    note_host: str = "127.0.0.1"
    note_port: int = 0
    status: bool = True
    processing_id: str = "P"
    undeclared: str = ""
    senders: frozenset[str] = frozenset()
    max_bytes: int = framing.DEFAULT_LIMIT_BYTES
    receiving_application: str = ""
    receiving_facility: str = ""
    listen_tls: bool = False
    note_tls: bool = False
    certificate: str = ""
    key: str = ""
    authorities: str = ""
    passphrase: Secret = NO_PASSPHRASE

    @classmethod
    def read(cls, settings: Mapping[str, str], secrets: Mapping[str, Secret] | None = None) -> Hl7Settings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise _wrong(sorted(unknown)[0], "unknown")
        values: dict[str, object] = dict(settings)
        values |= {name: _number(name, settings[name]) for name in _NUMBERS if name in settings}
        values |= {name: _switch(name, settings[name]) for name in _SWITCHES if name in settings}
        if "senders" in settings:
            values["senders"] = frozenset(filter(None, (one.strip() for one in settings["senders"].split(","))))
        values |= {name: secret for name, secret in (secrets or {}).items() if name == "passphrase"}
        made = cls(**values)  # type: ignore[arg-type]  # fields by name
        made._check()
        return made

    @property
    def papers(self) -> Papers:
        """Where the certificates lie."""
        return Papers(self.certificate, self.key, self.authorities, self.passphrase)

    def receiver(self) -> Receiver | None:
        """Return where notes go, None when nowhere."""
        if not self.note_port:
            return None
        return Receiver(self.note_host, self.note_port, self.papers if self.note_tls else None)

    def _check(self) -> None:
        if self.processing_id not in ("P", "T", "D"):
            raise _wrong("processing_id", "not P, T or D")
        for name in ("certificate", "authorities"):
            if (self.listen_tls or self.note_tls) and not getattr(self, name):
                raise _wrong(name, "missing")


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100_000_000:
        raise _wrong(name, "not a number")
    return int(text)


def _switch(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise _wrong(name, "not yes or no")
    return text == "yes"


def _wrong(name: str, why: str) -> Misconfigured:
    return Misconfigured("settings.value", why, setting=f"adapters.{NAME}.{name}")
