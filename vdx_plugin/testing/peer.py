"""The other side of an adapter: a clinic system that a check can work with and make misbehave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from vdx_plugin.domain.patients import Identifier, Patient
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.testing.stand_ins import KNOWN, VirtualClock


class NotOffered(Exception):
    """This peer cannot do that; the check that needs it is then not shown, and its level is not reached."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a check happens: an empty folder, and the clock that adapter and peer share."""

    folder: Path
    clock: VirtualClock


class Peer:
    """Derive from it and fill in what your clinic system can do. What is not filled in raises NotOffered.

    ``settings`` and ``secrets`` are those under which the adapter reaches the peer; they are read after ``start``. The
    flags are set by a check before the act that they spoil.
    """

    settings: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {}
    loses_answers = False
    """The system files a note, and its answer is lost on the way."""
    hangs = False
    """The system takes what comes and never answers."""
    conflicts = False
    """Somebody else has changed the record since."""
    expired = False
    """The adapter's credentials are no longer valid."""

    def __init__(self, place: Place) -> None:
        self.place = place

    async def start(self) -> None:
        """Start the system, before the adapter and after every ``stop``."""

    async def ready(self, adapter: ClinicSystem) -> None:
        """The adapter has been started: a peer that calls it learns here where it listens."""

    async def stop(self) -> None:
        """Stop the system, as when its machine is switched off; ``start`` may come again."""

    # --- what its user does -------------------------------------------------------------------------------------------

    async def open_record(self, patient: Patient = KNOWN) -> None:
        """Open the record of a patient; what is None in ``patient`` is not known to the record either."""
        raise NotOffered("opening a record")

    async def close_record(self) -> None:
        """Close the open record."""
        raise NotOffered("closing a record")

    async def click_start(self, patient: Patient = KNOWN) -> None:
        """Click Start video in the record of a patient."""
        raise NotOffered("a click on Start video")

    async def menu(self) -> Sequence[str]:
        """Return the ids of the entries in the record's menu that came from us."""
        raise NotOffered("looking into its menu")

    # --- launches that must be refused ------------------------------------------------------------------------------

    async def launch_late(self, age: timedelta) -> None:
        """Launch as a click would, with a launch that was made ``age`` ago."""
        raise NotOffered("a late launch")

    async def launch_twice(self) -> None:
        """Launch with the same launch twice."""
        raise NotOffered("a replayed launch")

    async def launch_foreign(self) -> None:
        """Launch with one made for another user or workstation."""
        raise NotOffered("a foreign launch")

    # --- its records --------------------------------------------------------------------------------------------------

    async def fill(self) -> None:
        """Let the system tell what it knows, if it is of the kind that tells by itself."""

    async def notes(self) -> Mapping[UUID, str]:
        """Return the notes in its records by their key, the text as it stands there; {} when there are none."""
        raise NotOffered("looking into its notes")

    async def merge(self, retired: Identifier, survivor: Identifier) -> None:
        """Make one record of two."""
        raise NotOffered("a merge")

    # --- misbehaviour -------------------------------------------------------------------------------------------------

    async def send_garbage(self, data: bytes) -> None:
        """Send bytes that are no message, and go away."""
        raise NotOffered("garbage")
