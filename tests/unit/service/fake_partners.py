"""The directory, the register and the memory of teams, filled by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.domain.patients import Patient
from vdx_plugin.domain.teams import Team
from vdx_plugin.ports import Found, ImportPreview, Reach, ReachState


class FakePartnerBook:
    """In memory, in the order given. ``complaints`` are told of every partner; ``coming`` is what an import brings."""

    def __init__(self, partners: Sequence[Partner] = (), teams: Sequence[Team] = ()) -> None:
        self.partners = {partner.id: partner for partner in partners}
        self.kept_teams = {team.id: team for team in teams}
        self.fixed: set[str] = set()
        self.complaints: dict[str, str] = {}
        self.coming = ImportPreview((), (), (), (), ())
        self.before: list[tuple[dict[str, Partner], dict[str, Team]]] = []

    def all(self) -> Sequence[Partner]:
        return tuple(self.partners.values())

    def search(self, text: str, limit: int = 20) -> Sequence[Partner]:
        return self.find(text, limit=limit).partners

    def find(self, text: str, *, role: PartyRole | None = None, limit: int = 20) -> Found:
        found = [
            one
            for one in self.all()
            if text.casefold() in f"{one.name} {one.role}".casefold() and role in (None, one.role)
        ]
        return Found(tuple(found[:limit]), len(found))

    def teams(self) -> Sequence[Team]:
        return tuple(self.kept_teams.values())

    def is_fixed(self, partner_id: str) -> bool:
        return partner_id in self.fixed

    @property
    def can_undo(self) -> bool:
        return bool(self.before)

    def faults(self, partner: Partner) -> Mapping[str, str]:
        return self.complaints

    def team_faults(self, team: Team) -> Mapping[str, str]:
        return {} if team.name and team.partner_ids else {"name": "Navnet mangler."}

    async def put(self, partner: Partner) -> None:
        self._keep()
        self.partners[partner.id] = partner

    async def remove(self, partner_id: str) -> None:
        self._keep()
        self.partners.pop(partner_id)

    async def put_team(self, team: Team) -> None:
        self._keep()
        self.kept_teams[team.id] = team

    async def remove_team(self, team_id: str) -> None:
        self._keep()
        self.kept_teams.pop(team_id)

    async def undo(self) -> None:
        self.partners, self.kept_teams = self.before.pop()

    async def preview(self, content: bytes) -> ImportPreview:
        return self.coming

    async def accept(self, preview: ImportPreview) -> None:
        self._keep()
        self.partners = {partner.id: partner for partner in preview.partners}

    def _keep(self) -> None:
        self.before.append((dict(self.partners), dict(self.kept_teams)))


class FakeAddresses:
    """A register that says what it was told to about every unit, and writes down whom it was asked about."""

    def __init__(self) -> None:
        self.told = Reach(ReachState.UNKNOWN)
        self.asked: list[str] = []

    async def reach(self, sor: str) -> Reach:
        self.asked.append(sor)
        return self.told


class FakeMemory:
    """One patient's usual team."""

    def __init__(self) -> None:
        self.team_id = ""

    async def usual(self, patient: Patient) -> str:
        return self.team_id

    async def remember(self, patient: Patient, team_id: str) -> None:
        self.team_id = team_id
