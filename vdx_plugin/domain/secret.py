"""Text that must not be printed by accident: PINs, tokens, links that carry a PIN."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """Holds a text and shows it only through ``reveal``."""

    _text: str

    def reveal(self) -> str:
        """Return the text itself. Call it where the text leaves for its one purpose, nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)
