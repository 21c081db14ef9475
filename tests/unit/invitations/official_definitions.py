"""MedCom's packages, dk-core and the core of FHIR, which lie beside the repository and not in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.unit.invitations import official
from vdx_plugin.invitations.profiles import ProfileChecker, read_package
from vdx_plugin.invitations.profiles.definitions import Definitions, entries_of

ROOT = official.SHARED / "specs" / "medcom"


def folders() -> list[Path]:
    """Every package, in the form in which ``vdx-plugin definitions add`` takes it."""
    return [*sorted((ROOT / "packages").iterdir()), ROOT / "r4core-4.0.1-subset"]


@cache
def checker() -> ProfileChecker:
    """One for all tests: its expressions are compiled once."""
    entries = [entry for folder in folders() for entry in entries_of(read_package(folder))]
    return ProfileChecker(lambda: Definitions(entries))
