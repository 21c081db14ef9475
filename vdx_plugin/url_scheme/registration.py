"""What every operating system can be asked about a scheme."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Status(StrEnum):
    """Who answers ``vdx://`` for this user."""

    OURS = "ours"
    OTHER = "other"
    """Another program, or another copy of this one: a link from the record would go there."""
    NOBODY = "nobody"


class Registration(Protocol):
    """The registration of ``vdx://`` for this user. Each raises Unavailable(``scheme.failed``)."""

    def install(self) -> None:
        """Register this program; again changes nothing."""
        ...

    def remove(self) -> None:
        """Take away what is ours, and leave another program's alone."""
        ...

    def status(self) -> Status:
        """Say who answers now."""
        ...
