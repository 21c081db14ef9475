"""What the user has chosen about adapters in the program: on or off, their order, their settings. Secrets never.

It lies in ``adapters.json`` in the data folder and goes before what the settings file says.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from vdx_plugin import log
from vdx_plugin.errors import Unavailable

_log = log.get("host")

FILE = "adapters.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """``switched`` is on or off by name, ``order`` the names that were put in order, ``settings`` values by name."""

    switched: Mapping[str, bool] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def switch(self, name: str, *, on: bool) -> Kept:
        return replace(self, switched={**self.switched, name: on})

    def configure(self, name: str, values: Mapping[str, str]) -> Kept:
        return replace(self, settings={**self.settings, name: dict(values)})

    def disabled(self, default: Collection[str]) -> set[str]:
        """Return which adapters are off, where ``default`` are off unless somebody switched them on."""
        off = {name for name, on in self.switched.items() if not on}
        return {name for name in default if not self.switched.get(name, False)} | off

    def rank(self, name: str) -> tuple[int, str]:
        """Sort key: the order chosen, then by name."""
        return (self.order.index(name) if name in self.order else len(self.order), name)


class Keeping:
    """Reads and writes the file; without a folder it remembers until the program ends."""

    def __init__(self, data_dir: Path | None) -> None:
        self._file = None if data_dir is None else data_dir / FILE
        self.now = self._read()

    def keep(self, kept: Kept) -> None:
        """Write in one step. Raises Unavailable(``store.write``) when it cannot."""
        self.now = kept
        if self._file is None:
            return
        new = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(asdict(kept), indent=1, ensure_ascii=False), encoding="utf-8")
            new.replace(self._file)
        except OSError as error:
            raise Unavailable("store.write", type(error).__name__) from error

    def _read(self) -> Kept:
        if self._file is None or not self._file.exists():
            return Kept()
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return Kept(
                {str(name): bool(on) for name, on in found["switched"].items()},
                tuple(str(name) for name in found["order"]),
                {
                    str(name): {str(key): str(value) for key, value in values.items()}
                    for name, values in found["settings"].items()
                },
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("%s cannot be read and counts for nothing: %s", FILE, type(error).__name__)
            return Kept()
