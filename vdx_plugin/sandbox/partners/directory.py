"""The demo's partners, read from the list that every part of the demo shares (``sandbox/demo_partners.csv``)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from importlib.resources import files

from vdx_plugin.sandbox.partners.values import Partner, PartnerFormat, PartnerKind

_KINDS = {kind.value: kind for kind in PartnerKind}


def read_partners(text: str) -> tuple[Partner, ...]:
    """Return those rows of a partner list that receive MedCom messages; others have no mailbox here.

    A row without a location number is read for by the unit whose SOR id it names as the level above.
    """
    rows = [row for row in csv.DictReader(text.splitlines()) if row["role"] in _KINDS]
    return tuple(
        _partner(unit, (row for row in rows if not row["gln"] and row.get("parent") == unit["sor"]))
        for unit in rows
        if unit["gln"]
    )


def demo_partners() -> tuple[Partner, ...]:
    """Return the demo's hospital wards, municipality, nursing homes and neighbouring practice."""
    return read_partners(files("vdx_plugin.sandbox").joinpath("demo_partners.csv").read_text("utf-8"))


def _partner(unit: dict[str, str], homes: Iterable[dict[str, str]]) -> Partner:
    return Partner(
        gln=unit["gln"],
        sor=unit["sor"],
        name=unit["name"],
        kind=_KINDS[unit["role"]],
        format=PartnerFormat(unit.get("format") or PartnerFormat.NATIVE),
        homes=tuple(home["name"] for home in homes),
        phone=unit.get("phone") or "",
    )
