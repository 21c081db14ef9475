"""What the adapter can be told, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from vdx_plugin.api.v1 import Misconfigured

NAME = "local"
RECEIPT_LIMIT_S = 20.0
CONFIRM_LIMIT_S = 2.5
FORGET_AFTER = timedelta(minutes=30)
LONGEST_MEMORY_MIN = 480


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """``port`` 0 takes any free one. ``write_back``: the record fetches notes by its long poll; ``notes``: it takes
    them from that folder instead. ``letters``: it carries MedCom messages. A record on which nothing is done is
    forgotten ``forget_after`` it was opened.
    """

    port: int = 0
    write_back: bool = False
    notes: Path | None = None
    letters: bool = False
    forget_after: timedelta = FORGET_AFTER
    receipt_limit_s: float = RECEIPT_LIMIT_S
    confirm_limit_s: float = CONFIRM_LIMIT_S

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> LocalSettings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        for name in set(settings) - {"port", "write_back", "notes", "letters", "forget_after_min"}:
            raise _wrong(name, "unknown")
        folder = settings.get("notes", "")
        default_min = int(FORGET_AFTER.total_seconds()) // 60
        return cls(
            port=_number(settings, "port", 0, 0, 65535),
            write_back=_switch(settings, "write_back") or bool(folder),
            notes=Path(folder) if folder else None,
            letters=_switch(settings, "letters"),
            forget_after=timedelta(minutes=_number(settings, "forget_after_min", default_min, 1, LONGEST_MEMORY_MIN)),
        )


def _number(settings: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = settings.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 7 and least <= int(text) <= most):
        raise _wrong(name, "not a number in its range")
    return int(text)


def _switch(settings: Mapping[str, str], name: str) -> bool:
    text = settings.get(name) or "no"
    if text not in ("yes", "no"):
        raise _wrong(name, "not yes or no")
    return text == "yes"


def _wrong(name: str, why: str) -> Misconfigured:
    return Misconfigured("settings.value", why, setting=f"adapters.{NAME}.{name}")
