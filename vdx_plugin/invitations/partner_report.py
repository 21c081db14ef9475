"""The directory in lines for a terminal: what it holds, what an import would do, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from vdx_plugin.domain.parties import Partner
from vdx_plugin.ports import ImportPreview, PartnerBook, Refusal
from vdx_plugin.texts import _


def partner_line(partner: Partner) -> str:
    """One partner: id, role, channel, where letters go, name."""
    unit = partner.receiver
    through = _("gennem {unit}").format(unit=unit.name) if unit and not partner.gln else ""
    number = unit.gln if unit else ""
    return f"{partner.id:<24} {partner.role:<13} {partner.channel:<7} {number:<13} {partner.name}  {through}".rstrip()


def preview_lines(preview: ImportPreview) -> Sequence[str]:
    """What an import would do, and each refused row."""
    parts = (
        (_("Ny: {name}"), preview.new),
        (_("Ændret: {name}"), preview.changed),
        (_("Udgår: {name}"), preview.removed),
    )
    lines = [text.format(name=partner.name) for text, partners in parts for partner in partners]
    counts = _("{new} nye, {changed} ændrede, {removed} udgår, {refused} rækker afvist.").format(
        new=len(preview.new),
        changed=len(preview.changed),
        removed=len(preview.removed),
        refused=len({row.line for row in preview.refused}),
    )
    return [*lines, *(refusal_line(row) for row in preview.refused), counts]


def refusal_line(row: Refusal) -> str:
    """One refused row: where, what sort of thing stood there, what is wrong, what to do."""
    place = _("Linje {line}, kolonne {column} ({found}):").format(line=row.line, column=row.column, found=row.found)
    return f"{place} {row.sentence} {row.advice}"


def book_lines(book: PartnerBook) -> Sequence[str]:
    """What is wrong with the directory as it is kept; nothing when all is well."""
    named = [(partner.name, book.faults(partner)) for partner in book.all()]
    named += [(team.name, book.team_faults(team)) for team in book.teams()]
    return [f"{name}: {sentence}" for name, faults in named for sentence in faults.values()]
