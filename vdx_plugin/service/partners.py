"""The directory of partners as the windows use it: looking, changing, importing, asking the register, usual teams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import Channel, LetterFormat, Partner, PartyRole
from vdx_plugin.domain.teams import Team
from vdx_plugin.ports import AddressBook, Found, ImportPreview, PartnerBook, Reach, ReachState, TeamMemory

SHOWN = 100
"""How many partners a list shows at most; more help nobody and hold up the window."""


@dataclass(frozen=True, slots=True)
class PartnersView:
    """What the window of partners shows. ``fixed`` are ids of partners that a setting's file holds."""

    found: Found
    fixed: frozenset[str]
    teams: tuple[Team, ...]
    everybody: tuple[Partner, ...]
    """The members of the teams, for their names."""
    can_undo: bool


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """The teams to choose from in a plan, the patient's usual one first, and their partners."""

    teams: tuple[Team, ...] = ()
    usual: str = ""
    partners: tuple[Partner, ...] = ()


class Partners:
    """``look`` and ``team_choice`` are called on the asyncio thread; ``faults`` and ``team_faults`` on any."""

    def __init__(self, book: PartnerBook, addresses: AddressBook, memory: TeamMemory) -> None:
        self._book, self._addresses, self._memory = book, addresses, memory

    def look(self, text: str = "", role: PartyRole | None = None) -> PartnersView:
        """Return what is found, and what can be done with it."""
        found = self._book.find(text, role=role, limit=SHOWN)
        teams = tuple(self._book.teams())
        fixed = frozenset(partner.id for partner in found.partners if self._book.is_fixed(partner.id))
        return PartnersView(found, fixed, teams, self._members(teams), self._book.can_undo)

    def faults(self, partner: Partner) -> Mapping[str, str]:
        """Return a sentence for each field at fault."""
        return self._book.faults(partner)

    def team_faults(self, team: Team) -> Mapping[str, str]:
        return self._book.team_faults(team)

    async def put(self, partner: Partner) -> None:
        await self._book.put(partner)

    async def remove(self, partner_id: str) -> None:
        await self._book.remove(partner_id)

    async def put_team(self, team: Team) -> None:
        await self._book.put_team(team)

    async def remove_team(self, team_id: str) -> None:
        await self._book.remove_team(team_id)

    async def undo(self) -> None:
        await self._book.undo()

    async def preview(self, content: bytes) -> ImportPreview:
        """Say what reading a file in would do. Raises Unreadable(``partners.no_table``)."""
        return await self._book.preview(content)

    async def accept(self, preview: ImportPreview) -> None:
        await self._book.accept(preview)

    async def reach(self, partner: Partner) -> Reach:
        """Say whether the register knows a way for our letters to a partner, and whether its number is the same."""
        unit = partner.receiver
        if partner.channel is not Channel.MEDCOM or unit is None:
            return Reach(ReachState.UNKNOWN)
        told = await self._addresses.reach(unit.sor)
        if told.state is ReachState.CANNOT and partner.format is LetterFormat.CONVERTED:
            # The register speaks of the new format; the network turns the letter into the one they read.
            return Reach(ReachState.UNKNOWN, told.gln)
        if told.state is ReachState.CAN and told.gln and told.gln != unit.gln:
            return Reach(ReachState.CAN, told.gln, "addresses.other_number")
        return told

    async def team_choice(self, context: ClinicContext) -> TeamChoice:
        """Return the teams, the one last chosen for the patient first."""
        usual = await self._memory.usual(context.patient)
        teams = sorted(self._book.teams(), key=lambda team: team.id != usual)
        is_known = any(team.id == usual for team in teams)
        return TeamChoice(tuple(teams), usual if is_known else "", self._members(tuple(teams)))

    async def remember_team(self, context: ClinicContext, team_id: str) -> None:
        """Remember the team as the patient's usual one."""
        await self._memory.remember(context.patient, team_id)

    def _members(self, teams: tuple[Team, ...]) -> tuple[Partner, ...]:
        wanted = {one for team in teams for one in team.partner_ids}
        return tuple(partner for partner in self._book.all() if partner.id in wanted) if wanted else ()
