"""What the windows ask of the directory of partners. Coroutines and ``look`` run on the asyncio thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.domain.teams import Team
from vdx_plugin.ports import ImportPreview, Reach
from vdx_plugin.service.partners import PartnersView, TeamChoice


class PartnersPort(Protocol):
    """The directory as the user interface sees it."""

    def look(self, text: str = "", role: PartyRole | None = None) -> PartnersView: ...

    def faults(self, partner: Partner) -> Mapping[str, str]:
        """Return a sentence for each field at fault. May be called on any thread."""
        ...

    def team_faults(self, team: Team) -> Mapping[str, str]:
        """Return a sentence for each field at fault. May be called on any thread."""
        ...

    async def put(self, partner: Partner) -> None: ...

    async def remove(self, partner_id: str) -> None: ...

    async def put_team(self, team: Team) -> None: ...

    async def remove_team(self, team_id: str) -> None: ...

    async def undo(self) -> None: ...

    async def preview(self, content: bytes) -> ImportPreview: ...

    async def accept(self, preview: ImportPreview) -> None: ...

    async def reach(self, partner: Partner) -> Reach: ...

    async def team_choice(self, context: ClinicContext) -> TeamChoice: ...

    async def remember_team(self, context: ClinicContext, team_id: str) -> None: ...
