"""The demo's partners, read from the list that every part of the demo shares (``sandbox/demo_partners.csv``)."""

from __future__ import annotations

import csv
from importlib.resources import files

from vdx_plugin.sandbox.partners.values import Partner, PartnerKind


def read_partners(text: str) -> tuple[Partner, ...]:
    """Return those rows of a partner list that receive MedCom messages; others have no mailbox here."""
    kinds = {kind.value: kind for kind in PartnerKind}
    return tuple(
        Partner(gln=row["gln"], sor=row["sor"], name=row["name"], kind=kinds[row["role"]])
        for row in csv.DictReader(text.splitlines())
        if row["role"] in kinds and row["gln"]
    )


def demo_partners() -> tuple[Partner, ...]:
    """Return the demo's hospital, municipality and nursing home."""
    return read_partners(files("vdx_plugin.sandbox").joinpath("demo_partners.csv").read_text("utf-8"))
