"""What an adapter can do, said before anything is offered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Capability(StrEnum):
    """What an adapter can do; read before anything is offered."""

    CONTEXT = "context"
    """Tells which patient is open."""
    DIRECTORY = "directory"
    """Knows patients and can complete an incomplete context."""
    APPOINTMENTS = "appointments"
    """Knows today's appointments."""
    CONFIRM = "confirm"
    """Can be asked whether a context still holds."""
    WRITE_BACK = "write_back"
    """Takes the finished note."""
    READ_BACK = "read_back"
    """Can be asked whether a note stands in the record: the way out of an unknown outcome."""
    START_ACTION = "start_action"
    """Can carry the click on Start video from inside the record."""
    ACTIONS = "actions"
    """Can put entries of ours into the record's own menu, and take them away again."""
    MERGE = "merge"
    """Tells when two records have become one."""
    LETTERS = "letters"
    """Carries MedCom messages with the record's own mail, and hands over what comes for us."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter offers with the settings it has: ``Capability.CONTEXT in adapter.capabilities``."""

    can: frozenset[Capability]

    @classmethod
    def of(cls, *names: str) -> Capabilities:
        """Return capabilities by their names: ``Capabilities.of("context", "write_back")``. Raises ValueError."""
        return cls(frozenset(Capability(name) for name in names))

    def __contains__(self, capability: Capability) -> bool:
        return capability in self.can
