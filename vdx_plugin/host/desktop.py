"""Which record is the one on the desktop, when several adapters say that theirs is open. Pure.

One adapter owns the desktop at a time. Adapters are ranked; a record of a lower one is not shown while a higher one
has another patient open, and the conflict is told. Who opened a record alone can close it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vdx_plugin.domain.context import ClinicContext


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two adapters show different patients; ``shown`` counts."""

    shown: str
    hidden: str


class Desktop:
    """The records open in all adapters. ``rank`` orders adapters by name: the least counts most.

    ``holds`` says whether a record that was hidden until now may still be shown when the one before it is closed.
    """

    def __init__(self, rank: Callable[[str], int], holds: Callable[[ClinicContext], bool]) -> None:
        self._rank = rank
        self._holds = holds
        self._open: dict[str, ClinicContext] = {}
        self.owner = ""
        """The adapter whose record is shown; empty when none is."""

    @property
    def shown(self) -> ClinicContext | None:
        return self._open.get(self.owner)

    def open(self, name: str, context: ClinicContext) -> bool:
        """Take in that ``name`` has opened a record; True when it is the one to show."""
        self._open[name] = context
        shown = self.shown
        if name != self.owner and shown is not None and self._rank(self.owner) < self._rank(name):
            return False
        self.owner = name
        return True

    def allows_start(self, name: str, context: ClinicContext) -> bool:
        """True when a click in that record may start: no adapter that counts more shows somebody else."""
        return self.owner in ("", name) or self._rank(name) < self._rank(self.owner) or self._is_shown(context)

    def _is_shown(self, context: ClinicContext) -> bool:
        return self.shown is not None and self.shown.patient.is_same_person(context.patient)

    def close(self, name: str) -> bool:
        """Take in that ``name`` has closed its record; True when that was the one shown.

        Another adapter's record that still holds is then shown instead: see ``shown``.
        """
        self._open.pop(name, None)
        if name != self.owner:
            return False
        still = [other for other in sorted(self._open, key=self._rank) if self._holds(self._open[other])]
        self._open = {other: self._open[other] for other in still}
        self.owner = still[0] if still else ""
        return True

    def clear(self) -> None:
        """The user has left: nothing is open."""
        self._open.clear()
        self.owner = ""

    def settle(self) -> bool:
        """The order has changed: show the record that counts most now; True when that is another than before."""
        before = self.owner
        self.owner = min(self._open, key=self._rank, default="")
        return self.owner != before

    def conflicts(self) -> list[Conflict]:
        """Return which adapters show another patient than the one that counts."""
        return [
            Conflict(self.owner, name)
            for name, context in self._open.items()
            if name != self.owner and not self._is_shown(context)
        ]
