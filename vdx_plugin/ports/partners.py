"""The directory of partners that the practice keeps, and the national register that is asked about one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.domain.patients import Patient
from vdx_plugin.domain.teams import Team


@dataclass(frozen=True, slots=True)
class Found:
    """The best of what a search found, and how many there are in all."""

    partners: tuple[Partner, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was left out: its line in the file, the column at fault, and what sort of thing stood there.

    ``sentence`` says what is wrong and ``advice`` what to do. The value itself is never told.
    """

    line: int
    column: str
    found: str
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What reading a file in would do. A partner whose row was refused stays as it was.

    ``partners`` is the directory that accepting makes.
    """

    new: tuple[Partner, ...]
    changed: tuple[Partner, ...]
    removed: tuple[Partner, ...]
    refused: tuple[Refusal, ...]
    partners: tuple[Partner, ...]

    @property
    def changes_anything(self) -> bool:
        return bool(self.new or self.changed or self.removed)


class PartnerBook(Protocol):
    """Partners and teams, kept on this workplace, every earlier version with them. Changes raise Unavailable."""

    def all(self) -> Sequence[Partner]: ...

    def search(self, text: str, limit: int = 20) -> Sequence[Partner]:
        """Find by name, role or place, as typed; best first."""
        ...

    def find(self, text: str, *, role: PartyRole | None = None, limit: int = 20) -> Found:
        """Find as ``search`` does among one role, and count."""
        ...

    def teams(self) -> Sequence[Team]: ...

    def is_fixed(self, partner_id: str) -> bool:
        """True for a partner from the file that a setting names: it is changed there and not here."""
        ...

    @property
    def can_undo(self) -> bool: ...

    def faults(self, partner: Partner) -> Mapping[str, str]:
        """Return a sentence for each field at fault, as if the partner were put. On any thread."""
        ...

    def team_faults(self, team: Team) -> Mapping[str, str]: ...

    async def put(self, partner: Partner) -> None:
        """Add a partner, or replace the one of its id. Raises Refused(``partners.faulty``)."""
        ...

    async def remove(self, partner_id: str) -> None:
        """Take a partner out, of every team as well."""
        ...

    async def put_team(self, team: Team) -> None: ...

    async def remove_team(self, team_id: str) -> None: ...

    async def undo(self) -> None:
        """Go back to the version before; without one nothing happens."""
        ...

    async def preview(self, content: bytes) -> ImportPreview:
        """Say what reading ``content`` in would do. Raises Unreadable(``partners.no_table``)."""
        ...

    async def accept(self, preview: ImportPreview) -> None: ...


class ReachState(StrEnum):
    CAN = "can"
    CANNOT = "cannot"
    """The register knows the receiver, and no way to it for this kind of message."""
    UNKNOWN = "unknown"
    """The register was not asked, does not know or did not answer: sending is allowed."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a receiver takes our kind of message. ``problem`` is the code of a sentence, empty when all is well.

    ``gln`` is the location number that the register has for it, empty if it told none.
    """

    state: ReachState
    gln: str = ""
    problem: str = ""


class AddressBook(Protocol):
    """The national register of receivers. Never raises: what goes wrong is UNKNOWN, with its problem."""

    async def reach(self, sor: str) -> Reach:
        """Say whether the unit with that SOR id takes CareCommunication; an answer is kept for a while."""
        ...


class TeamMemory(Protocol):
    """Which team was last chosen for a patient. Nothing kept tells who the patient is."""

    async def usual(self, patient: Patient) -> str:
        """Return the id of the team; empty when none is known."""
        ...

    async def remember(self, patient: Patient, team_id: str) -> None: ...
