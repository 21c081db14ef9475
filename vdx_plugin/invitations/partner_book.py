"""The PartnerBook port: partners and teams that are edited here, over those from a file that a setting names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vdx_plugin import log
from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.domain.teams import Team
from vdx_plugin.errors import Refused
from vdx_plugin.invitations.directory import TableDirectory
from vdx_plugin.invitations.partner_checks import Fault, partner_faults, team_faults
from vdx_plugin.invitations.partner_files import PartnerFiles
from vdx_plugin.invitations.partner_table import (
    PartnerTable,
    read_partners,
    read_teams,
    receiver_faults,
    write_partners,
    write_teams,
)
from vdx_plugin.invitations.sor_walk import with_receivers
from vdx_plugin.ports import Found, ImportPreview

_log = log.get("invitations.partners")


class KeptPartners:
    """Implements ``ports.PartnerBook``. ``fixed`` are the partners of the setting's file; kept ones go before them."""

    def __init__(self, files: PartnerFiles, fixed: Sequence[Partner] = ()) -> None:
        self._files = files
        self._fixed = tuple(fixed)
        self._writing = asyncio.Lock()
        self._load()

    def _load(self) -> None:
        newest = self._files.newest()
        table = read_partners(newest[0], self._fixed) if newest else PartnerTable(())
        # Whose level above has gone is still a partner: one to be phoned.
        self._kept = {partner.id: partner for partner in (*table.partners, *table.cut_off)}
        self._index = self._indexed(self._kept.values())
        teams, refused = read_teams(newest[1], self._by_id()) if newest else ((), ())
        self._teams = {team.id: team for team in teams}
        self.can_undo = self._files.count() > 1
        for row in (*table.refused, *refused):
            _log.warning("kept directory: line %s, column %s was passed over", row.line, row.column)

    def _indexed(self, kept: Iterable[Partner]) -> TableDirectory:
        kept = tuple(kept)
        own = {partner.id for partner in kept}
        return TableDirectory(with_receivers((*kept, *(one for one in self._fixed if one.id not in own))))

    def _by_id(self) -> dict[str, Partner]:
        return {partner.id: partner for partner in self._index.all()}

    # --- looking ------------------------------------------------------------------------------------------------------

    def all(self) -> Sequence[Partner]:
        return self._index.all()

    def search(self, text: str, limit: int = 20) -> Sequence[Partner]:
        return self._index.search(text, limit)

    def find(self, text: str, *, role: PartyRole | None = None, limit: int = 20) -> Found:
        return self._index.find(text, role=role, limit=limit)

    def teams(self) -> Sequence[Team]:
        return tuple(self._teams.values())

    def is_fixed(self, partner_id: str) -> bool:
        return partner_id not in self._kept

    def faults(self, partner: Partner) -> Mapping[str, str]:
        others = [one for one in self._index.all() if one.id != partner.id]
        placed = next(one for one in with_receivers((partner, *others)) if one.id == partner.id)
        return _sentences((*partner_faults(partner), *(() if partner.gln else receiver_faults(placed))))

    def team_faults(self, team: Team) -> Mapping[str, str]:
        return _sentences(team_faults(team, self._by_id()))

    # --- changing -----------------------------------------------------------------------------------------------------

    async def put(self, partner: Partner) -> None:
        if self.faults(partner):
            raise Refused("partners.faulty", ", ".join(self.faults(partner)))
        await self._keep({**self._kept, partner.id: partner}, self._teams)

    async def remove(self, partner_id: str) -> None:
        left = {key: one for key, one in self._kept.items() if key != partner_id}
        await self._keep(left, {key: _without(team, {partner_id}) for key, team in self._teams.items()})

    async def put_team(self, team: Team) -> None:
        if self.team_faults(team):
            raise Refused("partners.faulty", ", ".join(self.team_faults(team)))
        await self._keep(self._kept, {**self._teams, team.id: team})

    async def remove_team(self, team_id: str) -> None:
        await self._keep(self._kept, {key: one for key, one in self._teams.items() if key != team_id})

    async def undo(self) -> None:
        async with self._writing:
            if await asyncio.to_thread(self._files.step_back):
                await asyncio.to_thread(self._load)

    async def preview(self, content: bytes) -> ImportPreview:
        return await asyncio.to_thread(self._preview, content)

    async def accept(self, preview: ImportPreview) -> None:
        gone = {partner.id for partner in preview.removed}
        teams = {key: _without(team, gone) for key, team in self._teams.items()}
        await self._keep({partner.id: partner for partner in preview.partners}, teams)

    def _preview(self, content: bytes) -> ImportPreview:
        table = read_partners(content, self._fixed)
        before = {key: replace(partner, served_by=None) for key, partner in self._kept.items()}
        read = {partner.id: replace(partner, served_by=None) for partner in table.partners}
        # Whoever is in the file with a slip of the pen has not left it.
        spared = {key: partner for key, partner in before.items() if key in table.refused_ids and key not in read}
        return ImportPreview(
            new=tuple(partner for key, partner in read.items() if key not in before),
            changed=tuple(partner for key, partner in read.items() if key in before and before[key] != partner),
            removed=tuple(partner for key, partner in before.items() if key not in read and key not in spared),
            refused=table.refused,
            partners=(*read.values(), *spared.values()),
        )

    async def _keep(self, partners: Mapping[str, Partner], teams: Mapping[str, Team]) -> None:
        """Write a version, then let the program have it: what is shown is what is kept."""
        full = {key: team for key, team in teams.items() if team.partner_ids}
        async with self._writing:
            index = await asyncio.to_thread(self._write, partners, full)
            self._kept, self._teams, self._index = dict(partners), dict(full), index
            self.can_undo = True

    def _write(self, partners: Mapping[str, Partner], teams: Mapping[str, Team]) -> TableDirectory:
        if self._files.count() == 0:
            # So that the very first change can be undone as well.
            self._files.add(write_partners(()), write_teams(()))
        self._files.add(write_partners(tuple(partners.values())), write_teams(tuple(teams.values())))
        return self._indexed(partners.values())


def _without(team: Team, gone: set[str]) -> Team:
    return replace(team, partner_ids=tuple(one for one in team.partner_ids if one not in gone))


def _sentences(faults: Iterable[Fault]) -> Mapping[str, str]:
    """The first sentence for each field, with what to do."""
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(fault.column, f"{fault.sentence} {fault.advice}")
    return found
