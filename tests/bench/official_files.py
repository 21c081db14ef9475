"""What both checkers say of every message that MedCom has published, as a table.

    python -m tests.bench.official_files ../shared/specs/medcom

The folder holds MedCom's packages under ``packages``, the core of FHIR and the messages under ``examples``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vdx_plugin.invitations.checks import check
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import read_message
from vdx_plugin.invitations.profiles import ProfileChecker, read_package
from vdx_plugin.invitations.profiles.definitions import Definitions, entries_of


@dataclass(frozen=True, slots=True)
class Row:
    """One file: what each checker found in it, and the profile checker's time on the processor."""

    path: Path
    by_rules: Sequence[Finding]
    by_profiles: Sequence[Finding]
    took_ms: float

    @property
    def agree(self) -> bool:
        return bool(self.by_rules) == bool(self.by_profiles)


def rows(root: Path) -> Iterator[Row]:
    """Check every message under ``root``."""
    folders = [*sorted((root / "packages").iterdir()), *root.glob("r4core-*")]
    entries = [entry for folder in folders for entry in entries_of(read_package(folder))]
    checker = ProfileChecker(lambda: Definitions(entries))
    for path in sorted((root / "examples").rglob("*")):
        body = path.read_bytes() if path.suffix in (".json", ".xml") else b""
        # Among the flows between formats only some are FHIR.
        if b"Bundle" in body[:600]:
            message = read_message(body, f"application/fhir+{path.suffix[1:]}")
            began = time.process_time()
            found = [one for one in checker.check(message) if not one.is_warning]
            yield Row(path, check(message), found, (time.process_time() - began) * 1000)


def line(row: Row) -> str:
    """One file in one line: folder, name, both verdicts, and the first place where something is wrong."""
    verdicts = " ".join(f"{'error' if found else 'valid':<6}" for found in (row.by_rules, row.by_profiles))
    first = next((f"{one.rule} at {one.place}" for one in (*row.by_profiles, *row.by_rules)), "")
    mark = " " if row.agree else "*"
    return f"{row.path.parent.name[:24]:<24} {row.path.name[:44]:<44} {verdicts} {mark} {row.took_ms:5.0f} ms  {first}"


def main(arguments: Sequence[str]) -> int:
    """Print the table and the sums."""
    found = list(rows(Path(arguments[0])))
    print(f"{'folder':<24} {'file':<44} rules  profiles")
    for row in found:
        print(line(row))
    valid = sum(not row.by_rules and not row.by_profiles for row in found)
    broken = sum(bool(row.by_rules and row.by_profiles) for row in found)
    differ = len(found) - valid - broken
    typical = sorted(row.took_ms for row in found)[len(found) // 2]
    print(f"{len(found)} files: {valid} valid and {broken} wrong by both, {differ} told differently (*)")
    print(f"profiles: {typical:.0f} ms on the processor (median)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
