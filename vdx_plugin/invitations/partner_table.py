"""Partners and teams as tables in a file, with a report of every refused row.

``partners.csv``: id, name, role, channel are needed; sor, gln, parent (SOR id of the level above), format (native or
converted), email, phone, mobile, category, category_<purpose> and wants_pin (ja or nej) as they apply. ``teams.csv``:
id, name, partners (ids, a blank between), and purpose, minutes, language, for_whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from vdx_plugin.domain.parties import Channel, LetterFormat, Partner, PartyRole, Purpose
from vdx_plugin.domain.plan import DEFAULT_LENGTH
from vdx_plugin.domain.teams import Team
from vdx_plugin.invitations.csv_table import Cells, read_rows, write_rows
from vdx_plugin.invitations.partner_checks import Fault, kind_of_value, partner_faults, team_faults
from vdx_plugin.invitations.sor_walk import with_receivers
from vdx_plugin.ports import Refusal
from vdx_plugin.texts import _

NEEDED = ("id", "name", "role", "channel")
_PURPOSES = tuple(f"category_{purpose}" for purpose in Purpose)
PARTNER_COLUMNS = (
    *("id", "name", "role", "sor", "gln", "parent", "channel", "format"),
    *("email", "phone", "mobile", "category", *_PURPOSES, "wants_pin"),
)
TEAM_COLUMNS = ("id", "name", "partners", "purpose", "minutes", "language", "for_whom")
_DEFAULT_CATEGORY = "telemedicine"
_PRACTICE = "practice"
"""Role of the practice's own row, which other parts read; nobody invites himself."""
_PIN = {"": True, "ja": True, "nej": False}
Code = TypeVar("Code", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class PartnerTable:
    """What was read: the partners in the order of the file, and the rows left out with the ids that stood there.

    ``cut_off`` are refused because no level above them can receive; otherwise nothing is wrong with them.
    """

    partners: tuple[Partner, ...]
    refused: tuple[Refusal, ...] = ()
    refused_ids: frozenset[str] = frozenset()
    cut_off: tuple[Partner, ...] = ()


def read_partners(content: bytes, levels: Sequence[Partner] = ()) -> PartnerTable:
    """Read a table of partners. Raises Unreadable(``partners.no_table``) when it is none.

    ``levels`` are partners known besides, who may receive for those of the table.
    """
    lines: dict[str, tuple[int, Cells]] = {}
    taken: list[Partner] = []
    refused: list[Refusal] = []
    refused_ids: set[str] = set()
    for line, cells in read_rows(content, NEEDED):
        if cells["role"] == _PRACTICE:
            continue
        faults = list(_cell_faults(cells))
        partner = None if faults else _partner(cells)
        faults += [] if partner is None else partner_faults(partner)
        if cells["id"] and cells["id"] in lines:
            faults = [
                Fault(
                    "id", _("Id'et er brugt før i filen."), _("Giv rækken et kort navn i ét ord, som ingen anden har.")
                )
            ]
        if partner is None or faults:
            refused += [_refusal(line, cells, fault) for fault in faults]
            refused_ids.add(cells["id"])
        else:
            taken.append(partner)
            lines[partner.id] = (line, cells)
    whole = with_receivers((*taken, *levels))[: len(taken)]
    cut_off = {one.id: faults for one in whole if (faults := receiver_faults(one))}
    refused += [_refusal(*lines[key], fault) for key, faults in cut_off.items() for fault in faults]
    return PartnerTable(
        tuple(one for one in whole if one.id not in cut_off),
        tuple(sorted(refused, key=lambda one: one.line)),
        frozenset(refused_ids | cut_off.keys()),
        tuple(one for one in whole if one.id in cut_off),
    )


def receiver_faults(partner: Partner) -> list[Fault]:
    """Return what is wrong when no level above a partner can receive for it; the partner has gone through the walk."""
    if partner.channel is not Channel.MEDCOM or partner.receiver is not None:
        return []
    return [
        Fault(
            "parent",
            _("Ingen enhed ovenover i kartoteket har et lokationsnummer, så ingen kan modtage for dem."),
            _("Tilføj enheden ovenover med SOR-id og lokationsnummer, eller vælg en anden kanal."),
        )
    ]


def write_partners(partners: Sequence[Partner]) -> bytes:
    """Return the table that ``read_partners`` reads back."""
    return write_rows(PARTNER_COLUMNS, [_cells(partner) for partner in partners])


def read_teams(content: bytes, known: Mapping[str, Partner]) -> tuple[tuple[Team, ...], tuple[Refusal, ...]]:
    """Read a table of teams of ``known`` partners. Raises Unreadable(``partners.no_table``) when it is none."""
    teams: dict[str, Team] = {}
    refused: list[Refusal] = []
    for line, cells in read_rows(content, ("id", "name", "partners")):
        faults = list(_code_faults(cells, "purpose", Purpose, optional=True))
        if not cells.get("minutes", "").isdigit() and cells.get("minutes"):
            faults.append(Fault("minutes", _("Varigheden skal være et helt tal."), _("Ret antallet af minutter.")))
        team = None if faults else _team(cells)
        faults += [] if team is None else team_faults(team, known)
        if team is None or faults or team.id in teams:
            refused += [_refusal(line, cells, fault) for fault in faults]
        else:
            teams[team.id] = team
    return tuple(teams.values()), tuple(refused)


def write_teams(teams: Sequence[Team]) -> bytes:
    """Return the table that ``read_teams`` reads back."""
    return write_rows(TEAM_COLUMNS, [_team_cells(team) for team in teams])


def _refusal(line: int, cells: Cells, fault: Fault) -> Refusal:
    found = kind_of_value(fault.column, cells.get(fault.column, ""))
    return Refusal(line, fault.column, found, fault.sentence, fault.advice)


def _cell_faults(cells: Cells) -> Iterator[Fault]:
    yield from _code_faults(cells, "role", PartyRole)
    yield from _code_faults(cells, "channel", Channel)
    yield from _code_faults(cells, "format", LetterFormat, optional=True)
    if cells.get("wants_pin", "") not in _PIN:
        yield Fault("wants_pin", _("Feltet skal være ja eller nej."), _("Skriv ja eller nej, eller lad det stå tomt."))


def _code_faults(cells: Cells, column: str, kind: type[Code], *, optional: bool = False) -> Iterator[Fault]:
    text = cells.get(column, "")
    if text in {one.value for one in kind} or (optional and not text):
        return
    sentence = {
        "role": _("Rollen er ukendt."),
        "channel": _("Kanalen er ukendt."),
        "format": _("Formatet er ukendt."),
        "purpose": _("Formålet er ukendt."),
    }[column]
    yield Fault(column, sentence, _("Skriv et af: {words}.").format(words=", ".join(one.value for one in kind)))


def _partner(cells: Cells) -> Partner:
    def text(column: str) -> str | None:
        return cells.get(column) or None

    return Partner(
        id=cells["id"],
        name=cells["name"],
        role=PartyRole(cells["role"]),
        channel=Channel(cells["channel"]),
        sor=text("sor"),
        gln=text("gln"),
        email=text("email"),
        phone=text("phone"),
        category=cells.get("category") or _DEFAULT_CATEGORY,
        wants_pin=_PIN[cells.get("wants_pin", "")],
        format=LetterFormat(cells.get("format") or LetterFormat.NATIVE),
        mobile=text("mobile"),
        categories=tuple((one, code) for one in Purpose if (code := cells.get(f"category_{one}"))),
        parent=text("parent"),
    )


def _cells(partner: Partner) -> Cells:
    own = {column: getattr(partner, column) or "" for column in PARTNER_COLUMNS if not column.startswith("category_")}
    chosen = {f"category_{purpose}": code for purpose, code in partner.categories}
    return own | {"wants_pin": "ja" if partner.wants_pin else "nej"} | chosen


def _team(cells: Cells) -> Team:
    minutes = cells.get("minutes")
    return Team(
        id=cells["id"],
        name=cells["name"],
        partner_ids=tuple(cells["partners"].split()),
        purpose=Purpose(cells.get("purpose") or Purpose.CONSULTATION),
        length=timedelta(minutes=int(minutes)) if minutes else DEFAULT_LENGTH,
        language=cells.get("language") or None,
        for_whom=cells.get("for_whom", ""),
    )


def _team_cells(team: Team) -> Cells:
    return {
        "id": team.id,
        "name": team.name,
        "partners": " ".join(team.partner_ids),
        "purpose": team.purpose.value,
        "minutes": str(int(team.length.total_seconds() // 60)),
        "language": team.language or "",
        "for_whom": team.for_whom,
    }
