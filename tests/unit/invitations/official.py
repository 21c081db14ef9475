"""MedCom's own example and test bundles, which lie beside the repository and not in it (their licences differ)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve()
SHARED = Path(os.environ.get("VDX_SHARED") or _HERE.parents[4] / "shared")
_EXAMPLES = SHARED / "specs" / "medcom" / "examples"

# The empty base message of a package is neither letter nor acknowledgement; R-Tek-M is wrong on purpose.
_NOT_VALID = ("eb26be85", "R-Tek-M")
_FLOWS = "conversion-flows-xdis91"
_OTHER_FORMATS = (
    "Flow1-XBIN01_Ex_to_FHIR.xml",
    "Flow1-XDIS91_Ex_to_FHIR.xml",
    "Flow4-XCTL03_Ex_to_FHIR_XBIN01.xml",
    "Flow4-XCTL03_Ex_to_FHIR_XDIS91.xml",
)


def _find(*folders: str) -> list[Path]:
    found = (path for folder in folders for path in (_EXAMPLES / folder).rglob("*") if path.suffix in (".json", ".xml"))
    return sorted(found)


LETTERS = [
    path
    for path in _find(
        "carecommunication-ig-5.0.2", "carecommunication-testbundles-2026-07-07", "video-invitation-own", _FLOWS
    )
    if path.name not in _OTHER_FORMATS and "Acknowledgement" not in path.name
    if not any(word in path.name for word in _NOT_VALID) and "-ack-" not in path.name
]
ACKS = [
    path
    for path in _find("acknowledgement-ig-2.0.3", "acknowledgement-testbundles", "video-invitation-own", _FLOWS)
    if path.name not in _OTHER_FORMATS and "CareCommunication" not in path.name
    if not any(word in path.name for word in _NOT_VALID) and ("video" not in str(path) or "-ack-" in path.name)
]
BROKEN = [
    *_find("broken-own"),
    *(path for path in _find("carecommunication-testbundles-2026-07-07") if "R-Tek-M" in path.name),
]
NEITHER = [path for path in _find("acknowledgement-ig-2.0.3") if "eb26be85" in path.name]
"""The empty base message: right as a message, but none of the kinds that we send or take in."""

needed = pytest.mark.skipif(not _EXAMPLES.is_dir(), reason="MedCom's examples are not here (set VDX_SHARED)")


def mime_of(path: Path) -> str:
    return f"application/fhir+{path.suffix[1:]}"


def short(path: Path) -> str:
    return path.name[:40]
