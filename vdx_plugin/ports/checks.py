"""Whether a workplace is ready for a call, and what it was like on earlier days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class CheckedPart(StrEnum):
    """What a check looks at."""

    CAMERA = "camera"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    LINE = "line"
    VDX = "vdx"


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """How one part did. ``problem`` is a code with a sentence; empty when it is well."""

    part: CheckedPart
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WorkplaceCheck:
    """One check. Nothing of a patient, of a person or of a device's name; None where nothing was measured."""

    at: datetime
    findings: tuple[CheckFinding, ...]
    loss: float | None = None
    """Share of packets, 0..1."""
    rtt_ms: float | None = None
    kbps: float | None = None
    """What the line takes of ours."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of what is not well."""
        return tuple(each.problem for each in self.findings if each.problem)


class CheckHistory(Protocol):
    """The checks of this workplace. Raises Unavailable(``store.*``)."""

    async def add(self, check: WorkplaceCheck) -> None: ...

    async def latest(self, count: int) -> Sequence[WorkplaceCheck]:
        """Return the newest ones, newest first."""
        ...
