"""The conformance table of all our adapters: ``python -m tests.contract.table`` runs every check and writes it anew.

With ``--check`` nothing is written, and the exit status says whether the file is true.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vdx_plugin.cli_adapters import run_checks
from vdx_plugin.host.loading import is_own, registered_entry_points
from vdx_plugin.host.manifests import manifest_of
from vdx_plugin.testing.checks import table
from vdx_plugin.testing.conformance import CHECKS

FILE = Path(__file__).parents[2] / "docs" / "adapters" / "conformance.md"
HEAD = """# Which adapter keeps which part of the contract

Written by `python -m tests.contract.table`, which runs the conformance kit on every built-in adapter against its peer.
*yes*: passed. *–*: does not apply, with the reason below. *not shown*: nobody has
tried it, and the level is not reached.

"""


def write() -> str:
    """Run everything and return the page."""
    names = sorted(point.name for point in registered_entry_points() if is_own(point))
    results = {name: run_checks(name, target_of(name)) for name in names if target_of(name)}
    return HEAD + table(results, CHECKS)


def target_of(name: str) -> str:
    """Return an adapter's conformance tests as pytest names them; empty where it has none yet."""
    (point,) = [point for point in registered_entry_points() if point.name == name and is_own(point)]
    module, _colon, kind = manifest_of(point).conformance.partition(":")
    if not module:
        return ""
    file = FILE.parents[2] / Path(*module.split(".")).with_suffix(".py")
    return f"{file}::{kind}" if file.exists() else ""


def main(arguments: list[str]) -> int:
    page = write()
    if "--check" in arguments:
        return 0 if FILE.read_text(encoding="utf-8") == page else 1
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
