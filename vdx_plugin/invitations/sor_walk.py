"""The walk up the SOR tree to the nearest level that letters can be addressed to.

A sub-department without a location number cannot stand in a letter (MedCom messaging, Organization: SOR-ID and EAN-ID
1..1); it sends and receives through the level above it that has both (MedCom's governance for CareCommunication, "Use
of SOR ID").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from vdx_plugin.domain.parties import Partner, Unit


def address_of(partner: Partner, by_sor: Mapping[str, Partner]) -> Unit | None:
    """Return the level that letters to ``partner`` go to: itself, else the nearest above with a location number.

    None when the tree ends, or turns in a circle, before there is one. ``by_sor`` holds the known levels.
    """
    level: Partner | None = partner
    seen: set[str] = set()
    while level is not None:
        if level.gln and level.sor:
            return Unit(level.name, level.sor, level.gln)
        if level.parent is None or level.parent in seen:
            return None
        seen.add(level.parent)
        level = by_sor.get(level.parent)
    return None


def with_receivers(partners: Iterable[Partner]) -> tuple[Partner, ...]:
    """Return the partners, those without a location number with the level that receives for them."""
    partners = tuple(partners)
    by_sor = {partner.sor: partner for partner in partners if partner.sor}
    return tuple(replace(one, served_by=None if one.gln else address_of(one, by_sor)) for one in partners)
